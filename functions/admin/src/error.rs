//! Why an operation did not happen, and how the process ends then.

use store::{DomainHeld, SharedDomain, StoreError};
use sync_core::ids::{DirectoryId, Subject};
use work_queue::QueueError;

use crate::answer::Exit;
use crate::key::Key;
use crate::shown::{kind, named};

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nothing has been applied yet.
    #[error("no directory is configured yet: apply a file with `entra-sync config apply FILE`")]
    NoDirectory,
    /// One of several must be named.
    #[error("several directories are configured, name one with --directory: {}", listed(known))]
    SeveralDirectories {
        /// Those that are configured.
        known: Vec<DirectoryId>,
    },
    /// The named directory is not configured.
    #[error("directory {wanted} is not configured; configured: {}", listed(known))]
    UnknownDirectory {
        /// The one that was named.
        wanted: DirectoryId,
        /// Those that are configured.
        known: Vec<DirectoryId>,
    },
    /// The file is about another directory than the one that was named.
    #[error("the file is about directory {file}, not {named}")]
    OtherDirectory {
        /// The one in the file.
        file: DirectoryId,
        /// The one that was named.
        named: DirectoryId,
    },
    /// Two directories were named where one is meant.
    #[error("both directory {id} and --directory {named} are named")]
    TwoDirectories {
        /// The one that the command names.
        id: DirectoryId,
        /// The one of the option.
        named: DirectoryId,
    },
    /// S5: there is nothing to try again.
    #[error("no failure is recorded for {key} in directory {directory}")]
    NoFailure {
        /// The directory that was looked at.
        directory: DirectoryId,
        /// Who was looked for.
        key: Key,
    },
    /// Nobody of the tenant, or no group, holds this object or UPN.
    #[error("{} in the tenant of directory {directory} is known by {key}", none(key))]
    NobodyHolds {
        /// The directory that was looked at.
        directory: DirectoryId,
        /// What was looked for.
        key: Key,
    },
    /// A group was asked for as a person, or a person as a group.
    #[error(
        "{key} is that of {} of directory {directory}: {}",
        named(subject),
        ask_as(key, subject)
    )]
    AnotherKind {
        /// What was looked for.
        key: Key,
        /// The directory that holds the record.
        directory: DirectoryId,
        /// Whose it is.
        subject: Subject,
    },
    /// The directory has no record of this person or group.
    #[error("directory {directory} has no record of {}: it was never synced here", named(subject))]
    NoRecord {
        /// The directory.
        directory: DirectoryId,
        /// The person or the group.
        subject: Subject,
    },
    /// U7: another directory holds a domain of the same tenant.
    #[error("directory {} of the same tenant holds {}", .0.holder, held(&.0.domain))]
    DomainHeld(DomainHeld),
    /// A stored configuration is not understood by this version.
    #[error("the stored configuration of directory {directory} cannot be read: {why}")]
    StoredConfig {
        /// The directory.
        directory: DirectoryId,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else was faster (compare-and-set).
    #[error("somebody else changed the configuration of {directory} meanwhile: nothing was stored")]
    ConfigMoved {
        /// The directory.
        directory: DirectoryId,
    },
    /// S6: nothing syncs before the first run is approved.
    #[error("the first run of directory {directory} is not approved yet: its items are dropped")]
    FirstRunPending {
        /// The directory.
        directory: DirectoryId,
    },
    /// S7: a deactivated directory ignores its items.
    #[error("directory {directory} is deactivated: its items are dropped")]
    Deactivated {
        /// The directory.
        directory: DirectoryId,
    },
    /// G1: where groups are off, their items are ignored.
    #[error(
        "groups are off in directory {directory} (groups.enabled): the items of groups are dropped"
    )]
    GroupsOff {
        /// The directory.
        directory: DirectoryId,
    },
    /// The table.
    #[error("the table did not answer")]
    Store(#[from] StoreError),
    /// The queues.
    #[error("the queue did not answer")]
    Queue(#[from] QueueError),
}

impl AdminError {
    /// How the process ends: asking for what does not exist by name is bad usage.
    pub fn exit(&self) -> Exit {
        match self {
            Self::SeveralDirectories { .. }
            | Self::UnknownDirectory { .. }
            | Self::OtherDirectory { .. }
            | Self::TwoDirectories { .. } => Exit::BadUsage,
            Self::NoDirectory
            | Self::NobodyHolds { .. }
            | Self::AnotherKind { .. }
            | Self::NoRecord { .. }
            | Self::NoFailure { .. }
            | Self::DomainHeld(_)
            | Self::StoredConfig { .. }
            | Self::ConfigMoved { .. }
            | Self::FirstRunPending { .. }
            | Self::Deactivated { .. }
            | Self::GroupsOff { .. }
            | Self::Store(_)
            | Self::Queue(_) => Exit::Problem,
        }
    }
}

/// How the same id is asked for as what it is.
fn ask_as(key: &Key, subject: &Subject) -> String {
    let (kind, _) = kind(subject);
    format!("name it as a {kind}, as in `entra-sync show {kind} {}`", key.text())
}

fn none(key: &Key) -> &'static str {
    match key {
        Key::User(_) => "nobody",
        Key::Group(_) => "no group",
    }
}

fn held(domain: &SharedDomain) -> &str {
    match domain {
        SharedDomain::Named(domain) => domain,
        SharedDomain::Every => "every domain, or this one would",
    }
}

fn listed(directories: &[DirectoryId]) -> String {
    if directories.is_empty() {
        return "none".to_owned();
    }
    directories.iter().map(DirectoryId::as_str).collect::<Vec<_>>().join(", ")
}
