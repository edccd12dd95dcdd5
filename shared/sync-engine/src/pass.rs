//! One pass over a subject under its lease: what it holds and how it keeps it (R1).

use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use store::{ClaimChange, Claimed, ClaimedThing, Held, Holder, Lease, Store, StoreError, Terms};
use sync_core::audit::{AuditChange, AuditEvent, AuditKind};
use sync_core::finding::Finding;
use sync_core::ids::{EntraObjectId, JumpCloudUserId, Subject, Upn};
use sync_core::record::{Mailbox, Record, UserRecord};
use work_queue::WorkQueue;

use crate::observe::together::Place;
use crate::trouble::{Told, Trouble};
use crate::{Bell, Directory, Engine, SyncError};

/// What a first pass is given beside its lease; word that was left since is newer than any of it.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The `Date` of the complete listing that named the user.
    pub(crate) listed_at: Option<Timestamp>,
    /// The place among those who are observed together.
    pub(crate) place: Option<Place>,
}

/// The state of one pass.
pub(crate) struct Pass<'a, S, Q> {
    pub(crate) engine: &'a Engine<S, Q>,
    pub(crate) directory: &'a Directory,
    pub(crate) user: &'a JumpCloudUserId,
    pub(crate) bell: &'a Bell,
    /// What may stand in for some of its reads.
    pub(crate) given: Given,
    pub(crate) lease: Lease,
    pub(crate) mailbox: Mailbox,
    /// What will be remembered; every step that was answered has changed it.
    pub(crate) record: UserRecord,
    /// The planner has seen what was announced; what comes of it is remembered.
    pub(crate) planned: bool,
    /// Events of this pass, stored by its commit.
    pub(crate) audit: Vec<AuditEvent>,
    /// Claims that end with this pass.
    pub(crate) claims: Vec<ClaimChange>,
    /// UPNs that the commit gives up; their waiters are owed a ring afterwards (R12).
    pub(crate) freed: Vec<Upn>,
    /// What an operator should know; the last pass's until this one has planned.
    pub(crate) findings: Vec<Finding>,
    /// The actions that were answered.
    pub(crate) done: Vec<String>,
    /// The first permanent failure; the rest of the plan was tried all the same.
    pub(crate) failure: Option<Told>,
    /// The earliest JumpCloud `Date` read.
    pub(crate) read_at: Option<Timestamp>,
    /// When the planner, or what it waits for, wants another look.
    pub(crate) look_again: Option<Timestamp>,
    /// The plan covers the events before its read (R5).
    pub(crate) covers: bool,
}

