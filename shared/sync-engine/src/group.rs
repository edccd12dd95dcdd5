//! The sync of one group: observe, plan, apply, then its members (design section 7).
//!
//! Only this writes memberships (G9). Whoever else learns of a change leaves word in the group's
//! record, where hints gather until a pass has looked at them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{Acquired, ClaimChange, Held, Lease, Store};
use sync_core::audit::{AuditChange, AuditEvent, AuditKind};
use sync_core::desired::Connection;
use sync_core::finding::{Finding, FindingCode};
use sync_core::group::GroupAnswer;
use sync_core::ids::{EntraUserId, JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::plan::group::{GroupInput, GroupPlanned, MembersWanted, plan_group};
use sync_core::record::{Brings, GroupRecord, Hints, Mailbox, Record, after};
use work_queue::{Source, WorkQueue};

use crate::close::{Ended, SOON, UNREADABLE};
use crate::ending::{Ending, log};
use crate::pass::{before_write, event, jitter, keep, renewing, terms};
use crate::trouble::{Told, Trouble, vendor_wait};
use crate::{Bell, Directory, Engine, Outcome, Report, SyncError};

mod apply;
mod budget;
mod hints;
mod listing;
mod members;
mod observe;
mod writes;

/// The state of one pass over a group.
pub(crate) struct GroupPass<'a, S, Q> {
    engine: &'a Engine<S, Q>,
    directory: &'a Directory,
    group: &'a JumpCloudGroupId,
    bell: &'a Bell,
    /// When the invocation ends.
    deadline: Timestamp,
    /// Not a pass for word that was left during another.
    first: bool,
    lease: Lease,
    mailbox: Mailbox,
    /// What will be remembered; every step that was answered has changed it.
    record: GroupRecord,
    /// What this pass leaves for a later look (G9).
    left: Hints,
    audit: Vec<AuditEvent>,
    claims: Vec<ClaimChange>,
    findings: Vec<Finding>,
    done: Vec<String>,
    /// The first member who could not be added yet; the rest was added all the same.
    late: Option<Told>,
    /// Members whose object Entra does not know; their own syncs find out why.
    missing: Vec<JumpCloudUserId>,
    /// Members whom Entra refuses for good.
    refused: Vec<String>,
    /// JumpCloud does not know somebody who was named.
    unknown: bool,
    /// The first permanent failure; the rest was tried all the same.
    failure: Option<Told>,
    /// Accounts whose owners were deleted in JumpCloud and have given them up.
    former: BTreeSet<EntraUserId>,
    /// How many members may leave, once that was asked for (S1).
    limit: Option<u32>,
    /// The earliest JumpCloud `Date` read.
    read_at: Option<Timestamp>,
    look_again: Option<Timestamp>,
    covers: bool,
    /// The members are to be listed in full, whatever the hints say.
    listing: bool,
    /// Everything there is to do was looked at: what failed before did not fail again.
    settled: bool,
}

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Syncs a group and its members, as far as the time until `deadline` lasts.
    ///
    /// Like [`Engine::sync_user`] it answers an error only when the record could not be kept.
    pub async fn sync_group(
        &self,
        directory: &Directory,
        group: &JumpCloudGroupId,
        bell: &Bell,
        deadline: Timestamp,
    ) -> Result<Outcome, SyncError> {
        let subject = Subject::Group(group.clone());
        let terms = terms(self, directory);
        let mut held =
            match self.store.acquire(&directory.id, &subject, &bell.heard_by(self), terms).await? {
                Acquired::Covered => {
                    // What this group has covered the groups around it may not have.
                    let Brings { members, event_at, .. } = &bell.brings;
                    if !bell.relayed {
                        self.tell_outer(directory, group, members, *event_at).await?;
                    }
                    return Ok(Outcome::Covered);
                }
                Acquired::WordLeft => return Ok(Outcome::WordLeft),
                Acquired::Taken(held) => *held,
            };
        let (mut total, mut first) = (Report::default(), true);
        loop {
            let pass =
                GroupPass { first, ..GroupPass::new(self, directory, group, bell, deadline, held) };
            first = false;
            let (report, left, again) = pass.whole().await?;
            total.done.extend(report.done);
            total.findings = report.findings;
            total.trouble = report.trouble;
            match again {
                None => return Ok(Outcome::Synced(total)),
                // Nothing was released, so what the pass left is not in the record.
                Some(mut next) => {
                    next.mailbox.members = std::mem::take(&mut next.mailbox.members).and(left);
                    held = next;
                }
            }
        }
    }
}

