//! JumpCloud's JSON, and its conversion. Nothing here leaves the crate.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use sync_core::attributes::{Attribute, Source};
use sync_core::desired::{DesiredUser, UserState};
use sync_core::group::JumpCloudGroup;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use transport::Response;

use crate::JumpCloudError;

/// Reads an answer; a shape nobody documented is an error without the content.
pub(crate) fn decode<T: DeserializeOwned>(
    route: &'static str,
    answer: &Response,
) -> Result<T, JumpCloudError> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| JumpCloudError::shape(route, "JSON of another shape than documented"))
}

/// An object that a traversal reached.
#[derive(Deserialize)]
pub(crate) struct Reached {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// Each way to the object, as the edges that lead there; left out by some lists.
    #[serde(default)]
    paths: Vec<Vec<Edge>>,
}

#[derive(Deserialize)]
struct Edge {
    to: Node,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Reached {
    /// The objects of this kind that lie on the ways to it.
    pub(crate) fn through<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let nodes = self.paths.iter().flatten().map(|edge| &edge.to);
        let of_kind = nodes.filter(move |node| node.kind.as_deref() == Some(kind));
        of_kind.map(|node| node.id.as_str())
    }
}

/// A user group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    id: String,
    name: Option<String>,
    membership_method: Option<String>,
}

/// A user group. Its name stays as it is, and is empty where there is none: the planner decides.
pub(crate) fn group(route: &'static str, json: Group) -> Result<JumpCloudGroup, JumpCloudError> {
    let id = JumpCloudGroupId::parse(&json.id)
        .map_err(|_| JumpCloudError::shape(route, "a group without an id"))?;
    // With the first an administrator reviews each change, yet a query proposes it.
    let dynamic = ["DYNAMIC_REVIEW_REQUIRED", "DYNAMIC_AUTOMATED"];
    let dynamic = json.membership_method.is_some_and(|method| dynamic.contains(&method.as_str()));
    Ok(JumpCloudGroup { id, name: json.name.unwrap_or_default(), dynamic })
}

/// Users as a search answers them; a row that cannot be read does not spoil the others.
#[derive(Deserialize)]
pub(crate) struct Users {
    pub(crate) results: Vec<Map<String, Json>>,
}

/// An organization as listed.
#[derive(Deserialize)]
pub(crate) struct Organizations {
    pub(crate) results: Vec<Organization>,
}

/// One organization.
#[derive(Deserialize)]
pub(crate) struct Organization {
    #[serde(alias = "_id")]
    pub(crate) id: String,
}

/// A user. Read key by key, since a key that is absent means something else than an empty one.
pub(crate) fn user(
    route: &'static str,
    json: &Map<String, Json>,
) -> Result<DesiredUser, JumpCloudError> {
    let wrong = |what| JumpCloudError::shape(route, what);
    let id = json
        .get("_id")
        .or_else(|| json.get("id"))
        .and_then(Json::as_str)
        .and_then(|id| JumpCloudUserId::parse(id).ok())
        .ok_or_else(|| wrong("a user without an id"))?;
    let flag = |key| match json.get(key) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong("a flag that is neither true nor false")),
    };
    let suspended = flag("suspended")?;
    let state = match json.get("state").and_then(Json::as_str) {
        _ if suspended => UserState::Suspended,
        Some("SUSPENDED") => UserState::Suspended,
        Some("STAGED") => UserState::Staged,
        Some("ACTIVATED") => UserState::Activated,
        _ => return Err(wrong("a user whose state is none of those documented")),
    };
    let text = |key: &str| text(route, json.get(key));
    let manager = match text("manager")? {
        Source::Set(id) => Source::Set(
            JumpCloudUserId::parse(&id).map_err(|_| wrong("a manager that is not a user id"))?,
        ),
        Source::Empty => Source::Empty,
        Source::Absent => Source::Absent,
    };
    Ok(DesiredUser {
        id,
        state,
        locked: flag("account_locked")?,
        password_expired: flag("password_expired")?,
        email: text("email")?,
        alternate_email: text("alternateEmail")?,
        display_name: text("displayname")?,
        manager,
        attributes: attributes(route, json)?,
    })
}

fn attributes(
    route: &'static str,
    json: &Map<String, Json>,
) -> Result<BTreeMap<Attribute, Source<String>>, JumpCloudError> {
    let own = [
        (Attribute::GivenName, "firstname"),
        (Attribute::Surname, "lastname"),
        (Attribute::Department, "department"),
        (Attribute::JobTitle, "jobTitle"),
        (Attribute::Location, "location"),
        (Attribute::Company, "company"),
        (Attribute::EmployeeIdentifier, "employeeIdentifier"),
        (Attribute::EmployeeType, "employeeType"),
        (Attribute::CostCenter, "costCenter"),
    ];
    let of_work_address = [
        (Attribute::StreetAddress, "streetAddress"),
        (Attribute::City, "locality"),
        (Attribute::State, "region"),
        (Attribute::PostalCode, "postalCode"),
        (Attribute::Country, "country"),
    ];
    let phones = [(Attribute::WorkPhone, "work"), (Attribute::MobilePhone, "mobile")];
    let mut attributes = BTreeMap::new();
    for (attribute, key) in own {
        attributes.insert(attribute, text(route, json.get(key))?);
    }
    for (attribute, key) in of_work_address {
        let source = match entry(json, "addresses", "work") {
            Source::Absent => Source::Absent,
            Source::Empty => Source::Empty,
            // A part that the entry lacks is as empty as one that is "".
            Source::Set(address) => match text(route, address.get(key))? {
                Source::Absent => Source::Empty,
                other => other,
            },
        };
        attributes.insert(attribute, source);
    }
    for (attribute, kind) in phones {
        let source = match entry(json, "phoneNumbers", kind) {
            Source::Absent => Source::Absent,
            Source::Empty => Source::Empty,
            Source::Set(phone) => match text(route, phone.get("number"))? {
                Source::Absent => Source::Empty,
                other => other,
            },
        };
        attributes.insert(attribute, source);
    }
    Ok(attributes)
}