impl<'a, S: Store, Q: WorkQueue> Pass<'a, S, Q> {
    pub(crate) fn new(
        engine: &'a Engine<S, Q>,
        directory: &'a Directory,
        user: &'a JumpCloudUserId,
        bell: &'a Bell,
        held: Held,
    ) -> Self {
        let Held { lease, mailbox, record } = held;
        let Record::User(record) = record else { unreachable!("a record is what its subject is") };
        Self {
            engine,
            directory,
            user,
            bell,
            given: Given::default(),
            lease,
            mailbox,
            findings: record.upkeep.findings.clone(),
            record: *record,
            planned: false,
            audit: Vec::new(),
            claims: Vec::new(),
            freed: Vec::new(),
            done: Vec::new(),
            failure: None,
            read_at: None,
            look_again: None,
            covers: true,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    pub(crate) fn terms(&self) -> Terms {
        terms(self.engine, self.directory)
    }

    /// How this subject is named as the holder of a claim.
    pub(crate) fn holder(&self) -> Holder {
        Holder { directory: self.directory.id.clone(), subject: Subject::User(self.user.clone()) }
    }

    pub(crate) fn upn_claim(&self, upn: &Upn) -> Claimed {
        Claimed { tenant: self.directory.tenant.clone(), what: ClaimedThing::Upn(upn.clone()) }
    }

    /// Renews the lease once a third of it is gone (R1). Every fenced update renews it too.
    pub(crate) async fn keep_lease(&mut self) -> Result<(), SyncError> {
        keep(self.engine, self.directory, &mut self.lease).await
    }

    /// Makes sure a vendor write ends inside the lease (R1: it starts only with 11 s left).
    pub(crate) async fn before_write(&mut self) -> Result<(), Trouble> {
        before_write(self.engine, self.directory, &mut self.lease).await
    }

    /// Stores what must survive a crash before the next step, with the claims it depends on.
    pub(crate) async fn record(&mut self, claims: &[ClaimChange]) -> Result<(), StoreError> {
        let terms = self.terms();
        let record = Record::User(Box::new(self.record.clone()));
        self.lease = self.engine.store.record(&self.lease, terms, &record, claims, &[]).await?;
        Ok(())
    }

    /// Wants another look, at the earliest of all wishes.
    pub(crate) fn look_again(&mut self, at: Timestamp) {
        self.look_again = Some(self.look_again.map_or(at, |other| other.min(at)));
    }

    /// An audit event of this pass, about the bound object.
    pub(crate) fn event(&self, kind: AuditKind, changes: Vec<AuditChange>) -> AuditEvent {
        let object = self.record.binding.as_ref().map(|binding| (&binding.object).into());
        event(self.now(), &self.lease.subject, object, self.bell, kind, changes)
    }
}

/// An audit event of a pass, about the object that is bound, if one is.
pub(crate) fn event(
    at: Timestamp,
    subject: &Subject,
    object: Option<EntraObjectId>,
    bell: &Bell,
    kind: AuditKind,
    changes: Vec<AuditChange>,
) -> AuditEvent {
    AuditEvent {
        id: uuid::Uuid::new_v4().to_string(),
        at,
        kind,
        subject: subject.clone(),
        object,
        changes,
        reason: None,
        error: None,
        initiated_by: bell.cause.clone(),
    }
}

/// A share of a wait, so that subjects that failed together do not come back together.
pub(crate) fn jitter() -> f64 {
    rand::rng().random_range(0.0..1.0)
}

/// The waits of the store, by this directory's timing.
pub(crate) fn terms<S: Store, Q: WorkQueue>(engine: &Engine<S, Q>, directory: &Directory) -> Terms {
    let timing = &directory.policy.timing;
    Terms { now: engine.clock.now(), lease: timing.lease, settle: timing.settle }
}

/// Renews a lease once a third of it is gone (R1).
pub(crate) async fn keep<S: Store, Q: WorkQueue>(
    engine: &Engine<S, Q>,
    directory: &Directory,
    lease: &mut Lease,
) -> Result<(), SyncError> {
    let terms = terms(engine, directory);
    let left = lease.until.duration_since(terms.now).unsigned_abs();
    let expired = lease.until <= terms.now;
    if expired || left < terms.lease - renewal(terms.lease) {
        *lease = engine.store.renew(lease, terms).await?;
    }
    Ok(())
}

/// Makes sure a vendor write ends inside the lease (R1: it starts only with 11 s left).
pub(crate) async fn before_write<S: Store, Q: WorkQueue>(
    engine: &Engine<S, Q>,
    directory: &Directory,
    lease: &mut Lease,
) -> Result<(), Trouble> {
    let margin = directory.policy.timing.write_margin();
    keep(engine, directory, lease).await?;
    let left = lease.until.duration_since(engine.clock.now());
    if left < jiff::SignedDuration::try_from(margin).unwrap_or(jiff::SignedDuration::MAX) {
        let lost = StoreError::LostLease { subject: lease.subject.clone() };
        return Err(Trouble::Broken(lost.into()));
    }
    Ok(())
}

/// Works while the lease is renewed after each third of it (R1), however long a vendor takes.
pub(crate) async fn renewing<S: Store, Q: WorkQueue, T>(
    engine: &Engine<S, Q>,
    directory: &Directory,
    lease: &mut Lease,
    work: impl Future<Output = T>,
) -> Result<T, SyncError> {
    // Many short pieces of work in a row take as long as one that lasts.
    keep(engine, directory, lease).await?;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = engine.clock.sleep(renewal(directory.policy.timing.lease)) => {
                *lease = engine.store.renew(lease, terms(engine, directory)).await?;
            }
        }
    }
}

/// The share of a lease after which it is renewed (R1: every third).
fn renewal(lease: Duration) -> Duration {
    lease / 3
}
