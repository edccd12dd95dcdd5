//! The parked queue in memory.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::ids::DirectoryId;
use sync_core::record::after;

use super::{MemoryQueue, Receipt};
use crate::{Depth, ParkedMessage, ParkedQueue, Result};

/// The most messages that are received at once.
const BATCH: usize = 10;

/// What was put away with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAway {
    /// The body, cut if it was too large.
    pub body: String,
    /// Why it is here.
    pub reason: String,
    /// The directory, if it was known.
    pub directory: Option<DirectoryId>,
    /// The size of the whole body, if it was cut.
    pub cut_from: Option<usize>,
}

/// A message on the parked queue.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    message: ParkedMessage,
    visible_at: Timestamp,
}

impl Kept {
    fn depth(&self, now: Timestamp) -> Depth {
        let waiting = u64::from(self.visible_at <= now);
        Depth { waiting, in_flight: 1 - waiting, delayed: 0 }
    }
}

impl MemoryQueue {
    /// What was put away with a reason, in order.
    pub fn parked(&self) -> Vec<PutAway> {
        let state = self.state();
        let parked = state.parked.iter().map(|kept| kept.message.clone());
        parked
            .filter_map(|ParkedMessage { body, reason, directory, cut_from, .. }| {
                Some(PutAway { body, reason: reason?, directory, cut_from })
            })
            .collect()
    }

    /// Moves a received message to the parked queue, as SQS does after too many deliveries.
    pub fn give_up(&self, receipt: Receipt) {
        let mut state = self.state();
        let found = state.messages.iter().position(|message| message.receipt == Some(receipt));
        let Some(message) = found.map(|at| state.messages.remove(at)) else { return };
        drop(state);
        self.keep(ParkedMessage {
            id: String::new(),
            receipt: String::new(),
            body: message.body,
            reason: None,
            from: Some(message.lane),
            directory: Some(message.group),
            cut_from: None,
            sent_at: message.sent_at,
        });
    }

    /// Puts a message on the parked queue under a name of its own.
    pub(super) fn keep(&self, message: ParkedMessage) {
        let visible_at = self.clock.now();
        let mut state = self.state();
        state.names += 1;
        let id = format!("parked-{}", state.names);
        state.parked.push(Kept { message: ParkedMessage { id, ..message }, visible_at });
    }

    pub(super) fn depth_of_parked(&self) -> Depth {
        let now = self.clock.now();
        self.state().parked.iter().map(|kept| kept.depth(now)).fold(Depth::default(), |sum, one| {
            Depth {
                waiting: sum.waiting + one.waiting,
                in_flight: sum.in_flight + one.in_flight,
                delayed: 0,
            }
        })
    }
}

impl ParkedQueue for MemoryQueue {
    async fn receive_parked(&self, hidden: Duration) -> Result<Vec<ParkedMessage>> {
        let now = self.clock.now();
        let mut state = self.state();
        let super::State { parked, receipts, .. } = &mut *state;
        let ready = parked.iter_mut().filter(|kept| kept.visible_at <= now);
        Ok(ready
            .take(BATCH)
            .map(|kept| {
                *receipts += 1;
                kept.message.receipt = receipts.to_string();
                kept.visible_at = after(now, hidden);
                kept.message.clone()
            })
            .collect())
    }

    async fn return_parked(&self, messages: &[ParkedMessage]) -> Result<()> {
        let now = self.clock.now();
        for kept in &mut self.state().parked {
            if messages.iter().any(|message| message.receipt == kept.message.receipt) {
                kept.visible_at = now;
            }
        }
        Ok(())
    }

    async fn delete_parked(&self, messages: &[ParkedMessage]) -> Result<()> {
        let named = |kept: &Kept| messages.iter().any(|m| m.receipt == kept.message.receipt);
        self.state().parked.retain(|kept| !named(kept));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clock::Clock;

    use super::*;

    #[tokio::test]
    async fn a_receipt_that_is_not_the_latest_deletes_nothing() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        let queue = MemoryQueue::new(clock.clone());
        crate::WorkQueue::park(&queue, "x", "why", None).await.unwrap();
        let hidden = Duration::from_secs(10);
        let first = queue.receive_parked(hidden).await.unwrap();
        clock.advance(hidden);
        let second = queue.receive_parked(hidden).await.unwrap();
        queue.delete_parked(&first).await.unwrap();
        assert_eq!(queue.parked().len(), 1);
        queue.delete_parked(&second).await.unwrap();
        assert!(queue.parked().is_empty());
    }
}
