//! The properties of users and groups: types, limits, who may write them.
//!
//! Limits are those of <https://learn.microsoft.com/en-us/graph/api/resources/user> and
//! <https://learn.microsoft.com/en-us/graph/api/resources/group>.

use serde_json::{Map, Value};

use crate::server::{Call, Reply};

use super::errors::{error, refused};

/// The properties of one object.
pub(super) type Properties = Map<String, Value>;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of at most so many characters, 0 for no documented limit.
    Text(usize),
    /// A user principal name; its value is checked by [`super::upn`].
    Upn,
    /// ASCII without some signs, at most 64 characters.
    Nickname,
    /// Two letters.
    Country,
    Bool,
    /// At most so many texts of so many characters.
    Texts(usize, usize),
    /// An object with these texts; what is left out becomes null.
    Parts(&'static [&'static str]),
    /// `password` and the two switches; never readable.
    Password,
    /// Whatever the directory itself puts there.
    Any,
}

/// Who may write a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    /// Written, but guarded by the roles of the target.
    Sensitive,
    /// Given at creation and never changed.
    Create,
    Read,
}

/// One property of a resource.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) access: Access,
    /// Whether it is answered without a `$select`.
    pub(super) default: bool,
    /// Whether null clears it.
    pub(super) nullable: bool,
}

const fn property(name: &'static str, kind: Kind, access: Access) -> Property {
    Property { name, kind, access, default: false, nullable: true }
}

const fn default(property: Property) -> Property {
    Property { default: true, ..property }
}

const fn lasting(property: Property) -> Property {
    Property { nullable: false, ..property }
}

const ORG_DATA: Kind = Kind::Parts(&["division", "costCenter"]);
const EXTENSIONS: Kind = Kind::Parts(&[
    "extensionAttribute1",
    "extensionAttribute2",
    "extensionAttribute3",
    "extensionAttribute4",
    "extensionAttribute5",
    "extensionAttribute6",
    "extensionAttribute7",
    "extensionAttribute8",
    "extensionAttribute9",
    "extensionAttribute10",
    "extensionAttribute11",
    "extensionAttribute12",
    "extensionAttribute13",
    "extensionAttribute14",
    "extensionAttribute15",
]);

use Access::{Create, Read, Sensitive, Write};
use Kind::{Any, Bool, Country, Nickname, Password, Text, Texts, Upn};

/// A resource and its properties.
#[derive(Debug)]
pub(super) struct Resource {
    /// Its name in messages, `User` or `Group`.
    pub(super) name: &'static str,
    /// Its type in listings of mixed objects.
    pub(super) odata_type: &'static str,
    pub(super) properties: &'static [Property],
}

/// A person.
pub(super) static USER: Resource = Resource {
    name: "User",
    odata_type: "#microsoft.graph.user",
    properties: &[
        lasting(default(property("id", Text(0), Read))),
        lasting(default(property("userPrincipalName", Upn, Sensitive))),
        lasting(property("accountEnabled", Bool, Sensitive)),
        lasting(property("mailNickname", Nickname, Write)),
        lasting(default(property("displayName", Text(256), Write))),
        default(property("givenName", Text(64), Write)),
        default(property("surname", Text(64), Write)),
        default(property("jobTitle", Text(128), Write)),
        property("department", Text(64), Write),
        property("companyName", Text(64), Write),
        property("employeeId", Text(16), Write),
        property("employeeType", Text(0), Write),
        property("employeeOrgData", ORG_DATA, Write),
        default(property("officeLocation", Text(0), Write)),
        property("streetAddress", Text(1024), Write),
        property("city", Text(128), Write),
        property("state", Text(128), Write),
        property("country", Text(128), Write),
        property("postalCode", Text(40), Write),
        default(property("mobilePhone", Text(64), Sensitive)),
        lasting(default(property("businessPhones", Texts(1, 64), Sensitive))),
        lasting(property("otherMails", Texts(250, 250), Sensitive)),
        lasting(property("usageLocation", Country, Write)),
        default(property("preferredLanguage", Text(0), Write)),
        property("userType", Text(0), Write),
        lasting(default(property("mail", Text(0), Write))),
        lasting(property("proxyAddresses", Texts(0, 0), Read)),
        property("onPremisesImmutableId", Text(0), Sensitive),
        property("onPremisesSyncEnabled", Bool, Read),
        property("onPremisesExtensionAttributes", EXTENSIONS, Write),
        property("onPremisesDistinguishedName", Text(0), Read),
        property("onPremisesDomainName", Text(0), Read),
        property("onPremisesLastSyncDateTime", Text(0), Read),
        property("onPremisesSamAccountName", Text(0), Read),
        property("onPremisesSecurityIdentifier", Text(0), Read),
        property("onPremisesUserPrincipalName", Text(0), Read),
        property("passwordPolicies", Text(0), Write),
        lasting(property("passwordProfile", Password, Sensitive)),
        property("createdDateTime", Text(0), Read),
        property("creationType", Text(0), Read),
        property("deletedDateTime", Text(0), Read),
        property("externalUserState", Text(0), Read),
        property("externalUserStateChangeDateTime", Text(0), Read),
        property("lastPasswordChangeDateTime", Text(0), Read),
        property("signInSessionsValidFromDateTime", Text(0), Read),
        lasting(property("assignedLicenses", Any, Read)),
        lasting(property("assignedPlans", Any, Read)),
        lasting(property("identities", Any, Read)),
        lasting(property("imAddresses", Texts(0, 0), Read)),
        property("isManagementRestricted", Bool, Read),
        property("securityIdentifier", Text(0), Read),
    ],
};

