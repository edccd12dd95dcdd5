//! The organization: its objects and what an administrator may do to them in the portal.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::company::text;
use crate::table::{Table, View};

use super::Object;
use super::events::{Actor, Event, StateEvents, created, millis, object};
use super::graph::{Graph, Kind, Node, Way};
use super::schema;
use super::webhook::Outbox;

/// One organization, with the keys and service accounts that may call the API.
///
/// The methods act as an administrator in the portal would: at once, unchecked, without a line in
/// the journal, but with the Insights events that JumpCloud writes. Times are those of the
/// server's clock; until it starts, they are the epoch, and no query sees what happened then.
#[derive(Debug)]
pub struct State {
    /// Ids and secrets of the service accounts, any number of secrets each.
    pub clients: Vec<(String, String)>,
    /// How long a token of a service account lives.
    pub token_lifetime: Duration,
    /// Whether the keys see several organizations, so that `x-org-id` is required.
    pub several_organizations: bool,
    /// So many requests in so much time, then 429; `None`: no limit.
    pub quota: Option<(u32, Duration)>,
    /// Which events tell that a user was suspended or activated.
    pub state_events: StateEvents,
    /// How long after it happened an event can first be queried.
    pub insights_delay: Duration,
    /// Whether traversals say in `x-total-count` how many rows they have; many lists do, not all.
    pub counted_traversals: bool,
    pub(super) keys: BTreeMap<String, Option<Timestamp>>,
    pub(super) organizations: Vec<Object>,
    pub(super) users: Table<String, Object>,
    pub(super) groups: Table<String, Object>,
    pub(super) applications: Table<String, Object>,
    pub(super) office365s: Table<String, Object>,
    pub(super) graph: Graph,
    pub(super) events: Vec<Event>,
    /// So many events have been handed to the webhook, or were there before it.
    pub(super) posted: usize,
    pub(super) outbox: Arc<Outbox>,
    pub(super) actor: Actor,
    pub(super) tokens: HashMap<String, Timestamp>,
    pub(super) requests: VecDeque<Timestamp>,
    pub(super) now: Timestamp,
    /// The part of the ids that tells this server from others, and how many it gave.
    pub(super) ids: (u64, u32),
}

impl Default for State {
    /// An organization of its own.
    fn default() -> Self {
        Self::new("65f0000000000000000000aa")
    }
}

impl State {
    /// An empty organization with this id.
    pub fn new(organization: &str) -> Self {
        let organization = json!({
            "_id": organization, "displayName": "Corp", "logoUrl": "",
            "settings": {"newSystemUserStateDefaults": {
                "manualEntry": "ACTIVATED", "csvImport": "STAGED", "applicationImport": "STAGED",
            }},
        });
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        Self {
            clients: Vec::new(),
            token_lifetime: Duration::from_secs(3600),
            several_organizations: false,
            quota: None,
            state_events: StateEvents::default(),
            insights_delay: Duration::ZERO,
            counted_traversals: false,
            keys: BTreeMap::new(),
            organizations: vec![object(organization)],
            users: Table::default(),
            groups: Table::default(),
            applications: Table::default(),
            office365s: Table::default(),
            graph: Graph::default(),
            events: Vec::new(),
            posted: 0,
            outbox: Arc::default(),
            actor: Actor::default(),
            tokens: HashMap::new(),
            requests: VecDeque::new(),
            now: Timestamp::UNIX_EPOCH,
            ids: (seed & 0xff_ffff_ffff, 0),
        }
    }

