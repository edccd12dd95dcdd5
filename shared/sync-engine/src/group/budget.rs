//! How many members may leave, within a listing and within an hour, and when no group goes (S1).

use std::time::Duration;

use jiff::Timestamp;
use store::{BudgetKind, Granted, Spending, Store};
use sync_core::finding::FindingCode;
use sync_core::record::after;
use work_queue::WorkQueue;

use super::GroupPass;
use super::listing::counted;
use super::members::Pair;
use crate::SyncError;
use crate::pass::renewing;
use crate::trouble::Trouble;

/// When what was held as a whole is looked at again: it may be less, or the limit more.
const HELD: Duration = Duration::from_secs(3600);
/// How many groups are counted with one look at the table.
const PAGE: usize = 100;

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    /// Whether a listing nominates more than may leave, so that nobody does.
    ///
    /// Whoever was deleted in JumpCloud does not count: the account is off, and no mistake of a
    /// listing has brought that about.
    pub(super) async fn holds_all(&mut self, nominated: &[Pair]) -> Result<bool, Trouble> {
        if nominated.is_empty() {
            return Ok(false);
        }
        let limit = self.removals().await?;
        let living = nominated.iter().filter(|(_, object)| !self.former.contains(object));
        let held = living.count() > limit as usize;
        if held {
            let what = format!("members would leave, which [limits] holds: more than {limit}");
            self.hold(&what, nominated);
            self.look_again(after(self.now(), HELD));
        }
        Ok(held)
    }

    /// Whether a group that is merely not connected is not deleted: a scope that connects no group
    /// at all may be the wrong one, or have been emptied by mistake.
    pub(super) async fn holds_deletion(&mut self) -> Result<bool, Trouble> {
        let directory = self.directory;
        let listed = directory.jumpcloud.scope_groups(&directory.policy.scope);
        let listed = self.renewing(listed).await??;
        let held = listed.is_none_or(|listed| listed.value.groups().is_empty());
        if held {
            let message = "the scope connects no group at all, so none is deleted".to_owned();
            self.find(FindingCode::RemovalsHeld, message);
            self.look_again(after(self.now(), HELD));
        }
        Ok(held)
    }

    /// Takes one removal from the budget.
    pub(super) async fn spend_one(&mut self) -> Result<Granted, Trouble> {
        let spending = Spending {
            kind: BudgetKind::MemberRemovals,
            wanted: 1,
            limit: self.removals().await?,
            // The store's own repeats of this one request are all that may share it.
            grant: uuid::Uuid::new_v4().to_string(),
        };
        self.keep_lease().await?;
        let granted = self.engine.store.spend(&self.directory.id, &spending, self.now());
        Ok(granted.await.map_err(SyncError::from)?)
    }

    /// Keeps those for whom the hour's budget does not suffice until it does.
    pub(super) fn hold_rest(&mut self, members: &[Pair], more_at: Option<Timestamp>) {
        self.hold("removals exceed the budget of this hour", members);
        if let Some(at) = more_at {
            self.look_again(at);
        }
    }

    fn hold(&mut self, what: &str, members: &[Pair]) {
        let ids = members.iter().map(|(user, _)| user.to_string());
        self.find(FindingCode::RemovalsHeld, counted(members.len(), what, ids));
    }

    /// The limit of this pass.
    async fn removals(&mut self) -> Result<u32, SyncError> {
        if let Some(limit) = self.limit {
            return Ok(limit);
        }
        let budget = self.directory.policy.limits.member_removals;
        let limit = budget.limit(self.managed(budget.is_settled_from()).await?);
        self.limit = Some(limit);
        Ok(limit)
    }

    /// How many memberships the directory manages, as each group's last listing found them; counting
    /// ends where more would make no difference.
    async fn managed(&mut self, enough: u64) -> Result<u64, SyncError> {
        let (engine, directory) = (self.engine, self.directory);
        // Those of this group count although it has just been let go: it is they who may leave.
        let mut managed = self.record.managed;
        let mut last = None;
        while managed < enough {
            let page = engine.store.subjects(&directory.id, last.as_ref(), PAGE);
            let page = renewing(engine, directory, &mut self.lease, page).await??;
            // They come in the order of their names, the groups before everybody else.
            let groups =
                page.iter().map_while(|stored| stored.record.group().map(|of| (stored, of)));
            let others = groups.clone().filter(|(stored, _)| stored.subject != self.lease.subject);
            managed += others.map(|(_, group)| group.managed_memberships()).sum::<u64>();
            if groups.count() < PAGE {
                break;
            }
            last = page.into_iter().next_back().map(|stored| stored.subject);
        }
        Ok(managed)
    }
}
