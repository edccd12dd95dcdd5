//! How many requests one piece of work sends, also beside others that share its clients.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

tokio::task_local! {
    static SENT: Arc<AtomicU64>;
}

/// The output of this work, and how many requests it sent before it got there.
///
/// What it spawns is not counted: only what is polled with it.
pub async fn counted<F: Future>(work: F) -> (F::Output, u64) {
    let sent = Arc::<AtomicU64>::default();
    let output = SENT.scope(sent.clone(), work).await;
    (output, sent.load(Ordering::Relaxed))
}

/// Counts one request, if it is sent inside of [`counted`].
pub(crate) fn count() {
    // Outside nobody wants to know.
    let _ = SENT.try_with(|sent| sent.fetch_add(1, Ordering::Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_side_by_side_is_counted_apart() {
        let work = |requests: u32| async move {
            for _ in 0..requests {
                count();
                tokio::task::yield_now().await;
            }
            requests
        };
        let (three, five) = tokio::join!(counted(work(3)), counted(work(5)));
        count();
        assert_eq!((three, five), ((3, 3), (5, 5)));
    }
}
