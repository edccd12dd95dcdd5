//! What was asked, in order, with counts per route.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Entries kept; the counts go on when older entries are dropped.
const KEPT: usize = 200_000;

/// Names whose values never enter the journal.
const SECRETS: &[&str] = &["password", "client_secret", "client_assertion", "newPassword"];

/// One request that reached a simulator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The HTTP method.
    pub method: String,
    /// Method and template, for example `PATCH /users/{id}`; the path itself if it is unknown.
    pub route: String,
    /// The path, decoded.
    pub path: String,
    /// The query, decoded, as `name=value&…`.
    pub query: String,
    /// The JSON or form body; passwords and secrets read `***`.
    pub body: Option<Value>,
    /// The status answered; 0 if the connection was cut instead.
    pub status: u16,
    /// When it arrived, by the simulator's clock.
    #[serde(serialize_with = "text")]
    pub at: Timestamp,
    /// Whether it came inside a `$batch`.
    pub batch: bool,
}

fn text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// The requests since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    counts: BTreeMap<String, u64>,
}

impl Journal {
    pub(crate) fn record(&mut self, entry: Entry) {
        *self.counts.entry(entry.route.clone()).or_default() += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }
}

/// The value with every password and secret in it replaced.
pub(crate) fn redacted(mut value: Value) -> Value {
    redact(&mut value);
    value
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if SECRETS.contains(&name.as_str()) {
                    *member = Value::from("***");
                } else {
                    redact(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_replaced_at_any_depth() {
        let body = json!({"requests": [{"body": {"passwordProfile": {"password": "x"}}}]});
        assert_eq!(
            redacted(body),
            json!({"requests": [{"body": {"passwordProfile": {"password": "***"}}}]})
        );
    }
}
