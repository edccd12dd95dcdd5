//! The attribute table; the three-way merge of one attribute is in [`merge`] (P10, P11).
//!
//! A row says where an attribute comes from, where it goes, and what Entra would refuse.
//! Limits: <https://learn.microsoft.com/en-us/graph/api/resources/user>.

use std::collections::BTreeMap;
use std::fmt;

mod merge;

pub use merge::{Merge, Refused, merge, refusal};

/// One attribute that travels from JumpCloud to Entra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// `firstname` → `givenName`.
    GivenName,
    /// `lastname` → `surname`.
    Surname,
    /// `displayname`, else first and last name, else the UPN's local part → `displayName`.
    DisplayName,
    /// First phone of type `work` → the one entry of `businessPhones`.
    WorkPhone,
    /// First phone of type `mobile` → `mobilePhone`.
    MobilePhone,
    /// Of the `work` address.
    StreetAddress,
    /// `locality` of the `work` address.
    City,
    /// `region` of the `work` address.
    State,
    /// Of the `work` address.
    PostalCode,
    /// Of the `work` address.
    Country,
    /// `department`.
    Department,
    /// `jobTitle`.
    JobTitle,
    /// `location` → `officeLocation`.
    Location,
    /// `manager`, through our bindings (P13); the value is the manager's Entra object id.
    Manager,
    /// `alternateEmail` → an entry of `otherMails`.
    AlternateEmail,
    /// `company` → `companyName`.
    Company,
    /// `employeeIdentifier` → `employeeId`.
    EmployeeIdentifier,
    /// `employeeType`.
    EmployeeType,
    /// `costCenter` → `employeeOrgData.costCenter`.
    CostCenter,
    /// Country of the `work` address, else the configured one.
    UsageLocation,
    /// `_id` → `onPremisesImmutableId`, for domains federated to JumpCloud.
    ImmutableId,
}

/// What Entra takes as a value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text of at most so many characters; `None`: no documented limit.
    Text(Option<usize>),
    /// Two letters of ISO 3166.
    CountryCode,
    /// A list of texts, each of at most so many characters.
    Texts(usize),
    /// A reference to another object, written by a call of its own.
    Reference,
}

/// How far an attribute travels. `Off` means keep: no write, and what we applied is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapping {
    /// JumpCloud to Entra.
    Export,
    /// Entra to JumpCloud, at import only.
    Import,
    /// Both.
    Both,
    /// Neither.
    Off,
}

impl Mapping {
    /// Whether JumpCloud's value is written to Entra.
    pub fn exports(self) -> bool {
        matches!(self, Self::Export | Self::Both)
    }
}

/// A row of the attribute table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The attribute.
    pub attribute: Attribute,
    /// Its key in `[attributes]`; `None`: always exported.
    pub key: Option<&'static str>,
    /// How far it travels when the key is not configured.
    pub default: Mapping,
    /// Graph's property.
    pub property: &'static str,
    /// What Entra takes.
    pub format: Format,
    /// Guarded by the target's administrator roles, hence in a PATCH of its own after a 403 (P5).
    pub sensitive: bool,
    /// Whether an empty value in JumpCloud may clear it.
    pub clearable: bool,
}

const fn row(
    attribute: Attribute,
    key: Option<&'static str>,
    default: Mapping,
    property: &'static str,
    format: Format,
) -> Row {
    Row { attribute, key, default, property, format, sensitive: false, clearable: true }
}

const fn sensitive(row: Row) -> Row {
    Row { sensitive: true, ..row }
}

const fn lasting(row: Row) -> Row {
    Row { clearable: false, ..row }
}

use Attribute as A;
use Format::{CountryCode, Reference, Text, Texts};
use Mapping::{Export, Off};

