//! The calls about who is in a group.
//!
//! <https://learn.microsoft.com/en-us/graph/api/group-list-members>

use std::collections::BTreeSet;

use serde_json::json;
use sync_core::group::Member;
use sync_core::ids::{EntraGroupId, EntraUserId};
use transport::{Method, Url};

use crate::{Client, Complete, GraphError, groups, pages, wire};

/// The most members that one request adds.
pub const MEMBERS_AT_ONCE: usize = 20;

/// The largest page of members.
const PAGE: &str = "999";

impl Client {
    /// The direct members of a group, all of them or an error.
    pub async fn members(
        &self,
        id: &EntraGroupId,
    ) -> Result<Complete<BTreeSet<Member>>, GraphError> {
        let route = "GET /groups/{id}/members";
        let query = [("$select", "id"), ("$top", PAGE)];
        let url = self.url(&["groups", id.as_str(), "members"], &query);
        let listed = pages::all::<wire::MemberRow>(self, route, url).await?;
        listed.value.convert(|row| row.convert(route))
    }

    /// Adds these people to a group, all or none of them.
    ///
    /// [`Refusal::MemberExists`]: one of them is in it already. Naming somebody twice is refused.
    ///
    /// <https://learn.microsoft.com/en-us/graph/api/group-post-members>
    ///
    /// # Panics
    ///
    /// If they are more than [`MEMBERS_AT_ONCE`].
    ///
    /// [`Refusal::MemberExists`]: crate::Refusal::MemberExists
    pub async fn add_members(
        &self,
        id: &EntraGroupId,
        members: &[EntraUserId],
    ) -> Result<(), GraphError> {
        assert!(members.len() <= MEMBERS_AT_ONCE, "{} members at once", members.len());
        if members.is_empty() {
            return Ok(());
        }
        // A reference names the host of the tenant's own cloud.
        let reference = |member: &EntraUserId| {
            self.url(&["directoryObjects", member.as_str()], &[]).to_string()
        };
        let members: Vec<String> = members.iter().map(reference).collect();
        let body = json!({ "members@odata.bind": members });
        self.call(groups::PATCH, Method::PATCH, self.group_url(id), Some(body)).await.map(|_| ())
    }

    /// Takes a person out of a group; one who is not in it is out already.
    ///
    /// <https://learn.microsoft.com/en-us/graph/api/group-delete-members>
    pub async fn remove_member(
        &self,
        group: &EntraGroupId,
        member: &EntraUserId,
    ) -> Result<(), GraphError> {
        let route = "DELETE /groups/{id}/members/{member}/$ref";
        let url = self.membership_url(group, member);
        match self.call(route, Method::DELETE, url, None).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// A membership. Without its last segment this would be the member itself.
    fn membership_url(&self, group: &EntraGroupId, member: &EntraUserId) -> Url {
        self.url(&["groups", group.as_str(), "members", member.as_str(), "$ref"], &[])
    }
}
