//! v1 `/systemusers` and `/search/systemusers`.

use serde_json::{Value, json};

use crate::company::text;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, not_found, refused};
use super::events::object;
use super::query::{Dialect, Query, only};
use super::schema;
use super::state::merged;
use super::{Object, State, body};

pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["limit", "skip", "sort", "fields", "filter"];
    let query = Query::read(call, Dialect::V1, &allowed, &schema::is_property)?;
    Ok(answer(state, call, &query, &|_| true))
}

/// `POST /search/systemusers`.
pub(super) fn search(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let body = body(call)?;
    let query = Query::of_search(call, &body, &schema::is_property)?;
    let Some(search) = body.get("searchFilter") else {
        return Ok(answer(state, call, &query, &|_| true));
    };
    let terms: Vec<String> = match &search["searchTerm"] {
        Value::String(term) => vec![term.to_lowercase()],
        Value::Array(terms) => {
            terms.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
        }
        _ => Vec::new(),
    };
    let fields: Vec<&str> =
        search["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if terms.is_empty() || fields.is_empty() || !fields.iter().all(|f| schema::is_property(f)) {
        return Err(refused(call, "property", "searchFilter", "a wrong searchFilter"));
    }
    let found = |user: &Object| {
        let mut texts = fields.iter().filter_map(|field| text(user, field));
        texts.any(|text| terms.iter().any(|term| text.to_lowercase().contains(term)))
    };
    Ok(answer(state, call, &query, &found))
}

fn answer(
    state: &State,
    call: &Call<'_>,
    query: &Query,
    wanted: &dyn Fn(&Object) -> bool,
) -> Reply {
    let after = query.filter.after().unwrap_or_default();
    let (page, total) = match query.filter.ids() {
        Some(mut ids) => {
            ids.sort_unstable();
            ids.dedup();
            let users = ids.into_iter().filter_map(|id| state.users.get(id, call.view));
            query.page(call, users.map(AsRef::as_ref).filter(|user| wanted(user)))
        }
        None => {
            let users = state.users.after(after, call.view).map(|(_, user)| user.as_ref());
            query.page(call, users.filter(|user| wanted(user)))
        }
    };
    let rows = page.into_iter().map(|user| {
        let mut row = query.project(user);
        if let Some(id) = row.get("_id").cloned() {
            row.insert("id".to_owned(), id);
        }
        Value::Object(row)
    });
    let rows: Vec<_> = rows.collect();
    Reply::json(200, json!({"totalCount": total, "results": rows}))
}

pub(super) fn get(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let query = Query::read(call, Dialect::V1, &["fields"], &schema::is_property)?;
    let user = state.users.get(call.parameter(0), call.view).ok_or_else(|| not_found(call))?;
    Ok(Reply::json(200, Value::Object(query.project(user))))
}

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &["fullValidationDetails"])?;
    let mut body = body(call)?;
    schema::check(call, &body, true)?;
    for name in ["username", "email"] {
        if text(&body, name).is_none_or(|value| value.is_empty()) {
            return Err(refused(call, "required", name, format!("property {name} is missing")));
        }
    }
    check_values(state, call, &mut body, None)?;
    if !body.contains_key("state") && !body.contains_key("suspended") {
        let own = state.organizations.first().cloned().map(Value::Object).unwrap_or_default();
        let manual = &own["settings"]["newSystemUserStateDefaults"]["manualEntry"];
        let default = manual.as_str().unwrap_or("ACTIVATED");
        body.insert("state".to_owned(), Value::from(default));
    }
    let password = body.remove("password").is_some_and(|password| !password.is_null());
    body.entry("activated").or_insert(Value::Bool(password));
    if password {
        body.insert("password_date".to_owned(), Value::from(state.time()));
    }
    let id = state.add_user(Value::Object(body));
    Ok(Reply::json(200, state.user(&id).unwrap_or_default()))
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &["fullValidationDetails"])?;
    let id = call.parameter(0);
    let mut body = body(call)?;
    schema::check(call, &body, false)?;
    let old = state.users.get(id, View::Latest).cloned().ok_or_else(|| not_found(call))?;
    if text(&body, "state").as_deref() == Some("STAGED") {
        return Err(refused(call, "property", "state", "a PUT with state STAGED"));
    }
    check_values(state, call, &mut body, Some(id))?;
    let mut changes = object(json!({}));
    if body.remove("password").is_some_and(|password| !password.is_null()) {
        changes.extend(object(state.password_changed()));
    }
    match body.get("account_locked") {
        Some(Value::Bool(true)) => {
            changes.insert("account_locked_date".to_owned(), Value::from(state.time()));
        }
        Some(Value::Bool(false)) => {
            changes.insert("account_locked_date".to_owned(), Value::Null);
            changes.insert("badLoginAttempts".to_owned(), Value::from(0));
        }
        _ => {}
    }
    // Each write gives the entries of these arrays new ids, whether they changed or not.
    let mut renewed = body;
    state.renew(&mut renewed);
    changes.extend(renewed);
    state.replace_user(id, merged(&old, changes));
    Ok(Reply::json(200, state.user(id).unwrap_or_default()))
}