impl<'a, S: Store, Q: WorkQueue> GroupPass<'a, S, Q> {
    fn new(
        engine: &'a Engine<S, Q>,
        directory: &'a Directory,
        group: &'a JumpCloudGroupId,
        bell: &'a Bell,
        deadline: Timestamp,
        held: Held,
    ) -> Self {
        let Held { lease, mailbox, record } = held;
        let Record::Group(record) = record else { unreachable!("a record is what its subject is") };
        Self {
            engine,
            directory,
            group,
            bell,
            deadline,
            first: true,
            lease,
            left: mailbox.members.clone(),
            mailbox,
            findings: record.upkeep.findings.clone(),
            record: *record,
            audit: Vec::new(),
            claims: Vec::new(),
            done: Vec::new(),
            late: None,
            missing: Vec::new(),
            refused: Vec::new(),
            unknown: false,
            failure: None,
            former: BTreeSet::new(),
            limit: None,
            read_at: None,
            look_again: None,
            covers: true,
            listing: false,
            settled: false,
        }
    }

    /// The pass and its commit; the reopened record when word was left meanwhile.
    async fn whole(mut self) -> Result<(Report, Hints, Option<Held>), SyncError> {
        // Its future is large; on the heap it does not make every caller's as large.
        let trouble = Box::pin(self.run()).await.err();
        let mut ended = Ended { read_at: self.read_at, ..Ended::default() };
        let mut told = None;
        let failure = self.failure.take().map(Trouble::Permanent);
        let now = self.now();
        match trouble.or(failure) {
            Some(trouble) => {
                let (goes_on, message) = trouble.note(&mut self.record.upkeep, now, jitter())?;
                ended.goes_on = Some(goes_on);
                told = Some(message);
                // Hints go only with a commit that has used them (R3).
                if !self.settled {
                    self.left = self.left.and(self.mailbox.members.clone());
                }
            }
            None => {
                ended.covers = self.covers;
                if self.settled {
                    self.record.upkeep.failure = None;
                    self.record.upkeep.retries = 0;
                } else if let Some(failure) = &self.record.upkeep.failure {
                    // A look at less than all has answered nothing of it (S5).
                    self.look_again(failure.next);
                }
            }
        }
        ended.look_again = self.look_again;
        if ended.covers {
            self.record.upkeep.covered = self.read_at.max(self.record.upkeep.covered);
        }
        self.record.upkeep.findings.clone_from(&self.findings);
        self.record.upkeep.synced_at = Some(now);
        // R12: what was owed is told by this very commit.
        self.audit.splice(0..0, std::mem::take(&mut self.record.owed));
        let ending = Ending {
            record: Record::Group(Box::new(self.record.clone())),
            mailbox: &self.mailbox,
            left: &self.left,
            ended,
            audit: &self.audit,
            claims: &self.claims,
        };
        let next = self.engine.end(self.directory, &self.lease, ending).await?;
        let report = Report { done: self.done, findings: self.findings, trouble: told };
        Ok((report, self.left, next))
    }

    async fn run(&mut self) -> Result<(), Trouble> {
        // It asks no vendor, so no vendor's wait puts it off.
        self.tell_outer_groups().await?;
        let now = self.now();
        vendor_wait(&mut self.record.upkeep, now)?;
        let by_event = self.bell.brings.event_at.is_some();
        if by_event && is_unmanaged(&self.record, &self.mailbox.members) {
            // Nothing was read, and nothing is to be looked at again.
            self.left = Hints::default();
            self.mailbox.heard = None;
            return Ok(());
        }
        if !self.first && self.has_less_than(listing::LAST_STEP) {
            // Word keeps coming: what it says is for an invocation with more time.
            return self.continue_later().await;
        }
        if let Some(until) = self.gathers_until() {
            self.look_again(until);
            self.covers = false;
            return Ok(());
        }
        let (desired, observed) = self.observe().await?;
        if self.is_undecided(&desired).await? {
            return Ok(());
        }
        let planned = plan_group(
            GroupInput {
                policy: &self.directory.policy.groups,
                timing: &self.directory.policy.timing,
                group: self.group,
                record: &self.record,
                desired: &desired,
                observed: &observed,
            },
            self.now(),
        );
        let pinned = self.pinned();
        self.findings.clone_from(&planned.findings);
        self.findings.extend(pinned);
        self.covers = planned.covers;
        if let Some(at) = planned.look_again {
            self.look_again(at);
        }
        if desired.connection == Connection::Unreadable {
            self.look_again(after(self.now(), UNREADABLE));
        }
        if planned.sweep {
            let directory = &self.directory.id;
            let ring =
                self.engine.ring(directory, &Subject::Sweep, Source::FollowUp, Duration::ZERO);
            ring.await?;
            self.list_all();
        }
        if let GroupAnswer::Found(group) = &desired.group {
            self.record.dynamic = group.dynamic;
        }
        self.act(&planned).await?;
        self.members(&planned).await?;
        if planned.give_up && self.has_nothing_left() {
            self.give_up();
        }
        match &planned.held {
            Some(object) => self.wait_for_owner(object).await,
            None => Ok(()),
        }
    }

    /// Wants the members listed in full, by a later pass if this one does not come to it.
    fn list_all(&mut self) {
        self.listing = true;
        self.left = Hints::Many;
    }

