//! What messages bring to a record and leave in it (R2), and when it has answered them (R5).

use std::time::Duration;

use jiff::Timestamp;

use super::Hints;

/// What messages left in the record (R2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The youngest event time that reached the record and is not covered yet.
    pub heard: Option<Timestamp>,
    /// Evidence: a `user_delete` or `group_delete` was seen for the id. Never cleared; ids are not used twice.
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
    /// The event is a `user_delete` or a `group_delete`.
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

/// A state that an event announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// `user_suspended`, or a `user_update` that suspends.
    Suspended,
    /// `user_delete`.
    Deleted,
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
}
