//! The three-way merge of one attribute: desired, last applied, observed (P10, P11).

use std::fmt;

use super::Attribute as A;
use super::Format::{CountryCode, Text, Texts};
use super::{Attribute, Source, Value};

/// Why a value is left out (P11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Longer than so many characters.
    TooLong(usize),
    /// More entries than a list may have.
    TooMany(usize),
    /// Not two letters of ISO 3166.
    NotACountryCode,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "longer than {limit} characters"),
            Self::TooMany(limit) => write!(f, "more than {limit} entries"),
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
    /// It was to be cleared and holds nothing of ours any more: forget it, write nothing.
    Forget,
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
    if let Some(refused) = refusal(attribute, text) {
        return Merge::Refused(refused);
    }
    match wanted(attribute, text, applied, observed) {
        wanted if observed == Some(&wanted) => Merge::Agree(wanted),
        Value::List(entries) if entries.len() > MOST_ENTRIES => {
            Merge::Refused(Refused::TooMany(MOST_ENTRIES))
        }
        wanted => Merge::Set(wanted),
    }
}

/// The most entries that a list may have, as for `otherMails`.
const MOST_ENTRIES: usize = 250;

/// Why Entra would refuse this text as a value of the attribute (P11).
pub fn refusal(attribute: Attribute, text: &str) -> Option<Refused> {
    match attribute.row().format {
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

/// Takes out what is ours, and leaves what somebody else put there.
fn clear(attribute: Attribute, applied: Option<&Value>, observed: Option<&Value>) -> Merge {
    match (attribute, observed) {
        (_, None) => Merge::Forget,
        (A::AlternateEmail, Some(_)) => {
            let rest = foreign_entries(applied, observed);
            if rest.len() == entries(observed).len() {
                Merge::Forget
            } else if rest.is_empty() {
                Merge::Clear
            } else {
                Merge::Set(Value::List(rest))
            }
        }
        (A::CostCenter, Some(Value::OrgData { cost_center: None, .. })) => Merge::Forget,
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
    fn p10_what_holds_nothing_of_ours_any_more_is_only_forgotten() {
        let list = |entry: &str| Value::List(vec![entry.to_owned()]);
        let ours = list("old@x");
        let merge = |observed: Option<&Value>| {
            super::merge(A::AlternateEmail, &Source::Empty, Some(&ours), observed)
        };
        assert_eq!(merge(None), Merge::Forget);
        assert_eq!(merge(Some(&Value::List(vec![]))), Merge::Forget);
        assert_eq!(merge(Some(&list("own@x"))), Merge::Forget);
        assert_eq!(merge(Some(&ours)), Merge::Clear);
        let gone = super::merge(A::Department, &Source::Empty, Some(&text("R&D")), None);
        assert_eq!(gone, Merge::Forget);
    }

    #[test]
    fn p10_the_work_phone_is_the_one_entry_of_its_list() {
        let list = |number: &str| Value::List(vec![number.to_owned()]);
        let merge = |observed: &Value| merge(A::WorkPhone, &set("+44 20"), None, Some(observed));
        assert_eq!(merge(&list("+44 21")), Merge::Set(list("+44 20")));
        assert_eq!(merge(&list("+44 20")), Merge::Agree(list("+44 20")));
    }

    #[test]
    fn p10_clearing_the_cost_center_leaves_the_division() {
        let org = |division: Option<&str>, cost_center: Option<&str>| Value::OrgData {
            division: division.map(str::to_owned),
            cost_center: cost_center.map(str::to_owned),
        };
        let ours = org(None, Some("7"));
        let merge =
            |observed: Value| merge(A::CostCenter, &Source::Empty, Some(&ours), Some(&observed));
        assert_eq!(merge(org(Some("EU"), Some("7"))), Merge::Set(org(Some("EU"), None)));
        assert_eq!(merge(org(None, Some("7"))), Merge::Clear);
        assert_eq!(merge(org(Some("EU"), None)), Merge::Forget);
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