    /// Whether everything that was wanted is done, and no later look could find more.
    fn has_nothing_left(&self) -> bool {
        self.settled && self.failure.is_none() && self.look_again.is_none()
    }

    /// G2: what the lookup by name found stays known; the binding has decided which is ours.
    fn pinned(&self) -> Vec<Finding> {
        let of_lookup = [FindingCode::GroupAmbiguous, FindingCode::GroupNameVariant];
        let findings = self.record.upkeep.findings.iter();
        let pinned = findings.filter(|finding| of_lookup.contains(&finding.code));
        pinned.filter(|_| self.record.binding.is_some()).cloned().collect()
    }

    /// Until when the hints gather, where nothing but them is to be looked at: no vendor is asked.
    ///
    /// What rang without naming anybody may concern the group itself, and so may word that was
    /// left during a pass.
    fn gathers_until(&self) -> Option<Timestamp> {
        let rung_by_hints = self.first && self.bell.brings.members != Hints::Many;
        let bound = self.record.binding.is_some();
        let until = self.record.gathers_until(&self.mailbox.members, self.now());
        until.filter(|_| rung_by_hints && bound && self.named_in_trouble().is_none())
    }

    /// Whom this bell names while the listing fails that would look at everybody.
    fn named_in_trouble(&self) -> Option<BTreeSet<JumpCloudUserId>> {
        let GroupRecord { tried_at, listed_at, upkeep, .. } = &self.record;
        // One that ended, but for members who were set aside, has looked at everybody.
        let failed = upkeep.retries > 0 && tried_at > listed_at;
        match &self.bell.brings.members {
            Hints::Of(people) if self.first && failed => {
                Some(people.clone()).filter(|people| !people.is_empty())
            }
            Hints::Of(_) | Hints::Many => None,
        }
    }

    async fn members(&mut self, planned: &GroupPlanned) -> Result<(), Trouble> {
        match (planned.members, self.record.binding.is_some()) {
            // Nothing was decided: whoever was named is looked at when it is.
            (MembersWanted::LeftAlone, true) if !self.covers => {
                let named = self.mailbox.heard.is_some() || !self.mailbox.members.is_empty();
                self.left = if named { Hints::Many } else { Hints::default() };
                Ok(())
            }
            (MembersWanted::LeftAlone, _) | (_, false) => {
                self.left = Hints::default();
                self.settled = true;
                Ok(())
            }
            (wanted, true) => self.sync_members(wanted).await,
        }
    }

    fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    fn terms(&self) -> store::Terms {
        terms(self.engine, self.directory)
    }

    /// Works while the lease is renewed (R1).
    async fn renewing<T>(&mut self, work: impl Future<Output = T>) -> Result<T, SyncError> {
        renewing(self.engine, self.directory, &mut self.lease, work).await
    }

    async fn before_write(&mut self) -> Result<(), Trouble> {
        before_write(self.engine, self.directory, &mut self.lease).await
    }

    /// Stores what must survive a crash before the next step, with the claims it depends on and
    /// the events of what was done.
    async fn store(&mut self, claims: &[ClaimChange]) -> Result<(), store::StoreError> {
        let (terms, record) = (self.terms(), Record::Group(Box::new(self.record.clone())));
        let stored = self.engine.store.record(&self.lease, terms, &record, claims, &self.audit);
        self.lease = stored.await?;
        self.audit.drain(..).for_each(|event| log(&event));
        Ok(())
    }

    async fn keep_lease(&mut self) -> Result<(), SyncError> {
        keep(self.engine, self.directory, &mut self.lease).await
    }

    fn look_again(&mut self, at: Timestamp) {
        self.look_again = Some(self.look_again.map_or(at, |other| other.min(at)));
    }

    fn look_soon(&mut self) {
        self.look_again(after(self.now(), SOON));
    }

    /// Whether less of the invocation is left than `span`.
    fn has_less_than(&self, span: SignedDuration) -> bool {
        self.deadline.duration_since(self.now()) < span
    }

    fn find(&mut self, code: FindingCode, message: String) {
        self.findings.push(Finding::new(code, message));
    }

    fn event(&self, kind: AuditKind, changes: Vec<AuditChange>) -> AuditEvent {
        let object = self.record.binding.as_ref().map(|binding| (&binding.object).into());
        event(self.now(), &self.lease.subject, object, self.bell, kind, changes)
    }
}

/// Whether hints about members concern a group that is not ours, nor on its way to us.
///
/// Whatever connects a group names no member, so for these nobody needs to be asked.
pub(crate) fn is_unmanaged(record: &GroupRecord, hints: &Hints) -> bool {
    let GroupRecord { binding, upkeep, .. } = record;
    let held = upkeep.findings.iter().any(|finding| finding.code == FindingCode::GroupHeld);
    let undecided = upkeep.failure.is_some() || upkeep.retries > 0 || held;
    let named = matches!(hints, Hints::Of(people) if !people.is_empty());
    binding.is_none() && named && !undecided
}