impl State {
    fn renew(&mut self, user: &mut Object) {
        let mut renew = || self.new_id();
        schema::renew_entries(user, &mut renew, false);
    }
}

/// State, names and uniqueness; brings `state` and `suspended` into agreement.
fn check_values(
    state: &State,
    call: &Call<'_>,
    body: &mut Object,
    owner: Option<&str>,
) -> Result<(), Reply> {
    agree(call, body, owner.and_then(|id| state.user(id)))?;
    if let Some(username) = text(body, "username")
        && (username.contains(char::is_whitespace) || username.contains('@'))
    {
        return Err(error(call, "property", "username"));
    }
    if let Some(email) = text(body, "email") {
        if !email.contains('@') {
            return Err(error(call, "property", "email"));
        }
        body.insert("email".to_owned(), Value::from(email.to_lowercase()));
    }
    if let Some(manager) = text(body, "manager").filter(|manager| !manager.is_empty())
        && !state.users.contains(manager.as_str(), View::Latest)
    {
        return Err(error(call, "property", "manager"));
    }
    for name in ["username", "email", "employeeIdentifier"] {
        let Some(value) = text(body, name).filter(|value| !value.is_empty()) else { continue };
        let taken = state.users.iter(View::Latest).any(|(id, user)| {
            Some(id.as_str()) != owner && user.get(name).and_then(Value::as_str) == Some(&value)
        });
        if taken {
            return Err(error(call, "taken", name));
        }
    }
    Ok(())
}

fn agree(call: &Call<'_>, body: &mut Object, old: Option<Value>) -> Result<(), Reply> {
    let wanted = text(body, "state");
    let suspended = body.get("suspended").and_then(Value::as_bool);
    if let Some(wanted) = &wanted
        && !["STAGED", "ACTIVATED", "SUSPENDED"].contains(&wanted.as_str())
    {
        return Err(refused(call, "property", "state", format!("state {wanted:?}")));
    }
    let agreed = match (wanted.as_deref(), suspended) {
        (None, None) => return Ok(()),
        (Some(state), None) => (state.to_owned(), state == "SUSPENDED"),
        (None, Some(true)) => ("SUSPENDED".to_owned(), true),
        (None, Some(false)) => {
            let old = old.as_ref().and_then(|user| user["state"].as_str());
            let state = old.filter(|state| *state != "SUSPENDED").unwrap_or("ACTIVATED");
            (state.to_owned(), false)
        }
        (Some(state), Some(suspended)) if (state == "SUSPENDED") == suspended => {
            (state.to_owned(), suspended)
        }
        _ => return Err(error(call, "conflicting_state", "")),
    };
    body.insert("state".to_owned(), Value::from(agreed.0));
    body.insert("suspended".to_owned(), Value::Bool(agreed.1));
    Ok(())
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &["cascade_manager"])?;
    let id = call.parameter(0);
    let user = state.user(id).ok_or_else(|| not_found(call))?;
    match call.request.option("cascade_manager") {
        Some("null") => {
            for report in state.users() {
                if report["manager"] == id {
                    let report = report["_id"].as_str().unwrap_or_default();
                    state.patch_user(report, json!({"manager": null}));
                }
            }
        }
        Some(other) => {
            let why = format!("cascade_manager={other}");
            return Err(refused(call, "parameter", "cascade_manager", why));
        }
        None => {}
    }
    state.delete_user(id);
    Ok(Reply::json(200, user))
}

pub(super) fn activate(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let body = body(call)?;
    if let Some(name) = body.keys().find(|name| *name != "email") {
        return Err(refused(call, "property", name, format!("unknown property {name}")));
    }
    let user = state.user(call.parameter(0)).ok_or_else(|| not_found(call))?;
    if user["state"] != "STAGED" {
        return Err(error(call, "not_staged", ""));
    }
    act(state, call, State::activate)
}

pub(super) fn suspend(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    act(state, call, State::suspend)
}

pub(super) fn unlock(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    act(state, call, State::unlock)
}

pub(super) fn expire(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    act(state, call, State::expire_password)
}

/// These answer 200 without a body.
fn act(
    state: &mut State,
    call: &Call<'_>,
    act: fn(&mut State, &str) -> bool,
) -> Result<Reply, Reply> {
    only(call, &[])?;
    if act(state, call.parameter(0)) { Ok(Reply::empty(200)) } else { Err(not_found(call)) }
}
