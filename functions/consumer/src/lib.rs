//! Syncs the subjects that a batch of messages rings for, and tells SQS which messages are finished.
//!
//! It decides what becomes of a message, never what becomes of a subject: that is the plan's.
//! A message counts as handed back until something says that it is finished, so that whatever
//! goes wrong on the way loses nothing. Trouble with a vendor finishes a message too, since the
//! record remembers when to go on; only a table or queue out of reach hands it back.
#![warn(missing_docs)]

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use store::Store;
use sync_core::record::before;
use sync_engine::directories::Directories;
use sync_engine::{Engine, TOGETHER};
use work_queue::WorkQueue;

mod batch;
mod job;

use batch::Batch;
use job::Fate;

/// How many subjects are synced at once: a batch of `bulk` has so many, and people who are observed
/// together must all be under way at once.
const AT_ONCE: usize = TOGETHER;

/// How long before the invocation's deadline the answer is given.
///
/// An answer that comes too late hands every message of the batch back, the finished ones too.
const ANSWER: Duration = Duration::from_secs(1);

/// The function of both queues.
#[derive(Debug)]
pub struct Consumer<S, Q> {
    engine: Engine<S, Q>,
    directories: Directories<S>,
}

impl<S: Store, Q: WorkQueue> Consumer<S, Q> {
    /// Syncs with this engine, in these directories.
    pub fn new(engine: Engine<S, Q>, directories: Directories<S>) -> Self {
        Self { engine, directories }
    }

    /// Works on a batch; the answer names the messages that are handed back, each once.
    pub async fn handle(&self, event: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
        let started = self.engine.clock.now();
        let batch = Batch::sort(event);
        let mut open = batch.messages();
        let messages = open.len();
        let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();

        let left = before(deadline, ANSWER).duration_since(started);
        let mut time_is_up =
            pin!(self.engine.clock.sleep(Duration::try_from(left).unwrap_or_default()));
        // What was tried often may be what brings the function down: the others come first.
        'waves: for wave in job::waves(batch) {
            let runs: Vec<_> = wave.into_iter().map(|job| self.run(job, deadline)).collect();
            let mut running = stream::iter(runs).buffer_unordered(AT_ONCE);
            loop {
                match select(running.next(), &mut time_is_up).await {
                    Either::Left((Some(ended), _)) => {
                        *fates.entry(ended.fate).or_default() += ended.finished.len();
                        for message in ended.finished {
                            open.remove(&message);
                        }
                    }
                    Either::Left((None, _)) => break,
                    Either::Right(_) => {
                        // Their leases end by themselves, and the records say what was under way.
                        tracing::warn!(messages = open.len(), "the time is up, handed back");
                        break 'waves;
                    }
                }
            }
        }

        let count = |fate| fates.get(&fate).copied().unwrap_or_default();
        tracing::info!(
            messages,
            synced = count(Fate::Synced),
            covered = count(Fate::Covered),
            word_left = count(Fate::WordLeft),
            ignored = count(Fate::Ignored),
            dropped = count(Fate::Dropped),
            parked = count(Fate::Parked),
            handed_back = open.len(),
            duration_ms = job::millis(self.engine.clock.now().duration_since(started)),
            "batch"
        );
        batch::answer(open)
    }
}
