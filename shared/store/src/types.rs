//! What goes into the table's operations and what comes out.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::audit::AuditEvent;
use sync_core::ids::{
    DirectoryId, EntraObjectId, EntraUserId, JumpCloudGroupId, JumpCloudUserId, Subject, TenantId,
    Upn,
};
use sync_core::record::{Hints, Mailbox, Record};

use crate::domains::DomainHeld;

/// A lease held on one subject's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The directory of the record.
    pub directory: DirectoryId,
    /// The subject of the record.
    pub subject: Subject,
    /// Grows with every acquire; whoever holds an older one stores nothing (R3).
    pub fence: u64,
    /// When it ends unless renewed.
    pub until: Timestamp,
}

impl Lease {
    /// Whom the lease speaks for when it changes claims.
    pub fn holder(&self) -> Holder {
        Holder { directory: self.directory.clone(), subject: self.subject.clone() }
    }
}

/// What [`crate::Store::acquire`] came to.
#[derive(Debug)]
pub enum Acquired {
    /// The record covers what the item announces: the message is finished (R5).
    Covered,
    /// Somebody else is at it and has been left word: the message is finished (R2).
    WordLeft,
    /// The lease is ours.
    Taken(Box<Held>),
}

/// A lease with the whole record, as it was when the lease was taken or reopened.
#[derive(Debug, Clone)]
pub struct Held {
    /// The lease.
    pub lease: Lease,
    /// What messages left.
    pub mailbox: Mailbox,
    /// What is remembered.
    pub record: Record,
}

/// How the waits of one acquire are counted.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The present.
    pub now: Timestamp,
    /// How long the lease lasts (R1).
    pub lease: Duration,
    /// How far back JumpCloud's answers may go (R5).
    pub settle: Duration,
}

/// What only one subject of a tenant may hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claimed {
    /// The tenant.
    pub tenant: TenantId,
    /// What is held in it.
    pub what: ClaimedThing,
}

/// The kinds of things that are claimed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimedThing {
    /// A user principal name.
    Upn(Upn),
    /// An Entra object: a person's or a group's.
    Object(EntraObjectId),
}

impl std::fmt::Display for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.what {
            ClaimedThing::Upn(upn) => write!(f, "UPN {upn}"),
            ClaimedThing::Object(object) => write!(f, "object {object}"),
        }
    }
}

/// Who holds a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The directory.
    pub directory: DirectoryId,
    /// The subject in it.
    pub subject: Subject,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.subject, self.directory)
    }
}

/// Somebody who waits, as the note says that it left last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// Who waits.
    pub holder: Holder,
    /// Which note: one that is left again is another.
    pub note: NoteId,
}

/// The name of one note, by which it alone is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteId(pub(crate) String);

/// A stored claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRecord {
    /// Who holds it, or held it last.
    pub holder: Holder,
    /// For a UPN: the object it belongs to, once known.
    pub object: Option<EntraUserId>,
    /// The holder gave it up: anybody may take it, and inherits what it says (P8).
    pub tombstone: Option<Tombstone>,
}

/// What a former owner leaves to the next (P8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tombstone {
    /// We had disabled the object.
    pub disabled_by_us: bool,
}

/// A change of claims, made together with the record that depends on it.
///
/// Of several changes of one claim in one operation the last counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimChange {
    /// Take it, or repeat one's own claim. Fails with [`crate::StoreError::ClaimHeld`].
    ///
    /// A tombstone may be taken by anybody and is gone then, with the object it named.
    Take {
        /// What is taken.
        key: Claimed,
        /// For a UPN: the object it belongs to, once known. `None` keeps what one's own living
        /// claim says already.
        object: Option<EntraUserId>,
    },
    /// Give it up but leave a tombstone (P8). A claim that is not ours is left alone.
    GiveUp {
        /// What is given up.
        key: Claimed,
        /// What the next owner inherits.
        tombstone: Tombstone,
    },
    /// Give it up without a trace. A claim that is not ours is left alone.
    Release {
        /// What is given up.
        key: Claimed,
    },
}

