//! Who is connected: the whole traversal of the scope, for a sweep.
//!
//! It only nominates: whoever is named here, or is not, is read by himself before anything happens.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use sync_core::policy::Scope;
use transport::Dated;

use crate::groups::GROUP;
use crate::{Client, JumpCloudError, pages, wire};

/// What a traversal calls a user.
const USER: &str = "user";

/// The users of a scope, read to the last page of every part. Nothing but this file can build one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Everybody(BTreeSet<JumpCloudUserId>);

impl Everybody {
    /// The users, ordered by id.
    pub fn users(&self) -> &BTreeSet<JumpCloudUserId> {
        &self.0
    }
}

impl Client {
    /// Everybody who is connected, with the earliest `Date`; `None`: the scope cannot be read (P6).
    ///
    /// An error on any page is an error of the whole, never a shorter listing.
    pub async fn everybody(
        &self,
        scope: &Scope,
    ) -> Result<Option<Dated<Everybody>>, JumpCloudError> {
        let mut found = Dated { value: BTreeSet::new(), date: self.now() };
        let read = match scope {
            Scope::Application(id) => {
                let route = "GET /v2/applications/{id}/users";
                self.reach(route, &["v2", "applications", id.as_str(), "users"], USER, &mut found)
                    .await
            }
            Scope::Office365(id) => {
                let route = "GET /v2/office365s/{id}/users";
                self.reach(route, &["v2", "office365s", id.as_str(), "users"], USER, &mut found)
                    .await
            }
            Scope::Listed { groups, users } => {
                found.value.extend(users.iter().cloned());
                self.members(groups, &mut found).await
            }
        };
        match read {
            Ok(()) => Ok(Some(Dated { value: Everybody(found.value), date: found.date })),
            Err(JumpCloudError::NotFound { .. } | JumpCloudError::Denied { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn members(
        &self,
        groups: &BTreeSet<JumpCloudGroupId>,
        found: &mut Dated<BTreeSet<JumpCloudUserId>>,
    ) -> Result<(), JumpCloudError> {
        for group in groups {
            // Nobody asks by which group somebody is connected.
            self.reach_members(group, found, &mut BTreeSet::new()).await?;
        }
        Ok(())
    }

    /// Adds the users of a group, nested groups' among them, and the groups that they come through.
    pub(crate) async fn reach_members(
        &self,
        group: &JumpCloudGroupId,
        found: &mut Dated<BTreeSet<JumpCloudUserId>>,
        through: &mut BTreeSet<JumpCloudGroupId>,
    ) -> Result<(), JumpCloudError> {
        let route = "GET /v2/usergroups/{id}/membership";
        let path = ["v2", "usergroups", group.as_str(), "membership"];
        let read = pages::traverse(self, route, &path, |reached| {
            let nested = (reached.kind.as_deref() == Some(GROUP)).then_some(reached.id.as_str());
            for id in nested.into_iter().chain(reached.through(GROUP)) {
                let id = JumpCloudGroupId::parse(id)
                    .map_err(|_| JumpCloudError::shape(route, "a path that is not of ids"))?;
                through.extend((id != *group).then_some(id));
            }
            Self::collect(route, USER, reached, &mut found.value)
        });
        found.date = Timestamp::min(found.date, read.await?.date);
        Ok(())
    }

    /// Adds the objects of this kind of one traversal, every page of it.
    pub(crate) async fn reach<Id: Ord + FromStr>(
        &self,
        route: &'static str,
        path: &[&str],
        kind: &str,
        found: &mut Dated<BTreeSet<Id>>,
    ) -> Result<(), JumpCloudError> {
        let read = pages::traverse(self, route, path, |reached| {
            Self::collect(route, kind, reached, &mut found.value)
        });
        found.date = Timestamp::min(found.date, read.await?.date);
        Ok(())
    }

    /// Keeps a row of this kind. Nested groups are reached beside users, and are resolved by the
    /// vendor.
    fn collect<Id: Ord + FromStr>(
        route: &'static str,
        kind: &str,
        reached: &wire::Reached,
        found: &mut BTreeSet<Id>,
    ) -> Result<Option<()>, JumpCloudError> {
        if reached.kind.as_deref().is_none_or(|reached| reached == kind) {
            let id = Id::from_str(&reached.id)
                .map_err(|_| JumpCloudError::shape(route, "a row whose id is not an object id"))?;
            found.insert(id);
        }
        Ok(None)
    }
}