/// A group.
pub(super) static GROUP: Resource = Resource {
    name: "Group",
    odata_type: "#microsoft.graph.group",
    properties: &[
        lasting(default(property("id", Text(0), Read))),
        default(property("deletedDateTime", Text(0), Read)),
        default(property("classification", Text(0), Read)),
        default(property("createdDateTime", Text(0), Read)),
        default(property("description", Text(1024), Write)),
        lasting(default(property("displayName", Text(256), Write))),
        lasting(default(property("groupTypes", Texts(2, 64), Create))),
        default(property("isAssignableToRole", Bool, Create)),
        default(property("mail", Text(0), Read)),
        lasting(default(property("mailEnabled", Bool, Create))),
        lasting(default(property("mailNickname", Nickname, Write))),
        default(property("membershipRule", Text(0), Read)),
        default(property("membershipRuleProcessingState", Text(0), Read)),
        default(property("onPremisesDomainName", Text(0), Read)),
        default(property("onPremisesLastSyncDateTime", Text(0), Read)),
        default(property("onPremisesSamAccountName", Text(0), Read)),
        default(property("onPremisesSecurityIdentifier", Text(0), Read)),
        default(property("onPremisesSyncEnabled", Bool, Read)),
        lasting(default(property("proxyAddresses", Texts(0, 0), Read))),
        default(property("renewedDateTime", Text(0), Read)),
        lasting(default(property("securityEnabled", Bool, Create))),
        default(property("securityIdentifier", Text(0), Read)),
        default(property("uniqueName", Text(256), Create)),
        default(property("visibility", Text(0), Create)),
        property("isManagementRestricted", Bool, Read),
    ],
};

/// An activated directory role.
pub(super) static ROLE: Resource = Resource {
    name: "DirectoryRole",
    odata_type: "#microsoft.graph.directoryRole",
    properties: &[
        lasting(default(property("id", Text(0), Read))),
        default(property("deletedDateTime", Text(0), Read)),
        default(property("description", Text(0), Read)),
        default(property("displayName", Text(0), Read)),
        default(property("roleTemplateId", Text(0), Read)),
    ],
};

impl Resource {
    pub(super) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// The value as it is read: what is not set is null, or empty for a collection.
    pub(super) fn read(&self, object: &Properties, property: &Property) -> Value {
        match (object.get(property.name), property.kind) {
            (_, Password) => Value::Null,
            (Some(value), _) => value.clone(),
            (None, Texts(..)) => Value::Array(Vec::new()),
            (None, Any) => Value::Array(Vec::new()),
            (None, _) => Value::Null,
        }
    }

