//! A look at just those members whom events have named (G9).

use std::collections::BTreeSet;

use jiff::Timestamp;
use store::{Awaited, Store, Waiter};
use sync_core::finding::FindingCode;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use sync_core::record::{Hints, after};
use work_queue::{Cause, Source, WorkItem, WorkQueue};

use super::GroupPass;
use super::members::Pair;
use crate::ring::{RELAYED, bell};
use crate::trouble::Trouble;
use crate::{Directory, Engine, SyncError};

/// What a look at some members says nothing about.
const OF_ALL: [FindingCode; 3] =
    [FindingCode::MembersLeftAlone, FindingCode::MembersNotBound, FindingCode::RemovalsHeld];

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    pub(super) async fn sync_hints(&mut self) -> Result<(), Trouble> {
        // What was not named may have changed all the same (R5).
        self.covers = false;
        let looked = match self.mailbox.members.clone() {
            Hints::Of(people) => self.look_at(people).await,
            Hints::Many => Ok(()),
        };
        self.keep_findings_of_all();
        // Whatever became of it, what was written, and a group that changes by itself, is listed.
        if let Some(at) = self.record.members_written_at {
            self.look_again(after(at, self.directory.policy.timing.own_writes));
        }
        self.look_in_time();
        looked
    }

    /// What the last listing found stays known until the next one.
    pub(super) fn keep_findings_of_all(&mut self) {
        let found: Vec<FindingCode> = self.findings.iter().map(|finding| finding.code).collect();
        let known = self.record.upkeep.findings.iter();
        let of_all = known.filter(|f| OF_ALL.contains(&f.code) && !found.contains(&f.code));
        self.findings.extend(of_all.cloned());
    }

    /// Looks at just these people, each by direct reads.
    pub(super) async fn look_at(
        &mut self,
        people: BTreeSet<JumpCloudUserId>,
    ) -> Result<(), Trouble> {
        if people.is_empty() {
            return Ok(());
        }
        self.record.looked_at = Some(self.now());
        let bound = self.objects(people.iter().cloned()).await?;
        let (mut add, mut leave, mut unbound) = (Vec::new(), Vec::new(), Vec::new());
        for user in people {
            let pair = bound.iter().find(|(bound, _)| *bound == user);
            let Some(wanted) = self.bearing(&user).await? else { continue };
            match (wanted, pair) {
                (true, None) => unbound.push(user),
                (false, None) => {}
                (wanted, Some(pair)) => match (wanted, self.is_there(pair).await) {
                    (true, Ok(false)) => add.push(pair.clone()),
                    (false, Ok(true)) => leave.push(pair.clone()),
                    (_, Ok(_)) => {}
                    (_, Err(trouble)) => self.set_aside(trouble)?,
                },
            }
        }
        self.add(&add).await?;
        self.remove(&leave).await?;
        // Somebody whom JumpCloud does not know is for a listing.
        self.left = Hints::default();
        if self.unknown {
            self.left = Hints::Many;
            self.look_soon();
        }
        self.wait_for_members(&unbound).await?;
        self.lagging().await
    }

    /// Groups that this one is nested in look at what events say of its members too.
    ///
    /// What a follow-up says is told by whoever sent it, so that nothing goes round in circles.
    pub(super) async fn tell_outer_groups(&mut self) -> Result<(), Trouble> {
        let at = self.mailbox.heard.max(self.bell.brings.event_at);
        if at.is_none() || self.bell.relayed {
            return Ok(());
        }
        self.tell_outer(&self.mailbox.members, at).await
    }

    pub(super) async fn tell_outer(
        &self,
        hints: &Hints,
        at: Option<Timestamp>,
    ) -> Result<(), Trouble> {
        Ok(self.engine.tell_outer(self.directory, self.group, hints, at).await?)
    }

    /// Whether JumpCloud has the user in the group; `None`: that cannot be said of this one now.
    ///
    /// A fault that concerns one person keeps nobody else in or out; it is told at the end.
    async fn bearing(&mut self, user: &JumpCloudUserId) -> Result<Option<bool>, Trouble> {
        match self.is_wanted(user).await {
            Ok(Some(wanted)) => Ok(Some(wanted)),
            Ok(None) => {
                self.unknown = true;
                Ok(None)
            }
            Err(trouble) => self.set_aside(trouble).map(|()| None),
        }
    }

    /// Whether JumpCloud has the user in the group, by the user's own complete list (S2).
    ///
    /// `None`: JumpCloud knows no such user, which proves nothing by itself.
    pub(super) async fn is_wanted(
        &mut self,
        user: &JumpCloudUserId,
    ) -> Result<Option<bool>, Trouble> {
        let (directory, group) = (self.directory, self.group);
        match self.renewing(directory.jumpcloud.is_member(user, group)).await? {
            Ok(answer) => {
                self.rests_on(answer.date);
                Ok(Some(answer.value))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the first trouble with one person for the end; one with the vendor ends the pass.
    pub(super) fn set_aside(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        match trouble {
            Trouble::Passing(told) => _ = self.late.get_or_insert(told),
            Trouble::Permanent(told) => _ = self.failure.get_or_insert(told),
            other => return Err(other),
        }
        Ok(())
    }

    async fn is_there(&mut self, (_, object): &Pair) -> Result<bool, Trouble> {
        let (directory, group) = (self.directory, self.object()?);
        match self.renewing(directory.graph.groups_of(object)).await? {
            Ok(groups) => Ok(groups.contains(&group)),
            // Gone or not replicated yet: an addition finds out, a removal has nothing to do.
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Rings the groups that this one is nested in: they left notes when they listed their members,
    /// at groups of every depth, so what was relayed once is relayed no further.
    ///
    /// With the time of the event, where it is one: they may have covered it (R5).
    pub(super) async fn tell_outer(
        &self,
        directory: &Directory,
        group: &JumpCloudGroupId,
        hints: &Hints,
        at: Option<Timestamp>,
    ) -> Result<(), SyncError> {
        if hints.is_empty() {
            return Ok(());
        }
        let awaited = Awaited::Members(directory.id.clone(), group.clone());
        let members = match hints {
            Hints::Of(people) => people.iter().cloned().collect(),
            Hints::Many => Vec::new(),
        };
        let source = at.map_or(Source::FollowUp, |_| Source::Insights);
        let items = self
            .store
            .waiters(&awaited)
            .await?
            .into_iter()
            .map(|Waiter { holder, .. }| WorkItem {
                members: members.clone(),
                cause: Cause { at, event_type: Some(RELAYED.to_owned()), ..Cause::of(source) },
                ..bell(&holder.directory, &holder.subject, source)
            })
            .collect();
        Ok(self.send(items).await?)
    }
}
