//! `[upn]`, `[attributes]` and `[users]`: the rules for people.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use sync_core::attributes::{Attribute, Mapping, default_mappings};
use sync_core::ids::{JumpCloudUserId, Upn};
use sync_core::policy::{OnDeletedInEntra, UpnPolicy, UpnSource, UserPolicy};

use super::Notes;
use super::section::Section;

/// A domain's name in lower case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DomainName(String);

impl FromStr for DomainName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let label = |label: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            !label.is_empty()
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // 48: the longest domain that a UPN may have.
        let ok = text.contains('.') && text.len() <= 48 && text.split('.').all(label);
        ok.then(|| Self(text.to_ascii_lowercase())).ok_or("not a domain")
    }
}

/// Somebody named by UPN or by JumpCloud id, in the spelling that rules compare.
struct Person(String);

impl FromStr for Person {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = JumpCloudUserId::parse(text).map(|id| id.to_string());
        let found = id.or_else(|_| Upn::parse(text).map(|upn| upn.to_string()));
        found.map(Self).map_err(|_| "neither a UPN nor a JumpCloud user id")
    }
}

pub(super) fn upn(mut section: Section<'_>) -> UpnPolicy {
    let sources = [("email", UpnSource::Email), ("alternateEmail", UpnSource::AlternateEmail)];
    let source = section.choice("source", &sources);
    let domains: BTreeSet<String> =
        section.list::<DomainName>("domains").into_iter().map(|domain| domain.0).collect();
    let default_domain = section.optional::<DomainName>("default_domain").map(|domain| domain.0);
    if default_domain.is_some() && domains.is_empty() {
        section.problem("default_domain", "has no effect without domains");
    }
    section.finish();
    UpnPolicy { source, domains, default_domain }
}

pub(super) fn attributes(mut section: Section<'_>) -> BTreeMap<Attribute, Mapping> {
    let choices = [
        ("export", Mapping::Export),
        ("import", Mapping::Import),
        ("both", Mapping::Both),
        ("off", Mapping::Off),
    ];
    let mut mappings = default_mappings();
    while let Some(key) = section.next_key() {
        let Some(attribute) = Attribute::of_key(&key) else {
            section.problem(&key, "is not a known attribute");
            section.skip(&key);
            continue;
        };
        mappings.insert(attribute, section.choice(&key, &choices));
    }
    mappings
}

pub(super) fn users(
    mut section: Section<'_>,
    attributes: &BTreeMap<Attribute, Mapping>,
    notes: &Notes,
) -> UserPolicy {
    let suspends = [("maintain", false), ("suspend", true)];
    let on_deleted = [
        ("restore", OnDeletedInEntra::Restore),
        ("recreate", OnDeletedInEntra::Recreate),
        ("report", OnDeletedInEntra::Report),
    ];
    let users = UserPolicy {
        suspend_on_password_expired: section.choice("on_password_expired", &suspends),
        suspend_on_lockout: section.choice("on_lockout", &suspends),
        enable_disabled_in_entra: section
            .choice("on_disabled_in_entra", &[("report", false), ("enable", true)]),
        on_deleted_in_entra: section.choice("on_deleted_in_entra", &on_deleted),
        revoke_sessions: section.flag("revoke_sessions", true),
        exclude: section.list::<Person>("exclude").into_iter().map(|person| person.0).collect(),
        adopt_privileged: section.list::<Upn>("adopt_privileged").into_iter().collect(),
        usage_location: usage_location(&mut section),
    };
    let exported = |attribute| attributes.get(&attribute).is_some_and(|m: &Mapping| m.exports());
    if users.usage_location.is_some() && !exported(Attribute::UsageLocation) {
        notes.warning("users.usage_location: has no effect, since usageLocation is not exported");
    }
    section.finish();
    users
}

fn usage_location(section: &mut Section<'_>) -> Option<String> {
    let code = section.text("usage_location")?;
    if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_alphabetic()) {
        section.problem("usage_location", "wanted a two-letter country code");
        return None;
    }
    Some(code.to_ascii_uppercase())
}
