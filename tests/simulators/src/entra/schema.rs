//! The properties of users and groups: types, who may write them, whether they keep the limits.
//!
//! Properties are those of <https://learn.microsoft.com/en-us/graph/api/resources/user> and
//! <https://learn.microsoft.com/en-us/graph/api/resources/group>.

use serde_json::{Map, Value};

use crate::limits::GRAPH as LIMITS;
use crate::server::{Call, Reply};

use super::errors::{error, refused};

/// The properties of one object.
pub(super) type Properties = Map<String, Value>;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A user principal name; its value is checked by [`super::upn`].
    Upn,
    /// ASCII without some signs.
    Nickname,
    /// Two letters.
    Country,
    Bool,
    Texts,
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
        lasting(default(property("id", Text, Read))),
        lasting(default(property("userPrincipalName", Upn, Sensitive))),
        lasting(property("accountEnabled", Bool, Sensitive)),
        lasting(property("mailNickname", Nickname, Write)),
        lasting(default(property("displayName", Text, Write))),
        default(property("givenName", Text, Write)),
        default(property("surname", Text, Write)),
        default(property("jobTitle", Text, Write)),
        property("department", Text, Write),
        property("companyName", Text, Write),
        property("employeeId", Text, Write),
        property("employeeType", Text, Write),
        property("employeeOrgData", ORG_DATA, Write),
        default(property("officeLocation", Text, Write)),
        property("streetAddress", Text, Write),
        property("city", Text, Write),
        property("state", Text, Write),
        property("country", Text, Write),
        property("postalCode", Text, Write),
        default(property("mobilePhone", Text, Sensitive)),
        lasting(default(property("businessPhones", Texts, Sensitive))),
        lasting(property("otherMails", Texts, Sensitive)),
        lasting(property("usageLocation", Country, Write)),
        default(property("preferredLanguage", Text, Write)),
        property("userType", Text, Write),
        lasting(default(property("mail", Text, Write))),
        lasting(property("proxyAddresses", Texts, Read)),
        property("onPremisesImmutableId", Text, Sensitive),
        property("onPremisesSyncEnabled", Bool, Read),
        property("onPremisesExtensionAttributes", EXTENSIONS, Write),
        property("onPremisesDistinguishedName", Text, Read),
        property("onPremisesDomainName", Text, Read),
        property("onPremisesLastSyncDateTime", Text, Read),
        property("onPremisesSamAccountName", Text, Read),
        property("onPremisesSecurityIdentifier", Text, Read),
        property("onPremisesUserPrincipalName", Text, Read),
        property("passwordPolicies", Text, Write),
        lasting(property("passwordProfile", Password, Sensitive)),
        property("createdDateTime", Text, Read),
        property("creationType", Text, Read),
        property("deletedDateTime", Text, Read),
        property("externalUserState", Text, Read),
        property("externalUserStateChangeDateTime", Text, Read),
        property("lastPasswordChangeDateTime", Text, Read),
        property("signInSessionsValidFromDateTime", Text, Read),
        lasting(property("assignedLicenses", Any, Read)),
        lasting(property("identities", Any, Read)),
        lasting(property("imAddresses", Texts, Read)),
        property("isManagementRestricted", Bool, Read),
        property("securityIdentifier", Text, Read),
    ],
};

