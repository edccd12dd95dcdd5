//! What the table remembers of one subject: lock, mailbox and memory (design 2.1).
//!
//! The protocol that reads and writes it lives in the `store` crate; here is only its meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::attributes::{Attribute, Value};
use crate::audit::AuditEvent;
use crate::finding::Finding;
use crate::ids::{EntraUserId, Subject, Upn};
use crate::policy::Timing;

mod group;

pub use group::{GroupBinding, GroupRecord, Hints};

/// What messages left in the record (R2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The youngest event time that reached the record and is not covered yet.
    pub heard: Option<Timestamp>,
    /// Evidence: a `user_delete` was seen for the id. Never cleared; ids are not used twice.
    pub deleted_seen: bool,
    /// The strongest state that an item announced; cleared by the commit that used it.
    pub expect: Option<Expect>,
    /// For a group: whose membership may have changed; cleared by the commit that used it (G9).
    pub members: Hints,
}

/// What an item brings to the record when it takes the lease or leaves word (R2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brings {
    /// The event's time.
    pub event_at: Option<Timestamp>,
    /// The event is a `user_delete`.
    pub deleted: bool,
    /// The state that the event announces.
    pub expect: Option<Expect>,
    /// For a group: whose membership the event names (G9).
    pub members: Hints,
    /// The stored `due` that it rings for; a record that is due at another time has been looked at.
    pub due: Option<Timestamp>,
    /// It asks for a sync whatever the record covers: an operator, a follow-up, a sweep.
    pub unconditional: bool,
}

impl Brings {
    /// What two items of one subject bring together: whatever one of them asks for.
    pub fn and(self, other: Self) -> Self {
        // Of two bells for different times one may be void; together they are heard.
        let differ = self.due.zip(other.due).is_some_and(|(one, another)| one != another);
        Self {
            event_at: self.event_at.max(other.event_at),
            deleted: self.deleted || other.deleted,
            expect: self.expect.max(other.expect),
            members: self.members.and(other.members),
            due: self.due.max(other.due),
            unconditional: self.unconditional || other.unconditional || differ,
        }
    }

    /// The same, with no event later than `now`: a sender's clock may be ahead, and an event in the
    /// future would put off every second look (R4).
    pub fn by(self, now: Timestamp) -> Self {
        Self { event_at: self.event_at.map(|at| at.min(now)), ..self }
    }

    /// Whether a record leaves nothing to do for what the items bring.
    ///
    /// Each of them must have been answered: the event by what is covered (R5), the bell by a `due`
    /// that has moved on. What names neither is never answered.
    pub fn are_answered(
        &self,
        covered: Option<Timestamp>,
        deleted_seen: bool,
        due: Option<Timestamp>,
        settle: Duration,
    ) -> bool {
        let names_something = self.event_at.is_some() || self.due.is_some();
        let event = self.event_at.is_none() || covers(covered, deleted_seen, self, settle);
        let bell = self.due.is_none() || self.due != due;
        let evidence = !self.deleted || self.event_at.is_some();
        names_something && !self.unconditional && event && bell && evidence
    }
}

/// Whether a record already covers the event that an item announces (R5).
///
/// True only if the item has a time, that time plus `settle` lies before the earliest JumpCloud
/// `Date` of the last committed successful sync, and the item brings no evidence that is missing.
pub fn covers(
    covered: Option<Timestamp>,
    deleted_seen: bool,
    brings: &Brings,
    settle: Duration,
) -> bool {
    let (Some(covered), Some(at)) = (covered, brings.event_at) else { return false };
    if brings.deleted && !deleted_seen {
        return false;
    }
    at.checked_add(settle).is_ok_and(|settled| settled < covered)
}

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

/// What every record remembers beside its matter: how the syncs of the subject went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// The earliest JumpCloud `Date` of the last committed successful sync (R5).
    pub covered: Option<Timestamp>,
    /// The last permanent failure (S5).
    pub failure: Option<Failure>,
    /// How often in a row a passing fault ended the sync; the next wait grows with it.
    pub retries: u32,
    /// The vendor asked to be left alone until then.
    pub vendor_wait: Option<Timestamp>,
    /// What the last sync found.
    pub findings: Vec<Finding>,
    /// When the last sync was committed.
    pub synced_at: Option<Timestamp>,
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

/// A state that an event announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// `user_suspended`, or a `user_update` that suspends.
    Suspended,
    /// `user_delete`.
    Deleted,
}

/// A permanent failure and its next attempt (S5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its class, as the error named it.
    pub class: String,
    /// What an operator needs to know; no personal data.
    pub message: String,
    /// How often it was met in a row.
    pub attempts: u32,
    /// When it was first met.
    pub since: Timestamp,
    /// When it is tried again without a new event.
    pub next: Timestamp,
}

