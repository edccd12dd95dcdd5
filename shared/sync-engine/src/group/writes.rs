//! The writes of members: twenty come with one request, each goes by its own (G5, S1, S2).

use graph::{GraphError, MEMBERS_AT_ONCE, Refusal};
use store::Store;
use sync_core::audit::{AuditChange, AuditKind};
use sync_core::finding::FindingCode;
use sync_core::ids::{JumpCloudUserId, Subject};
use sync_core::plan::group::MembersWanted;
use sync_core::record::Hints;
use work_queue::{Source, WorkQueue};

use super::GroupPass;
use super::listing::{LAST_STEP, counted};
use super::members::Pair;
use crate::apply::audited;
use crate::ring::bell;
use crate::trouble::{Told, Trouble};

/// How many members one audit event tells of.
const IN_AN_EVENT: usize = 100;

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    /// Adds members, twenty at once; on a refusal by halves, until the culprit is alone.
    ///
    /// False: each of several was refused alone, so it may be the group that takes nobody.
    pub(super) async fn add(&mut self, members: &[Pair]) -> Result<bool, Trouble> {
        let mut left: Vec<&[Pair]> = members.chunks(MEMBERS_AT_ONCE).collect();
        left.reverse();
        let (mut added, mut refused) = (false, 0_u32);
        while let Some(chunk) = left.pop() {
            self.before_write().await?;
            let objects: Vec<_> = chunk.iter().map(|(_, object)| object.clone()).collect();
            let group = self.object()?;
            let answer = self.directory.graph.add_members(&group, &objects).await;
            match (answer, chunk) {
                (Ok(()), _) => {
                    added = true;
                    self.wrote(AuditKind::MemberAdd, chunk);
                }
                // There already: what we wanted.
                (Err(GraphError::Refused { refusal: Refusal::MemberExists, .. }), [_]) => {
                    added = true;
                }
                (Err(error), [(user, _)]) if concerns_member(&error) => {
                    self.refused(user, &error);
                    refused += 1;
                }
                (Err(error), [_, _, ..]) if concerns_member(&error) => {
                    let (one, other) = chunk.split_at(chunk.len() / 2);
                    left.extend([other, one]);
                }
                (Err(error), _) => return Err(error.into()),
            }
        }
        Ok(added || refused < 2)
    }

    fn refused(&mut self, user: &JumpCloudUserId, error: &GraphError) {
        let told = Told::new(format!("graph_{}", error.class()), error);
        if error.is_missing_object() {
            // New in Entra, or gone: his own sync finds out.
            self.missing.push(user.clone());
            self.late.get_or_insert(told);
            return;
        }
        self.refused.push(format!("{user} ({})", told.message));
        self.failure.get_or_insert(told);
    }

    /// Tells of members who were set aside: they are tried again after a wait that grows.
    pub(super) async fn lagging(&mut self) -> Result<(), Trouble> {
        let refused = std::mem::take(&mut self.refused);
        if !refused.is_empty() {
            let count = refused.len();
            let message = counted(count, "members are refused", refused.into_iter());
            self.find(FindingCode::MemberRefused, message);
        }
        self.ring_missing().await?;
        let Some(told) = self.late.take() else { return Ok(()) };
        self.left = Hints::Many;
        Err(Trouble::Passing(told))
    }

    async fn ring_missing(&mut self) -> Result<(), Trouble> {
        let missing = std::mem::take(&mut self.missing);
        self.ring_people(missing.iter(), Source::FollowUp).await
    }

    /// Removes those whom a listing nominated, each confirmed by a read of its own (S2).
    ///
    /// False: the invocation's time is nearly over, and somebody is left.
    pub(super) async fn remove_listed(
        &mut self,
        wanted: MembersWanted,
        nominated: &[Pair],
    ) -> Result<bool, Trouble> {
        if self.is_dynamic() {
            // G10: no event tells them that they may have lost what connected them.
            self.ring_people(nominated.iter().map(|(user, _)| user), Source::Sweep).await?;
        }
        if self.holds_all(nominated).await? {
            return Ok(true);
        }
        for (at, chunk) in nominated.chunks(MEMBERS_AT_ONCE).enumerate() {
            if at > 0 && self.has_less_than(LAST_STEP) {
                return Ok(false);
            }
            let mut confirmed = Vec::new();
            for pair in chunk {
                // A group that is not connected wants nobody: its own record was read directly.
                let leaves = match wanted {
                    MembersWanted::Nobody => true,
                    // Whoever is in no listing and has no record either is gone.
                    _ => match self.is_wanted(&pair.0).await {
                        Ok(wanted) => !wanted.unwrap_or(false),
                        Err(trouble) => {
                            self.set_aside(trouble)?;
                            false
                        }
                    },
                };
                confirmed.extend(leaves.then(|| pair.clone()));
            }
            self.remove(&confirmed).await?;
            self.store_now_and_then().await?;
        }
        Ok(true)
    }

    /// Removes members within the budget (S1); for the rest it is looked at again.
    pub(super) async fn remove(&mut self, members: &[Pair]) -> Result<(), Trouble> {
        let group = self.object()?;
        for (at, pair) in members.iter().enumerate() {
            // One by one, so that a pass that is cut short has spent nothing in vain.
            let granted = self.spend_one().await?;
            if granted.amount == 0 {
                self.hold_rest(&members[at..], granted.more_at);
                break;
            }
            self.before_write().await?;
            match self.directory.graph.remove_member(&group, &pair.1).await {
                Ok(()) => self.wrote(AuditKind::MemberRemove, std::slice::from_ref(pair)),
                Err(error) => _ = self.leave(error)?,
            }
        }
        Ok(())
    }

    pub(super) async fn ring_people<'p>(
        &self,
        people: impl Iterator<Item = &'p JumpCloudUserId>,
        source: Source,
    ) -> Result<(), Trouble> {
        let subjects = people.cloned().map(Subject::User);
        let items = subjects.map(|subject| bell(&self.directory.id, &subject, source));
        Ok(self.engine.send(items.collect()).await?)
    }

    /// Remembers an answered write; one event tells of many members.
    fn wrote(&mut self, kind: AuditKind, members: &[Pair]) {
        self.record.members_written_at = Some(self.now());
        let changes: Vec<AuditChange> = members
            .iter()
            .map(|(user, _)| {
                let user = Some(user.to_string());
                let (from, to) = match kind {
                    AuditKind::MemberRemove => (user, None),
                    _ => (None, user),
                };
                audited("members", from, to)
            })
            .collect();
        self.done.extend(changes.iter().map(|change| match (&change.from, &change.to) {
            (Some(user), _) => format!("remove {user}"),
            (_, user) => format!("add {}", user.as_deref().unwrap_or_default()),
        }));
        match self.audit.last_mut() {
            Some(event) if event.kind == kind && event.changes.len() < IN_AN_EVENT => {
                event.changes.extend(changes);
            }
            _ => self.tell(kind, changes),
        }
    }

    /// Stores how far many members have come, with each event that is full: a crash then repeats
    /// little, in vain, and leaves little untold.
    pub(super) async fn store_now_and_then(&mut self) -> Result<(), Trouble> {
        if self.audit.iter().any(|event| event.changes.len() >= IN_AN_EVENT) {
            self.store(&[]).await?;
        }
        Ok(())
    }
}

/// Whether the error may be about one of the members rather than the request as such.
fn concerns_member(error: &GraphError) -> bool {
    error.is_missing_object() || error.is_denied() || matches!(error, GraphError::Refused { .. })
}
