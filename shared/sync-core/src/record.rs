//! What the table remembers of one subject: lock, mailbox and memory (design 2.1).
//!
//! The protocol that reads and writes it lives in the `store` crate; here is only its meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::attributes::{Attribute, Value};
use crate::audit::AuditEvent;
use crate::ids::{EntraUserId, Subject, Upn};
use crate::policy::Timing;

mod group;
mod mailbox;
mod upkeep;

pub use group::{GroupBinding, GroupRecord, Hints, Nested};
pub use mailbox::{Brings, Expect, Mailbox, covers};
pub use upkeep::{Failure, Upkeep};

/// What is remembered of one subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Of a person.
    User(Box<UserRecord>),
    /// Of a group.
    Group(Box<GroupRecord>),
    /// Of the sweep, whose progress is a cursor.
    Sweep(Upkeep),
}

impl Record {
    /// The record of a subject that nobody has ever acquired.
    pub fn new(subject: &Subject) -> Self {
        match subject {
            Subject::User(_) => Self::User(Box::default()),
            Subject::Group(_) => Self::Group(Box::default()),
            Subject::Sweep => Self::Sweep(Upkeep::default()),
        }
    }

    /// How the subject's syncs went.
    pub fn upkeep(&self) -> &Upkeep {
        match self {
            Self::User(record) => &record.upkeep,
            Self::Group(record) => &record.upkeep,
            Self::Sweep(upkeep) => upkeep,
        }
    }

    /// What is remembered of a person; `None` for any other subject.
    pub fn user(&self) -> Option<&UserRecord> {
        match self {
            Self::User(record) => Some(record),
            Self::Group(_) | Self::Sweep(_) => None,
        }
    }

    /// What is remembered of a group; `None` for any other subject.
    pub fn group(&self) -> Option<&GroupRecord> {
        match self {
            Self::Group(record) => Some(record),
            Self::User(_) | Self::Sweep(_) => None,
        }
    }
}

/// What is remembered of one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserRecord {
    /// The Entra object that is ours.
    pub binding: Option<Binding>,
    /// A creation that was begun and whose outcome is not known yet (R10).
    pub intent: Option<Intent>,
    /// UPNs that were claimed and may have been written, the answers not committed: like an
    /// unanswered write, the wanted one is sent again before any is given up (P5).
    pub renaming: BTreeSet<Upn>,
    /// A write of `accountEnabled` whose answer is not committed (R7).
    pub unanswered: Option<Unanswered>,
    /// The last `accountEnabled` decided, and the read it was decided on (R6).
    pub decided: Option<Decided>,
    /// Follow-ups that nobody has sent yet (R12).
    pub owed: Option<Owed>,
    /// A deactivation whose session revocation is not answered yet (P6).
    pub revoke_pending: bool,
    /// An event announced a state that no read has shown yet.
    pub expecting: Option<Expecting>,
    /// Off for a lockout since then (P7).
    pub locked_since: Option<Timestamp>,
    /// How its syncs went.
    pub upkeep: Upkeep,
}

/// The proof that an Entra object is ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The object.
    pub object: EntraUserId,
    /// Its UPN as we last knew it, for claims and for people to read.
    pub upn: Upn,
    /// How it became ours.
    pub origin: Origin,
    /// When it became ours.
    pub bound_at: Timestamp,
    /// When we created it, or restored it: as long after that it may answer 404 (R11).
    pub created_at: Option<Timestamp>,
    /// Our last answered write of `accountEnabled`; at a creation, the value created with (R8).
    pub enabled: Option<Answered>,
    /// We had disabled it, or created it disabled (P12).
    pub disabled_by_us: bool,
    /// What we last applied, by attribute (P10).
    pub applied: BTreeMap<Attribute, Value>,
    /// When our last write to the object was answered.
    pub written_at: Option<Timestamp>,
    /// The claims on UPN and object were given up: a tombstone that others may inherit (P8).
    pub given_up: bool,
    /// The last look found no such object, and it was not young: it can be added to nothing (P9).
    pub absent: bool,
}

