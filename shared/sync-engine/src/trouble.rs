//! What ends a pass early, and what the record remembers of it.

use std::time::Duration;

use graph::GraphError;
use jiff::Timestamp;
use jumpcloud::JumpCloudError;
use sync_core::disposition::Disposition;
use sync_core::record::{Failure, Upkeep, after};

use crate::SyncError;

/// The probe interval while credentials or the tenant are wrong (S3).
const PROBE: Duration = Duration::from_secs(300);
/// The first wait after a passing fault; it doubles with every fault in a row.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest wait after a passing fault.
const LAST_RETRY: Duration = Duration::from_secs(300);

/// The longest that a vendor is left alone on its own word; then one look probes (design section 12).
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Why a pass did not get further.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Passing: look again after a wait that grows.
    Passing(Told),
    /// The vendor named the wait.
    Wait(Duration, Told),
    /// A wait that a vendor named before is not over yet; nothing makes it longer.
    Waiting(Timestamp, Told),
    /// Credentials or tenant are wrong: nothing is written until a probe finds them right (S3, S4).
    Stopped(Told),
    /// Permanent: in the ledger (S5).
    Permanent(Told),
    /// The table or queue is out of reach, or the lease lost: nothing more is stored.
    Broken(SyncError),
}

/// How an error is told: its class and a message without personal data.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Stable, for grouping.
    pub(crate) class: String,
    /// With the whole chain of sources.
    pub(crate) message: String,
}

impl Told {
    pub(crate) fn new(class: impl Into<String>, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            message.push_str(": ");
            message.push_str(&error.to_string());
            source = error.source();
        }
        Self { class: class.into(), message }
    }
}

fn by_disposition(disposition: Disposition, stops: bool, told: Told) -> Trouble {
    match disposition {
        Disposition::Retry => Trouble::Passing(told),
        Disposition::RetryAfter(wait) => Trouble::Wait(wait, told),
        Disposition::Fail if stops => Trouble::Stopped(told),
        Disposition::Fail | Disposition::Ignore => Trouble::Permanent(told),
    }
}

impl From<GraphError> for Trouble {
    fn from(error: GraphError) -> Self {
        Self::from(&error)
    }
}

impl From<&GraphError> for Trouble {
    fn from(error: &GraphError) -> Self {
        let told = Told::new(format!("graph_{}", error.class()), error);
        by_disposition(error.disposition(), error.stops_directory(), told)
    }
}

impl From<JumpCloudError> for Trouble {
    fn from(error: JumpCloudError) -> Self {
        Self::from(&error)
    }
}

impl From<&JumpCloudError> for Trouble {
    fn from(error: &JumpCloudError) -> Self {
        let told = Told::new(format!("jumpcloud_{}", error.class()), error);
        by_disposition(error.disposition(), error.stops_directory(), told)
    }
}

impl<E: Into<SyncError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl Trouble {
    /// Notes the trouble in the record; answers when to go on, or the error that ends the sync.
    pub(crate) fn note(
        self,
        upkeep: &mut Upkeep,
        now: Timestamp,
        jitter: f64,
    ) -> Result<(Timestamp, String), SyncError> {
        let shown = |told: &Told| format!("{}: {}", told.class, told.message);
        Ok(match self {
            Self::Broken(error) => return Err(error),
            Self::Passing(told) => (after(now, next_wait(upkeep, jitter)), shown(&told)),
            Self::Wait(wait, told) => {
                // A vendor that keeps saying "now" is not asked every second.
                let until = after(now, wait.min(LONGEST_WAIT).max(next_wait(upkeep, jitter)));
                upkeep.vendor_wait = Some(until);
                (until, shown(&told))
            }
            Self::Waiting(until, told) => (until, shown(&told)),
            Self::Stopped(told) => (after(now, PROBE), shown(&told)),
            Self::Permanent(told) => {
                let failure = Failure::again(
                    upkeep.failure.as_ref(),
                    told.class.clone(),
                    told.message.clone(),
                    now,
                );
                let next = failure.next;
                upkeep.failure = Some(failure);
                (next, shown(&told))
            }
        })
    }
}

/// Nothing is asked before a vendor's wait is over, whoever rings: a new event waits as well.
pub(crate) fn vendor_wait(upkeep: &mut Upkeep, now: Timestamp) -> Result<(), Trouble> {
    match upkeep.vendor_wait {
        Some(until) if until > now => {
            let message = "nothing is sent before that wait is over".to_owned();
            Err(Trouble::Waiting(until, Told { class: "vendor_wait".into(), message }))
        }
        _ => {
            upkeep.vendor_wait = None;
            Ok(())
        }
    }
}

/// The wait after one more fault in a row.
fn next_wait(upkeep: &mut Upkeep, jitter: f64) -> Duration {
    let doubled = FIRST_RETRY * 2u32.saturating_pow(upkeep.retries.min(10));
    upkeep.retries = upkeep.retries.saturating_add(1);
    doubled.min(LAST_RETRY).mul_f64(1.0 + jitter / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        Told { class: "graph_throttled".into(), message: "too many requests".into() }
    }

    /// After how many seconds work goes on.
    fn goes_on(trouble: Trouble, upkeep: &mut Upkeep) -> i64 {
        let now = Timestamp::from_second(1000).unwrap();
        let (goes_on, _) = trouble.note(upkeep, now, 0.0).unwrap();
        goes_on.as_second() - 1000
    }

    #[test]
    fn a_vendors_wait_is_obeyed_but_never_longer_than_ten_minutes() {
        let mut upkeep = Upkeep::default();
        let wait = |seconds| Trouble::Wait(Duration::from_secs(seconds), told());
        assert_eq!(goes_on(wait(120), &mut upkeep), 120);
        assert_eq!(upkeep.vendor_wait, Timestamp::from_second(1120).ok());
        assert_eq!(goes_on(wait(86_400), &mut upkeep), 600);
    }

    #[test]
    fn a_vendor_that_names_no_wait_is_not_asked_every_second() {
        let mut upkeep = Upkeep::default();
        let waits: Vec<i64> =
            (0..4).map(|_| goes_on(Trouble::Wait(Duration::ZERO, told()), &mut upkeep)).collect();
        assert_eq!(waits, [5, 10, 20, 40]);
    }

    #[test]
    fn whoever_comes_during_a_vendors_wait_does_not_prolong_it() {
        let mut upkeep = Upkeep::default();
        let wait = Trouble::Wait(Duration::from_secs(120), told());
        assert_eq!(goes_on(wait, &mut upkeep), 120);
        let noted = upkeep.clone();
        let until = upkeep.vendor_wait.unwrap();
        for _ in 0..8 {
            assert_eq!(goes_on(Trouble::Waiting(until, told()), &mut upkeep), 120);
        }
        assert_eq!(upkeep, noted);
    }

    #[test]
    fn waits_after_passing_faults_grow_up_to_five_minutes() {
        let mut upkeep = Upkeep::default();
        let waits: Vec<i64> =
            (0..8).map(|_| goes_on(Trouble::Passing(told()), &mut upkeep)).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
    }
}
