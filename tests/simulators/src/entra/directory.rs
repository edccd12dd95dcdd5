//! Organization, domains and deleted items.

use serde_json::{Value, json};

use crate::company::text;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, not_found, refused};
use super::odata::Options;
use super::schema::{GROUP, Properties, Resource, USER};
use super::{State, upn};

pub(super) fn organization(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let context = format!("{}/v1.0/$metadata#organization", call.base);
    let row = chosen(call, organization_object(state))?;
    Ok(Reply::json(200, json!({"@odata.context": context, "value": [row]})))
}

pub(super) fn one_organization(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    if call.parameter(0) != state.tenant() {
        return Err(not_found(call, call.parameter(0)));
    }
    Ok(Reply::json(200, Value::Object(chosen(call, organization_object(state))?)))
}

/// The organization; its verified domains are those of the tenant.
fn organization_object(state: &State) -> Properties {
    let mut organization = state.organization.clone();
    let verified =
        state.domains.iter().filter(|domain| domain.get("isVerified") == Some(&true.into()));
    let verified: Vec<_> = verified
        .map(|domain| {
            let value = |name: &str| domain.get(name).cloned().unwrap_or(Value::Null);
            json!({"name": value("id"), "type": value("authenticationType"),
                "isDefault": value("isDefault"), "isInitial": value("isInitial"),
                "capabilities": "Email, OfficeCommunicationsOnline"})
        })
        .collect();
    organization.insert("verifiedDomains".to_owned(), json!(verified));
    organization
}

pub(super) fn domains(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let rows = state.domains.iter().enumerate();
    let rows = rows.filter_map(|(index, domain)| call.listed(index, domain.clone()));
    let rows = rows.map(|row| chosen(call, row)).collect::<Result<Vec<_>, _>>()?;
    let context = format!("{}/v1.0/$metadata#domains", call.base);
    Ok(Reply::json(200, json!({"@odata.context": context, "value": rows})))
}

pub(super) fn one_domain(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let name = call.parameter(0);
    let domain = state.domain(name).ok_or_else(|| not_found(call, name))?;
    Ok(Reply::json(200, Value::Object(chosen(call, domain.clone())?)))
}

/// The selected members of an object that has no schema here; `$select` is the one option.
fn chosen(call: &Call<'_>, object: Properties) -> Result<Properties, Reply> {
    if let Some((name, _)) = call.request.query.iter().find(|(name, _)| name != "$select") {
        let why = format!("unknown query option {name}");
        return Err(refused(call, "query_unsupported", &[("option", name)], why));
    }
    let Some(select) = call.request.option("$select") else { return Ok(object) };
    let value = |name: &str| object.get(name).cloned().unwrap_or(Value::Null);
    Ok(select.split(',').map(|name| (name.trim().to_owned(), value(name.trim()))).collect())
}

pub(super) fn deleted_users(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    deleted(state, call, &USER)
}

pub(super) fn deleted_groups(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    deleted(state, call, &GROUP)
}

fn deleted(state: &State, call: &Call<'_>, resource: &Resource) -> Result<Reply, Reply> {
    let allowed = ["$select", "$filter", "$top", "$count", "$skiptoken"];
    let options = Options::read(call, &allowed, &[resource])?;
    let rows = state
        .deleted
        .after(options.after().unwrap_or_default(), call.view)
        .filter(|(_, object)| is(object, resource) && state.is_restorable(object))
        .filter(|(_, object)| options.filter.as_ref().is_none_or(|filter| filter.matches(object)))
        .map(|(id, object)| {
            let mut row = options.project(resource, object);
            if call.request.option("$select").is_none() {
                let time = object.get("deletedDateTime").cloned().unwrap_or(Value::Null);
                row.insert("deletedDateTime".to_owned(), time);
            }
            (id.clone(), row)
        });
    Ok(options.page(call, "directoryObjects", rows))
}

fn is(object: &Properties, resource: &Resource) -> bool {
    object.get("@odata.type") == Some(&Value::from(resource.odata_type))
}

pub(super) fn get_deleted(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    let options = Options::read(call, &["$select"], &[&USER, &GROUP])?;
    let id = call.parameter(0);
    let object = state.deleted.get(id, call.view).filter(|object| state.is_restorable(object));
    let object = object.ok_or_else(|| not_found(call, id))?;
    let resource = if is(object, &USER) { &USER } else { &GROUP };
    let mut shown = options.project(resource, object);
    shown.insert("@odata.type".to_owned(), Value::from(resource.odata_type));
    if call.request.option("$select").is_none() {
        let time = object.get("deletedDateTime").cloned().unwrap_or(Value::Null);
        shown.insert("deletedDateTime".to_owned(), time);
    }
    Ok(options.entity(call, "directoryObjects", shown))
}

/// Deleting for good is refused: nothing of ours may do it.
pub(super) fn purge(_state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    Err(refused(call, "denied", &[], "nothing must be deleted for good".to_owned()))
}

pub(super) fn restore(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let id = call.parameter(0).to_owned();
    let given = match call.request.json() {
        Ok(None) => Properties::new(),
        Ok(Some(Value::Object(body))) => body,
        _ => return Err(refused(call, "body_invalid", &[], "no JSON object".to_owned())),
    };
    for (name, value) in &given {
        let fits = match name.as_str() {
            "autoReconcileProxyConflict" => value.is_boolean(),
            "newUserPrincipalName" => value.is_string(),
            _ => false,
        };
        if !fits {
            let why = format!("unknown property {name} or of a wrong type");
            return Err(refused(call, "unknown_property", &[("property", name)], why));
        }
    }
    let object = state.deleted.get(&id, View::Latest).filter(|object| state.is_restorable(object));
    let mut object = object.ok_or_else(|| not_found(call, &id))?.as_ref().clone();
    let resource = if is(&object, &USER) { &USER } else { &GROUP };
    if is(&object, &USER) {
        if state.is_privileged(&id) {
            return Err(error(call, "denied", &[]));
        }
        if let Some(name) = text(&given, "newUserPrincipalName") {
            object.insert("userPrincipalName".to_owned(), Value::from(name));
        }
        let name = text(&object, "userPrincipalName").unwrap_or_default();
        upn::check(state, call, &name, Some(&id))?;
    }
    object.remove("@odata.type");
    object.remove("deletedDateTime");
    state.deleted.remove(&id, state.now);
    let options = Options::read(call, &[], &[resource])?;
    let mut shown = options.project(resource, &object);
    shown.insert("@odata.type".to_owned(), Value::from(resource.odata_type));
    if std::ptr::eq(resource, &raw const USER) {
        state.put_user(&id, object);
    } else {
        state.groups.put(id, object, state.now);
    }
    Ok(options.entity(call, "directoryObjects", shown))
}
