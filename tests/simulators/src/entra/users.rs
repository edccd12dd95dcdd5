//! `/users`: listing, creation, change, manager, sessions, memberships.

use serde_json::{Value, json};

use crate::company::text;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, not_found, refused};
use super::odata::Options;
use super::schema::{self, Access, GROUP, Properties, ROLE, USER};
use super::{State, body, new_id, referenced, upn};

const REQUIRED: &[&str] =
    &["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"];

pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["$select", "$filter", "$expand", "$top", "$count", "$skiptoken"];
    let options = Options::read(call, &allowed, &[&USER])?;
    let after = options.after().unwrap_or_default();
    let view = call.view;
    let row = |id: &String, user: &Properties| (id.clone(), shown(state, view, &options, id, user));
    let filter = options.filter.as_ref();
    let ids = filter.and_then(|filter| {
        let upns = filter.only("userPrincipalName").map(|upns| {
            upns.into_iter().flat_map(|upn| state.ids_of_upn(upn)).cloned().collect::<Vec<_>>()
        });
        upns.or_else(|| Some(filter.only("id")?.into_iter().map(str::to_owned).collect()))
    });
    let matches = |user: &Properties| filter.is_none_or(|filter| filter.matches(user));
    let mut reply = match ids {
        Some(mut ids) => {
            ids.sort();
            ids.dedup();
            let found = ids.iter().filter(|id| id.as_str() > after).filter_map(|id| {
                let user = state.users.get(id, view)?;
                matches(user).then(|| row(id, user))
            });
            options.page(call, "users", found)
        }
        None => {
            let all = state.users.after(after, view);
            let found = all.filter(|(_, user)| matches(user)).map(|(id, user)| row(id, user));
            options.page(call, "users", found)
        }
    };
    if options.count
        && let crate::server::Body::Json(body) = &mut reply.body
    {
        let count = state.users.iter(view).filter(|(_, user)| matches(user)).count();
        body["@odata.count"] = Value::from(count);
    }
    Ok(reply)
}

/// A user as a read shows it, with the manager if that is expanded and there is one.
fn shown(state: &State, view: View, options: &Options, id: &str, user: &Properties) -> Properties {
    let mut shown = options.project(&USER, user);
    let manager = options.manager.as_ref().and_then(|names| {
        let manager_id = state.managers.get(id, view)?;
        let manager = state.users.get(manager_id.as_str(), view)?;
        let mut object = Properties::new();
        object.insert("@odata.type".to_owned(), Value::from(USER.odata_type));
        for property in USER.properties {
            let wanted = names.iter().any(|name| name == property.name);
            if wanted || (names.is_empty() && property.default) {
                object.insert(property.name.to_owned(), USER.read(manager, property));
            }
        }
        Some(object)
    });
    if let Some(manager) = manager {
        shown.insert("manager".to_owned(), Value::Object(manager));
    }
    shown
}

pub(super) fn get(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let options = Options::read(call, &["$select", "$expand"], &[&USER])?;
    let id = resolve(state, call, call.view)?;
    let user = state.users.get(&id, call.view).ok_or_else(|| not_found(call, &id))?;
    Ok(options.entity(call, "users", shown(state, call.view, &options, &id, user)))
}

