//! Work items and the queues that carry them.
//!
//! A work item only names a subject and why it is rung ([`item`]); [`event`] reads items out of
//! JumpCloud's events. The queues are standard queues, so an item may come twice, late and in any
//! order: nothing here, and nothing that receives, relies on more than "at least once".
//!
//! Two implementations keep the same contract: [`sqs::SqsQueue`] in production and
//! [`memory::MemoryQueue`] for whole fault schedules in one process. `tests/contract` runs one
//! suite over both.
#![warn(missing_docs)]

use std::future::Future;
use std::time::Duration;

use sync_core::disposition::Disposition;
use sync_core::ids::DirectoryId;

pub mod event;
pub mod item;
pub mod memory;
mod parked;
mod parked_queue;
pub mod sqs;

pub use item::{Cause, Malformed, Source, WorkItem, coalesce};
pub use parked_queue::{ParkedMessage, ParkedQueue};

/// The longest a message can be delayed: a limit of SQS. Longer waits are `due` in the record.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// The largest message the queues take, and the largest batch of messages: 1 MiB.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;

/// Which of the two queues an item goes to (design 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Single changes of people and systems.
    Events,
    /// Work in bulk, which never delays a single change.
    Bulk,
}

impl Lane {
    /// Where an item belongs whose queue is not known any more: what people and systems do is an
    /// event, the rest was sent in bulk.
    pub fn of(item: &WorkItem) -> Self {
        match item.cause.source {
            Source::Reconcile | Source::Sweep | Source::FollowUp => Self::Bulk,
            Source::Webhook | Source::Insights | Source::Operator | Source::Due => {
                Self::of_event(item)
            }
        }
    }

    /// Where an item that an event rang for belongs: a sweep is bulk work, the rest is not.
    pub fn of_event(item: &WorkItem) -> Self {
        match item.subject {
            sync_core::ids::Subject::Sweep => Self::Bulk,
            _ => Self::Events,
        }
    }
}

/// How many messages a queue holds. SQS's own figures, which are approximate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub waiting: u64,
    /// Received and not deleted yet.
    pub in_flight: u64,
    /// Not ready yet.
    pub delayed: u64,
}

impl Depth {
    /// Nothing is waiting, being worked on or delayed.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// How many messages each queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depths {
    /// [`Lane::Events`].
    pub events: Depth,
    /// [`Lane::Bulk`].
    pub bulk: Depth,
    /// Where messages end that nobody could work on.
    pub parked: Depth,
}

/// Why the queue did not take, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Out of reach, throttled, or it kept refusing a message as passing trouble of its own.
    /// Some messages of the request may have been taken.
    #[error("the queue cannot be reached during {operation}")]
    Unavailable {
        /// The operation of this crate.
        operation: &'static str,
        /// The client's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The queue refuses this message for good.
    #[error("the queue refuses a message of {subject}: {code}")]
    Refused {
        /// The subject of the item.
        subject: String,
        /// The code of SQS.
        code: String,
    },
    /// The item is larger than [`LARGEST_MESSAGE`]. Nothing was sent.
    #[error("an item of {subject} is larger than a message can be")]
    TooLarge {
        /// The subject of the item.
        subject: String,
    },
    /// A delay of more than [`LONGEST_DELAY`]. Nothing was sent.
    #[error("a message cannot be delayed by {seconds} s")]
    DelayTooLong {
        /// The wanted delay.
        seconds: u64,
    },
}

impl QueueError {
    /// What the error means for the work that met it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Unavailable { .. } => Disposition::Retry,
            Self::Refused { .. } | Self::TooLarge { .. } | Self::DelayTooLong { .. } => {
                Disposition::Fail
            }
        }
    }
}

/// A result of the queues.
pub type Result<T, E = QueueError> = std::result::Result<T, E>;

/// The queues.
pub trait WorkQueue: Clone + Send + Sync + 'static {
    /// Sends items; `Ok` only after the queue took every one of them.
    ///
    /// They become visible after `delay`, at most [`LONGEST_DELAY`]. After an error some may have
    /// been taken: send all again, a repeat is harmless.
    fn send(
        &self,
        lane: Lane,
        items: &[WorkItem],
        delay: Duration,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Puts away what nobody can work on, with the reason; replaying it later loses nothing.
    ///
    /// A body larger than a message can be is cut. `reason` carries no values of the body.
    fn park(
        &self,
        body: &str,
        reason: &str,
        directory: Option<&DirectoryId>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// How full the queues are.
    fn depth(&self) -> impl Future<Output = Result<Depths>> + Send;
}

/// What every implementation refuses before it sends anything.
fn check(items: &[WorkItem], delay: Duration) -> Result<Vec<String>> {
    if delay > LONGEST_DELAY {
        return Err(QueueError::DelayTooLong { seconds: delay.as_secs() });
    }
    items
        .iter()
        .map(|item| {
            let body = item.to_json();
            let fits = body.len() <= LARGEST_MESSAGE;
            fits.then_some(body)
                .ok_or_else(|| QueueError::TooLarge { subject: item.subject.to_string() })
        })
        .collect()
}
