//! The writes of members: twenty come with one request, each goes by its own (G5, S1, S2).

use graph::{GraphError, MEMBERS_AT_ONCE, Refusal};
use store::{BudgetKind, Spending, Store};
use sync_core::audit::{AuditChange, AuditKind};
use sync_core::finding::FindingCode;
use sync_core::ids::Subject;
use sync_core::plan::group::MembersWanted;
use sync_core::record::Hints;
use work_queue::{Lane, Source, WorkItem, WorkQueue};

use super::GroupPass;
use super::listing::counted;
use super::members::Pair;
use crate::SyncError;
use crate::apply::audited;
use crate::ring::bell;
use crate::trouble::{Told, Trouble};

/// How many members one audit event tells of.
const IN_AN_EVENT: usize = 100;
/// How many events one commit may hold beside its record: a transaction takes a hundred items.
const EVENTS: usize = 90;

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    /// Adds members, twenty at once; on a refusal by halves, until the culprit is alone.
    pub(super) async fn add(&mut self, members: &[Pair]) -> Result<(), Trouble> {
        let mut left: Vec<&[Pair]> = members.chunks(MEMBERS_AT_ONCE).collect();
        left.reverse();
        let (mut added, mut alone) = (false, None);
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
                    let told = Told::new(format!("graph_{}", error.class()), &error);
                    if !added && alone.is_some() {
                        // Two alone and nobody with success: it is the group that is refused.
                        return Err(error.into());
                    }
                    alone = Some(user.clone());
                    self.refused(user, &error, told);
                }
                (Err(error), [_, _, ..]) if concerns_member(&error) => {
                    let (one, other) = chunk.split_at(chunk.len() / 2);
                    left.extend([other, one]);
                }
                (Err(error), _) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn refused(&mut self, user: &sync_core::ids::JumpCloudUserId, error: &GraphError, told: Told) {
        if error.is_missing_object() {
            // New in Entra, or gone: the next look knows.
            self.late.get_or_insert(told);
            return;
        }
        self.find(FindingCode::MemberRefused, format!("{user}: {}", told.message));
        self.failure.get_or_insert(told);
    }

    /// Members who could not be added yet are tried again after a wait that grows.
    pub(super) fn lagging(&mut self) -> Result<(), Trouble> {
        let Some(told) = self.late.take() else { return Ok(()) };
        self.left = Hints::Many;
        Err(Trouble::Passing(told))
    }

    /// Removes those whom a listing nominated, each confirmed by a read of its own (S2).
    pub(super) async fn remove_listed(
        &mut self,
        wanted: MembersWanted,
        nominated: Vec<Pair>,
    ) -> Result<(), Trouble> {
        let limit = self.removals();
        if nominated.len() > limit as usize {
            let ids = nominated.iter().map(|(user, _)| user.to_string());
            let what = format!("members would leave, which is more than {limit}");
            self.find(FindingCode::RemovalsHeld, counted(nominated.len(), &what, ids));
            return Ok(());
        }
        let mut confirmed = Vec::new();
        for pair in nominated {
            // A group that is not connected wants nobody: its own record was read directly.
            if wanted == MembersWanted::Nobody || !self.is_wanted(&pair.0).await? {
                confirmed.push(pair);
            }
        }
        self.remove(confirmed).await
    }

    /// Removes members within the budget (S1); for the rest it is looked at again.
    pub(super) async fn remove(&mut self, members: Vec<Pair>) -> Result<(), Trouble> {
        if members.is_empty() {
            return Ok(());
        }
        let spending = Spending {
            kind: BudgetKind::MemberRemovals,
            wanted: u32::try_from(members.len()).unwrap_or(u32::MAX),
            limit: self.removals(),
            grant: format!("{}-{}", self.lease.subject, self.lease.fence),
        };
        let store = &self.engine.store;
        let granted = store.spend(&self.directory.id, &spending, self.now());
        let granted = granted.await.map_err(SyncError::from)?;
        let (now, held) = members.split_at((granted.amount as usize).min(members.len()));
        let group = self.object()?;
        for pair in now {
            self.before_write().await?;
            match self.directory.graph.remove_member(&group, &pair.1).await {
                Ok(()) => self.wrote(AuditKind::MemberRemove, std::slice::from_ref(pair)),
                Err(error) => _ = self.leave(error)?,
            }
        }
        self.ring_who_left(now).await?;
        if !held.is_empty() {
            let ids = held.iter().map(|(user, _)| user.to_string());
            let what = "removals exceed the budget of this hour";
            self.find(FindingCode::RemovalsHeld, counted(held.len(), what, ids));
            if let Some(at) = granted.more_at {
                self.record.members_written_at = Some(self.now());
                self.look_again(at);
            }
        }
        Ok(())
    }

    /// G10: no event tells the people of a dynamic group that they have lost what connected them.
    async fn ring_who_left(&mut self, left: &[Pair]) -> Result<(), Trouble> {
        if !self.record.dynamic || left.is_empty() {
            return Ok(());
        }
        let items: Vec<WorkItem> = left
            .iter()
            .map(|(user, _)| bell(&self.directory.id, &Subject::User(user.clone()), Source::Sweep))
            .collect();
        self.engine.queue.send(Lane::Bulk, &items, std::time::Duration::ZERO).await?;
        Ok(())
    }

    fn removals(&self) -> u32 {
        self.directory.policy.limits.member_removals.absolute
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

    /// Whether a commit can tell of no more.
    pub(super) fn is_full_of_events(&self) -> bool {
        self.audit.len() + self.record.owed.len() >= EVENTS
    }
}

/// Whether the error may be about one of the members rather than the request as such.
fn concerns_member(error: &GraphError) -> bool {
    error.is_missing_object() || error.is_denied() || matches!(error, GraphError::Refused { .. })
}