    /// Lets an administrator's key in.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.keys.insert(key.to_owned(), None);
        self
    }

    /// Lets a service account with this id and secret in.
    #[must_use]
    pub fn with_client(mut self, id: &str, secret: &str) -> Self {
        self.clients.push((id.to_owned(), secret.to_owned()));
        self
    }

    /// Replaces every key by this one; the old ones are dead at once.
    pub fn rotate_key(&mut self, key: &str) {
        self.keys = BTreeMap::from([(key.to_owned(), None)]);
    }

    /// Gives a key an end.
    pub fn expire_key(&mut self, key: &str, at: Timestamp) {
        self.keys.insert(key.to_owned(), Some(at));
    }

    /// Ends every token of the service accounts.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// The organization's id.
    pub fn organization(&self) -> String {
        self.organizations.first().and_then(|own| text(own, "_id")).unwrap_or_default()
    }

    /// Makes this another organization, as if the key were of the wrong one.
    pub fn set_organization(&mut self, id: &str) {
        if let Some(own) = self.organizations.first_mut() {
            own.insert("_id".to_owned(), Value::from(id));
        }
    }

    /// Every user, as stored, in the order of the ids.
    pub fn users(&self) -> Vec<Value> {
        values(&self.users)
    }

    /// A user as stored.
    pub fn user(&self, id: &str) -> Option<Value> {
        stored(&self.users, id)
    }

    /// The user with this name.
    pub fn user_by_username(&self, username: &str) -> Option<Value> {
        let mut users = self.users.iter(View::Latest);
        let found = users.find(|(_, user)| user.get("username") == Some(&Value::from(username)));
        found.map(|(_, user)| Value::Object(user.as_ref().clone()))
    }

    /// Every user group, as stored, in the order of the ids.
    pub fn groups(&self) -> Vec<Value> {
        values(&self.groups)
    }

    /// A user group as stored.
    pub fn group(&self, id: &str) -> Option<Value> {
        stored(&self.groups, id)
    }

    /// Adds a user group and answers its id.
    pub fn add_group(&mut self, group: Value) -> String {
        let mut group = object(group);
        let id = text(&group, "id").unwrap_or_else(|| self.new_id());
        self.complete_group(&mut group, &id);
        let node = Node::new(Kind::Group, &id);
        let name = text(&group, "name").unwrap_or_default();
        let changes = created(&group);
        self.groups.put(id.clone(), group, self.now);
        self.object_event("group_create", &node, &name, changes);
        id
    }

    pub(super) fn complete_group(&self, group: &mut Object, id: &str) {
        let unset = json!({
            "id": id, "type": "user_group", "name": "", "description": "", "email": "",
            "organizationObjectId": self.organization(), "membershipMethod": "STATIC",
            "memberQuery": null, "memberQueryExemptions": [], "memberQueryErrorFlags": [],
            "memberSuggestionsNotify": false,
            "suggestionCounts": {"add": 0, "remove": 0, "total": 0},
            "attributes": {"sudo": {"enabled": false, "withoutPassword": false}, "ldapGroups": [],
                "posixGroups": [], "radius": {"reply": []}, "sambaEnabled": false},
        });
        for (name, value) in object(unset) {
            group.entry(name).or_insert(value);
        }
    }

    /// Changes properties of a group. Answers whether the group exists.
    pub fn patch_group(&mut self, id: &str, changes: Value) -> bool {
        let Some(old) = self.groups.get(id, View::Latest).cloned() else { return false };
        let mut group = old.as_ref().clone();
        group.extend(object(changes));
        self.replace_group(id, &old, group);
        true
    }

    pub(super) fn replace_group(&mut self, id: &str, old: &Object, group: Object) {
        let changes = super::events::changes(old, &group);
        if changes.is_empty() {
            return;
        }
        let name = text(&group, "name").unwrap_or_default();
        self.groups.put(id.to_owned(), group, self.now);
        self.object_event("group_update", &Node::new(Kind::Group, id), &name, changes);
    }

    /// Deletes a group and its associations. Answers whether the group existed.
    pub fn delete_group(&mut self, id: &str) -> bool {
        let Some(group) = self.groups.remove(id, self.now) else { return false };
        let node = Node::new(Kind::Group, id);
        self.graph.forget(&node, self.now);
        let name = text(&group, "name").unwrap_or_default();
        self.object_event("group_delete", &node, &name, Vec::new());
        true
    }

    /// Adds an SSO application and answers its id.
    pub fn add_application(&mut self, application: Value) -> String {
        let mut application = object(application);
        let id = text(&application, "_id").unwrap_or_else(|| self.new_id());
        application.insert("_id".to_owned(), Value::from(id.clone()));
        application.entry("organization").or_insert_with(|| Value::from(self.organization()));
        self.applications.put(id.clone(), application, self.now);
        id
    }

    /// Adds a Microsoft 365 directory and answers its id.
    pub fn add_office_365(&mut self, directory: Value) -> String {
        let mut directory = object(directory);
        let id = text(&directory, "id").unwrap_or_else(|| self.new_id());
        let unset = json!({
            "id": id, "name": "Microsoft 365", "groupsEnabled": true, "defaultDomain": null,
            "userLockoutAction": "maintain", "userPasswordExpirationAction": "maintain",
        });
        for (name, value) in object(unset) {
            directory.entry(name).or_insert(value);
        }
        self.office365s.put(id.clone(), directory, self.now);
        id
    }

    /// Deletes an application or a directory. Answers whether it existed.
    pub fn delete_target(&mut self, id: &str) -> bool {
        let Some(node) = self.node(id).filter(|node| node.kind.is_target()) else { return false };
        let _ = (self.applications.remove(id, self.now), self.office365s.remove(id, self.now));
        self.graph.forget(&node, self.now);
        true
    }

    /// The ids of everything that is directly in a group.
    pub fn members(&self, group: &str) -> Vec<String> {
        let members = self.graph.below(&Node::new(Kind::Group, group), View::Latest);
        members.into_iter().map(|node| node.id).collect()
    }

    /// Puts a user, or another group, into a group. Answers whether it is new.
    pub fn add_member(&mut self, group: &str, member: &str) -> bool {
        self.connect(group, member)
    }

    /// Takes a user or a group out of a group. Answers whether it was in it.
    pub fn remove_member(&mut self, group: &str, member: &str) -> bool {
        self.disconnect(group, member)
    }

    /// Binds a user or group to an application, a directory or a group, all by their ids.
    /// Answers whether both exist and the edge is new.
    pub fn connect(&mut self, holder: &str, held: &str) -> bool {
        let (Some(holder), Some(held)) = (self.node(holder), self.node(held)) else { return false };
        self.associate("add", &holder, &held, &holder)
    }

    /// Removes that binding. Answers whether there was one.
    pub fn disconnect(&mut self, holder: &str, held: &str) -> bool {
        let (Some(holder), Some(held)) = (self.node(holder), self.node(held)) else { return false };
        self.associate("remove", &holder, &held, &holder)
    }

    /// Changes an edge; the event starts at the end it was changed from.
    pub(super) fn associate(&mut self, op: &str, holder: &Node, held: &Node, from: &Node) -> bool {
        let changed = match op {
            "add" => self.graph.connect(holder, held, self.now),
            _ => self.graph.disconnect(holder, held, self.now),
        };
        if changed {
            let to = if from == holder { held } else { holder };
            self.association_event(op, from, to);
        }
        changed
    }

    /// The ids of the users that are bound to this directly or through any group.
    pub fn connected(&self, holder: &str) -> Vec<String> {
        let Some(holder) = self.node(holder) else { return Vec::new() };
        let reached = self.graph.reach(&holder, Way::Down, &[Kind::User], View::Latest);
        reached.into_keys().map(|node| node.id).collect()
    }

    /// Every event that was written, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.events.iter().map(|event| event.body.clone()).collect()
    }

    /// Writes an event of any type; what its envelope lacks is filled in. Answers its id.
    pub fn add_event(&mut self, event: Value) -> String {
        let event_type = event["event_type"].as_str().unwrap_or("unknown").to_owned();
        self.event(&event_type, event)
    }

    /// Forgets every event. Those that wait for the webhook are posted nevertheless.
    pub fn clear_events(&mut self) {
        self.hand_over();
        self.events.clear();
        self.posted = 0;
    }

    /// The object with this id, whatever its kind.
    pub(super) fn node(&self, id: &str) -> Option<Node> {
        let kinds = [Kind::User, Kind::Group, Kind::Application, Kind::Office365];
        let found = kinds.into_iter().map(|kind| Node::new(kind, id));
        found.into_iter().find(|node| self.exists(node, View::Latest))
    }

    pub(super) fn exists(&self, node: &Node, view: View) -> bool {
        self.object_of(node, view).is_some()
    }

    pub(super) fn object_of(&self, node: &Node, view: View) -> Option<&Object> {
        let table = match node.kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
            Kind::Application => &self.applications,
            Kind::Office365 => &self.office365s,
        };
        table.get(node.id.as_str(), view).map(AsRef::as_ref)
    }

    pub(super) fn name_of(&self, node: &Node) -> String {
        let name = match node.kind {
            Kind::User => "username",
            _ => "name",
        };
        let object = self.object_of(node, View::Latest);
        object.and_then(|object| text(object, name)).unwrap_or_default()
    }

    /// A fresh object id: time, server, count.
    pub(super) fn new_id(&mut self) -> String {
        let seconds = u32::try_from(self.now.as_second()).unwrap_or_default();
        let (server, count) = self.ids;
        self.ids.1 = (count + 1) & 0xff_ffff;
        format!("{seconds:08x}{server:010x}{count:06x}")
    }

    /// The present as JumpCloud writes times.
    pub(super) fn time(&self) -> String {
        millis(self.now)
    }

    pub(super) fn complete_user(&mut self, user: &mut Object, id: &str, keep: bool) {
        schema::complete(user, id, &self.organization(), &millis(self.now));
        let mut renew = || self.new_id();
        schema::renew_entries(user, &mut renew, keep);
    }
}

pub(super) fn values(table: &Table<String, Object>) -> Vec<Value> {
    table.iter(View::Latest).map(|(_, object)| Value::Object(object.as_ref().clone())).collect()
}

fn stored(table: &Table<String, Object>, id: &str) -> Option<Value> {
    table.get(id, View::Latest).map(|object| Value::Object(object.as_ref().clone()))
}

/// An object with the changes made to it.
pub(super) fn merged(object: &Object, changes: Map<String, Value>) -> Object {
    let mut object = object.clone();
    object.extend(changes);
    object
}
