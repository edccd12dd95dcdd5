//! Organizations, applications and Microsoft 365 directories.

use serde_json::{Value, json};

use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{not_found, refused};
use super::events::changes;
use super::graph::{Kind, Node};
use super::query::{Dialect, Query, only};
use super::state::merged;
use super::{Object, State, body};

/// `GET /organizations`: those the key sees, without their settings.
pub(super) fn organizations(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let known = |name: &str| ["_id", "displayName", "logoUrl"].contains(&name);
    let allowed = ["limit", "skip", "sort", "fields", "filter"];
    let query = Query::read(call, Dialect::V1, &allowed, &known)?;
    let brief = |organization: &Object| -> Object {
        let members = organization.iter().filter(|(name, _)| known(name));
        members.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let all: Vec<_> = state.organizations.iter().map(brief).collect();
    Ok(list(call, &query, all.iter()))
}

fn list<'a>(call: &Call<'_>, query: &Query, rows: impl Iterator<Item = &'a Object>) -> Reply {
    let (page, total) = query.page(call, rows);
    let rows: Vec<_> = page.into_iter().map(|row| Value::Object(query.project(row))).collect();
    Reply::json(200, json!({"totalCount": total, "results": rows}))
}

pub(super) fn organization(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &["fields"])?;
    let wanted = Value::from(call.parameter(0));
    let mut all = state.organizations.iter();
    let found = all.find(|organization| organization.get("_id") == Some(&wanted));
    found.map(|one| Reply::json(200, Value::Object(one.clone()))).ok_or_else(|| not_found(call))
}

pub(super) fn applications(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["limit", "skip", "sort", "fields", "filter"];
    let query = Query::read(call, Dialect::V1, &allowed, &|_| true)?;
    let all = state.applications.iter(call.view).map(|(_, application)| application.as_ref());
    Ok(list(call, &query, all))
}

pub(super) fn application(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let found = state.applications.get(call.parameter(0), call.view);
    let found = found.ok_or_else(|| not_found(call))?;
    Ok(Reply::json(200, Value::Object(found.as_ref().clone())))
}

/// `GET /directories`: the directories, of which those of Microsoft 365 are simulated.
pub(super) fn directories(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let known = |name: &str| ["id", "name", "type"].contains(&name);
    let query = Query::read(call, Dialect::V2, &["limit", "skip", "sort", "fields"], &known)?;
    let row = |directory: &Object| -> Object {
        let mut row = Object::new();
        for name in ["id", "name", "defaultDomain"] {
            row.insert(name.to_owned(), directory.get(name).cloned().unwrap_or_default());
        }
        row.insert("type".to_owned(), Value::from(Kind::Office365.name()));
        row
    };
    let all: Vec<_> = state.office365s.iter(call.view).map(|(_, one)| row(one)).collect();
    let (page, _) = query.page(call, all.iter());
    let rows = page.into_iter().map(|row| Value::Object(query.project(row)));
    Ok(Reply::json(200, rows.collect()))
}

pub(super) fn office_365(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let found = state.office365s.get(call.parameter(0), call.view);
    let found = found.ok_or_else(|| not_found(call))?;
    Ok(Reply::json(200, Value::Object(found.as_ref().clone())))
}

pub(super) fn update_office_365(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let body = body(call)?;
    let id = call.parameter(0);
    for (name, value) in &body {
        let fits = match name.as_str() {
            "name" => value.is_string(),
            "groupsEnabled" => value.is_boolean(),
            "userLockoutAction" | "userPasswordExpirationAction" => {
                value == "suspend" || value == "maintain"
            }
            "defaultDomain" => value.is_object(),
            _ => false,
        };
        if !fits {
            return Err(refused(call, "property", name, format!("property {name} = {value}")));
        }
    }
    let old = state.office365s.get(id, View::Latest).cloned().ok_or_else(|| not_found(call))?;
    let new = merged(&old, body);
    let changes = changes(&old, &new);
    state.office365s.put(id.to_owned(), new.clone(), call.now);
    let node = Node::new(Kind::Office365, id);
    let name = state.name_of(&node);
    state.object_event("o365_directory_update", &node, &name, changes);
    Ok(Reply::json(200, Value::Object(new)))
}
