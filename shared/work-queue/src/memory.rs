//! The queues in memory, on a clock that tests may advance.
//!
//! It keeps the promises of standard queues and no more: messages are received at least once, a
//! received one comes back when its visibility ends, and order is not to be relied on.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use sync_core::ids::DirectoryId;
use sync_core::record::after;

use crate::item::WorkItem;
use crate::parked::Parked;
use crate::{Depth, Depths, Lane, ParkedMessage, Result, WorkQueue, check};

mod parked;

use parked::Kept;
pub use parked::PutAway;

/// The queues in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct MemoryQueue {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Message>,
    parked: Vec<Kept>,
    receipts: u64,
    /// How many messages were parked, to name them.
    names: u64,
}

#[derive(Debug, Clone)]
struct Message {
    lane: Lane,
    group: DirectoryId,
    body: String,
    sent_at: Timestamp,
    visible_at: Timestamp,
    /// Of the last receipt; any earlier one is void.
    receipt: Option<Receipt>,
    receive_count: u32,
}

/// Names one receipt of a message; deleting needs the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt(u64);

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Deletes it.
    pub receipt: Receipt,
    /// The group it was sent in.
    pub group: DirectoryId,
    /// A work item, unless somebody else wrote to the queue.
    pub body: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
}

impl MemoryQueue {
    /// Empty queues on this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// Receives up to `limit` messages and hides them for `visibility`.
    pub fn receive(&self, lane: Lane, limit: usize, visibility: Duration) -> Vec<Received> {
        let now = self.clock.now();
        let mut state = self.state();
        let State { messages, receipts, .. } = &mut *state;
        let ready = messages.iter_mut().filter(|m| m.lane == lane && m.visible_at <= now);
        ready
            .take(limit)
            .map(|message| {
                *receipts += 1;
                let receipt = Receipt(*receipts);
                message.receipt = Some(receipt);
                message.visible_at = after(now, visibility);
                message.receive_count += 1;
                Received {
                    receipt,
                    group: message.group.clone(),
                    body: message.body.clone(),
                    receive_count: message.receive_count,
                }
            })
            .collect()
    }

    /// Deletes a received message; a receipt that is not the latest deletes nothing.
    pub fn delete(&self, receipt: Receipt) {
        self.state().messages.retain(|message| message.receipt != Some(receipt));
    }

    /// Hands a received message back at once, as a failed batch item does when its time is up.
    pub fn hand_back(&self, receipt: Receipt) {
        let now = self.clock.now();
        let mut state = self.state();
        if let Some(message) = state.messages.iter_mut().find(|m| m.receipt == Some(receipt)) {
            message.receipt = None;
            message.visible_at = now;
        }
    }

    /// Puts a body on a queue as it is, as somebody with access to the queue could.
    pub fn put(&self, lane: Lane, group: &DirectoryId, body: impl Into<String>) {
        self.push(lane, group.clone(), body.into(), Duration::ZERO);
    }

    /// Every item that is on a queue, whether it can be received now or not.
    ///
    /// # Panics
    ///
    /// If a body is not a work item.
    pub fn items(&self, lane: Lane) -> Vec<WorkItem> {
        let parse = |body: &str| WorkItem::parse(body).expect("only work items are on the queue");
        let state = self.state();
        state.messages.iter().filter(|m| m.lane == lane).map(|m| parse(&m.body)).collect()
    }

    /// When the next message of a queue can be received; `None` if it is empty.
    pub fn next_at(&self, lane: Lane) -> Option<Timestamp> {
        self.state().messages.iter().filter(|m| m.lane == lane).map(|m| m.visible_at).min()
    }

    fn push(&self, lane: Lane, group: DirectoryId, body: String, delay: Duration) {
        let sent_at = self.clock.now();
        let visible_at = after(sent_at, delay);
        let message =
            Message { lane, group, body, sent_at, visible_at, receipt: None, receive_count: 0 };
        self.state().messages.push(message);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the queue")
    }

    fn depth_of(&self, lane: Lane) -> Depth {
        let now = self.clock.now();
        let mut depth = Depth::default();
        for message in self.state().messages.iter().filter(|m| m.lane == lane) {
            match (message.visible_at <= now, message.receipt) {
                (true, _) => depth.waiting += 1,
                (false, Some(_)) => depth.in_flight += 1,
                (false, None) => depth.delayed += 1,
            }
        }
        depth
    }
}

impl WorkQueue for MemoryQueue {
    async fn send(&self, lane: Lane, items: &[WorkItem], delay: Duration) -> Result<()> {
        // SQS counts whole seconds.
        let whole = Duration::from_secs(delay.as_secs());
        for (item, body) in items.iter().zip(check(items, delay)?) {
            self.push(lane, item.directory.clone(), body, whole);
        }
        Ok(())
    }

    async fn park(&self, body: &str, reason: &str, directory: Option<&DirectoryId>) -> Result<()> {
        let Parked { body, reason, cut_from } = Parked::new(body, reason);
        self.keep(ParkedMessage {
            id: String::new(),
            receipt: String::new(),
            body,
            reason: Some(reason),
            from: None,
            directory: directory.cloned(),
            cut_from,
            sent_at: self.clock.now(),
        });
        Ok(())
    }

    async fn depth(&self) -> Result<Depths> {
        Ok(Depths {
            events: self.depth_of(Lane::Events),
            bulk: self.depth_of(Lane::Bulk),
            parked: self.depth_of_parked(),
        })
    }
}
