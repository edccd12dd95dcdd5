//! When a committed subject is looked at again (R4), and what it covers (R5).

use std::time::Duration;

use jiff::Timestamp;
use sync_core::policy::Timing;
use sync_core::record::{Upkeep, after};

/// How a pass ended, as far as the next look depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ended {
    /// The earliest JumpCloud `Date` read, if JumpCloud was read.
    pub(crate) read_at: Option<Timestamp>,
    /// The pass was successful and its plan covers (R5).
    pub(crate) covers: bool,
    /// When the planner, or what it waits for, wants another look.
    pub(crate) look_again: Option<Timestamp>,
    /// When a failed pass goes on.
    pub(crate) goes_on: Option<Timestamp>,
    /// When what the record remembers wants another look: an intent's end, what is owed.
    pub(crate) remembered: Option<Timestamp>,
}

/// What the commit stores beside the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The youngest event that still needs its second look.
    pub(crate) heard: Option<Timestamp>,
    /// When to look again.
    pub(crate) due: Option<Timestamp>,
}

/// Decides the next look: the earliest of all reasons, but never before a vendor's wait is over.
///
/// An event has had its second look once a pass without trouble has read later than `settle` after
/// it. One that failed after such a read keeps the event in mind (R3) and is looked at again by its
/// own wait.
pub(crate) fn close(
    timing: &Timing,
    upkeep: &Upkeep,
    heard: Option<Timestamp>,
    ended: Ended,
    now: Timestamp,
) -> Closing {
    let looked = |at: Timestamp| {
        ended.goes_on.is_none() && ended.read_at.is_some_and(|read| after(at, timing.settle) < read)
    };
    let heard = heard.filter(|at| !looked(*at));
    let second_look = heard
        .map(|at| after(at, timing.second_look()))
        // Past already: a failed pass is retried in its own time, any other one soon.
        .filter(|at| *at > now || ended.goes_on.is_none());
    let due = [ended.look_again, ended.goes_on, second_look, ended.remembered]
        .into_iter()
        .flatten()
        .min()
        .filter(|due| *due < Timestamp::MAX)
        .map(|due| due.max(after(now, SOON)).max(upkeep.vendor_wait.unwrap_or(now)));
    Closing { heard, due }
}

/// How long a scope that cannot be read is left alone (P6).
pub(crate) const UNREADABLE: Duration = Duration::from_secs(10 * 60);

/// No look is due sooner than this, so that no fault can turn into a tight loop.
pub(crate) const SOON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn due(upkeep: &Upkeep, heard: Option<i64>, ended: Ended) -> (Option<i64>, Option<i64>) {
        let closing = close(&Timing::default(), upkeep, heard.map(at), ended, at(1000));
        (closing.heard.map(Timestamp::as_second), closing.due.map(Timestamp::as_second))
    }

    #[test]
    fn r4_every_event_has_its_second_look() {
        let ended = Ended { read_at: Some(at(1000)), covers: true, ..Ended::default() };
        let upkeep = Upkeep::default();
        assert_eq!(due(&upkeep, Some(999), ended), (Some(999), Some(1030)));
        assert_eq!(due(&upkeep, Some(969), ended), (None, None));
        assert_eq!(due(&upkeep, Some(970), ended), (Some(970), Some(1001)));
        let failed = Ended { goes_on: Some(at(4600)), ..Ended::default() };
        assert_eq!(due(&upkeep, Some(999), failed), (Some(999), Some(1030)));
        assert_eq!(due(&upkeep, Some(900), failed), (Some(900), Some(4600)));
        let failed_after_reading = Ended { read_at: Some(at(1000)), ..failed };
        assert_eq!(due(&upkeep, Some(900), failed_after_reading), (Some(900), Some(4600)));
    }

    #[test]
    fn r4_a_vendors_wait_is_never_cut_short() {
        let upkeep = Upkeep { vendor_wait: Some(at(1120)), ..Upkeep::default() };
        let ended = Ended { goes_on: Some(at(1120)), ..Ended::default() };
        assert_eq!(due(&upkeep, Some(999), ended), (Some(999), Some(1120)));
    }
}
