//! `/groups`: listing, creation, upsert by `uniqueName`, change, deletion.

use serde_json::{Value, json};

use crate::company::text;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, not_found, refused};
use super::members::{self, BIND};
use super::odata::Options;
use super::schema::{self, GROUP, Properties};
use super::{State, body, new_id};

const REQUIRED: &[&str] = &["displayName", "mailEnabled", "mailNickname", "securityEnabled"];

pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["$select", "$filter", "$top", "$count", "$skiptoken"];
    let options = Options::read(call, &allowed, &[&GROUP])?;
    let matches =
        |group: &Properties| options.filter.as_ref().is_none_or(|filter| filter.matches(group));
    let rows = state
        .groups
        .after(options.after().unwrap_or_default(), call.view)
        .filter(|(_, group)| matches(group))
        .map(|(id, group)| (id.clone(), options.project(&GROUP, group)));
    let mut reply = options.page(call, "groups", rows);
    if options.count
        && let crate::server::Body::Json(body) = &mut reply.body
    {
        let count = state.groups.iter(call.view).filter(|(_, group)| matches(group)).count();
        body["@odata.count"] = Value::from(count);
    }
    Ok(reply)
}

pub(super) fn get(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    show(state, call, call.parameter(0))
}

pub(super) fn get_by_name(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let name = call.parameter(0);
    let id = by_unique_name(state, name, call.view).ok_or_else(|| not_found(call, name))?;
    show(state, call, &id)
}

fn show(state: &State, call: &Call<'_>, id: &str) -> Result<Reply, Reply> {
    let options = Options::read(call, &["$select"], &[&GROUP])?;
    let group = state.groups.get(id, call.view).ok_or_else(|| not_found(call, id))?;
    Ok(options.entity(call, "groups", options.project(&GROUP, group)))
}

fn by_unique_name(state: &State, name: &str, view: View) -> Option<String> {
    let mut groups = state.groups.iter(view);
    let found = groups.find(|(_, group)| group.get("uniqueName") == Some(&Value::from(name)));
    found.map(|(id, _)| id.clone())
}

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let body = body(call)?;
    create_from(state, call, body)
}

fn create_from(state: &mut State, call: &Call<'_>, mut body: Properties) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&GROUP])?;
    let bound = body.remove(BIND);
    GROUP.check(call, &body, true)?;
    for name in REQUIRED {
        if body.get(*name).is_none_or(Value::is_null) {
            let values = [("property", *name), ("resource", "Group")];
            let why = format!("property {name} is missing");
            return Err(refused(call, "missing_property", &values, why));
        }
    }
    if body.get("isAssignableToRole") == Some(&Value::Bool(true)) {
        return Err(error(call, "denied", &[]));
    }
    if let Some(name) = text(&body, "uniqueName")
        && by_unique_name(state, &name, View::Latest).is_some()
    {
        return Err(error(call, "value_taken", &[("property", "uniqueName")]));
    }
    let id = new_id();
    let members = match bound {
        Some(bound) => members::bound(state, call, &bound, &id)?,
        None => Vec::new(),
    };
    let mut group = super::state::object(json!({
        "id": id, "groupTypes": [], "createdDateTime": state.time(), "visibility": "Private",
        "renewedDateTime": state.time(),
    }));
    schema::apply(&mut group, &body, &GROUP);
    state.groups.put(id.clone(), group.clone(), state.now);
    for member in members {
        state.add_member(&id, &member);
    }
    let options = Options::read(call, &[], &[&GROUP])?;
    let mut reply = options.entity(call, "groups", options.project(&GROUP, &group));
    reply.status = 201;
    Ok(reply.header("location", format!("{}/v1.0/groups/{id}", call.base)))
}

/// `PATCH /groups(uniqueName='…')`: an update, or with `Prefer: create-if-missing` a creation.
pub(super) fn upsert(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let name = call.parameter(0).to_owned();
    let mut body = body(call)?;
    match body.remove("uniqueName") {
        None => {}
        Some(given) if given == name.as_str() => {}
        Some(_) => {
            let why = "uniqueName differs from the one in the path".to_owned();
            return Err(refused(call, "read_only", &[("property", "uniqueName")], why));
        }
    }
    if let Some(id) = by_unique_name(state, &name, View::Latest) {
        // The answer to the same body as at creation: what cannot change must be what it is.
        let group = state.groups.get(&id, View::Latest).cloned().unwrap_or_default();
        body.retain(|property, value| {
            let lasting = GROUP
                .property(property)
                .is_some_and(|property| property.access == schema::Access::Create);
            !(lasting && group.get(property) == Some(value))
        });
        return change(state, call, &id, body);
    }
    let prefers = call.request.header("prefer").is_some_and(|prefer| {
        prefer.split(',').any(|part| part.trim().eq_ignore_ascii_case("create-if-missing"))
    });
    if !prefers {
        return Err(not_found(call, &name));
    }
    body.insert("uniqueName".to_owned(), Value::from(name));
    create_from(state, call, body)
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let id = call.parameter(0).to_owned();
    let body = body(call)?;
    if body.is_empty() {
        return Err(refused(call, "body_invalid", &[], "an empty change".to_owned()));
    }
    change(state, call, &id, body)
}

fn change(
    state: &mut State,
    call: &Call<'_>,
    id: &str,
    mut body: Properties,
) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&GROUP])?;
    let group = state.groups.get(id, View::Latest).ok_or_else(|| not_found(call, id))?;
    let mut group = group.as_ref().clone();
    let bound = body.remove(BIND);
    GROUP.check(call, &body, false)?;
    if group.get("onPremisesSyncEnabled") == Some(&Value::Bool(true)) {
        return Err(error(call, "on_premises", &[]));
    }
    if ["isAssignableToRole", "isManagementRestricted"]
        .iter()
        .any(|name| group.get(*name) == Some(&Value::Bool(true)))
    {
        return Err(error(call, "denied", &[]));
    }
    let members = match bound {
        Some(bound) => {
            members::check_writable(call, &group)?;
            members::bound(state, call, &bound, id)?
        }
        None => Vec::new(),
    };
    if !body.is_empty() {
        schema::apply(&mut group, &body, &GROUP);
        state.groups.put(id.to_owned(), group, state.now);
    }
    for member in members {
        state.add_member(id, &member);
    }
    Ok(Reply::empty(204))
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&GROUP])?;
    let id = call.parameter(0);
    let group = state.groups.get(id, View::Latest).ok_or_else(|| not_found(call, id))?;
    if group.get("onPremisesSyncEnabled") == Some(&Value::Bool(true)) {
        return Err(error(call, "on_premises", &[]));
    }
    if group.get("isAssignableToRole") == Some(&Value::Bool(true)) {
        return Err(error(call, "denied", &[]));
    }
    state.delete_group(id);
    Ok(Reply::empty(204))
}
