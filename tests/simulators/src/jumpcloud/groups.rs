//! v2 `/usergroups`.

use serde_json::{Value, json};

use crate::company::text;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{not_found, refused};
use super::query::{Dialect, Query, only};
use super::{Object, State, body};

/// What a client may write.
const WRITABLE: &[&str] = &[
    "name",
    "description",
    "email",
    "attributes",
    "memberQuery",
    "memberQueryExemptions",
    "memberSuggestionsNotify",
    "membershipMethod",
];

/// What lists may be filtered and sorted by.
fn is_property(name: &str) -> bool {
    WRITABLE.contains(&name)
        || ["id", "type", "disabled", "memberQueryErrorFlags", "suggestionCounts"].contains(&name)
}

pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["limit", "skip", "sort", "fields", "filter"];
    let query = Query::read(call, Dialect::V2, &allowed, &is_property)?;
    let groups = state.groups.iter(call.view).map(|(_, group)| group.as_ref());
    let (page, total) = query.page(call, groups);
    let more = query.skip + page.len() < total;
    let rows: Vec<_> = page.into_iter().map(|group| Value::Object(query.project(group))).collect();
    let reply = Reply::json(200, Value::Array(rows)).header("x-total-count", total.to_string());
    if !more {
        return Ok(reply);
    }
    let next = query.skip + query.limit;
    let link = format!(
        "<{}/api/v2/usergroups?limit={}&skip={next}>; rel=\"next\"",
        call.base, query.limit
    );
    Ok(reply.header("link", link))
}

pub(super) fn get(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let group = state.groups.get(call.parameter(0), call.view).ok_or_else(|| not_found(call))?;
    Ok(Reply::json(200, Value::Object(group.as_ref().clone())))
}

/// The body of a creation or of a change, which is a full replacement.
fn checked(call: &Call<'_>) -> Result<Object, Reply> {
    only(call, &[])?;
    let body = body(call)?;
    if let Some(name) = body.keys().find(|name| !WRITABLE.contains(&name.as_str())) {
        return Err(refused(call, "property", name, format!("unknown property {name}")));
    }
    for (name, value) in &body {
        let fits = match name.as_str() {
            "name" | "description" | "email" => value.is_string(),
            "memberSuggestionsNotify" => value.is_boolean(),
            "membershipMethod" => {
                ["NOTSET", "STATIC", "DYNAMIC_REVIEW_REQUIRED", "DYNAMIC_AUTOMATED"]
                    .iter()
                    .any(|method| value == method)
            }
            _ => true,
        };
        if !fits {
            return Err(refused(call, "property", name, format!("a wrong value of {name}")));
        }
    }
    if text(&body, "name").is_none_or(|name| name.is_empty()) {
        return Err(refused(call, "required", "name", "a group without a name"));
    }
    Ok(body)
}

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let body = checked(call)?;
    let id = state.add_group(Value::Object(body));
    Ok(Reply::json(201, state.group(&id).unwrap_or_else(|| json!({}))))
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let mut group = checked(call)?;
    let id = call.parameter(0);
    let old = state.groups.get(id, View::Latest).cloned().ok_or_else(|| not_found(call))?;
    state.complete_group(&mut group, id);
    state.replace_group(id, &old, group);
    Ok(Reply::json(200, state.group(id).unwrap_or_else(|| json!({}))))
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    if state.delete_group(call.parameter(0)) { Ok(Reply::empty(204)) } else { Err(not_found(call)) }
}
