//! The tenant: its objects and what an administrator may do to them in the portal.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::company::text;
use crate::table::{Table, View};

use super::schema::Properties;

/// A soft-deleted object can be restored for so long.
const RESTORABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One tenant, with the applications that may call Graph.
///
/// The methods act as an administrator in the portal would: at once, unchecked, without a line in
/// the journal. Times are those of the server's clock.
#[derive(Debug)]
pub struct State {
    /// Client ids and secrets of the applications, any number each.
    pub clients: Vec<(String, String)>,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// The status of an `invalid_client` answer; Entra is seen to use 400 and 401.
    pub invalid_client_status: u16,
    /// Whether the application holds a role that lets it set passwords of existing users.
    pub may_reset_passwords: bool,
    /// So many writes in so much time, then 429; `None`: no limit.
    pub write_quota: Option<(u32, Duration)>,
    pub(super) organization: Properties,
    pub(super) domains: Vec<Properties>,
    pub(super) users: Table<String, Properties>,
    pub(super) groups: Table<String, Properties>,
    pub(super) roles: Table<String, Properties>,
    /// Users and groups in the deleted items, each with its `@odata.type`.
    pub(super) deleted: Table<String, Properties>,
    pub(super) managers: Table<String, String>,
    pub(super) members: BTreeMap<String, Table<String, ()>>,
    /// Every group or role that ever had this member.
    pub(super) memberships: BTreeMap<String, BTreeSet<String>>,
    /// Every user that ever had this name, in lower case.
    pub(super) upns: HashMap<String, BTreeSet<String>>,
    pub(super) tokens: HashMap<String, Timestamp>,
    pub(super) writes: VecDeque<Timestamp>,
    pub(super) now: Timestamp,
}

impl Default for State {
    /// A tenant of its own, with the domain `corp.example`.
    fn default() -> Self {
        Self::new("00000000-0000-4000-8000-0000000000aa", &["corp.example"])
    }
}

impl State {
    /// An empty tenant with this id and these verified, managed domains.
    pub fn new(tenant: &str, domains: &[&str]) -> Self {
        let mut state = Self {
            clients: Vec::new(),
            token_lifetime: Duration::from_secs(3599),
            invalid_client_status: 400,
            may_reset_passwords: true,
            write_quota: None,
            organization: object(json!({"id": tenant, "displayName": "Corp"})),
            domains: Vec::new(),
            users: Table::default(),
            groups: Table::default(),
            roles: Table::default(),
            deleted: Table::default(),
            managers: Table::default(),
            members: BTreeMap::new(),
            memberships: BTreeMap::new(),
            upns: HashMap::new(),
            tokens: HashMap::new(),
            writes: VecDeque::new(),
            now: Timestamp::UNIX_EPOCH,
        };
        for domain in domains {
            state.add_domain(domain, true, "Managed");
        }
        state
    }

    /// Lets an application with this id and secret in.
    #[must_use]
    pub fn with_client(mut self, id: &str, secret: &str) -> Self {
        self.clients.push((id.to_owned(), secret.to_owned()));
        self
    }

    /// The tenant's id.
    pub fn tenant(&self) -> String {
        text(&self.organization, "id").unwrap_or_default()
    }

    /// Makes this another tenant, as if the application had been pointed at the wrong one.
    pub fn set_tenant(&mut self, id: &str) {
        self.organization.insert("id".to_owned(), Value::from(id));
    }

    /// Adds a domain; `authentication` is `Managed` or `Federated`.
    pub fn add_domain(&mut self, name: &str, verified: bool, authentication: &str) {
        let first = self.domains.is_empty();
        self.domains.retain(|domain| domain.get("id") != Some(&Value::from(name)));
        self.domains.push(object(json!({
            "id": name, "isVerified": verified, "isDefault": first, "isInitial": first,
            "isRoot": true, "isAdminManaged": true, "authenticationType": authentication,
            "supportedServices": ["Email"],
        })));
    }

    /// Ends every token, as a rotation or an administrator would.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Every user, as stored, in the order of the ids.
    pub fn users(&self) -> Vec<Value> {
        values(&self.users)
    }

    /// A user as stored: unset properties are missing.
    pub fn user(&self, id: &str) -> Option<Value> {
        stored(&self.users, id)
    }

    /// The user with this name, without regard to case.
    pub fn user_by_upn(&self, upn: &str) -> Option<Value> {
        self.user(&self.id_of_upn(upn, View::Latest)?)
    }

    /// The id of the user's manager.
    pub fn manager(&self, id: &str) -> Option<String> {
        self.managers.get(id, View::Latest).map(|manager| manager.as_ref().clone())
    }