impl Failure {
    /// The ledger's entry after meeting this failure once more: 1, 6, 12, 24 h, then daily.
    ///
    /// After 28 days it is no longer tried without a new event: `next` is the far future.
    pub fn again(
        previous: Option<&Self>,
        class: impl Into<String>,
        message: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        const HOUR: u64 = 3600;
        let class = class.into();
        let previous = previous.filter(|previous| previous.class == class);
        // Tried before its time, by an event or its second look: the ledger goes on as it was.
        if let Some(previous) = previous.filter(|previous| now < previous.next) {
            return Self { message: message.into(), ..previous.clone() };
        }
        let attempts = previous.map_or(0, |previous| previous.attempts) + 1;
        let since = previous.map_or(now, |previous| previous.since);
        let hours = match attempts {
            1 => 1,
            2 => 6,
            3 => 12,
            _ => 24,
        };
        let given_up = !within(since, Duration::from_secs(28 * 24 * HOUR), now);
        let next =
            if given_up { Timestamp::MAX } else { after(now, Duration::from_secs(hours * HOUR)) };
        Self { class, message: message.into(), attempts, since, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const SETTLE: Duration = Duration::from_secs(30);

    #[test]
    fn r5_covered_needs_thirty_seconds_and_the_evidence() {
        let event =
            |second, deleted| Brings { event_at: Some(at(second)), deleted, ..Brings::default() };
        assert!(covers(Some(at(100)), false, &event(69, false), SETTLE));
        assert!(!covers(Some(at(100)), false, &event(70, false), SETTLE));
        assert!(!covers(Some(at(100)), false, &event(60, true), SETTLE));
        assert!(covers(Some(at(100)), true, &event(60, true), SETTLE));
        assert!(!covers(None, false, &event(60, false), SETTLE));
        assert!(!covers(Some(at(100)), false, &Brings::default(), SETTLE));
    }

    #[test]
    fn r5_a_bell_for_a_due_that_has_moved_on_is_answered() {
        let bell = Brings { due: Some(at(50)), ..Brings::default() };
        assert!(!bell.are_answered(None, false, Some(at(50)), SETTLE));
        assert!(bell.are_answered(None, false, Some(at(51)), SETTLE));
        assert!(bell.are_answered(None, false, None, SETTLE));
        // One of two is void, whichever it is: the other is heard.
        let later = Brings { due: Some(at(90)), ..Brings::default() };
        assert!(!bell.clone().and(later).are_answered(None, false, Some(at(50)), SETTLE));
        assert!(bell.clone().and(bell.clone()).are_answered(None, false, None, SETTLE));
        // Beside a covered event, and beside one that is not.
        let event = |second| Brings { event_at: Some(at(second)), ..Brings::default() };
        assert!(bell.clone().and(event(60)).are_answered(Some(at(100)), false, None, SETTLE));
        assert!(!bell.clone().and(event(80)).are_answered(Some(at(100)), false, None, SETTLE));
        assert!(!bell.and(event(60)).are_answered(Some(at(100)), false, Some(at(50)), SETTLE));
    }

    #[test]
    fn r5_what_asks_for_a_sync_is_never_answered_by_a_covered_event_beside_it() {
        let operator = Brings { unconditional: true, ..Brings::default() };
        let event = Brings { event_at: Some(at(60)), ..Brings::default() };
        assert!(event.are_answered(Some(at(100)), false, None, SETTLE));
        assert!(!event.and(operator).are_answered(Some(at(100)), false, None, SETTLE));
        assert!(!Brings::default().are_answered(Some(at(100)), false, None, SETTLE));
    }

    #[test]
    fn r2_two_items_bring_together_whatever_one_of_them_brings() {
        let deletion = Brings {
            event_at: Some(at(60)),
            deleted: true,
            expect: Some(Expect::Deleted),
            ..Brings::default()
        };
        let bell = Brings {
            event_at: Some(at(50)),
            due: Some(at(70)),
            unconditional: true,
            ..Brings::default()
        };
        let both = Brings { due: bell.due, unconditional: true, ..deletion.clone() };
        assert_eq!(deletion.clone().and(bell.clone()), both);
        assert_eq!(bell.and(deletion), both);
    }

    #[test]
    fn r4_an_event_in_the_future_counts_as_of_now() {
        let event = Brings { event_at: Some(at(9000)), ..Brings::default() };
        assert_eq!(event.by(at(60)).event_at, Some(at(60)));
    }

    #[test]
    fn s5_attempts_grow_apart_and_end_after_28_days() {
        let mut failure = Failure::again(None, "x", "m", at(0));
        let mut waits = vec![failure.next.as_second()];
        for _ in 0..4 {
            let now = failure.next;
            failure = Failure::again(Some(&failure), "x", "m", now);
            waits.push(failure.next.as_second() - now.as_second());
        }
        assert_eq!(waits, [3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600]);
        let late = Failure::again(Some(&failure), "x", "m", at(29 * 24 * 3600));
        assert_eq!(late.next, Timestamp::MAX);
        let early = Failure { next: at(100), ..failure.clone() };
        let again = Failure::again(Some(&early), "x", "new", at(99));
        assert_eq!(again, Failure { message: "new".into(), ..early });
        let other = Failure::again(Some(&failure), "y", "m", at(50));
        assert_eq!((other.attempts, other.since), (1, at(50)));
    }
}