/// The id of the user a path names by id or name.
fn resolve(state: &State, call: &Call<'_>, view: View) -> Result<String, Reply> {
    let name = call.parameter(0);
    if state.users.contains(name, view) {
        return Ok(name.to_owned());
    }
    state.id_of_upn(name, view).ok_or_else(|| not_found(call, name))
}

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let options = Options::read(call, &["$select"], &[&USER])?;
    let body = body(call)?;
    USER.check(call, &body, true)?;
    for name in REQUIRED {
        if body.get(*name).is_none_or(Value::is_null) {
            let values = [("property", *name), ("resource", "User")];
            let why = format!("property {name} is missing");
            return Err(refused(call, "missing_property", &values, why));
        }
    }
    let name = text(&body, "userPrincipalName").unwrap_or_default();
    upn::check(state, call, &name, None)?;
    let password = body.get("passwordProfile").and_then(|profile| profile.get("password"));
    if !password.and_then(Value::as_str).is_some_and(schema::is_strong) {
        return Err(error(call, "password_weak", &[]));
    }
    if state.is_federated(&name) && body.get("onPremisesImmutableId").is_none_or(Value::is_null) {
        let values = [("property", "onPremisesImmutableId"), ("resource", "User")];
        return Err(error(call, "missing_property", &values));
    }
    check_unique(state, call, &body, None)?;
    let id = new_id();
    let now = state.time();
    let mut user = super::state::object(json!({
        "id": id, "userType": "Member", "createdDateTime": now,
        "lastPasswordChangeDateTime": now, "signInSessionsValidFromDateTime": now,
    }));
    schema::apply(&mut user, &body, &USER);
    add_proxy_address(&mut user);
    state.put_user(&id, user.clone());
    let mut reply = options.entity(call, "users", options.project(&USER, &user));
    reply.status = 201;
    Ok(reply.header("location", format!("{}/v1.0/users/{id}", call.base)))
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&USER])?;
    let id = resolve(state, call, View::Latest)?;
    let body = body(call)?;
    if body.is_empty() {
        return Err(refused(call, "body_invalid", &[], "an empty change".to_owned()));
    }
    USER.check(call, &body, false)?;
    let user = state.users.get(&id, View::Latest).ok_or_else(|| not_found(call, &id))?;
    let mut user = user.as_ref().clone();
    if user.get("onPremisesSyncEnabled") == Some(&Value::Bool(true)) {
        return Err(error(call, "on_premises", &[]));
    }
    let sensitive = |name: &String| {
        USER.property(name).is_some_and(|property| property.access == Access::Sensitive)
    };
    if body.keys().any(sensitive) && state.is_privileged(&id) {
        return Err(error(call, "denied", &[]));
    }
    if let Some(name) = text(&body, "userPrincipalName") {
        upn::check(state, call, &name, Some(&id))?;
    }
    let now = state.time();
    if let Some(profile) = body.get("passwordProfile") {
        let federated =
            text(&user, "userPrincipalName").is_some_and(|upn| state.is_federated(&upn));
        if !state.may_reset_passwords || federated {
            return Err(error(call, "denied", &[]));
        }
        if let Some(password) = profile.get("password") {
            if !password.as_str().is_some_and(schema::is_strong) {
                return Err(error(call, "password_weak", &[]));
            }
            user.insert("lastPasswordChangeDateTime".to_owned(), Value::from(now.clone()));
            user.insert("signInSessionsValidFromDateTime".to_owned(), Value::from(now));
        }
    }
    check_unique(state, call, &body, Some(&id))?;
    schema::apply(&mut user, &body, &USER);
    add_proxy_address(&mut user);
    state.put_user(&id, user);
    Ok(Reply::empty(204))
}

/// An immutable id and a mail address belong to one object alone.
fn check_unique(
    state: &State,
    call: &Call<'_>,
    body: &Properties,
    owner: Option<&str>,
) -> Result<(), Reply> {
    let other = |taken: &dyn Fn(&Properties) -> bool| {
        let mut users = state.users.iter(View::Latest);
        users.find(|(id, user)| Some(id.as_str()) != owner && taken(user)).map(|(id, _)| id.clone())
    };
    if let Some(anchor) = text(body, "onPremisesImmutableId") {
        if anchor.contains(['$', '_']) {
            let values = [("property", "onPremisesImmutableId"), ("resource", "User")];
            return Err(error(call, "value_invalid", &values));
        }
        if other(&|user| text(user, "onPremisesImmutableId").as_ref() == Some(&anchor)).is_some() {
            return Err(error(call, "value_taken", &[("property", "onPremisesImmutableId")]));
        }
    }
    if let Some(mail) = text(body, "mail") {
        let smtp = format!("smtp:{}", mail.to_lowercase());
        let taken = |user: &Properties| {
            text(user, "mail").is_some_and(|found| found.eq_ignore_ascii_case(&mail))
                || addresses(user).iter().any(|address| address.to_lowercase() == smtp)
        };
        if let Some(other) = other(&taken) {
            return Err(error(call, "proxy_taken", &[("other", &other)]));
        }
    }
    Ok(())
}