    /// Adds a user and answers its id; what is missing gets a default.
    pub fn add_user(&mut self, user: Value) -> String {
        let mut user = object(user);
        let id = text(&user, "id").unwrap_or_else(new_id);
        let defaults = json!({
            "id": id, "accountEnabled": true, "userType": "Member",
            "createdDateTime": self.time(),
        });
        for (name, value) in object(defaults) {
            user.entry(name).or_insert(value);
        }
        if let Some(manager) = user.remove("manager") {
            self.set_manager(&id, text(&object(manager), "id").as_deref());
        }
        self.put_user(&id, user);
        id
    }

    /// Changes properties of a user; null removes one. Answers whether the user exists.
    pub fn patch_user(&mut self, id: &str, changes: Value) -> bool {
        let Some(user) = self.users.get(id, View::Latest) else { return false };
        let user = merged(user, changes);
        self.put_user(id, user);
        true
    }

    /// Sets or removes the user's manager.
    pub fn set_manager(&mut self, id: &str, manager: Option<&str>) {
        match manager {
            Some(manager) => self.managers.put(id.to_owned(), manager.to_owned(), self.now),
            None => drop(self.managers.remove(id, self.now)),
        }
    }

    /// Moves a user to the deleted items. Answers whether the user existed.
    pub fn delete_user(&mut self, id: &str) -> bool {
        let Some(user) = self.users.remove(id, self.now) else { return false };
        self.bury(id, &user, super::schema::USER.odata_type);
        true
    }

    /// Removes a deleted object for good, as time or an administrator would.
    pub fn purge(&mut self, id: &str) -> bool {
        self.deleted.remove(id, self.now).is_some()
    }

    /// Every group, as stored, in the order of the ids.
    pub fn groups(&self) -> Vec<Value> {
        values(&self.groups)
    }

    /// A group as stored: unset properties are missing.
    pub fn group(&self, id: &str) -> Option<Value> {
        stored(&self.groups, id)
    }

    /// Adds a group, a plain security group unless it says otherwise, and answers its id.
    pub fn add_group(&mut self, group: Value) -> String {
        let mut group = object(group);
        let id = text(&group, "id").unwrap_or_else(new_id);
        let defaults = json!({
            "id": id, "groupTypes": [], "mailEnabled": false, "securityEnabled": true,
            "mailNickname": id, "createdDateTime": self.time(),
        });
        for (name, value) in object(defaults) {
            group.entry(name).or_insert(value);
        }
        self.groups.put(id.clone(), group, self.now);
        id
    }

    /// Changes properties of a group; null removes one. Answers whether the group exists.
    pub fn patch_group(&mut self, id: &str, changes: Value) -> bool {
        let Some(group) = self.groups.get(id, View::Latest) else { return false };
        let group = merged(group, changes);
        self.groups.put(id.to_owned(), group, self.now);
        true
    }

    /// Deletes a group; a pure security or Microsoft 365 group can be restored.
    pub fn delete_group(&mut self, id: &str) -> bool {
        let Some(group) = self.groups.remove(id, self.now) else { return false };
        if restorable(&group) {
            self.bury(id, &group, super::schema::GROUP.odata_type);
        }
        true
    }

    /// Adds an activated directory role and answers its id.
    pub fn add_role(&mut self, role: Value) -> String {
        let mut role = object(role);
        let id = text(&role, "id").unwrap_or_else(new_id);
        role.insert("id".to_owned(), Value::from(id.clone()));
        self.roles.put(id.clone(), role, self.now);
        id
    }

    /// The ids of the direct members of a group or role that exist.
    pub fn members(&self, container: &str) -> Vec<String> {
        self.members_in(container, View::Latest).into_iter().collect()
    }

    /// Adds a member to a group or role.
    pub fn add_member(&mut self, container: &str, member: &str) {
        self.note_membership(container, member);
        let table = self.members.entry(container.to_owned()).or_default();
        table.put(member.to_owned(), (), self.now);
    }

    /// Removes a member from a group or role. Answers whether it was one.
    pub fn remove_member(&mut self, container: &str, member: &str) -> bool {
        let now = self.now;
        self.members.get_mut(container).is_some_and(|table| table.remove(member, now).is_some())
    }

    /// The objects in the deleted items, as stored.
    pub fn deleted(&self) -> Vec<Value> {
        values(&self.deleted)
    }

    pub(super) fn load_member(&mut self, container: &str, member: &str) {
        self.note_membership(container, member);
        self.members.entry(container.to_owned()).or_default().load(member.to_owned(), ());
    }

    fn note_membership(&mut self, container: &str, member: &str) {
        let containers = self.memberships.entry(member.to_owned()).or_default();
        containers.insert(container.to_owned());
    }

    /// Direct members that exist: a soft-deleted one is hidden, and back when it is restored.
    pub(super) fn members_in(&self, container: &str, view: View) -> BTreeSet<String> {
        let Some(table) = self.members.get(container) else { return BTreeSet::new() };
        let exists = |id: &String| self.users.contains(id, view) || self.groups.contains(id, view);
        table.iter(view).map(|(id, _)| id).filter(|id| exists(id)).cloned().collect()
    }

