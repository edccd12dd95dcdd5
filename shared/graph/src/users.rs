//! The calls about people.
//!
//! <https://learn.microsoft.com/en-us/graph/api/resources/user>

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use sync_core::attributes::{Attribute, Value};
use sync_core::ids::{EntraGroupId, EntraUserId, Upn};
use sync_core::observed::EntraUser;
use transport::{Dated, Method, Response, Secret, Url};

use crate::{Client, GraphError, deleted, pages, wire};

/// An account to create.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// `userPrincipalName`.
    pub upn: Upn,
    /// `accountEnabled`.
    pub enabled: bool,
    /// `displayName`.
    pub display_name: String,
    /// `mailNickname`.
    pub mail_nickname: String,
    /// The other attributes; the manager is a call of its own.
    pub attributes: BTreeMap<Attribute, Value>,
    /// The initial password; it goes out in this one request and is stored nowhere.
    pub password: Secret,
}

/// One attribute to write.
#[derive(Debug, Clone)]
pub struct AttributeChange {
    /// The attribute.
    pub attribute: Attribute,
    /// The value; `None` clears it.
    pub value: Option<Value>,
}

/// A group or role that somebody is in.
#[derive(Deserialize)]
struct Membership {
    #[serde(default)]
    id: String,
    #[serde(rename = "@odata.type")]
    kind: Option<String>,
    #[serde(rename = "isAssignableToRole")]
    assignable: Option<bool>,
}

impl Membership {
    fn privileges(&self) -> bool {
        self.assignable == Some(true) || self.is_role()
    }

    fn is_role(&self) -> bool {
        self.kind.as_deref() == Some("#microsoft.graph.directoryRole")
    }
}

const EXPAND: (&str, &str) = ("$expand", "manager($select=id)");

pub(crate) const BY_ID: &str = "GET /users/{id}";
pub(crate) const BY_UPN: &str = "GET /users";

impl Client {
    /// The user with this object id; `None` if Entra answers that there is none.
    ///
    /// A young object may be answered so as well: replication lags.
    pub async fn user(&self, id: &EntraUserId) -> Result<Option<EntraUser>, GraphError> {
        one(BY_ID, self.call(BY_ID, Method::GET, self.user_url(id), None).await)
    }

    /// The user with this UPN, and the `Date` of the answer (P14).
    pub async fn user_by_upn(&self, upn: &Upn) -> Result<Dated<Option<EntraUser>>, GraphError> {
        let listed = pages::all::<wire::User>(self, BY_UPN, self.upn_url(upn)).await?;
        Ok(Dated { value: only(BY_UPN, listed.value.into_inner())?, date: listed.date })
    }

    /// Where [`Client::user`] reads.
    pub(crate) fn user_url(&self, id: &EntraUserId) -> Url {
        self.url(&["users", id.as_str()], &[("$select", &wire::selected()), EXPAND])
    }

    /// Where [`Client::user_by_upn`] reads.
    pub(crate) fn upn_url(&self, upn: &Upn) -> Url {
        let filter = format!("userPrincipalName eq {}", wire::literal(upn.as_str()));
        let query = [("$filter", filter.as_str()), ("$select", &wire::selected()), EXPAND];
        self.url(&["users"], &query)
    }

