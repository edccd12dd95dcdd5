//! Whether a user or a group is connected: its own complete traversal (design section 6).
//!
//! "Not connected" takes two proofs: a traversal read to its last page without the scope object,
//! and that object answering 200. One that answers 403 or 404 disconnects nobody (P6).

use jiff::Timestamp;
use sync_core::desired::Connection;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use sync_core::policy::Scope;
use transport::Dated;

use crate::{Client, JumpCloudError, pages};

/// Every group of a user.
pub(crate) const MEMBEROF: &str = "GET /v2/users/{id}/memberof";

/// How the objects of one kind are read by themselves.
pub(crate) struct Object {
    route: &'static str,
    path: &'static [&'static str],
}

// v2 has no public read of one application.
pub(crate) const APPLICATION: Object =
    Object { route: "GET /applications/{id}", path: &["applications"] };
pub(crate) const OFFICE_365: Object =
    Object { route: "GET /v2/office365s/{id}", path: &["v2", "office365s"] };
const GROUP: Object = Object { route: "GET /v2/usergroups/{id}", path: &["v2", "usergroups"] };

impl Client {
    /// Whether the user is connected, with the earliest `Date` of the answers it rests on.
    pub async fn connection(
        &self,
        user: &JumpCloudUserId,
        scope: &Scope,
    ) -> Result<Dated<Connection>, JumpCloudError> {
        let (route, traversed, object, wanted) = match scope {
            Scope::Application(id) => {
                let route = "GET /v2/users/{id}/applications";
                (route, "applications", &APPLICATION, vec![id.as_str()])
            }
            Scope::Office365(id) => {
                let route = "GET /v2/users/{id}/office365s";
                (route, "office365s", &OFFICE_365, vec![id.as_str()])
            }
            Scope::Listed { groups, users } => {
                if users.contains(user) {
                    return Ok(Dated { value: Connection::Connected, date: self.now() });
                }
                let wanted = groups.iter().map(JumpCloudGroupId::as_str).collect();
                (MEMBEROF, "memberof", &GROUP, wanted)
            }
        };
        let path = ["v2", "users", user.as_str(), traversed];
        self.connected(route, &path, object, &wanted).await
    }

    /// Whether a traversal holds one of the wanted objects; if not, each must be readable.
    pub(crate) async fn connected(
        &self,
        route: &'static str,
        path: &[&str],
        object: &Object,
        wanted: &[&str],
    ) -> Result<Dated<Connection>, JumpCloudError> {
        if wanted.is_empty() {
            return Ok(Dated { value: Connection::NotConnected, date: self.now() });
        }
        let met = self.meets(route, path, wanted).await?;
        let mut date = met.date;
        let value = if met.value {
            Connection::Connected
        } else if self.all_readable(object, wanted, &mut date).await? {
            Connection::NotConnected
        } else {
            Connection::Unreadable
        };
        Ok(Dated { value, date })
    }

    /// Whether a traversal holds one of the wanted objects. Absence takes every page.
    pub(crate) async fn meets(
        &self,
        route: &'static str,
        path: &[&str],
        wanted: &[&str],
    ) -> Result<Dated<bool>, JumpCloudError> {
        let read = pages::traverse(self, route, path, |reached| {
            Ok(wanted.contains(&reached.id.to_lowercase().as_str()).then_some(()))
        });
        let read = read.await?;
        Ok(Dated { value: read.value.is_some(), date: read.date })
    }

    async fn all_readable(
        &self,
        object: &Object,
        wanted: &[&str],
        earliest: &mut Timestamp,
    ) -> Result<bool, JumpCloudError> {
        for id in wanted {
            let path: Vec<&str> = object.path.iter().copied().chain([*id]).collect();
            let url = self.url(&path, &[]);
            match self.get(object.route, url).await {
                Ok(answer) => *earliest = answer.date.min(*earliest),
                Err(JumpCloudError::NotFound { .. } | JumpCloudError::Denied { .. }) => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
