//! The sweep: whoever a change of the scope may concern is rung, each to be read by himself.
//!
//! The complete traversal of the scope is held against the bindings, both ways: who is connected and
//! not bound or switched off (P7), and who is bound, enabled and not connected, is rung on `bulk`
//! (design section 4.5).
//! It decides about nobody. A directory has one record for it, with the same protocol as a person's
//! (R1 to R5), so a hundred reasons to sweep are one or two sweeps; how far it got is stored after
//! every hundred, and whoever comes next goes on from there.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jumpcloud::Everybody;
use store::{Acquired, Held, Lease, Store, StoreError, StoredSubject};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::record::{Binding, Record, UserRecord, after};
use work_queue::{Lane, Source, WorkItem, WorkQueue};

use crate::close::{Ended, UNREADABLE};
use crate::ending::Ending;
use crate::pass::{jitter, keep, renewing, terms};
use crate::ring::bell;
use crate::trouble::{Trouble, vendor_wait};
use crate::{Bell, Directory, Engine, Outcome, Report, SyncError};

mod progress;

use progress::{Phase, Progress};

/// How many people are held against their records at once.
const CHUNK: usize = 100;
/// The name of the stored progress.
const CURSOR: &str = "sweep";

/// How a part of a sweep ended.
enum Part {
    /// Everybody was looked at; the earliest `Date` that this rests on.
    Whole(Timestamp),
    /// The invocation's time is nearly over.
    Continues,
    /// The scope cannot be read: nobody is nominated.
    Unreadable,
}

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Sweeps a directory, as far as the time until `deadline` lasts.
    ///
    /// Like [`Engine::sync_user`] it answers an error only when the record could not be kept.
    pub async fn sweep(
        &self,
        directory: &Directory,
        bell: &Bell,
        deadline: Timestamp,
    ) -> Result<Outcome, SyncError> {
        let terms = terms(self, directory);
        let subject = Subject::Sweep;
        let mut held =
            match self.store.acquire(&directory.id, &subject, &bell.heard_by(self), terms).await? {
                Acquired::Covered => return Ok(Outcome::Covered),
                Acquired::WordLeft => return Ok(Outcome::WordLeft),
                Acquired::Taken(held) => *held,
            };
        let mut total = Report::default();
        // What names no time is answered by no `covered`: only a sweep begun after it answers it.
        let mut anew = bell.brings.unconditional;
        loop {
            let anew = std::mem::take(&mut anew);
            let (report, again) = self.sweep_once(directory, held, deadline, anew).await?;
            total.done.extend(report.done);
            total.findings = report.findings;
            total.trouble = report.trouble;
            match again {
                None => return Ok(Outcome::Synced(total)),
                Some(next) => held = next,
            }
        }
    }

    /// One part and its commit; the reopened record when word was left meanwhile.
    async fn sweep_once(
        &self,
        directory: &Directory,
        held: Held,
        deadline: Timestamp,
        anew: bool,
    ) -> Result<(Report, Option<Held>), SyncError> {
        let Held { mut lease, mailbox, record } = held;
        let mut upkeep = record.upkeep().clone();
        let mut report = Report::default();
        let part = match vendor_wait(&mut upkeep, self.clock.now()) {
            Ok(()) => self.part(directory, &mut lease, &mut report, deadline, anew).await,
            Err(waits) => Err(waits),
        };
        let now = self.clock.now();
        let mut ended = Ended::default();
        upkeep.findings.clear();
        match part {
            Ok(part) => {
                upkeep.failure = None;
                upkeep.retries = 0;
                match part {
                    Part::Whole(since) => {
                        ended.read_at = Some(since);
                        ended.covers = true;
                        upkeep.covered = Some(since).max(upkeep.covered);
                    }
                    Part::Continues => ended.look_again = Some(now),
                    Part::Unreadable => {
                        upkeep.findings.push(Finding::new(
                            FindingCode::ScopeUnreadable,
                            "the scope cannot be read, so nobody is connected or disconnected by it",
                        ));
                        ended.look_again = Some(after(now, UNREADABLE));
                    }
                }
            }
            Err(trouble) => {
                let (goes_on, message) = trouble.note(&mut upkeep, now, jitter())?;
                ended.goes_on = Some(goes_on);
                report.trouble = Some(message);
            }
        }
        upkeep.synced_at = Some(now);
        report.findings.clone_from(&upkeep.findings);
        let ending = Ending {
            record: Record::Sweep(upkeep),
            mailbox: &mailbox,
            left: &mailbox.members,
            ended,
            audit: &[],
            claims: &[],
        };
        let next = self.end(directory, &lease, ending).await?;
        Ok((report, next))
    }

    /// Lists the scope and goes on from where the last part ended.
    async fn part(
        &self,
        directory: &Directory,
        lease: &mut Lease,
        report: &mut Report,
        deadline: Timestamp,
        anew: bool,
    ) -> Result<Part, Trouble> {
        // S4: a listing of a wrong organization would nominate everybody.
        directory.jumpcloud.verify_organization().await?;
        let listing = directory.jumpcloud.everybody(&directory.policy.scope);
        let listing = renewing(self, directory, lease, listing).await??;
        let Some(listing) = listing else { return Ok(Part::Unreadable) };
        let groups = self.connected_groups(directory, lease).await?;
        let Some(groups) = groups else { return Ok(Part::Unreadable) };
        let listing = Listing { everybody: listing.value, groups, date: listing.date };
        let mut stored = self.store.cursor(&directory.id, CURSOR).await.map_err(SyncError::from)?;
        let mut progress = stored
            .as_deref()
            .and_then(Progress::parse)
            .filter(|_| !anew)
            .unwrap_or_else(|| Progress::begin(listing.date));
        let room = SignedDuration::try_from(directory.policy.timing.lease * 3 / 4)
            .unwrap_or(SignedDuration::MAX);
        loop {
            keep(self, directory, lease).await?;
            let (items, next) = self.step(directory, &listing, &progress.phase).await?;
            if !items.is_empty() {
                report.done.push(format!("rang for {} people", items.len()));
                self.queue
                    .send(Lane::Bulk, &items, Duration::ZERO)
                    .await
                    .map_err(SyncError::from)?;
            }
            let text = match &next {
                Some(phase) => Progress { phase: phase.clone(), ..progress }.to_string(),
                None => Progress::OVER.to_owned(),
            };
            let moved = self.store.move_cursor(&directory.id, CURSOR, stored.as_deref(), &text);
            if !moved.await.map_err(SyncError::from)? {
                // Only a holder of the lease moves it: somebody else is that now.
                let lost = StoreError::LostLease { subject: lease.subject.clone() };
                return Err(SyncError::from(lost).into());
            }
            stored = Some(text);
            match next {
                Some(phase) => progress.phase = phase,
                None => return Ok(Part::Whole(progress.since)),
            }
            if deadline.duration_since(self.clock.now()) < room {
                return Ok(Part::Continues);
            }
        }
    }

    /// Looks at the next hundred; whom to ring for, and where to go on.
    async fn step(
        &self,
        directory: &Directory,
        listing: &Listing,
        phase: &Phase,
    ) -> Result<(Vec<WorkItem>, Option<Phase>), SyncError> {
        match phase {
            Phase::Connected(seen) => self.step_connected(directory, listing, seen.as_ref()).await,
            Phase::Bound(seen) => self.step_bound(directory, listing, seen.as_ref()).await,
        }
    }

    async fn step_connected(
        &self,
        directory: &Directory,
        listing: &Listing,
        seen: Option<&JumpCloudUserId>,
    ) -> Result<(Vec<WorkItem>, Option<Phase>), SyncError> {
        let begin = seen.map_or(Bound::Unbounded, Bound::Excluded);
        let users =
            listing.everybody.users().range::<JumpCloudUserId, _>((begin, Bound::Unbounded));
        let chunk: Vec<Subject> = users.take(CHUNK).cloned().map(Subject::User).collect();
        let Some(Subject::User(last)) = chunk.last() else {
            return Ok((self.new_groups(directory, listing).await?, Some(Phase::Bound(None))));
        };
        let last = last.clone();
        let stored = self.store.peek_many(&directory.id, &chunk).await?;
        let at_home: BTreeSet<&Subject> = stored
            .iter()
            .filter(|stored| is_bound(stored) && !may_be_off(stored))
            .map(|stored| &stored.subject)
            .collect();
        let items = chunk
            .iter()
            .filter(|subject| !at_home.contains(subject))
            .map(|subject| WorkItem {
                listed_at: Some(listing.date),
                ..bell(&directory.id, subject, Source::Sweep)
            })
            .collect();
        Ok((items, Some(Phase::Connected(Some(last)))))
    }

    /// G1: the connected groups, where groups are synced; `None`: the scope cannot be read.
    async fn connected_groups(
        &self,
        directory: &Directory,
        lease: &mut Lease,
    ) -> Result<Option<BTreeSet<JumpCloudGroupId>>, Trouble> {
        if !directory.policy.groups.enabled {
            return Ok(Some(BTreeSet::new()));
        }
        let groups = directory.jumpcloud.scope_groups(&directory.policy.scope);
        let groups = renewing(self, directory, lease, groups).await??;
        Ok(groups.map(|groups| groups.value.groups().clone()))
    }

    /// Connected groups that are not ours, or were let go.
    async fn new_groups(
        &self,
        directory: &Directory,
        listing: &Listing,
    ) -> Result<Vec<WorkItem>, SyncError> {
        let groups: Vec<Subject> = listing.groups.iter().cloned().map(Subject::Group).collect();
        let stored = self.store.peek_many(&directory.id, &groups).await?;
        let at_home: BTreeSet<&Subject> =
            stored.iter().filter(|stored| is_at_home(stored)).map(|s| &s.subject).collect();
        let new = groups.iter().filter(|subject| !at_home.contains(subject));
        Ok(new.map(|subject| bell(&directory.id, subject, Source::Sweep)).collect())
    }

    async fn step_bound(
        &self,
        directory: &Directory,
        listing: &Listing,
        seen: Option<&Subject>,
    ) -> Result<(Vec<WorkItem>, Option<Phase>), SyncError> {
        let page = self.store.subjects(&directory.id, seen, CHUNK).await?;
        let items = page
            .iter()
            .filter(|stored| match &stored.subject {
                Subject::User(user) => {
                    let here = listing.everybody.users().contains(user);
                    is_bound(stored) && !is_off(stored) && !here
                }
                Subject::Group(group) => is_at_home(stored) && !listing.groups.contains(group),
                Subject::Sweep => false,
            })
            .map(|stored| bell(&directory.id, &stored.subject, Source::Sweep))
            .collect();
        Ok((items, page.last().map(|last| Phase::Bound(Some(last.subject.clone())))))
    }
}