    /// Whether the user is an administrator (P4): a directory role or a role-assignable group.
    ///
    /// Somebody whose memberships may not be read counts as one.
    pub async fn is_privileged(&self, id: &EntraUserId) -> Result<bool, GraphError> {
        match self.memberships(id).await {
            Ok(memberships) => Ok(memberships.iter().any(Membership::privileges)),
            Err(error) if error.is_denied() => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The groups that the user is directly in, by the user's own complete list (G9).
    pub async fn groups_of(&self, id: &EntraUserId) -> Result<BTreeSet<EntraGroupId>, GraphError> {
        let memberships = self.memberships(id).await?;
        // Roles are no groups; an id that is none is not one of ours.
        let groups = memberships.iter().filter(|membership| !membership.is_role());
        Ok(groups.filter_map(|group| EntraGroupId::parse(&group.id).ok()).collect())
    }

    /// The groups and roles that the user is directly in, to the last page.
    async fn memberships(&self, id: &EntraUserId) -> Result<Vec<Membership>, GraphError> {
        let select = [("$select", "id,isAssignableToRole")];
        let url = self.url(&["users", id.as_str(), "memberOf"], &select);
        let listed = pages::all::<Membership>(self, "GET /users/{id}/memberOf", url).await?;
        Ok(listed.value.into_inner())
    }

    /// Creates an account. [`GraphError::UpnTaken`]: the UPN exists, maybe as our own lost answer.
    pub async fn create_user(&self, new: &NewUser) -> Result<EntraUserId, GraphError> {
        let route = "POST /users";
        let mut body = Map::new();
        body.insert("accountEnabled".into(), new.enabled.into());
        body.insert("userPrincipalName".into(), new.upn.as_str().into());
        body.insert("displayName".into(), new.display_name.clone().into());
        body.insert("mailNickname".into(), new.mail_nickname.clone().into());
        body.insert(
            "passwordProfile".into(),
            json!({
                "password": new.password.expose(),
                "forceChangePasswordNextSignIn": false,
            }),
        );
        for (attribute, value) in &new.attributes {
            body.insert(attribute.row().property.into(), wire::written(*attribute, Some(value)));
        }
        let url = self.url(&["users"], &[]);
        let answer = self.call(route, Method::POST, url, Some(Json::Object(body))).await?;
        let created: wire::Reference = wire::decode(route, &answer)
            .map_err(|_| GraphError::unanswered_shape(route, "a creation without an id"))?;
        EntraUserId::parse(&created.id)
            .map_err(|_| GraphError::unanswered_shape(route, "an id that is not a GUID"))
    }

    /// Writes `accountEnabled`, in a PATCH of its own (P5).
    pub async fn set_enabled(&self, id: &EntraUserId, enabled: bool) -> Result<(), GraphError> {
        self.patch(id, json!({ "accountEnabled": enabled })).await
    }

    /// Writes the UPN, in a PATCH of its own (P5).
    pub async fn set_upn(&self, id: &EntraUserId, upn: &Upn) -> Result<(), GraphError> {
        self.patch(id, json!({ "userPrincipalName": upn.as_str() })).await
    }

    /// Writes attributes, all or none of them.
    pub async fn update_user(
        &self,
        id: &EntraUserId,
        changes: &[AttributeChange],
    ) -> Result<(), GraphError> {
        let body: Map<String, Json> = changes
            .iter()
            .map(|change| {
                let written = wire::written(change.attribute, change.value.as_ref());
                (change.attribute.row().property.to_owned(), written)
            })
            .collect();
        self.patch(id, Json::Object(body)).await
    }

    /// Sets or clears the manager. Clearing one that is not there succeeds.
    pub async fn set_manager(
        &self,
        id: &EntraUserId,
        manager: Option<&EntraUserId>,
    ) -> Result<(), GraphError> {
        let url = self.url(&["users", id.as_str(), "manager", "$ref"], &[]);
        let Some(manager) = manager else {
            let cleared =
                self.call("DELETE /users/{id}/manager/$ref", Method::DELETE, url, None).await;
            return match cleared {
                Err(error) if error.is_not_found() => Ok(()),
                other => other.map(|_| ()),
            };
        };
        let reference = self.url(&["users", manager.as_str()], &[]);
        let body = json!({ "@odata.id": reference.as_str() });
        self.call("PUT /users/{id}/manager/$ref", Method::PUT, url, Some(body)).await.map(|_| ())
    }

    /// The user in the deleted items (P9); `None`: it is not there, or no longer.
    pub async fn deleted_user(&self, id: &EntraUserId) -> Result<Option<EntraUser>, GraphError> {
        one(deleted::BY_ID, self.deleted(id.as_str(), &wire::selected()).await)
    }

    /// Brings the user back from the deleted items, with its object id.
    pub async fn restore_user(&self, id: &EntraUserId) -> Result<(), GraphError> {
        self.restore(id.as_str()).await
    }

    /// Ends the user's sessions (P6).
    pub async fn revoke_sessions(&self, id: &EntraUserId) -> Result<(), GraphError> {
        let url = self.url(&["users", id.as_str(), "revokeSignInSessions"], &[]);
        let route = "POST /users/{id}/revokeSignInSessions";
        self.call(route, Method::POST, url, None).await.map(|_| ())
    }

    async fn patch(&self, id: &EntraUserId, body: Json) -> Result<(), GraphError> {
        let url = self.url(&["users", id.as_str()], &[]);
        self.call("PATCH /users/{id}", Method::PATCH, url, Some(body)).await.map(|_| ())
    }
}

/// The user of an answer; `None` if it says that there is none.
pub(crate) fn one(
    route: &'static str,
    answer: Result<Response, GraphError>,
) -> Result<Option<EntraUser>, GraphError> {
    wire::found::<wire::User>(route, answer)?.map(|user| user.convert(route)).transpose()
}

/// The one user of a complete listing by UPN.
pub(crate) fn only(
    route: &'static str,
    users: Vec<wire::User>,
) -> Result<Option<EntraUser>, GraphError> {
    let mut users = users.into_iter();
    let user = users.next().map(|user| user.convert(route)).transpose()?;
    if users.next().is_some() {
        return Err(GraphError::shape(route, "two users of one UPN"));
    }
    Ok(user)
}
