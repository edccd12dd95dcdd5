//! Ringing subjects: others for what we owe them, and ourselves for a look that is due soon.

use std::time::Duration;

use jiff::Timestamp;
use store::{Awaited, Holder, Store, Waiter};
use sync_core::ids::{DirectoryId, Subject};
use work_queue::{Cause, Lane, QueueError, Source, WorkItem, WorkQueue};

use crate::{Engine, SyncError};

/// SQS holds a message back for at most 15 minutes; longer waits are rung by `catch_up` alone.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// In the place of an event's type: the event was about a group that is nested in this one.
pub(crate) const RELAYED: &str = "nested_group";

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Rings everybody who waits for this, then removes their notes.
    ///
    /// What they wait for has been stored before, and a waiter looks once more after leaving its
    /// note, so whoever is not listed here sees it.
    pub(crate) async fn ring_waiters(&self, awaited: &Awaited) -> Result<(), SyncError> {
        let waiters = self.store.waiters(awaited).await?;
        if waiters.is_empty() {
            return Ok(());
        }
        let items = waiters
            .iter()
            .map(|Waiter { holder, .. }| {
                let item = bell(&holder.directory, &holder.subject, Source::FollowUp);
                match (awaited, &holder.subject) {
                    // G7: the group looks at this member, not at all of them.
                    (Awaited::User(_, user), Subject::Group(_)) => {
                        WorkItem { members: vec![user.clone()], ..item }
                    }
                    _ => item,
                }
            })
            .collect();
        self.send(items).await?;
        self.store.stop_waiting(awaited, &waiters).await?;
        Ok(())
    }

    /// Rings the owner of what a blocked subject waits for (P4).
    pub(crate) async fn ring_owner(&self, owner: &Holder) -> Result<(), SyncError> {
        self.ring(&owner.directory, &owner.subject, Source::FollowUp, Duration::ZERO).await?;
        Ok(())
    }

    /// Rings the subject itself for a look that is due within 15 minutes.
    async fn ring_when_due(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), QueueError> {
        let left = Duration::try_from(due.duration_since(now)).unwrap_or_default();
        if left > LONGEST_DELAY {
            return Ok(());
        }
        // Whole seconds, rounded up: a ring must not come before its time.
        let delay = Duration::from_secs(left.as_millis().div_ceil(1000) as u64).min(LONGEST_DELAY);
        let item = due_bell(directory, subject, due);
        self.queue.send(lane(&item), &[item], delay).await
    }

    /// Rings for a look that is due soon; one that cannot be rung is rung by `catch_up` all the same.
    pub(crate) async fn ring_on_time(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        due: Option<Timestamp>,
    ) {
        let Some(due) = due else { return };
        let rung = self.ring_when_due(directory, subject, due, self.clock.now()).await;
        if let Err(error) = rung {
            tracing::warn!(%error, "a look that is due soon could not be rung on time");
        }
    }

    /// Sends items, each on its lane, in this order.
    pub(crate) async fn send(&self, items: Vec<WorkItem>) -> Result<(), QueueError> {
        let (bulk, events): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| lane(item) == Lane::Bulk);
        for (lane, items) in [(Lane::Events, events), (Lane::Bulk, bulk)] {
            self.queue.send(lane, &items, Duration::ZERO).await?;
        }
        Ok(())
    }

    pub(crate) async fn ring(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        source: Source,
        delay: Duration,
    ) -> Result<(), QueueError> {
        let item = bell(directory, subject, source);
        self.queue.send(lane(&item), &[item], delay).await
    }
}

/// Rings for a look that is due; void once the record is due at another time.
pub(crate) fn due_bell(directory: &DirectoryId, subject: &Subject, due: Timestamp) -> WorkItem {
    let cause = Cause { at: Some(due), ..Cause::of(Source::Due) };
    WorkItem::new(directory.clone(), subject.clone(), cause)
}

/// A message that names a subject and nothing else.
pub(crate) fn bell(directory: &DirectoryId, subject: &Subject, source: Source) -> WorkItem {
    WorkItem::new(directory.clone(), subject.clone(), Cause::of(source))
}

/// Where a message of ours belongs: fan-out and sweeps never delay a single change.
pub(crate) fn lane(item: &WorkItem) -> Lane {
    match (&item.subject, item.cause.source) {
        (Subject::Sweep, _) | (_, Source::FollowUp | Source::Sweep | Source::Reconcile) => {
            Lane::Bulk
        }
        _ => Lane::Events,
    }
}