    pub(super) fn is_member(&self, container: &str, member: &str) -> bool {
        let table = self.members.get(container);
        table.is_some_and(|table| table.contains(member, View::Latest))
            && (self.users.contains(member, View::Latest)
                || self.groups.contains(member, View::Latest))
    }

    /// The groups and roles of a member, in the order of their ids.
    pub(super) fn containers_of(&self, member: &str, view: View) -> Vec<String> {
        let Some(candidates) = self.memberships.get(member) else { return Vec::new() };
        let holds = |container: &&String| {
            let table = self.members.get(*container);
            table.is_some_and(|table| table.contains(member, view))
        };
        candidates.iter().filter(holds).cloned().collect()
    }

    /// Whether the target's roles guard its sensitive properties.
    pub(super) fn is_privileged(&self, id: &str) -> bool {
        self.containers_of(id, View::Latest).iter().any(|container| {
            self.roles.contains(container, View::Latest)
                || self.groups.get(container, View::Latest).is_some_and(|group| {
                    group.get("isAssignableToRole") == Some(&Value::Bool(true))
                })
        })
    }

    pub(super) fn put_user(&mut self, id: &str, user: Properties) {
        self.note_upn(id, &user);
        self.users.put(id.to_owned(), user, self.now);
    }

    pub(super) fn load_user(&mut self, id: &str, user: Properties) {
        self.note_upn(id, &user);
        self.users.load(id.to_owned(), user);
    }

    fn note_upn(&mut self, id: &str, user: &Properties) {
        if let Some(upn) = text(user, "userPrincipalName") {
            self.upns.entry(upn.to_lowercase()).or_default().insert(id.to_owned());
        }
    }

    /// The ids of users who have, or had, one of these names.
    pub(super) fn ids_of_upn(&self, upn: &str) -> impl Iterator<Item = &String> {
        self.upns.get(&upn.to_lowercase()).into_iter().flatten()
    }

    pub(super) fn id_of_upn(&self, upn: &str, view: View) -> Option<String> {
        let upn = upn.to_lowercase();
        let has = |id: &&String| {
            self.users.get(*id, view).is_some_and(|user| {
                text(user, "userPrincipalName").is_some_and(|found| found.to_lowercase() == upn)
            })
        };
        self.ids_of_upn(&upn).find(has).cloned()
    }

    fn bury(&mut self, id: &str, object: &Properties, odata_type: &str) {
        let mut buried = object.clone();
        buried.insert("@odata.type".to_owned(), Value::from(odata_type));
        buried.insert("deletedDateTime".to_owned(), Value::from(self.time()));
        self.deleted.put(id.to_owned(), buried, self.now);
    }

    /// Whether a deleted object is still within the 30 days.
    pub(super) fn is_restorable(&self, object: &Properties) -> bool {
        let deleted = text(object, "deletedDateTime").and_then(|time| time.parse().ok());
        deleted.is_none_or(|time: Timestamp| self.now.duration_since(time) < RESTORABLE)
    }

    pub(super) fn domain(&self, name: &str) -> Option<&Properties> {
        let found = |domain: &&Properties| {
            text(domain, "id").is_some_and(|id| id.eq_ignore_ascii_case(name))
        };
        self.domains.iter().find(found)
    }

    pub(super) fn is_verified(&self, domain: &str) -> bool {
        self.domain(domain).is_some_and(|domain| domain.get("isVerified") == Some(&true.into()))
    }

    pub(super) fn is_federated(&self, upn: &str) -> bool {
        let domain = upn.rsplit_once('@').and_then(|(_, domain)| self.domain(domain));
        domain.is_some_and(|domain| domain.get("authenticationType") == Some(&"Federated".into()))
    }

    /// The present as Graph writes times: whole seconds.
    pub(super) fn time(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// A fresh object id.
pub(super) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// The members of an object; nothing of what is no object, and no nulls.
pub(super) fn object(value: Value) -> Properties {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, value)| !value.is_null()).collect()
        }
        _ => Map::new(),
    }
}

fn merged(object: &Properties, changes: Value) -> Properties {
    let mut object = object.clone();
    let Value::Object(changes) = changes else { return object };
    for (name, value) in changes {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
    object
}

/// Mail-enabled security groups, distribution lists and synced groups are deleted for good.
fn restorable(group: &Properties) -> bool {
    let is = |name: &str| group.get(name) == Some(&Value::Bool(true));
    let unified = group.get("groupTypes").and_then(Value::as_array);
    let unified = unified.is_some_and(|types| types.contains(&Value::from("Unified")));
    (unified || !is("mailEnabled")) && !is("onPremisesSyncEnabled")
}

fn values(table: &Table<String, Properties>) -> Vec<Value> {
    table.iter(View::Latest).map(|(_, object)| Value::Object(object.as_ref().clone())).collect()
}

fn stored(table: &Table<String, Properties>, id: &str) -> Option<Value> {
    table.get(id, View::Latest).map(|object| Value::Object(object.as_ref().clone()))
}
