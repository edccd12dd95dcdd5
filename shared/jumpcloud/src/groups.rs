//! User groups: their own records, who is in them, and which of them are connected (design
//! section 7).
//!
//! A listing only nominates: whoever would leave a group by it is asked for by himself, with
//! `is_member`, and a group that would be disconnected with `group_connection`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sync_core::desired::Connection;
use sync_core::group::JumpCloudGroup;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use sync_core::policy::Scope;
use transport::Dated;

use crate::connection::{APPLICATION, MEMBEROF, OFFICE_365};
use crate::{Client, JumpCloudError, wire};

/// What a traversal calls a user group.
pub(crate) const GROUP: &str = "user_group";

/// The users of a group, read to the last page. Nothing but this file can build one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    users: BTreeSet<JumpCloudUserId>,
    through: BTreeSet<JumpCloudGroupId>,
}

impl Members {
    /// The users, ordered by id.
    pub fn users(&self) -> &BTreeSet<JumpCloudUserId> {
        &self.users
    }

    /// The nested groups that users come through; who is in one of them is in this group.
    pub fn through(&self) -> &BTreeSet<JumpCloudGroupId> {
        &self.through
    }
}

/// The groups of a scope, read to the last page. Nothing but this file can build one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedGroups(BTreeSet<JumpCloudGroupId>);

impl ConnectedGroups {
    /// The groups, ordered by id.
    pub fn groups(&self) -> &BTreeSet<JumpCloudGroupId> {
        &self.0
    }
}

impl Client {
    /// The group; `None` only for a 404 in JumpCloud's own words.
    pub async fn group(
        &self,
        id: &JumpCloudGroupId,
    ) -> Result<Dated<Option<JumpCloudGroup>>, JumpCloudError> {
        let route = "GET /v2/usergroups/{id}";
        let url = self.url(&["v2", "usergroups", id.as_str()], &[]);
        let found = self.find(route, url).await?;
        let Some(answer) = found.value else {
            return Ok(Dated { value: None, date: found.date });
        };
        let group = wire::group(route, wire::decode(route, &answer)?)?;
        if group.id != *id {
            return Err(JumpCloudError::shape(route, "another group than the one asked for"));
        }
        Ok(Dated { value: Some(group), date: found.date })
    }

    /// Whether the group is connected (G1), with the earliest `Date` of the answers it rests on.
    ///
    /// Proved as for a user, and a group whose own traversal answers 403 or 404 is an error like
    /// such a user: its own record says whether it is gone. A listed group needs no answer.
    pub async fn group_connection(
        &self,
        id: &JumpCloudGroupId,
        scope: &Scope,
    ) -> Result<Dated<Connection>, JumpCloudError> {
        let (route, traversed, object, wanted) = match scope {
            Scope::Application(wanted) => {
                let route = "GET /v2/usergroups/{id}/applications";
                (route, "applications", &APPLICATION, wanted.as_str())
            }
            Scope::Office365(wanted) => {
                let route = "GET /v2/usergroups/{id}/office365s";
                (route, "office365s", &OFFICE_365, wanted.as_str())
            }
            Scope::Listed { groups, .. } => {
                let listed = groups.contains(id);
                let value = if listed { Connection::Connected } else { Connection::NotConnected };
                return Ok(Dated { value, date: self.now() });
            }
        };
        let path = ["v2", "usergroups", id.as_str(), traversed];
        self.connected(route, &path, object, &[wanted]).await
    }

    /// Who is in the group, directly or through nested groups, with the earliest `Date`.
    ///
    /// An error on any page is an error of the whole, never a shorter listing.
    pub async fn group_members(
        &self,
        id: &JumpCloudGroupId,
    ) -> Result<Dated<Members>, JumpCloudError> {
        let mut found = Dated { value: BTreeSet::new(), date: Timestamp::MAX };
        let mut through = BTreeSet::new();
        self.reach_members(id, &mut found, &mut through).await?;
        Ok(Dated { value: Members { users: found.value, through }, date: found.date })
    }

    /// Every group that the user is in, directly or through another, by the user's own complete
    /// traversal.
    pub async fn groups_of(
        &self,
        user: &JumpCloudUserId,
    ) -> Result<Dated<BTreeSet<JumpCloudGroupId>>, JumpCloudError> {
        let mut found = Dated { value: BTreeSet::new(), date: Timestamp::MAX };
        let path = ["v2", "users", user.as_str(), "memberof"];
        self.reach(MEMBEROF, &path, GROUP, &mut found).await?;
        Ok(found)
    }

    /// Whether the user is in the group, by the user's own traversal. Absence takes every page.
    pub async fn is_member(
        &self,
        user: &JumpCloudUserId,
        group: &JumpCloudGroupId,
    ) -> Result<Dated<bool>, JumpCloudError> {
        let path = ["v2", "users", user.as_str(), "memberof"];
        self.meets(MEMBEROF, &path, &[group.as_str()]).await
    }

    /// Every connected group, with the earliest `Date`; `None`: the scope cannot be read (P6).
    ///
    /// Listed groups are not asked for. An error on any page is an error of the whole, never a
    /// shorter listing.
    pub async fn scope_groups(
        &self,
        scope: &Scope,
    ) -> Result<Option<Dated<ConnectedGroups>>, JumpCloudError> {
        let (route, objects, id) = match scope {
            Scope::Application(id) => {
                ("GET /v2/applications/{id}/usergroups", "applications", id.as_str())
            }
            Scope::Office365(id) => {
                ("GET /v2/office365s/{id}/usergroups", "office365s", id.as_str())
            }
            Scope::Listed { groups, .. } => {
                let value = ConnectedGroups(groups.clone());
                return Ok(Some(Dated { value, date: self.now() }));
            }
        };
        let mut found = Dated { value: BTreeSet::new(), date: Timestamp::MAX };
        match self.reach(route, &["v2", objects, id, "usergroups"], GROUP, &mut found).await {
            Ok(()) => {
                let value = ConnectedGroups(found.value);
                Ok(Some(Dated { value, date: found.date }))
            }
            Err(JumpCloudError::NotFound { .. } | JumpCloudError::Denied { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
