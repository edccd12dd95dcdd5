//! The loop around a pass: acquire, pass, commit, and once more when word was left (R1 to R3).

use std::sync::Arc;

use store::{Acquired, Held, Store};
use sync_core::ids::{JumpCloudUserId, Subject};
use sync_core::plan::user::{UserInput, plan_user};
use sync_core::record::{Expecting, Record, after};
use work_queue::WorkQueue;

use crate::close::{Ended, SOON};
use crate::ending::Ending;
use crate::observe::together::Place;
use crate::pass::{Given, Pass, jitter, terms};
use crate::trouble::{Trouble, vendor_wait};
use crate::{Bell, Directory, Engine, Outcome, Report, SyncError};

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Syncs one person; the message is finished unless this answers an error.
    ///
    /// Every trouble with a vendor is committed as a wait, so an error means only that the record
    /// could not be kept: the table or the queue is out of reach, or the lease is lost.
    pub async fn sync_user(
        &self,
        directory: &Directory,
        user: &JumpCloudUserId,
        bell: &Bell,
    ) -> Result<Outcome, SyncError> {
        self.sync_person(directory, user, bell, None).await
    }

    /// The same for somebody who has a place among people who are observed together.
    ///
    /// A place in another directory, or in this one as it was configured before, is given up.
    pub async fn sync_user_together(
        &self,
        directory: &Arc<Directory>,
        user: &JumpCloudUserId,
        bell: &Bell,
        place: Option<Place>,
    ) -> Result<Outcome, SyncError> {
        let place = place.and_then(|place| place.within(directory));
        self.sync_person(directory, user, bell, place).await
    }

    async fn sync_person(
        &self,
        directory: &Directory,
        user: &JumpCloudUserId,
        bell: &Bell,
        place: Option<Place>,
    ) -> Result<Outcome, SyncError> {
        let subject = Subject::User(user.clone());
        let acquired = self
            .store
            .acquire(&directory.id, &subject, &bell.heard_by(self), terms(self, directory))
            .await?;
        let mut held = match acquired {
            Acquired::Covered => return Ok(Outcome::Covered),
            Acquired::WordLeft => return Ok(Outcome::WordLeft),
            Acquired::Taken(held) => *held,
        };
        let mut given = Given { listed_at: bell.listed_at, place };
        let mut total = Report::default();
        loop {
            let given = std::mem::take(&mut given);
            let (report, again) = self.pass(directory, user, bell, held, given).await?;
            total.done.extend(report.done);
            total.findings = report.findings;
            total.trouble = report.trouble;
            match again {
                None => return Ok(Outcome::Synced(total)),
                Some(next) => held = next,
            }
        }
    }

    /// One pass and its commit; the reopened record when word was left meanwhile.
    async fn pass(
        &self,
        directory: &Directory,
        user: &JumpCloudUserId,
        bell: &Bell,
        held: Held,
        given: Given,
    ) -> Result<(Report, Option<Held>), SyncError> {
        let mut pass = Pass { given, ..Pass::new(self, directory, user, bell, held) };
        // Its future is large; on the heap it does not make every caller's as large.
        let trouble = Box::pin(pass.run()).await.err();
        // Nobody waits for somebody who did not come to reading.
        pass.given = Given::default();
        let mut ended = Ended { read_at: pass.read_at, ..Ended::default() };
        let mut told = None;
        let failure = pass.failure.take().map(Trouble::Permanent);
        match trouble.or(failure) {
            Some(trouble) => {
                let now = pass.now();
                let (goes_on, message) = trouble.note(&mut pass.record.upkeep, now, jitter())?;
                ended.goes_on = Some(goes_on);
                told = Some(message);
                pass.keep_expecting();
            }
            None => {
                pass.record.upkeep.failure = None;
                pass.record.upkeep.retries = 0;
                ended.covers = pass.covers;
            }
        }
        ended.look_again = pass.look_again;
        if ended.covers {
            pass.record.upkeep.covered = pass.read_at.max(pass.record.upkeep.covered);
        }
        let again = pass.commit(ended).await?;
        Ok((Report { done: pass.done, findings: pass.findings, trouble: told }, again))
    }
}

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// Observes, plans, applies, and pays what is owed.
    async fn run(&mut self) -> Result<(), Trouble> {
        let now = self.now();
        vendor_wait(&mut self.record.upkeep, now)?;
        let paid = self.sync().await;
        // A new binding's followers are rung whatever became of the rest of the plan.
        let owed = match &paid {
            Err(Trouble::Broken(_)) => Ok(()),
            _ => self.pay().await,
        };
        paid.and(owed)
    }

    async fn sync(&mut self) -> Result<(), Trouble> {
        let seen = self.observe().await?;
        let planned = plan_user(
            UserInput {
                policy: &self.directory.policy,
                user: self.user,
                record: &self.record,
                mailbox: &self.mailbox,
                expect: self.mailbox.expect,
                desired: &seen.desired,
                observed: &seen.observed,
                domains: seen.domains.as_deref().ok(),
                manager: &seen.manager,
            },
            self.now(),
        );
        self.planned = true;
        tracing::debug!(plan.actions = planned.plan.actions.len(), "planned");
        self.findings = planned.findings;
        self.covers = planned.covers;
        if let Some(at) = planned.look_again {
            self.look_again(at);
        }
        let applied = self.apply(&planned.plan).await;
        self.wait_for(planned.waits_for).await?;
        applied?;
        // The rest of the plan is made when they can be read.
        seen.domains.map(|_| ())
    }

    /// A pass that did not come to planning has not used what was announced: it stays (R3).
    fn keep_expecting(&mut self) {
        let Some(expect) = self.mailbox.expect.filter(|_| !self.planned) else { return };
        if self.record.expecting.is_none_or(|open| open.expect < expect) {
            self.record.expecting = Some(Expecting { expect, since: self.now() });
        }
    }

    /// Stores the result (R3); the reopened record when word was left.
    async fn commit(&mut self, ended: Ended) -> Result<Option<Held>, SyncError> {
        let now = self.now();
        self.record.upkeep.findings.clone_from(&self.findings);
        if !self.freed.is_empty() {
            self.record.owed.get_or_insert_default().freed.append(&mut self.freed);
        }
        self.record.upkeep.synced_at = Some(now);
        let intent = self.record.intent.as_ref().map(|intent| after(intent.open_until, SOON));
        let owed = self.record.owed.is_some().then_some(now);
        let ending = Ending {
            record: Record::User(Box::new(self.record.clone())),
            mailbox: &self.mailbox,
            left: &self.mailbox.members,
            ended: Ended { remembered: intent.into_iter().chain(owed).min(), ..ended },
            audit: &self.audit,
            claims: &self.claims,
        };
        self.engine.end(self.directory, &self.lease, ending).await
    }

    /// Pays what the record owes to others (R12), before the commit that clears the debt.
    async fn pay(&mut self) -> Result<(), Trouble> {
        let Some(owed) = self.record.owed.clone() else { return Ok(()) };
        if owed.bound {
            let awaited = store::Awaited::User(self.directory.id.clone(), self.user.clone());
            self.engine.ring_waiters(&awaited).await?;
            self.ring_groups().await?;
        }
        for upn in owed.freed {
            let awaited = store::Awaited::Upn(self.directory.tenant.clone(), upn);
            self.engine.ring_waiters(&awaited).await?;
        }
        self.audit.splice(0..0, owed.audit);
        self.record.owed = None;
        Ok(())
    }
}
