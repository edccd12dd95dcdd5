//! How the syncs of a subject went: what they cover, and what goes on failing (S5).

use std::time::Duration;

use jiff::Timestamp;

use super::{after, within};
use crate::finding::Finding;

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