    /// Checks the properties of a body, apart from the values of UPN and password.
    pub(super) fn check(
        &self,
        call: &Call<'_>,
        body: &Properties,
        creating: bool,
    ) -> Result<(), Reply> {
        for (name, value) in body {
            let values = [("property", name.as_str()), ("resource", self.name)];
            let Some(property) = self.property(name) else {
                let why = format!("unknown property {name}");
                return Err(refused(call, "unknown_property", &values, why));
            };
            if property.access == Read || (property.access == Create && !creating) {
                let why = format!("property {name} is read-only");
                return Err(refused(call, "read_only", &values, why));
            }
            if value.is_null() && property.nullable {
                continue;
            }
            match fits(property.kind, value) {
                Fit::Yes => {}
                Fit::WrongType => {
                    let why = format!("property {name} has a wrong type");
                    return Err(refused(call, "value_invalid", &values, why));
                }
                Fit::WrongValue => return Err(error(call, "value_invalid", &values)),
            }
        }
        Ok(())
    }
}

/// Puts the checked values of a body into an object.
pub(super) fn apply(object: &mut Properties, body: &Properties, resource: &Resource) {
    for (name, value) in body {
        let kind = resource.property(name).map(|property| property.kind);
        match (kind, value) {
            (_, Value::Null) => {
                object.remove(name);
            }
            (Some(Password) | None, _) => {}
            (Some(Kind::Parts(parts)), Value::Object(given)) => {
                let part = |part: &&str| {
                    ((*part).to_owned(), given.get(*part).cloned().unwrap_or(Value::Null))
                };
                object.insert(name.clone(), Value::Object(parts.iter().map(part).collect()));
            }
            (Some(_), value) => {
                object.insert(name.clone(), value.clone());
            }
        }
    }
}

enum Fit {
    Yes,
    WrongType,
    WrongValue,
}

fn fits(kind: Kind, value: &Value) -> Fit {
    let judged = |fits: bool| if fits { Fit::Yes } else { Fit::WrongValue };
    match (kind, value) {
        // An empty text is refused; null is how a value is cleared.
        (Text(limit), Value::String(text)) => {
            judged(!text.is_empty() && (limit == 0 || text.chars().count() <= limit))
        }
        (Upn, Value::String(_)) => Fit::Yes,
        (Nickname, Value::String(text)) => judged(is_nickname(text)),
        (Country, Value::String(text)) => {
            judged(text.len() == 2 && text.chars().all(|letter| letter.is_ascii_alphabetic()))
        }
        (Bool, Value::Bool(_)) => Fit::Yes,
        (Texts(count, length), Value::Array(items)) => {
            if !items.iter().all(Value::is_string) {
                return Fit::WrongType;
            }
            let short = |item: &Value| {
                item.as_str().is_some_and(|text| {
                    !text.is_empty() && (length == 0 || text.chars().count() <= length)
                })
            };
            judged((count == 0 || items.len() <= count) && items.iter().all(short))
        }
        (Kind::Parts(parts), Value::Object(given)) => {
            let text = |value: &Value| value.is_null() || value.is_string();
            if given.iter().all(|(name, value)| parts.contains(&name.as_str()) && text(value)) {
                Fit::Yes
            } else {
                Fit::WrongType
            }
        }
        (Password, Value::Object(given)) => {
            let known = |(name, value): (&String, &Value)| match name.as_str() {
                "password" => value.is_string(),
                "forceChangePasswordNextSignIn" | "forceChangePasswordNextSignInWithMfa" => {
                    value.is_boolean()
                }
                _ => false,
            };
            if given.iter().all(known) { Fit::Yes } else { Fit::WrongType }
        }
        _ => Fit::WrongType,
    }
}

fn is_nickname(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|sign| sign.is_ascii_graphic() && !"@()\\[]\";:<>,".contains(sign))
}

/// Eight to 256 ASCII characters of three of the four classes.
pub(super) fn is_strong(password: &str) -> bool {
    let classes = [
        password.chars().any(|sign| sign.is_ascii_lowercase()),
        password.chars().any(|sign| sign.is_ascii_uppercase()),
        password.chars().any(|sign| sign.is_ascii_digit()),
        password.chars().any(|sign| sign.is_ascii_punctuation() || sign == ' '),
    ];
    (8..=256).contains(&password.chars().count())
        && password.chars().all(|sign| sign.is_ascii_graphic() || sign == ' ')
        && classes.into_iter().filter(|class| *class).count() >= 3
}
