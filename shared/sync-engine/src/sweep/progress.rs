//! How far a sweep got, as the table keeps it between two invocations.

use std::fmt;

use jiff::Timestamp;
use sync_core::ids::{JumpCloudUserId, Subject};

/// How far a sweep got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// The earliest `Date` of the listings that the whole sweep rests on: what it covers (R5).
    pub(super) since: Timestamp,
    /// Where it goes on.
    pub(super) phase: Phase,
}

/// Which way it looks, and after whom it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// From the listing to the records: who is connected and not bound, or switched off.
    Connected(Option<JumpCloudUserId>),
    /// From the records to the listing: who is bound, enabled and not connected.
    Bound(Option<Subject>),
}

impl Progress {
    /// What is stored when a sweep has ended.
    pub(super) const OVER: &'static str = "over";

    /// A sweep that begins with a listing of this `Date`.
    pub(super) fn begin(date: Timestamp) -> Self {
        Self { since: date, phase: Phase::Connected(None) }
    }

    /// Where a sweep goes on that was not over; what cannot be read is begun again.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let since = parts.next()?.parse().ok()?;
        let phase = match (parts.next()?, parts.next()) {
            ("connected", after) => {
                Phase::Connected(after.map(JumpCloudUserId::parse).transpose().ok()?)
            }
            ("bound", after) => Phase::Bound(after.map(str::parse).transpose().ok()?),
            _ => return None,
        };
        Some(Self { since, phase })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.since)?;
        match &self.phase {
            Phase::Connected(None) => f.write_str("connected"),
            Phase::Connected(Some(after)) => write!(f, "connected {after}"),
            Phase::Bound(None) => f.write_str("bound"),
            Phase::Bound(Some(after)) => write!(f, "bound {after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_survives_the_table_and_what_is_unreadable_begins_again() {
        let since: Timestamp = "2026-05-04T08:00:00Z".parse().unwrap();
        let user = JumpCloudUserId::parse("65f000000000000000000001").unwrap();
        for phase in [
            Phase::Connected(None),
            Phase::Connected(Some(user.clone())),
            Phase::Bound(None),
            Phase::Bound(Some(Subject::User(user))),
            Phase::Bound(Some(Subject::Sweep)),
        ] {
            let progress = Progress { since, phase };
            assert_eq!(Progress::parse(&progress.to_string()), Some(progress));
        }
        for other in ["", Progress::OVER, "2026-05-04T08:00:00Z", "2026-05-04T08:00:00Z up x"] {
            assert_eq!(Progress::parse(other), None);
        }
    }
}
