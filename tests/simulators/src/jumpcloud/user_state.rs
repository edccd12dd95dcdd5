//! The life of a user: creation, change, suspension, lockout, expiry, deletion, and the events
//! each of them leaves.

use serde_json::{Value, json};

use crate::company::text;
use crate::table::View;

use super::events::{Actor, StateEvents, changes, created, object};
use super::graph::{Kind, Node};
use super::state::merged;
use super::{Object, State};

/// Properties whose change is told by an event of its own, never by `user_update`.
const OWN: &[&str] = &[
    "account_locked",
    "account_locked_date",
    "badLoginAttempts",
    "password_date",
    "password_expired",
    "password_expiration_date",
    "activated",
];

impl State {
    /// Adds a user and answers its id; what is missing gets a default.
    pub fn add_user(&mut self, user: Value) -> String {
        let mut user = object(user);
        let id = text(&user, "_id").unwrap_or_else(|| self.new_id());
        if let Some(email) = text(&user, "email") {
            user.insert("email".to_owned(), Value::from(email.to_lowercase()));
        }
        self.complete_user(&mut user, &id, true);
        let changes = created(&user);
        self.users.put(id.clone(), user.clone(), self.now);
        self.user_event("user_create", &user, changes);
        id
    }

    /// Changes properties of a user, whatever they are. Answers whether the user exists.
    pub fn patch_user(&mut self, id: &str, changes: Value) -> bool {
        let Some(old) = self.users.get(id, View::Latest).cloned() else { return false };
        self.replace_user(id, merged(&old, object(changes)));
        true
    }

    /// Suspends a user. Answers whether the user exists.
    pub fn suspend(&mut self, id: &str) -> bool {
        self.patch_user(id, json!({"state": "SUSPENDED", "suspended": true}))
    }

    /// Ends a suspension. Answers whether the user exists.
    pub fn unsuspend(&mut self, id: &str) -> bool {
        self.patch_user(id, json!({"state": "ACTIVATED", "suspended": false}))
    }

    /// Activates a staged user. Answers whether the user exists.
    pub fn activate(&mut self, id: &str) -> bool {
        self.unsuspend(id)
    }

    /// Locks a user out, as too many wrong passwords do. Answers whether the user exists.
    pub fn lock(&mut self, id: &str) -> bool {
        let actor = std::mem::replace(&mut self.actor, Actor::User);
        let lock = json!({
            "account_locked": true, "account_locked_date": self.time(), "badLoginAttempts": 5,
        });
        let done = self.patch_user(id, lock);
        self.actor = actor;
        done
    }

    /// Ends a lockout; an expired password stays expired. Answers whether the user exists.
    pub fn unlock(&mut self, id: &str) -> bool {
        let unlock = json!({
            "account_locked": false, "account_locked_date": null, "badLoginAttempts": 0,
        });
        self.patch_user(id, unlock)
    }

    /// Lets the user's password expire. Answers whether the user exists.
    pub fn expire_password(&mut self, id: &str) -> bool {
        let expired = json!({"password_expired": true, "password_expiration_date": self.time()});
        self.patch_user(id, expired)
    }

    /// Sets the user's password, of which nothing is kept. Answers whether the user exists.
    pub fn set_password(&mut self, id: &str) -> bool {
        let changed = self.password_changed();
        self.patch_user(id, changed)
    }

    pub(super) fn password_changed(&self) -> Value {
        json!({
            "password_date": self.time(), "password_expired": false,
            "password_expiration_date": null, "activated": true,
        })
    }

    /// Deletes a user and its associations. Answers whether the user existed.
    pub fn delete_user(&mut self, id: &str) -> bool {
        let Some(user) = self.users.remove(id, self.now) else { return false };
        self.graph.forget(&Node::new(Kind::User, id), self.now);
        self.user_event("user_delete", &user, Vec::new());
        true
    }

    /// Stores a user's new properties and tells what happened.
    pub(super) fn replace_user(&mut self, id: &str, user: Object) {
        let Some(old) = self.users.get(id, View::Latest).cloned() else { return };
        let all = changes(&old, &user);
        if all.is_empty() {
            return;
        }
        self.users.put(id.to_owned(), user.clone(), self.now);
        let of = |names: &[&str]| -> Vec<Value> {
            let named = |change: &&Value| {
                change["field"].as_str().is_some_and(|field| names.contains(&field))
            };
            all.iter().filter(named).cloned().collect()
        };
        let state = of(&["state", "suspended"]);
        let mut updated = all.clone();
        updated
            .retain(|change| !change["field"].as_str().is_some_and(|field| OWN.contains(&field)));
        if self.state_events == StateEvents::Own {
            updated.retain(|change| !state.contains(change));
        }
        if !updated.is_empty() {
            self.user_event("user_update", &user, updated);
        }
        if self.state_events != StateEvents::Update
            && let Some(event_type) = state_event(&old, &user)
        {
            self.user_event(event_type, &user, state);
        }
        for (field, on, off) in [
            ("account_locked", "user_lockout", Some("user_unlocked")),
            ("password_expired", "user_password_expired", None),
        ] {
            let event_type = match (is(&old, field), is(&user, field)) {
                (false, true) => Some(on),
                (true, false) => off,
                _ => None,
            };
            if let Some(event_type) = event_type {
                self.user_event(event_type, &user, of(&[field]));
            }
        }
        if !of(&["password_date"]).is_empty() {
            self.user_event("user_password_change", &user, Vec::new());
        }
    }

    /// Writes the events that making everything which exists would have written: users, groups,
    /// associations. Answers how many.
    pub fn announce(&mut self) -> usize {
        let before = self.events.len();
        for user in self.users() {
            let user = object(user);
            self.user_event("user_create", &user, created(&user));
        }
        for group in self.groups() {
            let group = object(group);
            let node = Node::new(Kind::Group, &text(&group, "id").unwrap_or_default());
            let name = self.name_of(&node);
            self.object_event("group_create", &node, &name, created(&group));
        }
        for (holder, held) in self.edges() {
            self.association_event("add", &holder, &held);
        }
        self.events.len() - before
    }

    /// Every edge, from what holds to what is held.
    pub(super) fn edges(&self) -> Vec<(Node, Node)> {
        let holders = |kind, table: &crate::table::Table<String, Object>| {
            let nodes = table.iter(View::Latest).map(move |(id, _)| Node::new(kind, id));
            nodes.collect::<Vec<_>>()
        };
        let mut nodes = holders(Kind::Group, &self.groups);
        nodes.extend(holders(Kind::Application, &self.applications));
        nodes.extend(holders(Kind::Office365, &self.office365s));
        let edges = nodes.into_iter().flat_map(|holder| {
            let held = self.graph.below(&holder, View::Latest);
            held.into_iter().map(move |held| (holder.clone(), held))
        });
        edges.collect()
    }
}

fn is(user: &Object, name: &str) -> bool {
    user.get(name) == Some(&Value::Bool(true))
}

fn state_event(old: &Object, new: &Object) -> Option<&'static str> {
    let state = |user: &Object| text(user, "state").unwrap_or_default();
    match (state(old).as_str(), state(new).as_str()) {
        (old, new) if old == new => None,
        (_, "SUSPENDED") => Some("user_suspended"),
        ("SUSPENDED", "ACTIVATED") => Some("user_unsuspended"),
        (_, "ACTIVATED") => Some("user_activated"),
        _ => None,
    }
}
