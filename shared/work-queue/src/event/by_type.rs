//! How many events there were of each type, for a log line.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::event_type;

/// How many types are told apart.
const TYPES: usize = 20;
/// The longest name of a type, in characters.
const LONGEST: usize = 60;
/// What stands for the types beyond those.
const OTHERS: &str = "others";
/// What stands for no type.
const NONE: &str = "none";

/// Events counted by their type.
///
/// A type is whatever a sender wrote, so it is bounded in length and number, and every character
/// that no documented type has becomes a `?`: a log line tells types, not texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByType(BTreeMap<String, usize>);

impl ByType {
    /// Counts one event.
    pub fn add(&mut self, event: &Value) {
        let name = event_type(event).map_or_else(|| NONE.to_owned(), safe);
        let known = self.0.contains_key(&name);
        let told = self.0.keys().filter(|name| *name != OTHERS).count();
        let name = if known || told < TYPES { name } else { OTHERS.to_owned() };
        *self.0.entry(name).or_default() += 1;
    }

    /// Nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Type and number, by type.
impl fmt::Display for ByType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn safe(kind: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let shown = |c: char| if known(c) { c.to_ascii_lowercase() } else { '?' };
    kind.chars().take(LONGEST).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counted(kinds: impl IntoIterator<Item = Value>) -> String {
        let mut counts = ByType::default();
        kinds.into_iter().for_each(|kind| counts.add(&json!({ "event_type": kind })));
        counts.to_string()
    }

    #[test]
    fn types_are_told_by_safe_names() {
        let kinds = ["sso_auth", "SSO_Auth", "a\u{202e}b\n@c é", "radius.auth-2"].map(Value::from);
        assert_eq!(counted(kinds), r#"{"a?b??c??": 1, "radius.auth-2": 1, "sso_auth": 2}"#);
        assert_eq!(counted([json!(7), json!(null), json!(" ")]), r#"{"none": 3}"#);
        let long = "x".repeat(1_000_000);
        assert_eq!(counted([json!(long)]), format!(r#"{{"{}": 1}}"#, "x".repeat(60)));
    }

    #[test]
    fn no_more_than_twenty_types_are_told_apart() {
        let mut counts = ByType::default();
        for number in 0..100 {
            counts.add(&json!({ "event_type": format!("type_{number:02}") }));
        }
        counts.add(&json!({ "event_type": "type_07" }));
        counts.add(&json!({ "event_type": OTHERS }));
        let text = counts.to_string();
        assert_eq!(text.matches("type_").count(), 20);
        assert!(text.contains(r#""others": 81"#) && text.contains(r#""type_07": 2"#), "{text}");
    }
}
