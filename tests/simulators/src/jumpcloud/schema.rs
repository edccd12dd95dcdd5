//! The properties of a `systemuser`: types, limits, who may write them, what is unset.
//!
//! As in the public specification of v1: `systemuserputpost`, `systemuserput`, `systemuserreturn`.

use serde_json::{Value, json};

use crate::limits::JUMPCLOUD as LIMITS;
use crate::server::{Call, Reply};

use super::Object;
use super::errors::refused;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Bool,
    Number,
    List,
    Object,
}

/// Which requests may carry a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Always,
    Create,
    Change,
    Never,
}

use Kind::{Bool, List, Number, Text};
use Write::{Always, Change, Create, Never};

const PROPERTIES: &[(&str, Kind, Write)] = &[
    ("_id", Text, Never),
    ("id", Text, Never),
    ("organization", Text, Never),
    ("created", Text, Never),
    ("creationSource", Text, Never),
    ("username", Text, Always),
    ("email", Text, Always),
    ("password", Text, Always),
    ("state", Text, Always),
    ("suspended", Bool, Always),
    ("activated", Bool, Create),
    ("account_locked", Bool, Always),
    ("account_locked_date", Text, Never),
    ("badLoginAttempts", Number, Never),
    ("password_date", Text, Never),
    ("password_expired", Bool, Never),
    ("password_expiration_date", Text, Never),
    ("password_never_expires", Bool, Always),
    ("external_password_expiration_date", Text, Always),
    ("alternateEmail", Text, Always),
    ("recoveryEmail", Kind::Object, Create),
    ("managedAppleId", Text, Always),
    ("firstname", Text, Always),
    ("middlename", Text, Always),
    ("lastname", Text, Always),
    ("displayname", Text, Always),
    ("department", Text, Always),
    ("jobTitle", Text, Always),
    ("employeeIdentifier", Text, Always),
    ("employeeType", Text, Always),
    ("company", Text, Always),
    ("costCenter", Text, Always),
    ("location", Text, Always),
    ("description", Text, Always),
    ("manager", Text, Always),
    ("addresses", List, Always),
    ("phoneNumbers", List, Always),
    ("attributes", List, Always),
    ("relationships", List, Always),
    ("restrictedFields", List, Always),
    ("ssh_keys", List, Change),
    ("mfa", Kind::Object, Always),
    ("mfaEnrollment", Kind::Object, Never),
    ("admin", Kind::Object, Never),
    ("delegatedAuthority", Kind::Object, Always),
    ("totp_enabled", Bool, Never),
    ("enable_user_portal_multifactor", Bool, Always),
    ("enable_managed_uid", Bool, Always),
    ("sudo", Bool, Always),
    ("passwordless_sudo", Bool, Create),
    ("allow_public_key", Bool, Always),
    ("public_key", Text, Always),
    ("ldap_binding_user", Bool, Always),
    ("samba_service_user", Bool, Always),
    ("disableDeviceMaxLoginAttempts", Bool, Always),
    ("externally_managed", Bool, Always),
    ("external_dn", Text, Always),
    ("external_source_type", Text, Always),
    ("unix_uid", Number, Always),
    ("unix_guid", Number, Always),
];

/// The parts of an entry of these arrays.
const ENTRIES: &[(&str, &[&str])] = &[
    (
        "addresses",
        &[
            "type",
            "poBox",
            "extendedAddress",
            "streetAddress",
            "locality",
            "region",
            "postalCode",
            "country",
        ],
    ),
    ("phoneNumbers", &["type", "number"]),
    ("attributes", &["name", "value"]),
];

/// Whether a user has such a property.
pub(super) fn is_property(name: &str) -> bool {
    name != "password" && PROPERTIES.iter().any(|(known, ..)| *known == name)
}

/// The properties of a user.
#[cfg(test)]
pub(crate) fn property_names() -> impl Iterator<Item = &'static str> {
    PROPERTIES.iter().map(|(name, ..)| *name)
}

