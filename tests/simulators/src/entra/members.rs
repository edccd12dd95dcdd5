//! Members of groups and roles: reading, adding up to 20 at once, removing one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::company::text;
use crate::limits::GRAPH as LIMITS;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, not_found, refused};
use super::odata::Options;
use super::schema::{GROUP, Properties, USER};
use super::{State, body, link_target, referenced};

/// The property that adds members in a creation or change of a group.
pub(super) const BIND: &str = "members@odata.bind";

pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["$select", "$top", "$count", "$skiptoken"];
    let options = Options::read(call, &allowed, &[&USER, &GROUP])?;
    let id = call.parameter(0);
    if !state.groups.contains(id, call.view) {
        return Err(not_found(call, id));
    }
    let after = options.after().unwrap_or_default().to_owned();
    let rows = state.members_in(id, call.view).into_iter().filter(|id| *id > after);
    let rows = rows.filter_map(|id| {
        let user = state.users.get(&id, call.view).map(|user| (&USER, user));
        let (resource, object) =
            user.or_else(|| state.groups.get(&id, call.view).map(|group| (&GROUP, group)))?;
        let mut row = options.project(resource, object);
        row.insert("@odata.type".to_owned(), Value::from(resource.odata_type));
        Some((id, row))
    });
    Ok(options.page(call, "directoryObjects", rows))
}

/// The members a body binds: all of them can be added, or the request fails as a whole.
pub(super) fn bound(
    state: &State,
    call: &Call<'_>,
    value: &Value,
    group: &str,
) -> Result<Vec<String>, Reply> {
    let links = value.as_array().ok_or_else(|| {
        let values = [("property", BIND), ("resource", "Group")];
        refused(call, "value_invalid", &values, format!("property {BIND} has a wrong type"))
    })?;
    if links.is_empty() || links.len() > LIMITS.of("members", "at_once") {
        let why = format!("{} references in {BIND}", links.len());
        return Err(refused(call, "too_many_members", &[], why));
    }
    let mut members = Vec::new();
    let mut seen = BTreeSet::new();
    for link in links {
        let id = link_target(call, link)?;
        if !seen.insert(id.clone()) {
            let why = "the same member twice in one request".to_owned();
            return Err(refused(call, "member_twice", &[("id", &id)], why));
        }
        check_exists(state, call, &id)?;
        if state.is_member(group, &id) {
            return Err(error(call, "members_exist", &[]));
        }
        members.push(id);
    }
    Ok(members)
}

/// An object that is there but not yet everywhere is a 400, one that is not a 404.
fn check_exists(state: &State, call: &Call<'_>, id: &str) -> Result<(), Reply> {
    let exists = |view| state.users.contains(id, view) || state.groups.contains(id, view);
    if !exists(View::Latest) {
        return Err(not_found(call, id));
    }
    if !exists(call.view) {
        return Err(error(call, "not_replicated", &[]));
    }
    Ok(())
}

/// Whether members of this kind of group can be written through Graph.
pub(super) fn check_writable(call: &Call<'_>, group: &Properties) -> Result<(), Reply> {
    let is = |name: &str| group.get(name) == Some(&Value::Bool(true));
    let types = group.get("groupTypes").and_then(Value::as_array);
    let has = |kind: &str| types.is_some_and(|types| types.contains(&Value::from(kind)));
    if is("onPremisesSyncEnabled") {
        return Err(error(call, "on_premises", &[]));
    }
    if is("mailEnabled") && !has("Unified") {
        return Err(error(call, "mail_enabled", &[]));
    }
    if has("DynamicMembership") || is("isAssignableToRole") || is("isManagementRestricted") {
        return Err(error(call, "denied", &[]));
    }
    Ok(())
}

fn writable(state: &State, call: &Call<'_>) -> Result<String, Reply> {
    let id = call.parameter(0);
    let group = state.groups.get(id, View::Latest).ok_or_else(|| not_found(call, id))?;
    if !state.groups.contains(id, call.view) {
        return Err(error(call, "not_replicated", &[]));
    }
    check_writable(call, group)?;
    Ok(id.to_owned())
}

pub(super) fn add(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&GROUP])?;
    let member = referenced(call, &body(call)?)?;
    let group = writable(state, call)?;
    check_exists(state, call, &member)?;
    if state.is_member(&group, &member) {
        return Err(error(call, "members_exist", &[]));
    }
    state.add_member(&group, &member);
    Ok(Reply::empty(204))
}

pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&GROUP])?;
    let member = call.parameter(1);
    let group = state.groups.get(call.parameter(0), View::Latest);
    let group = group.ok_or_else(|| not_found(call, call.parameter(0)))?;
    check_writable(call, group)?;
    let group = text(group, "id").unwrap_or_default();
    if !state.is_member(&group, member) || !state.remove_member(&group, member) {
        return Err(not_found(call, member));
    }
    Ok(Reply::empty(204))
}

/// The deletion without `/$ref`: it takes the member itself away, as Graph does.
pub(super) fn delete_object(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let member = call.parameter(1);
    if !state.is_member(call.parameter(0), member) {
        let why = "a DELETE below /members/ without /$ref".to_owned();
        return Err(not_found(call, member).with_problem(why));
    }
    let _ = state.delete_user(member) || state.delete_group(member);
    Ok(Reply::empty(204).with_problem("a DELETE below /members/ without /$ref deleted the member"))
}
