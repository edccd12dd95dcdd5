//! Observe, plan, apply: the one path of a subject's sync, whoever rang.
//!
//! [`Engine::sync_user`] takes the subject's lease, reads JumpCloud, Entra and the record, asks
//! `sync-core` for a plan, applies it step by step and commits (design section 2.1). It makes no
//! choice that the plan could make, and it waits for nothing: every wait is a `due` in the record.
//! [`Engine::catch_up`] rings the bells: what the poll found, and what is due.
#![warn(missing_docs)]

use clock::Clock;
use jiff::Timestamp;
use store::{Claimed, ClaimedThing, Store, StoreError};
use sync_core::finding::Finding;
use sync_core::ids::{DirectoryId, EntraObjectId, TenantId};
use sync_core::policy::Policy;
use sync_core::record::Brings;
use work_queue::{Lane, QueueError, WorkItem, WorkQueue};

mod apply;
pub mod catch_up;
mod close;
pub mod deployed;
pub mod directories;
mod ending;
mod group;
mod observe;
mod pass;
mod ring;
mod sweep;
mod sync;
mod trouble;
mod wait;

pub use observe::together::{Place, TOGETHER};

/// What every sync needs: the table, the queues, the time.
#[derive(Debug, Clone)]
pub struct Engine<S, Q> {
    /// The table.
    pub store: S,
    /// The queues.
    pub queue: Q,
    /// The time.
    pub clock: Clock,
}

/// A directory with its two clients, as configured when the sync began.
#[derive(Debug)]
pub struct Directory {
    /// The directory.
    pub id: DirectoryId,
    /// Its Entra tenant: claims are per tenant (U7).
    pub tenant: TenantId,
    /// Its rules.
    pub policy: Policy,
    /// Entra.
    pub graph: graph::Client,
    /// JumpCloud.
    pub jumpcloud: jumpcloud::Client,
}

impl Directory {
    /// The claim on an object of the tenant: a person's or a group's.
    pub(crate) fn object_claim(&self, object: impl Into<EntraObjectId>) -> Claimed {
        Claimed { tenant: self.tenant.clone(), what: ClaimedThing::Object(object.into()) }
    }
}

/// What the items that rang for a subject say together.
#[derive(Debug, Clone, Default)]
pub struct Bell {
    /// What they bring to the record.
    pub brings: Brings,
    /// Who or what rang, for the audit events.
    pub cause: String,
    /// Somebody rang on `bulk`, where there is more time.
    pub bulk: bool,
    /// All that rang were events about groups that are nested in this one.
    pub relayed: bool,
    /// The complete listing that named the subject as connected; only where nothing else rang.
    pub listed_at: Option<Timestamp>,
}

impl Bell {
    /// The bell that these items of one subject ring; the youngest names the cause.
    pub fn of<'a>(items: impl IntoIterator<Item = &'a WorkItem>) -> Self {
        let mut bell = Self::default();
        let mut youngest = None;
        let (mut rung_by_listings_alone, mut relayed) = (true, true);
        for item in items {
            let brings = item.brings();
            if bell.cause.is_empty() || brings.event_at > youngest {
                youngest = brings.event_at;
                bell.cause = item.cause.to_string();
            }
            bell.brings = std::mem::take(&mut bell.brings).and(brings);
            bell.bulk |= ring::lane(item) == Lane::Bulk;
            bell.listed_at = bell.listed_at.max(item.listed_at);
            rung_by_listings_alone &= item.listed_at.is_some();
            relayed &= item.cause.event_type.as_deref() == Some(ring::RELAYED);
        }
        // Whoever else rang may know of something that the listing does not.
        bell.listed_at = bell.listed_at.filter(|_| rung_by_listings_alone);
        bell.relayed = relayed;
        bell
    }
}

impl Bell {
    /// What they bring, on this engine's clock.
    fn heard_by<S, Q>(&self, engine: &Engine<S, Q>) -> Brings {
        self.brings.clone().by(engine.clock.now())
    }
}

/// What a sync came to; in each case the message is finished.
#[derive(Debug)]
pub enum Outcome {
    /// The record covers what the items announce: no vendor was asked (R5).
    Covered,
    /// Somebody else is at it and will sync once more (R2).
    WordLeft,
    /// The subject was synced and committed.
    Synced(Report),
}

/// What a committed sync did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The actions that were answered, as the plan prints them.
    pub done: Vec<String>,
    /// What an operator should know.
    pub findings: Vec<Finding>,
    /// Why it did not get further; the record knows when it goes on.
    pub trouble: Option<String>,
}

/// Why a message is handed back: only when the table or the queue is out of reach, or the lease lost.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The table.
    #[error("the record could not be kept")]
    Store(#[from] StoreError),
    /// The queue.
    #[error("another subject could not be rung")]
    Queue(#[from] QueueError),
}

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// An engine over this table, these queues and this clock.
    pub fn new(store: S, queue: Q, clock: Clock) -> Self {
        Self { store, queue, clock }
    }
}