fn addresses(user: &Properties) -> Vec<String> {
    let list = user.get("proxyAddresses").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Setting `mail` makes it the primary address.
fn add_proxy_address(user: &mut Properties) {
    let Some(mail) = text(user, "mail") else { return };
    let mut list = addresses(user);
    if !list.iter().any(|address| address.eq_ignore_ascii_case(&format!("smtp:{mail}"))) {
        list.push(format!("SMTP:{mail}"));
        user.insert("proxyAddresses".to_owned(), json!(list));
    }
}

/// Nothing of ours deletes a person: refused, and a problem.
pub(super) fn delete(_state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Err(refused(call, "denied", &[], "a person must never be deleted".to_owned()))
}

pub(super) fn get_manager(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let options = Options::read(call, &["$select"], &[&USER])?;
    let (id, manager) = manager(state, call)?;
    let mut shown = options.project(&USER, &manager);
    shown.insert("@odata.type".to_owned(), Value::from(USER.odata_type));
    shown.entry("id").or_insert(Value::from(id));
    Ok(options.entity(call, "directoryObjects", shown))
}

pub(super) fn get_manager_ref(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&USER])?;
    let (id, _) = manager(state, call)?;
    let context = format!("{}/v1.0/$metadata#$ref", call.base);
    let link = format!("{}/v1.0/users/{id}", call.base);
    Ok(Reply::json(200, json!({"@odata.context": context, "@odata.id": link})))
}

fn manager(state: &State, call: &Call<'_>) -> Result<(String, Properties), Reply> {
    let id = resolve(state, call, call.view)?;
    let manager = state.managers.get(&id, call.view).ok_or_else(|| not_found(call, "manager"))?;
    let user = state.users.get(manager.as_str(), call.view);
    let user = user.ok_or_else(|| not_found(call, "manager"))?;
    Ok((manager.as_ref().clone(), user.as_ref().clone()))
}

pub(super) fn set_manager(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&USER])?;
    let id = writable(state, call)?;
    let manager = referenced(call, &body(call)?)?;
    if !state.users.contains(&manager, View::Latest) {
        return Err(not_found(call, &manager));
    }
    if !state.users.contains(&manager, call.view) {
        return Err(error(call, "not_replicated", &[]));
    }
    state.set_manager(&id, Some(&manager));
    Ok(Reply::empty(204))
}

pub(super) fn remove_manager(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&USER])?;
    let id = writable(state, call)?;
    if !state.managers.contains(&id, View::Latest) {
        return Err(not_found(call, "manager"));
    }
    state.set_manager(&id, None);
    Ok(Reply::empty(204))
}

/// The user whose manager is written; an on-premises one is mastered elsewhere.
fn writable(state: &State, call: &Call<'_>) -> Result<String, Reply> {
    let id = resolve(state, call, View::Latest)?;
    let synced = state
        .users
        .get(&id, View::Latest)
        .is_some_and(|user| user.get("onPremisesSyncEnabled") == Some(&Value::Bool(true)));
    if synced { Err(error(call, "on_premises", &[])) } else { Ok(id) }
}

pub(super) fn revoke_sessions(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Options::read(call, &[], &[&USER])?;
    let id = resolve(state, call, View::Latest)?;
    let empty = match call.request.json() {
        Ok(None) => true,
        Ok(Some(Value::Object(members))) => members.is_empty(),
        _ => false,
    };
    if !empty {
        return Err(refused(call, "body_invalid", &[], "a body where none belongs".to_owned()));
    }
    let time = state.time();
    state.patch_user(&id, json!({"signInSessionsValidFromDateTime": time}));
    let context = format!("{}/v1.0/$metadata#Edm.Boolean", call.base);
    Ok(Reply::json(200, json!({"@odata.context": context, "value": true})))
}

pub(super) fn member_of(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let allowed = ["$select", "$top", "$count", "$skiptoken"];
    let options = Options::read(call, &allowed, &[&GROUP, &ROLE])?;
    let id = resolve(state, call, call.view)?;
    let after = options.after().unwrap_or_default().to_owned();
    let rows = state.containers_of(&id, call.view).into_iter().filter(|id| *id > after);
    let rows = rows.filter_map(|id| {
        let group = state.groups.get(&id, call.view).map(|group| (&GROUP, group));
        let (resource, object) =
            group.or_else(|| state.roles.get(&id, call.view).map(|role| (&ROLE, role)))?;
        let mut row = options.project(resource, object);
        row.insert("@odata.type".to_owned(), Value::from(resource.odata_type));
        Some((id, row))
    });
    Ok(options.page(call, "directoryObjects", rows))
}