impl Binding {
    /// Whether what we applied still counts over what is read.
    pub fn own_writes_count(&self, timing: &Timing, now: Timestamp) -> bool {
        self.written_at.is_some_and(|at| within(at, timing.own_writes, now))
    }

    /// Whether the object may still answer 404 because it is new (R11).
    pub fn is_young(&self, timing: &Timing, now: Timestamp) -> bool {
        self.created_at.is_some_and(|at| within(at, timing.created, now))
    }
}

/// Whether `now` lies no later than `span` after `at`.
pub fn within(at: Timestamp, span: Duration, now: Timestamp) -> bool {
    after(at, span) >= now
}

/// `span` after `at`; the far future when that cannot be counted.
pub fn after(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// `span` before `at`; the far past when that cannot be counted.
pub fn before(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}

/// How an object became ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// We created it.
    Created,
    /// It was there and we took it over (P3).
    Adopted,
    /// It was imported into JumpCloud.
    Imported,
}

/// An answered write of `accountEnabled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The value.
    pub value: bool,
    /// When the answer came.
    pub at: Timestamp,
}

/// A write of `accountEnabled` that was stored before it was sent (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// The value.
    pub value: bool,
    /// When it was about to be sent.
    pub sent_at: Timestamp,
    /// Until when an unanswered write may still take effect (R9).
    pub may_land_until: Timestamp,
}

/// A decision about `accountEnabled` and the JumpCloud read it rests on (R6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The value.
    pub enabled: bool,
    /// The earliest JumpCloud `Date` of that read.
    pub read_at: Timestamp,
}

/// A creation that was begun (R10, P14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The UPN it goes out under; claimed with it.
    pub upn: Upn,
    /// `Date` of the lookup that found nothing, minus 5 s: what was created since is ours.
    pub since: Timestamp,
    /// Enabled was meant at least once.
    pub meant_enabled: bool,
    /// Disabled was meant at least once; then the object counts as created disabled.
    pub meant_disabled: bool,
    /// `created` after the end of the lease under which it was stored.
    pub open_until: Timestamp,
}

/// Follow-ups that a stored change owes to others (R12).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Owed {
    /// A new binding: whoever waits for this person is rung.
    pub bound: bool,
    /// UPNs that were given up: whoever waits for one of them is rung.
    pub freed: Vec<Upn>,
    /// Audit events of what led to the binding.
    pub audit: Vec<AuditEvent>,
}

/// An event that announced a state, and when the sync that did not see it took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expecting {
    /// The announced state.
    pub expect: Expect,
    /// The first look.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_what_its_subject_is() {
        let upkeep = Upkeep { retries: 3, ..Upkeep::default() };
        let user = UserRecord { revoke_pending: true, ..UserRecord::default() };
        let user = UserRecord { upkeep: upkeep.clone(), ..user };
        let group = GroupRecord { dynamic: true, upkeep: upkeep.clone(), ..GroupRecord::default() };
        for (subject, user, group, record) in [
            (
                "user:65f000000000000000000001",
                Some(&user),
                None,
                Record::User(Box::new(user.clone())),
            ),
            (
                "group:65f0000000000000000000b1",
                None,
                Some(&group),
                Record::Group(Box::new(group.clone())),
            ),
            ("sweep", None, None, Record::Sweep(upkeep.clone())),
        ] {
            assert_eq!((record.user(), record.group()), (user, group), "{subject}");
            assert_eq!(record.upkeep(), &upkeep, "{subject}");
            let new = Record::new(&subject.parse().unwrap());
            assert_eq!(new.user().is_some(), user.is_some(), "{subject}");
            assert_eq!(new.group().is_some(), group.is_some(), "{subject}");
            assert_eq!(new.upkeep(), &Upkeep::default(), "{subject}");
        }
    }
}
