//! The organization's part of a company's files: the vendor's list answers, saved as they come.
//!
//! | file | answer of |
//! | --- | --- |
//! | `jumpcloud/organizations.json` | `GET /organizations`, or its rows as `GET /organizations/{id}` gives them |
//! | `jumpcloud/systemusers.json` | `GET /systemusers` |
//! | `jumpcloud/applications.json` | `GET /applications` |
//! | `jumpcloud/office365s.json` | a list of what `GET /v2/office365s/{id}` gives |
//! | `jumpcloud/usergroups.json` | `GET /v2/usergroups` |
//! | `jumpcloud/usergroups/<id>/members.json` | `GET /v2/usergroups/{id}/members`; a `to` of type `user_group` is a nested group |
//! | `jumpcloud/applications/<id>/associations-user.json` | `GET /v2/applications/{id}/associations?targets=user` |
//! | `jumpcloud/applications/<id>/associations-user_group.json` | the same with `targets=user_group` |
//! | `jumpcloud/office365s/<id>/associations-user.json`, `…-user_group.json` | `GET /v2/office365s/{id}/associations?targets=…` |
//! | `jumpcloud/events.json` | `POST /insights/directory/v1/events` |
//!
//! Edges to objects that no file holds are left out, since the listings were saved one after the
//! other.

use serde_json::{Value, json};

use crate::company::{Company, text};
use crate::table::View;

use super::events::Actor;
use super::graph::{Kind, Node, connection};
use super::state::values;
use super::{Object, State};

/// Folders of objects that hold others, and the files with what they hold.
const HOLDERS: &[(Kind, &str, &[&str])] = &[
    (Kind::Group, "usergroups", &["members"]),
    (Kind::Application, "applications", &["associations-user", "associations-user_group"]),
    (Kind::Office365, "office365s", &["associations-user", "associations-user_group"]),
];

impl State {
    /// An organization from a company's files; missing files are empty.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    pub fn load(company: &Company) -> Result<Self, String> {
        let mut state = Self::default();
        state.read(company)?;
        Ok(state)
    }

    /// Replaces the objects and events; keys, accounts, tokens, webhook and settings stay.
    pub(super) fn read(&mut self, company: &Company) -> Result<(), String> {
        let mut fresh = Self::new(&self.organization());
        fresh.now = self.now;
        let organizations = company.rows("jumpcloud/organizations")?;
        if !organizations.is_empty() {
            if organizations.iter().any(|one| text(one, "_id").is_none()) {
                return Err("jumpcloud/organizations: an organization has no _id".to_owned());
            }
            fresh.organizations = organizations;
        }
        for (id, mut user) in identified(company, "jumpcloud/systemusers", "_id")? {
            fresh.complete_user(&mut user, &id, true);
            fresh.users.load(id, user);
        }
        for (id, mut group) in identified(company, "jumpcloud/usergroups", "id")? {
            fresh.complete_group(&mut group, &id);
            fresh.groups.load(id, group);
        }
        for (id, application) in identified(company, "jumpcloud/applications", "_id")? {
            fresh.applications.load(id, application);
        }
        for (id, directory) in identified(company, "jumpcloud/office365s", "id")? {
            fresh.office365s.load(id, directory);
        }
        fresh.read_edges(company)?;
        for event in company.rows("jumpcloud/events")? {
            fresh.store_event(event);
        }
        fresh.posted = fresh.events.len();
        *self = Self {
            clients: std::mem::take(&mut self.clients),
            keys: std::mem::take(&mut self.keys),
            tokens: std::mem::take(&mut self.tokens),
            requests: std::mem::take(&mut self.requests),
            outbox: self.outbox.clone(),
            token_lifetime: self.token_lifetime,
            several_organizations: self.several_organizations,
            quota: self.quota,
            state_events: self.state_events,
            insights_delay: self.insights_delay,
            actor: Actor::default(),
            ..fresh
        };
        Ok(())
    }

    fn read_edges(&mut self, company: &Company) -> Result<(), String> {
        for (kind, folder, files) in HOLDERS {
            for id in company.folders(&format!("jumpcloud/{folder}")) {
                let holder = Node::new(*kind, &id);
                for file in *files {
                    let name = format!("jumpcloud/{folder}/{id}/{file}");
                    for (index, row) in company.rows(&name)?.into_iter().enumerate() {
                        let to = row.get("to").unwrap_or(&Value::Null);
                        let held = to["id"].as_str();
                        let held =
                            held.ok_or_else(|| format!("{name}: row {index} has no to.id"))?;
                        let Some(kind) = Kind::named(to["type"].as_str().unwrap_or("user")) else {
                            continue;
                        };
                        let held = Node::new(kind, held);
                        let both = [&holder, &held].iter().all(|n| self.exists(n, View::Latest));
                        if both {
                            self.graph.load(&holder, &held);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The organization as files.
    pub fn dump(&self) -> Company {
        let mut company = Company::default();
        let counted = |rows: Vec<Value>| json!({"totalCount": rows.len(), "results": rows});
        let organizations = self.organizations.iter().cloned().map(Value::Object).collect();
        let users = self.users();
        company.insert("jumpcloud/organizations.json", counted(organizations));
        company.insert("jumpcloud/systemusers.json", counted(users));
        company.insert("jumpcloud/applications.json", counted(values(&self.applications)));
        company.insert("jumpcloud/usergroups.json", Value::Array(self.groups()));
        company.insert("jumpcloud/office365s.json", Value::Array(values(&self.office365s)));
        company.insert("jumpcloud/events.json", Value::Array(self.events()));
        let mut files = std::collections::BTreeMap::<String, Vec<Value>>::new();
        for (holder, held) in self.edges() {
            let Some((_, folder, _)) = HOLDERS.iter().find(|(kind, ..)| *kind == holder.kind)
            else {
                continue;
            };
            let file = match holder.kind {
                Kind::Group => "members".to_owned(),
                _ => format!("associations-{}", held.kind.name()),
            };
            let name = format!("jumpcloud/{folder}/{}/{file}.json", holder.id);
            files.entry(name).or_default().push(connection(&held));
        }
        for (name, rows) in files {
            company.insert(name, Value::Array(rows));
        }
        company
    }
}

/// The rows of a listing with their ids; v1 names them `_id`, and its lists also `id`.
fn identified(company: &Company, name: &str, key: &str) -> Result<Vec<(String, Object)>, String> {
    let mut found = Vec::new();
    for (index, mut row) in company.rows(name)?.into_iter().enumerate() {
        let id = text(&row, key).or_else(|| text(&row, "id"));
        let id = id.ok_or_else(|| format!("{name}: row {index} has no {key}"))?;
        row.remove("id");
        row.insert(key.to_owned(), Value::from(id.clone()));
        found.push((id, row));
    }
    Ok(found)
}
