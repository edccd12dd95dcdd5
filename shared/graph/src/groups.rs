//! The calls about groups.
//!
//! <https://learn.microsoft.com/en-us/graph/api/resources/group>

use serde_json::{Map, Value as Json, json};
use sync_core::group::EntraGroup;
use sync_core::ids::EntraGroupId;
use transport::{Method, Response, Url};

use crate::{Call, Client, Complete, GraphError, Refusal, deleted, pages, wire};

/// A security group to create.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// `uniqueName`, by which it is found again; it never changes.
    pub unique_name: String,
    /// `displayName`.
    pub name: String,
    /// `mailNickname`; required, though the group has no mailbox.
    pub mail_nickname: String,
    /// `description`.
    pub description: Option<String>,
}

const SELECT: (&str, &str) = ("$select", wire::Group::SELECTED);

const BY_ID: &str = "GET /groups/{id}";
const BY_UNIQUE_NAME: &str = "GET /groups(uniqueName='{uniqueName}')";
pub(crate) const PATCH: &str = "PATCH /groups/{id}";

impl Client {
    /// The group with this object id; `None` if Entra answers that there is none.
    ///
    /// A young object may be answered so as well: replication lags.
    pub async fn group(&self, id: &EntraGroupId) -> Result<Option<EntraGroup>, GraphError> {
        let url = self.url(&["groups", id.as_str()], &[SELECT]);
        one(BY_ID, self.call(BY_ID, Method::GET, url, None).await)
    }

    /// The group with this `uniqueName`; `None` if Entra answers that there is none.
    ///
    /// A young object may be answered so as well: replication lags.
    pub async fn group_by_unique_name(&self, name: &str) -> Result<Option<EntraGroup>, GraphError> {
        let url = self.unique_name_url(name, &[SELECT]);
        one(BY_UNIQUE_NAME, self.call(BY_UNIQUE_NAME, Method::GET, url, None).await)
    }

    /// The groups of any kind whose `displayName` Entra takes for this one, whatever the case.
    pub async fn groups_named(&self, name: &str) -> Result<Complete<Vec<EntraGroup>>, GraphError> {
        let route = "GET /groups";
        let filter = format!("displayName eq {}", wire::literal(name));
        let url = self.url(&["groups"], &[("$filter", &filter), SELECT]);
        let listed = pages::all::<wire::Group>(self, route, url).await?;
        listed.value.convert(|group| group.convert(route))
    }

    /// The group in the deleted items; `None`: it is not there, or no longer.
    pub async fn deleted_group(&self, id: &EntraGroupId) -> Result<Option<EntraGroup>, GraphError> {
        one(deleted::BY_ID, self.deleted(id.as_str(), wire::Group::SELECTED).await)
    }

    /// The group with this `uniqueName` in the deleted items; of several, the last one deleted.
    ///
    /// <https://learn.microsoft.com/en-us/graph/api/directory-deleteditems-list>
    pub async fn deleted_group_by_unique_name(
        &self,
        name: &str,
    ) -> Result<Option<EntraGroup>, GraphError> {
        let route = "GET /directory/deletedItems/microsoft.graph.group";
        let select = format!("{},deletedDateTime", wire::Group::SELECTED);
        let path = ["directory", "deletedItems", "microsoft.graph.group"];
        let url = self.url(&path, &[("$select", &select)]);
        let listed = pages::all::<wire::Group>(self, route, url).await?.value.into_inner();
        let named = listed.into_iter().filter(|group| group.has_unique_name(name));
        let last = named.max_by_key(wire::Group::deleted_at);
        last.map(|group| group.convert(route)).transpose()
    }

    /// Brings the group back from the deleted items, with its object id.
    pub async fn restore_group(&self, id: &EntraGroupId) -> Result<(), GraphError> {
        self.restore(id.as_str()).await
    }

    /// Makes sure that there is a security group of this `uniqueName`, and answers its object id.
    ///
    /// A repeat makes no second one. One that is there takes the name, nickname and description.
    /// If it is there and cannot be read yet, that is a passing fault.
    ///
    /// <https://learn.microsoft.com/en-us/graph/api/group-upsert>
    pub async fn upsert_group(&self, new: &NewGroup) -> Result<EntraGroupId, GraphError> {
        let route = "PATCH /groups(uniqueName='{uniqueName}')";
        let mut body = Map::new();
        body.insert("displayName".into(), new.name.clone().into());
        body.insert("mailNickname".into(), new.mail_nickname.clone().into());
        body.insert("securityEnabled".into(), true.into());
        body.insert("mailEnabled".into(), false.into());
        body.insert("groupTypes".into(), json!([]));
        if let Some(description) = &new.description {
            body.insert("description".into(), description.clone().into());
        }
        let url = self.unique_name_url(&new.unique_name, &[]);
        let call = Call::new(route, Method::PATCH, url, Some(Json::Object(body)));
        let answer = self.perform(Call { prefer: Some("create-if-missing"), ..call }).await;
        match answer {
            Ok(answer) if answer.status == 204 => {
                let group = self.group_by_unique_name(&new.unique_name).await?;
                group.map(|group| group.id).ok_or_else(|| not_replicated(route))
            }
            Ok(answer) => created(route, &answer),
            // What is fixed at creation may be refused in a repeat, though it is the same.
            Err(error @ GraphError::Refused { refusal: Refusal::Other, .. }) => {
                let group = self.group_by_unique_name(&new.unique_name).await?;
                let own = group.filter(|group| group.kind.is_security());
                own.map(|group| group.id).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes `displayName`.
    pub async fn rename_group(&self, id: &EntraGroupId, name: &str) -> Result<(), GraphError> {
        let body = json!({ "displayName": name });
        self.call(PATCH, Method::PATCH, self.group_url(id), Some(body)).await.map(|_| ())
    }

    /// Moves the group to the deleted items. One that is not there is deleted already.
    pub async fn delete_group(&self, id: &EntraGroupId) -> Result<(), GraphError> {
        match self.call("DELETE /groups/{id}", Method::DELETE, self.group_url(id), None).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Where a group is written.
    pub(crate) fn group_url(&self, id: &EntraGroupId) -> Url {
        self.url(&["groups", id.as_str()], &[])
    }

    fn unique_name_url(&self, name: &str, query: &[(&str, &str)]) -> Url {
        self.url(&[&format!("groups(uniqueName={})", wire::literal(name))], query)
    }
}

/// The group of an answer; `None` if it says that there is none.
fn one(
    route: &'static str,
    answer: Result<Response, GraphError>,
) -> Result<Option<EntraGroup>, GraphError> {
    wire::found::<wire::Group>(route, answer)?.map(|group| group.convert(route)).transpose()
}

fn created(route: &'static str, answer: &Response) -> Result<EntraGroupId, GraphError> {
    let created: wire::Reference = wire::decode(route, answer)
        .map_err(|_| GraphError::unanswered_shape(route, "a creation without an id"))?;
    EntraGroupId::parse(&created.id)
        .map_err(|_| GraphError::unanswered_shape(route, "an id that is not a GUID"))
}

/// A group that was written a moment ago and is not found.
fn not_replicated(route: &'static str) -> GraphError {
    GraphError::Passing { route, status: 404, code: String::new(), wait: None, unanswered: false }
}