/// Every attribute, in the order in which it is planned and shown.
pub const TABLE: &[Row] = &[
    row(A::GivenName, None, Export, "givenName", Text(Some(64))),
    row(A::Surname, None, Export, "surname", Text(Some(64))),
    lasting(row(A::DisplayName, None, Export, "displayName", Text(Some(256)))),
    sensitive(row(A::WorkPhone, Some("workPhone"), Export, "businessPhones", Texts(64))),
    sensitive(row(A::MobilePhone, Some("mobilePhone"), Export, "mobilePhone", Text(Some(64)))),
    row(A::StreetAddress, Some("streetAddress"), Export, "streetAddress", Text(Some(1024))),
    row(A::City, Some("city"), Export, "city", Text(Some(128))),
    row(A::State, Some("state"), Export, "state", Text(Some(128))),
    row(A::PostalCode, Some("postalCode"), Export, "postalCode", Text(Some(40))),
    row(A::Country, Some("country"), Export, "country", Text(Some(128))),
    row(A::Department, Some("department"), Export, "department", Text(Some(64))),
    row(A::JobTitle, Some("jobTitle"), Export, "jobTitle", Text(Some(128))),
    row(A::Location, Some("location"), Export, "officeLocation", Text(None)),
    row(A::Manager, Some("manager"), Export, "manager", Reference),
    sensitive(row(A::AlternateEmail, Some("alternateEmail"), Off, "otherMails", Texts(250))),
    row(A::Company, Some("company"), Off, "companyName", Text(Some(64))),
    row(A::EmployeeIdentifier, Some("employeeIdentifier"), Off, "employeeId", Text(Some(16))),
    row(A::EmployeeType, Some("employeeType"), Off, "employeeType", Text(None)),
    row(A::CostCenter, Some("costCenter"), Off, "employeeOrgData", Text(None)),
    lasting(row(A::UsageLocation, Some("usageLocation"), Off, "usageLocation", CountryCode)),
    lasting(sensitive(row(
        A::ImmutableId,
        Some("immutableId"),
        Off,
        "onPremisesImmutableId",
        Text(None),
    ))),
];

impl Attribute {
    /// Its row of the table.
    pub fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.attribute == self).expect("every attribute has a row")
    }

    /// The attribute that Graph stores under this property.
    pub fn of_property(property: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.property == property).map(|row| row.attribute)
    }

    /// The attribute configured by this key of `[attributes]`.
    pub fn of_key(key: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.key == Some(key)).map(|row| row.attribute)
    }
}

/// Shown as Graph spells it, since that is where operators look a value up.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().property)
    }
}

/// How far each attribute travels when nothing is configured.
pub fn default_mappings() -> BTreeMap<Attribute, Mapping> {
    TABLE.iter().map(|row| (row.attribute, row.default)).collect()
}

/// A value as Entra holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, or the object id of a reference.
    Text(String),
    /// A list.
    List(Vec<String>),
    /// `employeeOrgData`, which is written whole or loses the part left out.
    OrgData {
        /// Not ours; carried along as read.
        division: Option<String>,
        /// JumpCloud's `costCenter`.
        cost_center: Option<String>,
    },
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(entries) => write!(f, "{entries:?}"),
            Self::OrgData { division, cost_center } => {
                write!(f, "{{division: {division:?}, costCenter: {cost_center:?}}}")
            }
        }
    }
}

/// A JumpCloud field as answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source<T> {
    /// The key was not in the answer: nothing is known, nothing is changed.
    #[default]
    Absent,
    /// `""`, null, or no such entry in its array.
    Empty,
    /// A value.
    Set(T),
}

impl<T> Source<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Empty => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the rows that the condition picks; those without a key by their property.
    fn keys(picked: impl Fn(&Row) -> bool) -> Vec<&'static str> {
        let rows = TABLE.iter().filter(|row| picked(row));
        rows.map(|row| row.key.unwrap_or(row.property)).collect()
    }

    #[test]
    fn p10_what_travels_when_nothing_is_configured() {
        let defaults = default_mappings();
        let off = keys(|row| defaults.get(&row.attribute) == Some(&Mapping::Off));
        let exported = keys(|row| defaults.get(&row.attribute) == Some(&Mapping::Export));
        assert_eq!(
            off,
            [
                "alternateEmail",
                "company",
                "employeeIdentifier",
                "employeeType",
                "costCenter",
                "usageLocation",
                "immutableId"
            ]
        );
        assert_eq!(exported.len() + off.len(), TABLE.len());
        let always = keys(|row| row.key.is_none());
        assert_eq!(always, ["givenName", "surname", "displayName"]);
    }

    #[test]
    fn p10_what_is_never_cleared() {
        let lasting = keys(|row| !row.clearable);
        assert_eq!(lasting, ["displayName", "usageLocation", "immutableId"]);
    }

    #[test]
    fn p5_what_only_an_administrator_of_administrators_may_write() {
        let sensitive = keys(|row| row.sensitive);
        assert_eq!(sensitive, ["workPhone", "mobilePhone", "alternateEmail", "immutableId"]);
    }

    #[test]
    fn every_attribute_has_one_row_and_keys_are_unique() {
        for row in TABLE {
            assert_eq!(row.attribute.row().property, row.property);
            assert_eq!(Attribute::of_property(row.property), Some(row.attribute));
            if let Some(key) = row.key {
                assert_eq!(Attribute::of_key(key), Some(row.attribute));
            }
        }
    }
}
