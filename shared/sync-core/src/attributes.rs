//! The attribute table, and the three-way merge of one attribute (P10, P11).
//!
//! A row says where an attribute comes from, where it goes, and what Entra would refuse.
//! Limits: <https://learn.microsoft.com/en-us/graph/api/resources/user>.

use std::collections::BTreeMap;
use std::fmt;

use crate::policy::Mapping;

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

/// Why a value is left out (P11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Longer than so many characters.
    TooLong(usize),
    /// Not two letters of ISO 3166.
    NotACountryCode,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "longer than {limit} characters"),
            Self::NotACountryCode => f.write_str("not a two-letter country code"),
        }
    }
}

/// What the merge decided for one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// Nothing to write; what was last applied stays remembered.
    Keep,
    /// Entra holds the wanted value already: remember it as applied, write nothing.
    Agree(Value),
    /// Write this value.
    Set(Value),
    /// Clear it: we had set it, and JumpCloud now answers empty.
    Clear,
    /// Left out, with a finding.
    Refused(Refused),
}

/// Merges what JumpCloud wants, what we last applied and what Entra holds (P10, P11).
pub fn merge(
    attribute: Attribute,
    desired: &Source<String>,
    applied: Option<&Value>,
    observed: Option<&Value>,
) -> Merge {
    let row = attribute.row();
    let text = match desired {
        Source::Absent => return Merge::Keep,
        Source::Empty => {
            let ours = applied.is_some();
            return if ours && row.clearable {
                clear(attribute, applied, observed)
            } else {
                Merge::Keep
            };
        }
        Source::Set(text) => text,
    };
    if let Some(refused) = refusal(row.format, text) {
        return Merge::Refused(refused);
    }
    let wanted = wanted(attribute, text, applied, observed);
    if observed == Some(&wanted) { Merge::Agree(wanted) } else { Merge::Set(wanted) }
}

fn refusal(format: Format, text: &str) -> Option<Refused> {
    match format {
        Text(Some(limit)) | Texts(limit) if text.chars().count() > limit => {
            Some(Refused::TooLong(limit))
        }
        CountryCode if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Some(Refused::NotACountryCode)
        }
        _ => None,
    }
}

fn entries(value: Option<&Value>) -> &[String] {
    match value {
        Some(Value::List(entries)) => entries,
        _ => &[],
    }
}

/// The entries somebody else put there: what is read, less what we had set.
fn foreign_entries(applied: Option<&Value>, observed: Option<&Value>) -> Vec<String> {
    let ours = entries(applied);
    entries(observed).iter().filter(|entry| !ours.contains(entry)).cloned().collect()
}

fn wanted(
    attribute: Attribute,
    text: &str,
    applied: Option<&Value>,
    observed: Option<&Value>,
) -> Value {
    match attribute {
        // Entra keeps one business phone, so the list is ours as a whole.
        A::WorkPhone => Value::List(vec![text.to_owned()]),
        A::AlternateEmail => {
            let text = text.to_owned();
            // In the order read, so that a list that already holds the entry is left as it is.
            if entries(observed).contains(&text) && entries(applied).iter().all(|old| *old == text)
            {
                return Value::List(entries(observed).to_vec());
            }
            let mut list = foreign_entries(applied, observed);
            if !list.contains(&text) {
                list.push(text);
            }
            Value::List(list)
        }
        A::CostCenter => {
            Value::OrgData { division: division(observed), cost_center: Some(text.to_owned()) }
        }
        A::UsageLocation => Value::Text(text.to_ascii_uppercase()),
        _ => Value::Text(text.to_owned()),
    }
}

fn division(observed: Option<&Value>) -> Option<String> {
    match observed {
        Some(Value::OrgData { division, .. }) => division.clone(),
        _ => None,
    }
}

