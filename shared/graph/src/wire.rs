//! Graph's JSON, and its conversion. Nothing here leaves the crate.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sync_core::attributes::{Attribute, Format, TABLE, Value};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::observed::EntraUser;
use transport::Response;

use crate::GraphError;

mod group;

pub(crate) use group::{Group, MemberRow};

/// A page of a listing.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next_link: Option<String>,
}

/// Reads an answer; a shape nobody documented is an error without the content.
pub(crate) fn decode<T: DeserializeOwned>(
    route: &'static str,
    answer: &Response,
) -> Result<T, GraphError> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| GraphError::shape(route, "JSON of another shape than documented"))
}

/// Reads an answer about one object; `None` if it says that there is none.
pub(crate) fn found<T: DeserializeOwned>(
    route: &'static str,
    answer: Result<Response, GraphError>,
) -> Result<Option<T>, GraphError> {
    match answer {
        Ok(answer) => decode(route, &answer).map(Some),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A text as a literal of a filter or a key, its quotes doubled.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A domain as listed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Domain {
    id: String,
    #[serde(default)]
    is_verified: bool,
    #[serde(default)]
    authentication_type: Option<String>,
}

impl From<Domain> for sync_core::upn::Domain {
    fn from(domain: Domain) -> Self {
        let federated =
            domain.authentication_type.is_some_and(|kind| kind.eq_ignore_ascii_case("federated"));
        Self { name: domain.id.to_lowercase(), verified: domain.is_verified, federated }
    }
}

/// The properties that a read of a user selects.
pub(crate) fn selected() -> String {
    let own = [
        "id",
        "userPrincipalName",
        "accountEnabled",
        "userType",
        "onPremisesSyncEnabled",
        "createdDateTime",
    ];
    let mapped = TABLE.iter().filter(|row| row.format != Format::Reference).map(|r| r.property);
    own.into_iter().chain(mapped).collect::<Vec<_>>().join(",")
}

/// A user as read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: String,
    user_principal_name: String,
    account_enabled: Option<bool>,
    user_type: Option<String>,
    on_premises_sync_enabled: Option<bool>,
    created_date_time: Option<String>,
    manager: Option<Reference>,
    #[serde(flatten)]
    rest: BTreeMap<String, Json>,
}

/// An expanded reference, or an object of any type.
#[derive(Deserialize)]
pub(crate) struct Reference {
    pub(crate) id: String,
}

impl User {
    pub(crate) fn convert(self, route: &'static str) -> Result<EntraUser, GraphError> {
        let wrong = |what| GraphError::shape(route, what);
        let mut attributes = BTreeMap::new();
        for row in TABLE {
            if let Some(value) =
                self.rest.get(row.property).and_then(|json| value(row.attribute, json))
            {
                attributes.insert(row.attribute, value);
            }
        }
        if let Some(manager) = self.manager {
            let id = EntraUserId::parse(&manager.id)
                .map_err(|_| wrong("a manager whose id is not a GUID"))?;
            attributes.insert(Attribute::Manager, Value::Text(id.to_string()));
        }
        Ok(EntraUser {
            id: EntraUserId::parse(&self.id).map_err(|_| wrong("a user whose id is not a GUID"))?,
            upn: Upn::parse(&self.user_principal_name)
                .map_err(|_| wrong("a user without a UPN"))?,
            enabled: self.account_enabled.ok_or_else(|| wrong("a user without accountEnabled"))?,
            guest: self.user_type.is_some_and(|kind| kind.eq_ignore_ascii_case("guest")),
            on_premises_synced: self.on_premises_sync_enabled == Some(true),
            created_at: self.created_date_time.and_then(|text| text.parse().ok()),
            attributes,
        })
    }
}

/// The value of an attribute; empty texts and lists count as absent.
fn value(attribute: Attribute, json: &Json) -> Option<Value> {
    let text = |json: &Json| json.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match (attribute, json) {
        (Attribute::CostCenter, Json::Object(object)) => {
            let part = |name: &str| object.get(name).and_then(text);
            let (division, cost_center) = (part("division"), part("costCenter"));
            (division.is_some() || cost_center.is_some())
                .then_some(Value::OrgData { division, cost_center })
        }
        (_, Json::Array(entries)) => {
            let entries: Vec<String> = entries.iter().filter_map(text).collect();
            (!entries.is_empty()).then_some(Value::List(entries))
        }
        (_, json) => text(json).map(Value::Text),
    }
}

/// How a value is written; `None` clears it.
pub(crate) fn written(attribute: Attribute, value: Option<&Value>) -> Json {
    match value {
        None if matches!(attribute.row().format, Format::Texts(_)) => Json::Array(Vec::new()),
        None => Json::Null,
        Some(Value::Text(text)) => text.clone().into(),
        Some(Value::List(entries)) => entries.clone().into(),
        Some(Value::OrgData { division, cost_center }) => {
            serde_json::json!({ "division": division, "costCenter": cost_center })
        }
    }
}