impl ClaimChange {
    /// What is changed.
    pub fn key(&self) -> &Claimed {
        match self {
            Self::Take { key, .. } | Self::GiveUp { key, .. } | Self::Release { key } => key,
        }
    }
}

/// The result of one sync, stored in one transaction (R3).
#[derive(Debug, Clone)]
pub struct Commit<'a> {
    /// What is remembered from now on.
    pub record: &'a Record,
    /// The youngest event that is not covered yet (R4); stored only when the lease is released.
    pub heard: Option<Timestamp>,
    /// Members that events named and that this sync has not looked at yet (G9); stored only when
    /// the lease is released.
    pub members: &'a Hints,
    /// When to look again (R4); when word was left, the lease's end is stored instead.
    pub due: Option<Timestamp>,
    /// Audit events of this sync, kept for [`AUDIT_DAYS`].
    pub audit: &'a [AuditEvent],
    /// Claims that end with this sync.
    pub claims: &'a [ClaimChange],
}

/// How long audit events are kept.
pub const AUDIT_DAYS: u64 = 90;

/// What [`crate::Store::commit`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// Stored and released.
    Released,
    /// Stored, but word was left meanwhile: the lease is kept, [`crate::Store::reopen`] and sync again.
    Again,
}

/// A subject's record as anybody may look at it, without a lease.
#[derive(Debug, Clone)]
pub struct StoredSubject {
    /// The subject.
    pub subject: Subject,
    /// When the lease ends or ended; `None`: released.
    pub leased_until: Option<Timestamp>,
    /// Word was left for the holder.
    pub again: bool,
    /// When it is looked at again.
    pub due: Option<Timestamp>,
    /// What messages left.
    pub mailbox: Mailbox,
    /// What is remembered.
    pub record: Record,
}

/// What a blocked subject waits for (design section 2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Awaited {
    /// A claim on this UPN.
    Upn(TenantId, Upn),
    /// The binding of this user of the directory.
    User(DirectoryId, JumpCloudUserId),
    /// A change of this group's members, who are members of the waiter too (G9).
    Members(DirectoryId, JumpCloudGroupId),
}

/// A directory's stored configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRecord {
    /// The directory.
    pub directory: DirectoryId,
    /// The applied file, as it was applied.
    pub text: String,
    /// S6: whether the first run has been approved.
    pub first_run: FirstRun,
    /// S7: a deactivated directory changes nothing.
    pub active: bool,
    /// Grows with every change; guards against two operators at once.
    pub version: u64,
    /// When it was applied.
    pub applied_at: Timestamp,
}

/// What [`crate::Store::apply_config`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigStored {
    /// It is stored.
    Stored,
    /// Somebody else changed the configuration meanwhile: nothing was stored.
    Moved,
    /// Another directory holds one of the domains (U7): nothing was stored.
    Held(DomainHeld),
}

/// Whether a directory's first run has been approved (S6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstRun {
    /// Only planning works.
    Pending,
    /// Everything works.
    Done,
}

/// The lock of one task of one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLock {
    /// The directory.
    pub directory: DirectoryId,
    /// The task.
    pub task: String,
    /// The run that holds it.
    pub run: String,
}

/// Which audit events are wanted, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Not younger than this.
    pub until: Option<Timestamp>,
    /// About this person or group only.
    pub subject: Option<Subject>,
    /// At most so many; never unlimited.
    pub limit: usize,
}

/// How long a waits-for note is kept when nobody rings for it.
pub const WAIT_DAYS: u64 = 30;

/// So many days.
pub(crate) fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 3600)
}

/// The oldest event that a query may answer with.
pub(crate) fn audit_horizon(query: &AuditQuery, now: Timestamp) -> Timestamp {
    let kept = sync_core::record::before(now, days(AUDIT_DAYS));
    query.since.map_or(kept, |since| since.max(kept))
}