fn clear(attribute: Attribute, applied: Option<&Value>, observed: Option<&Value>) -> Merge {
    match (attribute, observed) {
        (_, None) => Merge::Clear,
        (A::AlternateEmail, Some(_)) => {
            let rest = foreign_entries(applied, observed);
            if rest.is_empty() { Merge::Clear } else { Merge::Set(Value::List(rest)) }
        }
        (A::CostCenter, Some(_)) => match division(observed) {
            None => Merge::Clear,
            division => Merge::Set(Value::OrgData { division, cost_center: None }),
        },
        _ => Merge::Clear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn set(value: &str) -> Source<String> {
        Source::Set(value.to_owned())
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

    #[test]
    fn p10_a_set_value_is_exported_only_when_it_differs() {
        let merge = |observed: Option<&Value>| merge(A::Department, &set("R&D"), None, observed);
        assert_eq!(merge(None), Merge::Set(text("R&D")));
        assert_eq!(merge(Some(&text("Sales"))), Merge::Set(text("R&D")));
        assert_eq!(merge(Some(&text("R&D"))), Merge::Agree(text("R&D")));
    }

    #[test]
    fn p10_only_what_we_once_set_is_cleared() {
        let ours = text("R&D");
        let merge =
            |desired: &Source<String>, applied| merge(A::Department, desired, applied, Some(&ours));
        assert_eq!(merge(&Source::Empty, Some(&ours)), Merge::Clear);
        assert_eq!(merge(&Source::Empty, None), Merge::Keep);
        assert_eq!(merge(&Source::Absent, Some(&ours)), Merge::Keep);
    }

    #[test]
    fn p10_display_name_and_usage_location_are_never_cleared() {
        for attribute in [A::DisplayName, A::UsageLocation] {
            let old = text("DE");
            assert_eq!(merge(attribute, &Source::Empty, Some(&old), Some(&old)), Merge::Keep);
        }
    }

    #[test]
    fn p10_lists_merge_only_the_entries_we_set() {
        let list =
            |entries: &[&str]| Value::List(entries.iter().map(|e| (*e).to_owned()).collect());
        let merge = |desired: &Source<String>, applied: &[&str], observed: &[&str]| {
            let (applied, observed) = (list(applied), list(observed));
            let applied = (!entries(Some(&applied)).is_empty()).then_some(&applied);
            super::merge(A::AlternateEmail, desired, applied, Some(&observed))
        };
        assert_eq!(merge(&set("new@x"), &[], &["own@x"]), Merge::Set(list(&["own@x", "new@x"])));
        assert_eq!(
            merge(&set("new@x"), &["old@x"], &["own@x", "old@x"]),
            Merge::Set(list(&["own@x", "new@x"]))
        );
        assert_eq!(
            merge(&set("new@x"), &["new@x"], &["new@x", "own@x"]),
            Merge::Agree(list(&["new@x", "own@x"]))
        );
        assert_eq!(
            merge(&Source::Empty, &["old@x"], &["own@x", "old@x"]),
            Merge::Set(list(&["own@x"]))
        );
        assert_eq!(merge(&Source::Empty, &["old@x"], &["old@x"]), Merge::Clear);
    }

    #[test]
    fn p10_employee_org_data_is_written_whole() {
        let observed =
            Value::OrgData { division: Some("EU".into()), cost_center: Some("1".into()) };
        let merged = merge(A::CostCenter, &set("7"), None, Some(&observed));
        let whole = Value::OrgData { division: Some("EU".into()), cost_center: Some("7".into()) };
        assert_eq!(merged, Merge::Set(whole));
    }

    #[test]
    fn p11_a_value_entra_would_refuse_is_left_out() {
        let long = "x".repeat(65);
        assert_eq!(
            merge(A::Department, &set(&long), None, None),
            Merge::Refused(Refused::TooLong(64))
        );
        assert_eq!(
            merge(A::UsageLocation, &set("Germany"), None, None),
            Merge::Refused(Refused::NotACountryCode)
        );
        assert_eq!(merge(A::UsageLocation, &set("de"), None, None), Merge::Set(text("DE")));
    }
}
