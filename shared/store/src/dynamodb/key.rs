//! The keys of all items. They are private: others read through the command line.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | subject | `S#<directory>#<subject>` | `record` |
//! | claim | `C#<tenant>#upn#<upn>`, `C#<tenant>#object#<id>` | `claim` |
//! | waits-for | `W#upn#<tenant>#<upn>`, `W#user#<directory>#<id>` | `<directory>#<subject>` |
//! | configuration | `DIRECTORIES` | `<directory>` |
//! | a tenant's domains | `T#<tenant>` | `domains` |
//! | cursor, lock, budget | `D#<directory>` | `cursor#<name>`, `lock#<task>`, `budget#<kind>` |
//! | audit event | `A#<directory>` | `<milliseconds, 20 digits>#<id>` |
//!
//! All configurations share one partition: they are listed by one query, and a role that may read
//! nothing else is limited to the leading key `DIRECTORIES`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use sync_core::ids::{DirectoryId, Subject, TenantId};

use crate::item::Malformed;
use crate::{Awaited, BudgetKind, Claimed, ClaimedThing, Holder, Result};

/// The attributes of an item, or its keys alone.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The primary key of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    pub(super) fn subject(directory: &DirectoryId, subject: &Subject) -> Self {
        Self::new(format!("{}{subject}", subjects(directory)), "record")
    }

    pub(super) fn claim(key: &Claimed) -> Self {
        let Claimed { tenant, what } = key;
        let pk = match what {
            ClaimedThing::Upn(upn) => format!("C#{tenant}#upn#{upn}"),
            ClaimedThing::Object(object) => format!("C#{tenant}#object#{object}"),
        };
        Self::new(pk, "claim")
    }

    pub(super) fn wait(awaited: &Awaited, waiter: &Holder) -> Self {
        let Holder { directory, subject } = waiter;
        Self::new(waits(awaited), format!("{directory}#{subject}"))
    }

    pub(super) fn config(directory: &DirectoryId) -> Self {
        Self::new(DIRECTORIES.into(), directory.as_str())
    }

    pub(super) fn domains(tenant: &TenantId) -> Self {
        Self::new(format!("T#{tenant}"), "domains")
    }

    pub(super) fn cursor(directory: &DirectoryId, name: &str) -> Self {
        Self::new(format!("D#{directory}"), format!("cursor#{name}"))
    }

    pub(super) fn lock(directory: &DirectoryId, task: &str) -> Self {
        Self::new(format!("D#{directory}"), format!("lock#{task}"))
    }

    pub(super) fn budget(directory: &DirectoryId, kind: BudgetKind) -> Self {
        Self::new(format!("D#{directory}"), format!("budget#{kind}"))
    }

    pub(super) fn audit(directory: &DirectoryId, millis: i64, id: &str) -> Self {
        Self::new(audit(directory), format!("{}#{id}", moment(millis)))
    }

    /// The key of this item, if it has one.
    pub(super) fn of(item: &Item) -> Option<Self> {
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Some(Self { pk: text("pk")?, sk: text("sk")? })
    }

    /// The key as attributes.
    pub(super) fn item(&self) -> Item {
        let text = |text: &String| AttributeValue::S(text.clone());
        HashMap::from([("pk".into(), text(&self.pk)), ("sk".into(), text(&self.sk))])
    }
}

/// The partition of all configurations.
pub(super) const DIRECTORIES: &str = "DIRECTORIES";

/// What the partitions of a directory's subjects begin with.
pub(super) fn subjects(directory: &DirectoryId) -> String {
    format!("S#{directory}#")
}

/// The subject whose record has this `pk`.
pub(super) fn subject_of(directory: &DirectoryId, item: &Item) -> Result<Subject> {
    item.get("pk")
        .and_then(|pk| pk.as_s().ok())
        .and_then(|pk| pk.strip_prefix(&subjects(directory)))
        .and_then(|subject| subject.parse().ok())
        .ok_or_else(|| Malformed::unknown("subject key").of("subject"))
}

/// The partition of whoever waits for this.
pub(super) fn waits(awaited: &Awaited) -> String {
    match awaited {
        Awaited::Upn(tenant, upn) => format!("W#upn#{tenant}#{upn}"),
        Awaited::User(directory, user) => format!("W#user#{directory}#{user}"),
        Awaited::Members(directory, group) => format!("W#members#{directory}#{group}"),
    }
}

/// The partition of a directory's audit events.
pub(super) fn audit(directory: &DirectoryId) -> String {
    format!("A#{directory}")
}

/// A time that sorts as text. Nothing that is kept lies before 1970.
pub(super) fn moment(millis: i64) -> String {
    format!("{:020}", millis.max(0))
}