/// What is connected, read to the last page of every part.
struct Listing {
    everybody: Everybody,
    groups: BTreeSet<JumpCloudGroupId>,
    date: Timestamp,
}

/// A group that is ours and connected, as far as we know.
fn is_at_home(stored: &StoredSubject) -> bool {
    stored
        .record
        .group()
        .is_some_and(|record| record.binding.is_some() && record.let_go_at.is_none())
}

fn binding(stored: &StoredSubject) -> Option<(&UserRecord, &Binding)> {
    let record = stored.record.user()?;
    Some((record, record.binding.as_ref()?))
}

fn is_bound(stored: &StoredSubject) -> bool {
    binding(stored).is_some_and(|(_, binding)| !binding.given_up)
}

/// Switched off by our last answered write, with nothing under way: there is nothing to remove.
fn is_off(stored: &StoredSubject) -> bool {
    binding(stored).is_some_and(|(record, binding)| {
        binding.enabled.is_some_and(|enabled| !enabled.value) && record.unanswered.is_none()
    })
}

/// Switched off by us, or adopted so and never written since (P15, P8).
fn may_be_off(stored: &StoredSubject) -> bool {
    let adopted_so = binding(stored)
        .is_some_and(|(_, binding)| binding.enabled.is_none() && binding.disabled_by_us);
    adopted_so || is_off(stored)
}