/// Refuses what is unknown, read-only here or of a wrong type.
pub(super) fn check(call: &Call<'_>, body: &Object, create: bool) -> Result<(), Reply> {
    for (name, value) in body {
        let problem = match PROPERTIES.iter().find(|(known, ..)| known == name) {
            None => Some("unknown"),
            Some((.., Never)) => Some("read-only"),
            Some((.., Create)) if !create => Some("only for creation"),
            Some((.., Change)) if create => Some("not for creation"),
            Some((_, kind, _)) if !fits(name, *kind, value) => Some("of a wrong type or too long"),
            Some(_) if !entries_fit(name, value) => Some("of entries with unknown parts"),
            Some(_) => None,
        };
        if let Some(problem) = problem {
            let why = format!("property {name} is {problem}");
            return Err(refused(call, "property", name, why));
        }
    }
    Ok(())
}

fn fits(name: &str, kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) => true,
        (Text, Value::String(text)) => {
            let own = LIMITS.find("systemuser", name);
            text.chars().count() <= own.unwrap_or_else(|| LIMITS.of("systemuser", "text"))
        }
        (Bool, Value::Bool(_))
        | (Number, Value::Number(_))
        | (List, Value::Array(_))
        | (Kind::Object, Value::Object(_)) => true,
        _ => false,
    }
}

fn entries_fit(name: &str, value: &Value) -> bool {
    let Some((_, parts)) = ENTRIES.iter().find(|(list, _)| *list == name) else { return true };
    let fits = |entry: &Value| {
        let Value::Object(entry) = entry else { return false };
        entry.iter().all(|(part, value)| {
            let known = ["id", "_id"].contains(&part.as_str()) || parts.contains(&part.as_str());
            known && (value.is_string() || value.is_null())
        })
    };
    value.as_array().is_none_or(|entries| entries.iter().all(fits))
}

/// Gives every entry of the arrays a new id, as each write does, and its unset parts.
pub(super) fn renew_entries(user: &mut Object, new_id: &mut dyn FnMut() -> String, keep: bool) {
    for (list, parts) in ENTRIES {
        let entries = user.get_mut(*list).and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
            entry.remove("_id");
            if *list != "attributes" && !(keep && entry.contains_key("id")) {
                entry.insert("id".to_owned(), Value::from(new_id()));
            }
            for part in *parts {
                entry.entry(*part).or_insert_with(|| Value::from(""));
            }
        }
    }
}

/// What a user has unless something else is said.
pub(super) fn complete(user: &mut Object, id: &str, organization: &str, now: &str) {
    let suspended = user.get("suspended") == Some(&Value::Bool(true));
    let state = if suspended { "SUSPENDED" } else { "ACTIVATED" };
    let state = user.entry("state").or_insert_with(|| Value::from(state));
    let suspended = *state == "SUSPENDED";
    let special = json!({
        "_id": id, "organization": organization, "created": now, "suspended": suspended,
        "creationSource": "jumpcloud:console:user", "activated": true, "allow_public_key": true,
        "alternateEmail": null, "account_locked_date": null, "badLoginAttempts": 0,
        "password_expiration_date": null, "external_password_expiration_date": null,
        "password_date": null, "employeeIdentifier": null, "manager": null,
        "managedAppleId": null, "mfa": {"configured": false, "exclusion": false},
    });
    if let Value::Object(special) = special {
        for (name, value) in special {
            user.entry(name).or_insert(value);
        }
    }
    for (name, kind, _) in PROPERTIES.iter().filter(|(name, ..)| is_property(name)) {
        let unset = match kind {
            Text => Value::from(""),
            Bool => Value::from(false),
            List => json!([]),
            Number | Kind::Object => continue,
        };
        if *name != "id" {
            user.entry(*name).or_insert(unset);
        }
    }
}
