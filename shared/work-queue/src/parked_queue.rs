//! The parked queue, as operators look at it and empty it. Functions only ever park.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use sync_core::ids::DirectoryId;

use crate::{Lane, Result, WorkQueue};

/// A parked message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedMessage {
    /// Its name, the same at every receipt.
    pub id: String,
    /// Names this receipt; returning and deleting need it.
    pub receipt: String,
    /// The body: an event or a work item, or what was taken for one.
    pub body: String,
    /// Why it was parked; `None`: SQS moved it here after too many deliveries.
    pub reason: Option<String>,
    /// The queue that SQS moved it from, if it tells.
    pub from: Option<Lane>,
    /// The directory, if it is known.
    pub directory: Option<DirectoryId>,
    /// The size of the whole body in bytes, if it was cut.
    pub cut_from: Option<usize>,
    /// When it was sent, to whichever queue first.
    pub sent_at: Timestamp,
}

/// The parked queue.
pub trait ParkedQueue: WorkQueue {
    /// Receives up to ten parked messages and hides them for `hidden` from everybody else.
    ///
    /// None, if there are none that nobody has received: it waits a moment for those that SQS's
    /// parts know of and do not tell at once.
    fn receive_parked(
        &self,
        hidden: Duration,
    ) -> impl Future<Output = Result<Vec<ParkedMessage>>> + Send;

    /// Makes received messages ready again at once.
    fn return_parked(&self, messages: &[ParkedMessage]) -> impl Future<Output = Result<()>> + Send;

    /// Deletes received messages.
    fn delete_parked(&self, messages: &[ParkedMessage]) -> impl Future<Output = Result<()>> + Send;
}
