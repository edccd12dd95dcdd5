//! A name for an event that has none: pushes from workflows carry no id.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A hash over what tells two events apart: type, time, ends and changes.
///
/// The same event gives the same hash whatever the order of its keys.
pub(super) fn of(event: &Value, kind: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    for key in ["timestamp", "resource", "resource_id", "association", "changes"] {
        hash.update([0]);
        hash.update(key.as_bytes());
        if let Some(value) = event.get(key) {
            feed(&mut hash, value);
        }
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}

/// Feeds a value with its keys sorted. No deeper than the parser allowed.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            hash.update(b"{");
            for (key, value) in entries {
                hash.update(Value::from(key.as_str()).to_string().as_bytes());
                feed(hash, value);
            }
            hash.update(b"}");
        }
        Value::Array(values) => {
            hash.update(b"[");
            values.iter().for_each(|value| feed(hash, value));
            hash.update(b"]");
        }
        plain => hash.update([plain.to_string().as_bytes(), b","].concat()),
    }
}
