//! A person's attributes: what JumpCloud wants, merged with what we applied and what is there.

use std::collections::BTreeMap;

use crate::attributes::{Attribute, Merge, Refused, Source, TABLE, Value, merge, refusal};
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
        if !policy.exports(attribute) {
            if applied.is_some() {
                memory.forgotten.insert(attribute);
            }
            continue;
        }
        let desired = desired(policy, user, manager, upn, sides.applied, attribute);
        let from = counts(attribute, sides);
        let (to, remember) = match merge(attribute, &desired, applied, from.as_ref()) {
            Merge::Keep => continue,
            Merge::Forget => {
                memory.forgotten.insert(attribute);
                continue;
            }
            // A value that we may have cleared a moment ago proves nothing: a replica may lag.
            Merge::Agree(value) if !sides.own_writes_count || applied.is_some() => {
                let ours = ours(&desired, value);
                if applied != Some(&ours) {
                    memory.agreed.insert(attribute, ours);
                }
                continue;
            }
            Merge::Refused(why) => {
                merged.findings.push(left_out(attribute, &why));
                continue;
            }
            Merge::Agree(value) | Merge::Set(value) => {
                let remember = desired.value().map(|_| ours(&desired, value.clone()));
                (Some(value), remember)
            }
            Merge::Clear => (None, None),
        };
        let change = Change { attribute, from, to, remember };
        if attribute == Attribute::Manager {
            merged.manager = Some(change);
        } else {
            merged.changes.push(change);
        }
    }
    merged
}

/// The finding about a value that Entra would refuse (P11).
pub fn left_out(attribute: Attribute, why: &Refused) -> Finding {
    Finding::new(FindingCode::ValueRefused, format!("{attribute} is left out: {why}"))
}

/// What counts as applied by us of a written value: neither others' entries nor their parts.
fn ours(desired: &Source<String>, written: Value) -> Value {
    match (written, desired.value()) {
        (Value::List(_), entry) => Value::List(entry.into_iter().cloned().collect()),
        (Value::OrgData { cost_center, .. }, _) => Value::OrgData { division: None, cost_center },
        (text, _) => text,
    }
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
/// Of a list and of `employeeOrgData` only our own share is remembered; the rest is as read.
fn counts(attribute: Attribute, sides: Sides<'_>) -> Option<Value> {
    let read = sides.observed.get(&attribute);
    let applied = sides.applied.get(&attribute).filter(|_| sides.own_writes_count);
    match (attribute, read, applied) {
        (_, read, None) => read.cloned(),
        (Attribute::AlternateEmail, Some(Value::List(read)), Some(Value::List(ours))) => {
            let missing = ours.iter().filter(|entry| !read.contains(entry));
            Some(Value::List(read.iter().chain(missing).cloned().collect()))
        }
        (_, Some(Value::OrgData { division, .. }), Some(Value::OrgData { cost_center, .. })) => {
            Some(Value::OrgData { division: division.clone(), cost_center: cost_center.clone() })
        }
        (_, _, applied) => applied.cloned(),
    }
}

/// The value JumpCloud wants for one attribute.
///
/// Where several keys may give it, one that is absent leaves what we applied as it is (P10).
pub fn desired(
    policy: &Policy,
    user: &DesiredUser,
    manager: &ManagerLink,
    upn: &Upn,
    applied: &BTreeMap<Attribute, Value>,
    attribute: Attribute,
) -> Source<String> {
    let read = |attribute| user.attributes.get(&attribute).cloned().unwrap_or_default();
    match attribute {
        Attribute::DisplayName => match &user.display_name {
            Source::Absent if !is_derived(upn, applied) => Source::Absent,
            Source::Set(name) => Source::Set(name.clone()),
            Source::Absent | Source::Empty => Source::Set(derived(user, upn, applied)),
        },
        Attribute::Manager => match (&user.manager, manager) {
            _ if is_own_manager(user) => Source::Absent,
            (_, ManagerLink::Bound(object)) => Source::Set(object.to_string()),
            (Source::Empty, _) => Source::Empty,
            _ => Source::Absent,
        },
        Attribute::AlternateEmail => user.alternate_email.clone(),
        Attribute::ImmutableId => Source::Set(user.id.to_string()),
        Attribute::UsageLocation => match read(Attribute::Country) {
            Source::Set(country) => Source::Set(country),
            Source::Absent if applied.contains_key(&attribute) => Source::Absent,
            country => policy.users.usage_location.clone().map_or(country, Source::Set),
        },
        attribute => read(attribute),
    }
}

/// Whether JumpCloud names the person as their own manager, which is left out (P11, P13).
pub fn is_own_manager(user: &DesiredUser) -> bool {
    user.manager.value() == Some(&user.id)
}

/// The `displayName` to create an account with: the first of `displayname`, the names and the
/// UPN's local part that Entra takes, and what became of an earlier one (P11).
pub fn first_display_name(user: &DesiredUser, upn: &Upn) -> (String, Option<Finding>) {
    let derived = derived(user, upn, &BTreeMap::new());
    let names = user.display_name.value().cloned().into_iter().chain([derived]);
    let mut finding = None;
    for name in names {
        match refusal(Attribute::DisplayName, &name) {
            None => return (name, finding),
            Some(why) => finding = Some(left_out(Attribute::DisplayName, &why)),
        }
    }
    (upn.local_part().to_owned(), finding)
}

/// First and last name, else the UPN's local part; never empty.
fn derived(user: &DesiredUser, upn: &Upn, applied: &BTreeMap<Attribute, Value>) -> String {
    joined(upn, |attribute| match user.attributes.get(&attribute) {
        Some(Source::Set(name)) => Some(name.as_str()),
        Some(Source::Empty) => None,
        Some(Source::Absent) | None => text(applied, attribute),
    })
}

/// Whether the name that we applied was made from the names that we applied, or none was.
fn is_derived(upn: &Upn, applied: &BTreeMap<Attribute, Value>) -> bool {
    text(applied, Attribute::DisplayName)
        .is_none_or(|name| name == joined(upn, |attribute| text(applied, attribute)))
}

fn joined<'a>(upn: &Upn, name: impl Fn(Attribute) -> Option<&'a str>) -> String {
    let names = [Attribute::GivenName, Attribute::Surname].into_iter().filter_map(name);
    let names: Vec<&str> = names.collect();
    if names.is_empty() { upn.local_part().to_owned() } else { names.join(" ") }
}

fn text(values: &BTreeMap<Attribute, Value>, attribute: Attribute) -> Option<&str> {
    match values.get(&attribute) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}
