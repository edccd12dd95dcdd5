//! What an error means for the work that met it.

use std::time::Duration;

/// What to do about an error; every error of our crates carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Passing: try again soon; the look again is ours to time.
    Retry,
    /// The vendor named the wait: nothing may be sent for this subject before it is over.
    RetryAfter(Duration),
    /// Permanent until somebody changes something: recorded in the failure ledger (S5).
    Fail,
    /// Not an error for us, for example "already there".
    Ignore,
}
