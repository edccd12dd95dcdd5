//! Now and sleep, as one argument.
//!
//! Production code takes time from a [`Clock`]; engine tests run whole fault schedules on a
//! virtual one that only moves when it is advanced.
#![warn(missing_docs)]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// The source of time: the system's clock, or one that tests advance.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Virtual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `now` until it is advanced. Clones share it.
    pub fn starting_at(now: Timestamp) -> Self {
        Self(Source::Virtual(Arc::new(watch::Sender::new(now))))
    }

    /// The present, in milliseconds: the table stores no finer time.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> Timestamp {
        let now = match &self.0 {
            Source::System => Timestamp::now(),
            Source::Virtual(time) => *time.borrow(),
        };
        Timestamp::from_millisecond(now.as_millisecond()).expect("a timestamp without its fraction")
    }

    /// Resolves once `span` has passed on this clock.
    pub fn sleep(&self, span: Duration) -> impl Future<Output = ()> + Send + 'static {
        let source = self.0.clone();
        async move {
            match source {
                Source::System => system_sleep(span).await,
                Source::Virtual(time) => {
                    let mut time = time.subscribe();
                    let end = time.borrow().checked_add(span).unwrap_or(Timestamp::MAX);
                    // The sender lives as long as a clock does; without one nobody waits.
                    let _ = time.wait_for(|now| *now >= end).await;
                }
            }
        }
    }

    /// Moves a virtual clock forward; the system's clock cannot be moved.
    pub fn advance(&self, span: Duration) {
        if let Source::Virtual(time) = &self.0 {
            time.send_modify(|now| *now = now.checked_add(span).unwrap_or(Timestamp::MAX));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that really sleeps")]
async fn system_sleep(span: Duration) {
    tokio::time::sleep(span).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_virtual_sleep_ends_when_the_clock_is_advanced() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        let sleeper = tokio::spawn(clock.sleep(Duration::from_secs(10)));
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now().as_second(), 10);
    }
}
