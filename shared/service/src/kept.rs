//! A value read from elsewhere and kept for a while.
//!
//! Callers who come while it is being read wait for that one read and share its result, be it a
//! value or an error: a crowd never becomes a queue of reads.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use tokio::sync::Mutex;

/// One kept value.
#[derive(Debug)]
pub(crate) struct Kept<T, E> {
    reads: AtomicU64,
    state: Mutex<State<T, E>>,
}

#[derive(Debug)]
struct State<T, E> {
    value: Option<(Timestamp, T)>,
    /// The last read, if it failed.
    failure: Option<(Timestamp, E)>,
}

impl<T, E> Default for Kept<T, E> {
    fn default() -> Self {
        let state = State { value: None, failure: None };
        Self { reads: AtomicU64::new(0), state: Mutex::new(state) }
    }
}

impl<T: Clone, E: Clone> Kept<T, E> {
    /// The kept value while it is younger than `life` says of it, else one that is read now.
    ///
    /// A failed read leaves the old value in place; its error is answered again for `calm`.
    pub(crate) async fn get<R>(
        &self,
        clock: &Clock,
        life: impl Fn(&T) -> Duration,
        calm: Duration,
        read: impl FnOnce() -> R,
    ) -> Result<T, E>
    where
        R: Future<Output = Result<T, E>>,
    {
        let arrived = self.reads.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let waited = self.reads.load(Ordering::Acquire) != arrived;
        let now = clock.now();
        let failure = state.failure.as_ref();
        if let Some((_, error)) = failure.filter(|_| waited) {
            return Err(error.clone());
        }
        if let Some((at, value)) = &state.value
            && (waited || is_younger(*at, life(value), now))
        {
            return Ok(value.clone());
        }
        if let Some((_, error)) = failure.filter(|(at, _)| is_younger(*at, calm, now)) {
            return Err(error.clone());
        }
        let result = read().await;
        // Its age counts from before the read, since the answer may be as old as that.
        match &result {
            Ok(value) => *state = State { value: Some((now, value.clone())), failure: None },
            Err(error) => state.failure = Some((now, error.clone())),
        }
        self.reads.fetch_add(1, Ordering::Release);
        result
    }

    /// Whether dropping this loses nothing: nobody is at it, and what is kept is not `wanted`.
    pub(crate) fn is_idle(&self, wanted: impl Fn(&T) -> bool) -> bool {
        let Ok(state) = self.state.try_lock() else { return false };
        !state.value.as_ref().is_some_and(|(_, value)| wanted(value))
    }
}

fn is_younger(at: Timestamp, span: Duration, now: Timestamp) -> bool {
    at.checked_add(span).is_ok_and(|end| now < end)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::*;

    const LIFE: Duration = Duration::from_secs(60);

    #[derive(Clone, Default)]
    struct Source(Arc<AtomicU32>);

    impl Source {
        async fn read(self, result: Result<&'static str, &'static str>) -> Result<String, String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            result.map(str::to_owned).map_err(str::to_owned)
        }

        fn reads(&self) -> u32 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn a_value_is_kept_for_its_life_and_an_error_for_its_calm() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        let (kept, source) = (Kept::default(), Source::default());
        let get = async |result, calm| {
            kept.get(
                &clock,
                |_: &String| LIFE,
                Duration::from_secs(calm),
                || source.clone().read(result),
            )
            .await
        };
        assert_eq!(get(Ok("one"), 0).await.unwrap(), "one");
        clock.advance(LIFE - Duration::from_millis(1));
        assert_eq!(get(Ok("two"), 0).await.unwrap(), "one");
        clock.advance(Duration::from_millis(1));
        assert_eq!(get(Err("gone"), 0).await.unwrap_err(), "gone");
        assert_eq!(get(Err("still gone"), 0).await.unwrap_err(), "still gone");
        clock.advance(Duration::from_secs(29));
        assert_eq!(get(Ok("three"), 30).await.unwrap_err(), "still gone");
        clock.advance(Duration::from_secs(1));
        assert_eq!(get(Ok("three"), 30).await.unwrap(), "three");
        assert_eq!(source.reads(), 4);
    }

    #[tokio::test]
    async fn whoever_waited_shares_the_result() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        for result in [Ok("one"), Err("gone")] {
            let (kept, source) = (Kept::default(), Source::default());
            let get = || {
                kept.get(
                    &clock,
                    |_: &String| Duration::ZERO,
                    Duration::ZERO,
                    || source.clone().read(result),
                )
            };
            let (first, second, third) = tokio::join!(get(), get(), get());
            assert_eq!([&first, &second, &third].map(|r| r.is_ok()), [result.is_ok(); 3]);
            assert_eq!(source.reads(), 1);
            assert_eq!(get().await.is_ok(), result.is_ok());
            assert_eq!(source.reads(), 2);
        }
    }
}
