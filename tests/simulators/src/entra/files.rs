//! The tenant's part of a company's files.

use serde_json::{Map, Value, json};

use crate::company::{Company, text};
use crate::table::{Table, View};

use super::State;
use super::schema::{GROUP, Properties, USER};
use super::state::object;

impl State {
    /// A tenant from a company's files; missing files are empty.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    pub fn load(company: &Company) -> Result<Self, String> {
        let mut state = Self::default();
        state.read(company)?;
        Ok(state)
    }

    /// Replaces the tenant's objects; clients, tokens and settings stay.
    pub(super) fn read(&mut self, company: &Company) -> Result<(), String> {
        let mut fresh = Self::new(&self.tenant(), &[]);
        fresh.read_tenant(company)?;
        for (id, mut user) in identified(company, "entra/users")? {
            if let Some(Value::Object(manager)) = user.remove("manager") {
                let manager = text(&manager, "id").ok_or("entra/users: a manager without id")?;
                fresh.managers.load(id.clone(), manager);
            }
            fresh.load_user(&id, user);
        }
        if let Some(Value::Object(managers)) = company.get("entra/managers.json") {
            for (user, manager) in managers {
                let manager = manager.as_str().ok_or("entra/managers.json: expected ids")?;
                fresh.managers.load(user.clone(), manager.to_owned());
            }
        }
        for (folder, table) in
            [("entra/groups", &mut fresh.groups), ("entra/directoryRoles", &mut fresh.roles)]
        {
            for (id, object) in identified(company, folder)? {
                table.load(id, object);
            }
        }
        for folder in ["entra/groups", "entra/directoryRoles"] {
            for id in company.folders(folder) {
                for (member, _) in identified(company, &format!("{folder}/{id}/members"))? {
                    fresh.load_member(&id, &member);
                }
            }
        }
        for (name, resource) in [("entra/deletedUsers", &USER), ("entra/deletedGroups", &GROUP)] {
            for (id, mut object) in identified(company, name)? {
                object.insert("@odata.type".to_owned(), Value::from(resource.odata_type));
                fresh.deleted.load(id, object);
            }
        }
        *self = Self {
            clients: std::mem::take(&mut self.clients),
            tokens: std::mem::take(&mut self.tokens),
            writes: std::mem::take(&mut self.writes),
            token_lifetime: self.token_lifetime,
            invalid_client_status: self.invalid_client_status,
            may_reset_passwords: self.may_reset_passwords,
            write_quota: self.write_quota,
            now: self.now,
            ..fresh
        };
        Ok(())
    }

    /// Organization and domains; without `domains.json` the organization's verified ones.
    fn read_tenant(&mut self, company: &Company) -> Result<(), String> {
        if let Some(organization) = company.rows("entra/organization")?.into_iter().next() {
            let mut organization = object(Value::Object(organization));
            if text(&organization, "id").is_none() {
                return Err("entra/organization: the organization has no id".to_owned());
            }
            let verified = organization.remove("verifiedDomains").unwrap_or_default();
            for domain in verified.as_array().into_iter().flatten() {
                if let Some(name) = domain["name"].as_str() {
                    self.add_domain(name, true, domain["type"].as_str().unwrap_or("Managed"));
                }
            }
            self.organization = organization;
        }
        let domains = identified(company, "entra/domains")?;
        if !domains.is_empty() {
            self.domains = domains.into_iter().map(|(_, domain)| domain).collect();
        }
        Ok(())
    }

    /// The tenant as files.
    pub fn dump(&self) -> Company {
        let mut company = Company::default();
        let mut list = |name: &str, rows: Vec<Value>| {
            if !rows.is_empty() {
                company.insert(format!("entra/{name}.json"), json!({ "value": rows }));
            }
        };
        list("organization", vec![Value::Object(self.organization.clone())]);
        list("domains", self.domains.iter().cloned().map(Value::Object).collect());
        list("users", self.users());
        list("groups", self.groups());
        list("directoryRoles", rows(&self.roles));
        for (name, resource) in [("deletedUsers", &USER), ("deletedGroups", &GROUP)] {
            let of_kind = |row: &Value| row["@odata.type"] == resource.odata_type;
            list(name, self.deleted().into_iter().filter(of_kind).collect());
        }
        for (folder, table) in [("groups", &self.groups), ("directoryRoles", &self.roles)] {
            for (id, _) in table.iter(View::Latest) {
                let row = |member: String| {
                    let user = self.users.contains(&member, View::Latest);
                    let resource = if user { &USER } else { &GROUP };
                    json!({"@odata.type": resource.odata_type, "id": member})
                };
                let members = self.members(id).into_iter().map(row).collect();
                list(&format!("{folder}/{id}/members"), members);
            }
        }
        let managers: Map<String, Value> = self
            .managers
            .iter(View::Latest)
            .map(|(user, manager)| (user.clone(), Value::from(manager.as_str())))
            .collect();
        if !managers.is_empty() {
            company.insert("entra/managers.json", Value::Object(managers));
        }
        company
    }
}

fn rows(table: &Table<String, Properties>) -> Vec<Value> {
    table.iter(View::Latest).map(|(_, object)| Value::Object(object.as_ref().clone())).collect()
}

/// The rows of a listing with their ids, without nulls and annotations.
fn identified(company: &Company, name: &str) -> Result<Vec<(String, Properties)>, String> {
    let mut found = Vec::new();
    for (index, row) in company.rows(name)?.into_iter().enumerate() {
        let id = text(&row, "id").ok_or_else(|| format!("{name}: row {index} has no id"))?;
        let mut row = object(Value::Object(row));
        row.retain(|name, _| !name.contains('@'));
        found.push((id, row));
    }
    Ok(found)
}
