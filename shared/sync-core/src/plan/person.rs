//! A person's attributes: what JumpCloud wants, merged with what we applied and what is there.

use std::collections::BTreeMap;

use crate::attributes::{Attribute, Merge, Source, TABLE, Value, merge};
use crate::desired::DesiredUser;
use crate::finding::{Finding, FindingCode};
use crate::ids::{EntraUserId, JumpCloudUserId, Upn};
use crate::plan::{Change, Memory};
use crate::policy::Policy;

/// What our bindings say about a person's manager (P13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManagerLink {
    /// The manager is bound to this object.
    Bound(EntraUserId),
    /// The manager is not bound yet.
    Unbound(JumpCloudUserId),
    /// JumpCloud names no manager, or the attribute is not exported.
    None,
}

/// The merge of all attributes.
#[derive(Debug, Default)]
pub struct Merged {
    /// What to write in one PATCH.
    pub changes: Vec<Change>,
    /// What to write as the manager.
    pub manager: Option<Change>,
    /// What was left out.
    pub findings: Vec<Finding>,
}

/// Merges every attribute of the table (P10, P11), and notes what agrees or is switched off.
pub fn merge_all(
    policy: &Policy,
    user: &DesiredUser,
    manager: &ManagerLink,
    upn: &Upn,
    sides: Sides<'_>,
    memory: &mut Memory,
) -> Merged {
    let mut merged = Merged::default();
    for row in TABLE {
        let attribute = row.attribute;
        let applied = sides.applied.get(&attribute);
        if !exported(policy, attribute) {
            if applied.is_some() {
                memory.forgotten.insert(attribute);
            }
            continue;
        }
        let desired = desired(policy, user, manager, upn, attribute);
        let counts = counts(attribute, sides);
        let observed = counts.as_ref();
        let ours = |value: &Value| match (attribute, desired.value()) {
            (Attribute::AlternateEmail, Some(entry)) => Value::List(vec![entry.clone()]),
            (Attribute::AlternateEmail, None) => Value::List(vec![]),
            _ => value.clone(),
        };
        let write = match merge(attribute, &desired, applied, observed) {
            Merge::Keep => continue,
            Merge::Agree(value) => {
                let value = ours(&value);
                if applied != Some(&value) {
                    memory.agreed.insert(attribute, value);
                }
                continue;
            }
            Merge::Refused(why) => {
                merged.findings.push(Finding::new(
                    FindingCode::ValueRefused,
                    format!("{attribute} is left out: {why}"),
                ));
                continue;
            }
            Merge::Set(value) => {
                let remember = desired.value().map(|_| ours(&value));
                Change { attribute, from: observed.cloned(), to: Some(value), remember }
            }
            Merge::Clear => Change { attribute, from: observed.cloned(), to: None, remember: None },
        };
        if attribute == Attribute::Manager {
            merged.manager = Some(write);
        } else {
            merged.changes.push(write);
        }
    }
    merged
}

/// The two other sides of the merge.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// What we last applied.
    pub applied: &'a BTreeMap<Attribute, Value>,
    /// What Entra holds.
    pub observed: &'a BTreeMap<Attribute, Value>,
    /// Our last write is so young that what we applied counts.
    pub own_writes_count: bool,
}

/// The value that counts: what we wrote a moment ago over what a lagging replica answers.
///
/// Of a list only our own entries are remembered, so they are added to what is read.
fn counts(attribute: Attribute, sides: Sides<'_>) -> Option<Value> {
    let read = sides.observed.get(&attribute);
    let applied = sides.applied.get(&attribute).filter(|_| sides.own_writes_count);
    match (attribute, read, applied) {
        (_, read, None) => read.cloned(),
        (Attribute::AlternateEmail, Some(Value::List(read)), Some(Value::List(ours))) => {
            let missing = ours.iter().filter(|entry| !read.contains(entry));
            Some(Value::List(read.iter().chain(missing).cloned().collect()))
        }
        (_, _, applied) => applied.cloned(),
    }
}

fn exported(policy: &Policy, attribute: Attribute) -> bool {
    let row = attribute.row();
    row.key.is_none() || policy.attributes.get(&attribute).copied().unwrap_or(row.default).exports()
}

/// The value JumpCloud wants for one attribute.
pub fn desired(
    policy: &Policy,
    user: &DesiredUser,
    manager: &ManagerLink,
    upn: &Upn,
    attribute: Attribute,
) -> Source<String> {
    let read = |attribute| user.attributes.get(&attribute).cloned().unwrap_or_default();
    match attribute {
        Attribute::DisplayName => Source::Set(display_name(user, upn)),
        Attribute::Manager => match (&user.manager, manager) {
            (_, ManagerLink::Bound(object)) => Source::Set(object.to_string()),
            (Source::Empty, _) => Source::Empty,
            _ => Source::Absent,
        },
        Attribute::AlternateEmail => user.alternate_email.clone(),
        Attribute::ImmutableId => Source::Set(user.id.to_string()),
        Attribute::UsageLocation => {
            match (read(Attribute::Country), &policy.users.usage_location) {
                (Source::Set(country), _) => Source::Set(country),
                (_, Some(configured)) => Source::Set(configured.clone()),
                (other, None) => other,
            }
        }
        attribute => read(attribute),
    }
}

/// `displayname`, else first and last name, else the UPN's local part; never empty.
pub fn display_name(user: &DesiredUser, upn: &Upn) -> String {
    if let Some(name) = user.display_name.value() {
        return name.clone();
    }
    let part = |attribute| user.attributes.get(&attribute).and_then(Source::value);
    let parts: Vec<&str> = [part(Attribute::GivenName), part(Attribute::Surname)]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if parts.is_empty() { upn.local_part().to_owned() } else { parts.join(" ") }
}
