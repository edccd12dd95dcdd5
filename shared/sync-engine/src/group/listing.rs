//! A look at all members of a group: two complete listings, and what they differ in (G5 to G9).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use store::{Awaited, Claimed, Store};
use sync_core::finding::FindingCode;
use sync_core::group::Member;
use sync_core::ids::{EntraUserId, JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::plan::group::MembersWanted;
use sync_core::plan::members::{MembersInput, MembersPlan, plan_members};
use sync_core::record::{GroupRecord, Hints, Nested, after};
use work_queue::{Source, WorkQueue};

use super::GroupPass;
use super::members::Pair;
use crate::SyncError;
use crate::pass::renewing;
use crate::ring::bell;
use crate::trouble::{Told, Trouble};

/// How many members a finding names.
const NAMED: usize = 20;
/// How many notes are left at once.
const AT_ONCE: usize = 16;
/// How many people are rung for in one go.
const CHUNK: usize = 100;
/// So many requests in a row of which nobody is taken, each tried alone, are the group's trouble.
const PATIENCE: u32 = 3;
/// What must be left of the invocation for another step (G9).
pub(super) const LAST_STEP: SignedDuration = SignedDuration::from_secs(15);
/// What must be left of it to say that it did not suffice.
const TO_COMMIT: SignedDuration = SignedDuration::from_secs(5);
/// How long after this invocation the next one goes on.
const FOLLOW_UP: Duration = Duration::from_secs(2);
/// When a large group is looked at again whose follow-up has got lost.
const LOST_FOLLOW_UP: Duration = Duration::from_secs(120);

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    pub(super) async fn sync_all(&mut self, wanted: MembersWanted) -> Result<(), Trouble> {
        let small = self.record.size.is_some_and(|size| size <= GroupRecord::SMALL);
        if !small && !self.bell.bulk {
            // The invocation of an event may be too short for it.
            return self.continue_later().await;
        }
        let began = self.now();
        self.record.tried_at = Some(began);
        // Until it has succeeded.
        self.left = Hints::Many;
        let Some(plan) = self.plan_in_time(wanted).await? else {
            if self.bell.bulk {
                let message = "the listing did not end within the invocation".to_owned();
                return Err(Trouble::Passing(Told { class: "too_large".into(), message }));
            }
            // It has outgrown the invocation of an event.
            self.record.size = None;
            return self.continue_later().await;
        };
        let moved = plan.add.iter().chain(&plan.leave).map(|(user, _)| user.clone());
        self.tell_outer(&Hints::of(moved), None).await?;
        if !plan.foreign.is_empty() {
            let ids = plan.foreign.iter().map(|member| match member {
                Member::User(id) => id.to_string(),
                Member::Other(id) => id.clone(),
            });
            let message = counted(plan.foreign.len(), "members are not ours", ids);
            self.find(FindingCode::MembersLeftAlone, message);
        }
        // Whoever was added by the part before this one may not be listed yet.
        let from = self.record.added_until.clone();
        let due = |(user, _): &&Pair| from.as_ref().is_none_or(|from| user > from);
        let add: Vec<Pair> = plan.add.iter().filter(due).cloned().collect();
        if self.is_dynamic() && self.record.listed_at.is_some() {
            // G10: no event tells them that they are connected again. At first the sweep does.
            self.ring_people(add.iter().map(|(user, _)| user), Source::Sweep).await?;
        }
        if !self.add_while_time_lasts(&add).await? {
            return self.continue_later().await;
        }
        if !self.remove_listed(wanted, &plan.leave).await? {
            return self.continue_later().await;
        }
        // Lists that lag would show neither these additions nor these removals to the next one.
        self.record.added_until = None;
        self.record.listed_at = Some(began);
        self.settled = true;
        let unbound: Vec<JumpCloudUserId> = plan.unbound.into_iter().collect();
        self.left = Hints::default();
        if from.is_some() {
            // Whoever came meanwhile, before that place in the order, is for another listing.
            self.left = Hints::Many;
            self.covers = false;
            self.look_again(after(began, GroupRecord::LISTED));
        }
        self.wait_for_members(&unbound).await?;
        // Until then this very listing may lag behind the write (G5).
        let lag = self.directory.policy.timing.own_writes;
        let written = self.record.members_written_at.filter(|at| after(*at, lag) > began);
        self.record.members_written_at = written;
        if let Some(at) = written {
            self.look_again(after(at, lag));
        }
        self.look_in_time();
        self.lagging().await
    }

    /// The plan; `None`: it takes longer than the invocation lasts.
    async fn plan_in_time(
        &mut self,
        wanted: MembersWanted,
    ) -> Result<Option<MembersPlan>, Trouble> {
        let margin = if self.bell.bulk { TO_COMMIT } else { LAST_STEP };
        let left = self.deadline.duration_since(self.now()) - margin;
        let left = Duration::try_from(left).unwrap_or_default();
        let clock = self.engine.clock.clone();
        tokio::select! {
            biased;
            plan = self.plan_members(wanted) => plan.map(Some),
            () = clock.sleep(left) => Ok(None),
        }
    }

    async fn plan_members(&mut self, wanted: MembersWanted) -> Result<MembersPlan, Trouble> {
        let (directory, group, object) = (self.directory, self.group, self.object()?);
        let people = match wanted {
            MembersWanted::AsInJumpCloud => {
                let listed = self.renewing(directory.jumpcloud.group_members(group)).await??;
                self.rests_on(listed.date);
                self.watch_nested(listed.value.through()).await?;
                listed.value.users().clone()
            }
            MembersWanted::Nobody | MembersWanted::LeftAlone => Default::default(),
        };
        let observed = self.renewing(directory.graph.members(&object)).await??.into_inner();
        let bound: BTreeMap<JumpCloudUserId, EntraUserId> =
            self.objects(people.iter().cloned()).await?.into_iter().collect();
        self.record.size = Some(people.len().max(observed.len()) as u64);
        let wanted: BTreeMap<JumpCloudUserId, Option<EntraUserId>> = people
            .into_iter()
            .map(|user| {
                let object = bound.get(&user).cloned();
                (user, object)
            })
            .collect();
        let theirs: BTreeSet<&EntraUserId> = bound.values().collect();
        let others = observed.iter().filter_map(|member| match member {
            Member::User(object) if !theirs.contains(object) => Some(object),
            Member::User(_) | Member::Other(_) => None,
        });
        let owners = self.owners(others.cloned().collect()).await?;
        let plan =
            plan_members(MembersInput { wanted: &wanted, observed: &observed, owners: &owners });
        self.record.managed = (bound.len() + plan.leave.len()) as u64;
        Ok(plan)
    }

    /// Leaves a note at each nested group: what changes there changes here (G9).
    async fn watch_nested(&mut self, nested: &BTreeSet<JumpCloudGroupId>) -> Result<(), Trouble> {
        let (waiter, now) = (self.lease.holder(), self.now());
        let directory = self.directory;
        let mut seen = if nested.is_empty() { Nested::None } else { Nested::Static };
        for group in nested {
            // Who is in a dynamic one changes without an event here as well (G10).
            let read = self.renewing(directory.jumpcloud.group(group)).await??;
            if read.value.is_some_and(|group| group.dynamic) {
                seen = Nested::Dynamic;
            }
            let awaited = Awaited::Members(self.directory.id.clone(), group.clone());
            self.keep_lease().await?;
            self.engine.store.wait_for(&awaited, &waiter, now).await?;
        }
        self.record.nested = seen;
        Ok(())
    }

    /// Who of this directory is bound to these objects, or was until the end.
    async fn owners(
        &mut self,
        objects: Vec<EntraUserId>,
    ) -> Result<BTreeMap<EntraUserId, JumpCloudUserId>, Trouble> {
        let keys: Vec<Claimed> =
            objects.iter().map(|object| self.directory.object_claim(object)).collect();
        let claims = self.engine.store.claims(&keys);
        let claims = renewing(self.engine, self.directory, &mut self.lease, claims)
            .await?
            .map_err(SyncError::from)?;
        // Whoever was deleted in JumpCloud has given up the account, and is to leave all the same.
        let owner = |key: &Claimed| {
            let claim = claims.get(key)?;
            match &claim.holder.subject {
                Subject::User(user) if claim.holder.directory == self.directory.id => {
                    Some(user.clone())
                }
                _ => None,
            }
        };
        let former = |key: &Claimed| claims.get(key).is_some_and(|claim| claim.tombstone.is_some());
        let given_up = objects.iter().zip(&keys).filter(|(_, key)| former(key));
        self.former = given_up.map(|(object, _)| object.clone()).collect();
        let owned = objects.into_iter().zip(&keys);
        Ok(owned.filter_map(|(object, key)| Some((object, owner(key)?))).collect())
    }

    /// False: the invocation's time is nearly over, and somebody is left.
    async fn add_while_time_lasts(&mut self, add: &[Pair]) -> Result<bool, Trouble> {
        let mut refused = 0;
        for (at, chunk) in add.chunks(graph::MEMBERS_AT_ONCE).enumerate() {
            if at > 0 && self.has_less_than(LAST_STEP) {
                return Ok(false);
            }
            refused = if self.add(chunk).await? { 0 } else { refused + 1 };
            if refused == PATIENCE {
                // What is left comes with the next listing; who is to leave need not wait for it.
                break;
            }
            self.record.added_until = chunk.last().map(|(user, _)| user.clone());
            self.store_now_and_then().await?;
        }
        Ok(true)
    }

    /// Commits what was done; the rest goes on by a message of its own.
    pub(super) async fn continue_later(&mut self) -> Result<(), Trouble> {
        self.keep_findings_of_all();
        self.record.tried_at = None;
        self.left = Hints::Many;
        self.covers = false;
        let (directory, subject) = (&self.directory.id, &self.lease.subject);
        // Not before our own commit, which it would only make sync once more.
        self.engine.ring(directory, subject, Source::FollowUp, FOLLOW_UP).await?;
        self.look_again(after(self.now(), LOST_FOLLOW_UP));
        Ok(())
    }

    /// G7: whoever is not bound yet is rung for and waited for.
    pub(super) async fn wait_for_members(
        &mut self,
        unbound: &[JumpCloudUserId],
    ) -> Result<(), Trouble> {
        if unbound.is_empty() {
            return Ok(());
        }
        let ids = unbound.iter().map(ToString::to_string);
        let message = counted(unbound.len(), "members are not bound yet", ids);
        self.find(FindingCode::MembersNotBound, message);
        let (engine, directory) = (self.engine, &self.directory.id);
        let (waiter, now) = (self.lease.holder(), self.now());
        for chunk in unbound.chunks(CHUNK) {
            let notes = chunk.iter().cloned().map(|user| {
                let (store, waiter) = (engine.store.clone(), waiter.clone());
                let awaited = Awaited::User(directory.clone(), user.clone());
                async move {
                    let new = store.wait_for(&awaited, &waiter, now).await?;
                    Ok::<_, SyncError>(new.then_some(user))
                }
            });
            let notes = stream::iter(notes).buffered(AT_ONCE).try_collect::<Vec<_>>();
            let notes = renewing(engine, self.directory, &mut self.lease, notes).await??;
            // Whoever has no record has never been rung, whatever the note says.
            let subjects: Vec<Subject> = chunk.iter().cloned().map(Subject::User).collect();
            let known = engine.store.peek_many(directory, &subjects).await?;
            let known: BTreeSet<&Subject> = known.iter().map(|stored| &stored.subject).collect();
            let unknown = subjects.iter().filter(|subject| !known.contains(subject)).cloned();
            let new: BTreeSet<Subject> =
                notes.into_iter().flatten().map(Subject::User).chain(unknown).collect();
            let items = new.iter().map(|subject| bell(directory, subject, Source::FollowUp));
            engine.send(items.collect()).await?;
        }
        // Whoever was bound while the notes were left is seen by another look.
        let bound = self.objects(unbound.iter().cloned()).await?;
        if !bound.is_empty() {
            let bound = Hints::of(bound.into_iter().map(|(user, _)| user));
            self.left = std::mem::take(&mut self.left).and(bound);
            self.look_soon();
        }
        Ok(())
    }
}

/// So many of something, with the first of their ids.
pub(super) fn counted(count: usize, what: &str, ids: impl Iterator<Item = String>) -> String {
    let ids: Vec<String> = ids.take(NAMED).collect();
    let more = if count > ids.len() { ", …" } else { "" };
    format!("{count} {what}: {}{more}", ids.join(", "))
}