/// The first entry of this type in an array of the user.
fn entry<'a>(
    json: &'a Map<String, Json>,
    array: &str,
    kind: &str,
) -> Source<&'a Map<String, Json>> {
    match json.get(array) {
        None => Source::Absent,
        Some(Json::Array(entries)) => entries
            .iter()
            .filter_map(Json::as_object)
            .find(|entry| {
                let named = entry.get("type").and_then(Json::as_str);
                named.is_some_and(|named| named.eq_ignore_ascii_case(kind))
            })
            .map_or(Source::Empty, Source::Set),
        Some(_) => Source::Empty,
    }
}

/// A text; `""` and null count as empty, and so does one that is only blanks.
fn text(route: &'static str, json: Option<&Json>) -> Result<Source<String>, JumpCloudError> {
    match json {
        None => Ok(Source::Absent),
        Some(Json::Null) => Ok(Source::Empty),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(Source::Empty),
        Some(Json::String(text)) => Ok(Source::Set(text.trim().to_owned())),
        Some(_) => Err(JumpCloudError::shape(route, "a text field that is not a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: serde_json::Value) -> Result<DesiredUser, JumpCloudError> {
        user("r", json.as_object().unwrap())
    }

    #[test]
    fn absent_empty_and_set_are_three_things() {
        let user = parse(serde_json::json!({
            "_id": "65f000000000000000000001", "state": "ACTIVATED", "email": "ada@corp.example",
            "department": "", "jobTitle": null, "firstname": " Ada ",
            "addresses": [
                { "type": "home", "locality": "Bath" },
                { "type": "work", "locality": "London", "region": "" },
            ],
            "phoneNumbers": [
                { "type": "mobile", "number": "1" }, { "type": "work", "number": "2" },
                { "type": "work", "number": "3" },
            ],
        }))
        .unwrap();
        let value = |attribute| user.attributes[&attribute].clone();
        let set = |text: &str| Source::Set(text.to_owned());
        assert_eq!(value(Attribute::Department), Source::Empty);
        assert_eq!(value(Attribute::JobTitle), Source::Empty);
        assert_eq!(value(Attribute::Company), Source::Absent);
        assert_eq!(value(Attribute::GivenName), set("Ada"));
        assert_eq!(value(Attribute::City), set("London"));
        assert_eq!(value(Attribute::State), Source::Empty);
        assert_eq!(value(Attribute::Country), Source::Empty);
        assert_eq!(value(Attribute::WorkPhone), set("2"));
        assert_eq!(value(Attribute::MobilePhone), set("1"));
        assert_eq!(user.manager, Source::Absent);
    }

    #[test]
    fn without_the_arrays_nothing_is_known_of_addresses_and_phones() {
        let user = parse(serde_json::json!({
            "_id": "65f000000000000000000001", "state": "STAGED", "addresses": [],
        }))
        .unwrap();
        assert_eq!(user.attributes[&Attribute::City], Source::Empty);
        assert_eq!(user.attributes[&Attribute::WorkPhone], Source::Absent);
        assert_eq!(user.state, UserState::Staged);
    }

    #[test]
    fn suspended_wins_over_state_and_unknown_states_are_errors() {
        let state = |state: &str, suspended| {
            parse(serde_json::json!({
                "_id": "65f000000000000000000001", "state": state, "suspended": suspended,
            }))
            .map(|user| user.state)
            .ok()
        };
        assert_eq!(state("ACTIVATED", true), Some(UserState::Suspended));
        assert_eq!(state("SUSPENDED", false), Some(UserState::Suspended));
        assert_eq!(state("ACTIVATED", false), Some(UserState::Activated));
        assert_eq!(state("RETIRED", false), None);
    }

    #[test]
    fn wrong_types_are_errors_not_panics() {
        for bad in [
            serde_json::json!({ "_id": 7, "state": "ACTIVATED" }),
            serde_json::json!({ "_id": "65f000000000000000000001", "state": "ACTIVATED", "email": 7 }),
            serde_json::json!({ "_id": "65f000000000000000000001", "state": "ACTIVATED", "manager": "x" }),
            serde_json::json!({ "_id": "65f000000000000000000001", "state": "ACTIVATED", "suspended": "no" }),
        ] {
            assert!(parse(bad).is_err());
        }
    }
}
