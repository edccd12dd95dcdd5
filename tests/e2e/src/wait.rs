//! Waiting for a condition, never for a time.

use std::time::Duration;

use clock::Clock;

/// The bound of every wait: far beyond what any of them takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until something holds.
///
/// # Panics
///
/// If it does not within [`PATIENCE`]; `what` says what was waited for.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let clock = Clock::system();
    let waited = async {
        while !holds() {
            clock.sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(PATIENCE, waited).await.is_err() {
        panic!("waited {PATIENCE:?} in vain: {what}");
    }
}
