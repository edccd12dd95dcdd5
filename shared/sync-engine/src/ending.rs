//! The end of every pass, whatever its subject: commit, then ring on time, or go on with word (R3).

use store::{ClaimChange, Commit, Committed, Held, Lease, Store};
use sync_core::audit::AuditEvent;
use sync_core::record::{Hints, Mailbox, Record};
use work_queue::WorkQueue;

use crate::close::{Closing, Ended, close};
use crate::pass::terms;
use crate::{Directory, Engine, SyncError};

/// What a pass stores when it ends.
pub(crate) struct Ending<'e> {
    pub(crate) record: Record,
    pub(crate) mailbox: &'e Mailbox,
    /// Members that were named and not looked at (G9).
    pub(crate) left: &'e Hints,
    pub(crate) ended: Ended,
    pub(crate) audit: &'e [AuditEvent],
    pub(crate) claims: &'e [ClaimChange],
}

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Stores the result; the reopened record when word was left meanwhile.
    pub(crate) async fn end(
        &self,
        directory: &Directory,
        lease: &Lease,
        ending: Ending<'_>,
    ) -> Result<Option<Held>, SyncError> {
        let Ending { record, mailbox, left, ended, audit, claims } = ending;
        let timing = &directory.policy.timing;
        let Closing { heard, due } =
            close(timing, record.upkeep(), mailbox.heard, ended, self.clock.now());
        let commit = Commit { record: &record, heard, members: left, due, audit, claims };
        let committed = self.store.commit(lease, terms(self, directory), commit).await?;
        audit.iter().for_each(log);
        if committed == Committed::Again {
            return Ok(Some(self.store.reopen(lease, terms(self, directory)).await?));
        }
        self.ring_on_time(&directory.id, &lease.subject, due).await;
        Ok(None)
    }
}

/// One line per change: attribute names and ids only, values live in the table alone (section 11).
pub(crate) fn log(event: &AuditEvent) {
    let attributes: Vec<&str> = event.changes.iter().map(|c| c.attribute.as_str()).collect();
    tracing::info!(
        audit.id = event.id,
        audit.event_type = %event.kind,
        subject = %event.subject,
        user.entra_id = event.object.as_ref().map(tracing::field::display),
        audit.attributes = attributes.join(","),
        audit.reason = event.reason,
        audit.success = event.error.is_none(),
        "audit"
    );
}
