//! Whether somebody is connected: the user's own complete traversal (design section 6).
//!
//! "Not connected" takes two proofs: a traversal read to its last page without the scope object,
//! and that object answering 200. One that answers 403 or 404 disconnects nobody (P6).

use jiff::Timestamp;
use sync_core::desired::Connection;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use sync_core::policy::Scope;
use transport::Dated;

use crate::{Client, JumpCloudError, pages};

/// What is asked about the kinds of scope.
struct Routes {
    traversal: &'static str,
    traversed: &'static str,
    object: &'static str,
    objects: &'static [&'static str],
}

const APPLICATIONS: Routes = Routes {
    traversal: "GET /v2/users/{id}/applications",
    traversed: "applications",
    // v2 has no public read of one application.
    object: "GET /applications/{id}",
    objects: &["applications"],
};
const OFFICE_365S: Routes = Routes {
    traversal: "GET /v2/users/{id}/office365s",
    traversed: "office365s",
    object: "GET /v2/office365s/{id}",
    objects: &["v2", "office365s"],
};
const GROUPS: Routes = Routes {
    traversal: "GET /v2/users/{id}/memberof",
    traversed: "memberof",
    object: "GET /v2/usergroups/{id}",
    objects: &["v2", "usergroups"],
};

impl Client {
    /// Whether the user is connected, with the earliest `Date` of the answers it rests on.
    pub async fn connection(
        &self,
        user: &JumpCloudUserId,
        scope: &Scope,
    ) -> Result<Dated<Connection>, JumpCloudError> {
        let (routes, wanted): (&Routes, Vec<&str>) = match scope {
            Scope::Application(id) => (&APPLICATIONS, vec![id.as_str()]),
            Scope::Office365(id) => (&OFFICE_365S, vec![id.as_str()]),
            Scope::Listed { groups, users } => {
                if users.contains(user) {
                    return Ok(Dated { value: Connection::Connected, date: self.now() });
                }
                (&GROUPS, groups.iter().map(JumpCloudGroupId::as_str).collect())
            }
        };
        if wanted.is_empty() {
            return Ok(Dated { value: Connection::NotConnected, date: self.now() });
        }
        let mut earliest = None;
        let connected = self.traverses(user, routes, &wanted, &mut earliest).await?;
        let value = if connected {
            Connection::Connected
        } else if self.all_readable(routes, &wanted, &mut earliest).await? {
            Connection::NotConnected
        } else {
            Connection::Unreadable
        };
        Ok(Dated { value, date: earliest.unwrap_or_else(|| self.now()) })
    }

    /// Whether the user's traversal holds one of the wanted objects. Absence takes every page.
    async fn traverses(
        &self,
        user: &JumpCloudUserId,
        routes: &Routes,
        wanted: &[&str],
        earliest: &mut Option<Timestamp>,
    ) -> Result<bool, JumpCloudError> {
        let path = ["v2", "users", user.as_str(), routes.traversed];
        let read = pages::traverse(self, routes.traversal, &path, |reached| {
            Ok(wanted.contains(&reached.id.to_lowercase().as_str()).then_some(()))
        });
        let read = read.await?;
        note(earliest, read.date);
        Ok(read.value.is_some())
    }

    async fn all_readable(
        &self,
        routes: &Routes,
        wanted: &[&str],
        earliest: &mut Option<Timestamp>,
    ) -> Result<bool, JumpCloudError> {
        for id in wanted {
            let path: Vec<&str> = routes.objects.iter().copied().chain([*id]).collect();
            let url = self.url(&path, &[]);
            match self.get(routes.object, url).await {
                Ok(answer) => note(earliest, answer.date),
                Err(JumpCloudError::NotFound { .. } | JumpCloudError::Denied { .. }) => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

fn note(earliest: &mut Option<Timestamp>, date: Timestamp) {
    *earliest = Some(earliest.map_or(date, |other| other.min(date)));
}