/// A group.
pub(super) static GROUP: Resource = Resource {
    name: "Group",
    odata_type: "#microsoft.graph.group",
    properties: &[
        lasting(default(property("id", Text, Read))),
        default(property("deletedDateTime", Text, Read)),
        default(property("classification", Text, Read)),
        default(property("createdDateTime", Text, Read)),
        default(property("description", Text, Write)),
        lasting(default(property("displayName", Text, Write))),
        lasting(default(property("groupTypes", Texts, Create))),
        default(property("isAssignableToRole", Bool, Create)),
        default(property("mail", Text, Read)),
        lasting(default(property("mailEnabled", Bool, Create))),
        lasting(default(property("mailNickname", Nickname, Write))),
        default(property("membershipRule", Text, Read)),
        default(property("membershipRuleProcessingState", Text, Read)),
        default(property("onPremisesDomainName", Text, Read)),
        default(property("onPremisesLastSyncDateTime", Text, Read)),
        default(property("onPremisesSamAccountName", Text, Read)),
        default(property("onPremisesSecurityIdentifier", Text, Read)),
        default(property("onPremisesSyncEnabled", Bool, Read)),
        lasting(default(property("proxyAddresses", Texts, Read))),
        default(property("renewedDateTime", Text, Read)),
        lasting(default(property("securityEnabled", Bool, Create))),
        default(property("securityIdentifier", Text, Read)),
        default(property("uniqueName", Text, Create)),
        default(property("visibility", Text, Create)),
        property("isManagementRestricted", Bool, Read),
    ],
};

/// An activated directory role.
pub(super) static ROLE: Resource = Resource {
    name: "DirectoryRole",
    odata_type: "#microsoft.graph.directoryRole",
    properties: &[
        lasting(default(property("id", Text, Read))),
        default(property("deletedDateTime", Text, Read)),
        default(property("description", Text, Read)),
        default(property("displayName", Text, Read)),
        default(property("roleTemplateId", Text, Read)),
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
            (None, Texts) => Value::Array(Vec::new()),
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
            match self.fits(property, value) {
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

impl Resource {
    fn fits(&self, property: &Property, value: &Value) -> Fit {
        let judged = |fits: bool| if fits { Fit::Yes } else { Fit::WrongValue };
        let limit = |kind| LIMITS.of_property(self.name, property.name, kind);
        let short = |text: &str| limit("length").is_none_or(|most| text.chars().count() <= most);
        // An empty text is refused; null is how a value is cleared.
        let text = |text: &str| !text.is_empty() && short(text);
        match (property.kind, value) {
            (Text, Value::String(value)) => judged(text(value)),
            (Upn, Value::String(_)) => Fit::Yes,
            (Nickname, Value::String(value)) => judged(text(value) && is_nickname(value)),
            (Country, Value::String(text)) => {
                judged(text.len() == 2 && text.chars().all(|letter| letter.is_ascii_alphabetic()))
            }
            (Bool, Value::Bool(_)) => Fit::Yes,
            (Texts, Value::Array(items)) => {
                if !items.iter().all(Value::is_string) {
                    return Fit::WrongType;
                }
                let few = limit("count").is_none_or(|most| items.len() <= most);
                judged(few && items.iter().filter_map(Value::as_str).all(text))
            }
            (Kind::Parts(parts), Value::Object(given)) => {
                let typed = |value: &Value| value.is_null() || value.is_string();
                if !given.iter().all(|(name, value)| parts.contains(&name.as_str()) && typed(value))
                {
                    return Fit::WrongType;
                }
                judged(given.values().filter_map(Value::as_str).all(short))
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
}

fn is_nickname(text: &str) -> bool {
    text.chars().all(|sign| sign.is_ascii_graphic() && !"@()\\[]\";:<>,".contains(sign))
}

/// ASCII characters, long enough, of three of the four classes.
pub(super) fn is_strong(password: &str) -> bool {
    let classes = [
        password.chars().any(|sign| sign.is_ascii_lowercase()),
        password.chars().any(|sign| sign.is_ascii_uppercase()),
        password.chars().any(|sign| sign.is_ascii_digit()),
        password.chars().any(|sign| sign.is_ascii_punctuation() || sign == ' '),
    ];
    let limit = |name| LIMITS.of("password", name);
    (limit("shortest")..=limit("longest")).contains(&password.chars().count())
        && password.chars().all(|sign| sign.is_ascii_graphic() || sign == ' ')
        && classes.into_iter().filter(|class| *class).count() >= limit("classes")
}
