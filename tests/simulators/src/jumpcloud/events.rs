//! Directory Insights events: what every change leaves behind.
//!
//! Envelope and shapes are those of real samples; where the vendor documents none, as for the
//! payload of `user_lockout`, the envelope alone is certain.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::graph::Node;
use super::{Object, State};

/// Which events tell that a user's state changed: the vendor documents neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StateEvents {
    /// `user_update`, and `user_suspended`, `user_unsuspended` or `user_activated` after it.
    #[default]
    Both,
    /// `user_update` alone, with `state` and `suspended` among its changes.
    Update,
    /// The event of its own alone.
    Own,
}

/// One stored event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// When it happened, as it says itself.
    pub(super) at: Timestamp,
    /// When it was written; it can be queried some time later.
    pub(super) written: Timestamp,
    pub(super) body: Value,
}

/// Who is changing things.
#[derive(Debug, Clone, Default)]
pub(super) enum Actor {
    /// An administrator in the portal.
    #[default]
    Portal,
    /// A client of the API.
    Api,
    /// The user, by what he or she does.
    User,
}

impl State {
    /// Stores an event about a user.
    pub(super) fn user_event(&mut self, event_type: &str, user: &Object, changes: Vec<Value>) {
        let resource = json!({
            "id": user.get("_id"), "type": "user", "username": user.get("username"),
        });
        self.event(event_type, json!({ "resource": resource, "changes": changes }));
    }

    /// Stores an event about an object with a name.
    pub(super) fn object_event(
        &mut self,
        event_type: &str,
        node: &Node,
        name: &str,
        changes: Vec<Value>,
    ) {
        let resource = json!({"id": node.id, "type": node.kind.name(), "name": name});
        self.event(event_type, json!({ "resource": resource, "changes": changes }));
    }

    /// Stores an `association_change` between these two, in this direction.
    pub(super) fn association_event(&mut self, op: &str, from: &Node, to: &Node) {
        let end = |state: &Self, node: &Node| json!({"type": node.kind.name(), "object_id": node.id, "name": state.name_of(node)});
        let connection = json!({"from": end(self, from), "to": end(self, to)});
        let association = json!({
            "op": op, "action_source": "manual", "attributes": null, "connection": connection,
        });
        self.event("association_change", json!({ "association": association }));
    }

    /// Stores an event; what it lacks of the envelope is filled in. Answers its id.
    pub(super) fn event(&mut self, event_type: &str, body: Value) -> String {
        let (auth_method, initiator) = match self.actor {
            Actor::Portal => ("session", self.administrator()),
            Actor::Api => ("api key", self.administrator()),
            Actor::User => {
                let user = &body["resource"];
                let user = json!({"id": user["id"], "type": "user", "username": user["username"]});
                ("session", user)
            }
        };
        let id = self.new_id();
        let envelope = json!({
            "id": id, "@version": "1", "service": "directory", "event_type": event_type,
            "timestamp": millis(self.now), "organization": self.organization(),
            "provider": null, "success": true, "client_ip": "192.0.2.10",
            "auth_method": auth_method, "mfa": true, "geoip": {"country_code": "GB"},
            "useragent": {"name": "Chrome", "os": "Mac OS X"}, "correlation": {},
            "message_chain": {}, "initiated_by": initiator,
        });
        let mut event = object(envelope);
        event.extend(object(body));
        self.store_event(event)
    }

    pub(super) fn store_event(&mut self, event: Object) -> String {
        let at = event.get("timestamp").and_then(Value::as_str);
        let at = at.and_then(|at| at.parse().ok()).unwrap_or(self.now);
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.events.push(Event { at, written: self.now, body: Value::Object(event) });
        id
    }

    fn administrator(&self) -> Value {
        json!({"id": "65f0000000000000000000ad", "type": "admin", "email": "admin@corp.example"})
    }
}

/// The properties that differ, as an event lists them.
pub(super) fn changes(old: &Object, new: &Object) -> Vec<Value> {
    let mut names: Vec<_> =
        new.keys().chain(old.keys().filter(|n| !new.contains_key(*n))).collect();
    names.sort();
    let null = Value::Null;
    let mut changes = Vec::new();
    for name in names {
        let (from, to) = (old.get(name).unwrap_or(&null), new.get(name).unwrap_or(&null));
        if from != to {
            changes.push(json!({"field": name, "from": whole(from), "to": whole(to)}));
        }
    }
    changes
}

/// What a creation lists: everything that is set, without a `from`.
pub(super) fn created(new: &Object) -> Vec<Value> {
    let set = |value: &Value| !value.is_null() && value != "" && *value != json!([]);
    let changes = new.iter().filter(|(_, value)| set(value));
    changes.map(|(name, value)| json!({"field": name, "to": whole(value)})).collect()
}

/// Arrays come whole, and their entries carry their id twice.
fn whole(value: &Value) -> Value {
    let Value::Array(entries) = value else { return value.clone() };
    let twice = |entry: &Value| {
        let mut entry = entry.clone();
        if let Some(id) = entry.get("id").cloned() {
            entry["_id"] = id;
        }
        entry
    };
    Value::Array(entries.iter().map(twice).collect())
}

/// A time as JumpCloud writes it.
pub(super) fn millis(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(super) fn object(value: Value) -> Object {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
