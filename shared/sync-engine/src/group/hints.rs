//! A look at just those members whom events have named (G9).

use std::time::Duration;

use store::{Awaited, Store, Waiter};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::JumpCloudUserId;
use sync_core::record::{Hints, after};
use work_queue::{Lane, Source, WorkItem, WorkQueue};

use super::GroupPass;
use super::members::{DYNAMIC, Pair};
use crate::ring::bell;
use crate::trouble::Trouble;

/// What a look at some members says nothing about.
const OF_ALL: [FindingCode; 3] =
    [FindingCode::MembersLeftAlone, FindingCode::MembersNotBound, FindingCode::RemovalsHeld];

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    pub(super) async fn sync_hints(&mut self) -> Result<(), Trouble> {
        self.keep_findings_of_all();
        // What was not named may have changed all the same (R5).
        self.covers = false;
        let looked = self.look_at_named().await;
        // Whatever became of it, what was written, and a group that changes by itself, is listed.
        if let Some(at) = self.record.members_written_at {
            self.look_again(after(at, self.directory.policy.timing.own_writes));
        }
        if let Some(at) = self.record.listed_at.filter(|_| self.record.dynamic) {
            self.look_again(after(at, DYNAMIC));
        }
        looked
    }

    /// What the last listing found stays known until the next one.
    pub(super) fn keep_findings_of_all(&mut self) {
        let known = self.record.upkeep.findings.iter();
        let of_all = known.filter(|f| OF_ALL.contains(&f.code) && !self.findings.contains(f));
        let of_all: Vec<Finding> = of_all.cloned().collect();
        self.findings.extend(of_all);
    }

    async fn look_at_named(&mut self) -> Result<(), Trouble> {
        let Hints::Of(people) = self.mailbox.members.clone() else { return Ok(()) };
        if people.is_empty() {
            return Ok(());
        }
        self.record.looked_at = Some(self.now());
        let bound = self.objects(people.iter().cloned()).await?;
        let (mut add, mut leave, mut unbound) = (Vec::new(), Vec::new(), Vec::new());
        for user in people {
            let pair = bound.iter().find(|(bound, _)| *bound == user);
            let wanted = self.is_wanted(&user).await?;
            match (wanted, pair) {
                (true, None) => unbound.push(user),
                (false, None) => {}
                (wanted, Some(pair)) => match (wanted, self.is_there(pair).await?) {
                    (true, false) => add.push(pair.clone()),
                    (false, true) => leave.push(pair.clone()),
                    _ => {}
                },
            }
        }
        self.add(&add).await?;
        self.remove(leave).await?;
        self.left = Hints::default();
        self.wait_for_members(&unbound).await?;
        self.lagging()
    }

    /// Groups that this one is nested in look at what events say of its members too.
    ///
    /// They left notes when they listed their members. What a follow-up says is told by whoever
    /// sent it, so that nothing goes round in circles.
    pub(super) async fn tell_outer_groups(&mut self) -> Result<(), Trouble> {
        let by_event = self.bell.brings.event_at.is_some() || !self.first;
        let hints = &self.mailbox.members;
        if hints.is_empty() || !by_event {
            return Ok(());
        }
        let awaited = Awaited::Members(self.directory.id.clone(), self.group.clone());
        let outer = self.engine.store.waiters(&awaited).await?;
        let members = match hints {
            Hints::Of(people) => people.iter().cloned().collect(),
            Hints::Many => Vec::new(),
        };
        let items: Vec<WorkItem> = outer
            .iter()
            .map(|Waiter { holder, .. }| WorkItem {
                members: members.clone(),
                ..bell(&holder.directory, &holder.subject, Source::FollowUp)
            })
            .collect();
        if !items.is_empty() {
            self.engine.queue.send(Lane::Bulk, &items, Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Whether JumpCloud has the user in the group, by the user's own complete list (S2).
    ///
    /// Whoever is gone from JumpCloud is in no group.
    pub(super) async fn is_wanted(&mut self, user: &JumpCloudUserId) -> Result<bool, Trouble> {
        let (directory, group) = (self.directory, self.group);
        match self.renewing(directory.jumpcloud.is_member(user, group)).await? {
            Ok(answer) => {
                self.rests_on(answer.date);
                Ok(answer.value)
            }
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
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
