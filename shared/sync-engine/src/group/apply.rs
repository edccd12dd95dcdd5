//! Applies what was planned for the group itself, in order; each step is idempotent.

use std::time::Duration;

use graph::{GraphError, NewGroup};
use jiff::Timestamp;
use store::{ClaimChange, Store, StoreError, Tombstone};
use sync_core::audit::{AuditChange, AuditKind};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::EntraGroupId;
use sync_core::plan::group::{GroupAction, GroupPlanned};
use sync_core::record::{GroupBinding, Origin, after};
use work_queue::WorkQueue;

use super::GroupPass;
use crate::apply::audited;
use crate::trouble::{Told, Trouble};

/// When a group is looked at again whose object another holds: its owner has been rung.
const HELD: Duration = Duration::from_secs(60);
/// The same when that has led to nothing.
const STILL_HELD: Duration = Duration::from_secs(600);

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    pub(super) async fn act(&mut self, planned: &GroupPlanned) -> Result<(), Trouble> {
        // Whatever becomes of the actions: else the sweep and this group would ring each other.
        self.record.let_go_at = planned.let_go_at;
        self.record.gone_at = planned.gone_at;
        for action in &planned.actions {
            if *action == GroupAction::Delete && !planned.give_up && self.holds_deletion().await? {
                continue;
            }
            self.before_write().await?;
            if self.act_once(action).await? {
                self.done.push(action.to_string());
            }
        }
        if planned.unbind {
            self.unbind();
        }
        Ok(())
    }

    /// Whether it was done; a name that Entra refuses leaves everything else as it is.
    async fn act_once(&mut self, action: &GroupAction) -> Result<bool, Trouble> {
        let graph = &self.directory.graph;
        match action {
            GroupAction::Create(new) => {
                let object = graph
                    .upsert_group(&NewGroup {
                        unique_name: new.unique_name.clone(),
                        name: new.name.clone(),
                        mail_nickname: new.mail_nickname.clone(),
                        description: Some(new.description.clone()),
                    })
                    .await?;
                let (now, kind) = (Some(self.now()), AuditKind::GroupCreate);
                self.bind(object, &new.name, Origin::Created, now, now, kind).await
            }
            GroupAction::Adopt { object, name, origin } => {
                let kind = match origin {
                    Origin::Created => AuditKind::GroupCreate,
                    Origin::Adopted | Origin::Imported => AuditKind::GroupAdopt,
                };
                self.bind(object.clone(), name, *origin, None, None, kind).await
            }
            GroupAction::Restore(object) => {
                // Stored before it is sent: after a lost answer a replica that lags is not "gone".
                let young = self.now();
                if let Some(binding) = &mut self.record.binding {
                    binding.created_at = Some(young);
                    self.store(&[]).await?;
                    self.before_write().await?;
                }
                self.directory.graph.restore_group(object).await?;
                self.restored(object).await
            }
            GroupAction::Rename { from, to } => {
                let object = self.object()?;
                match self.directory.graph.rename_group(&object, to).await {
                    Ok(()) => {
                        self.renamed(to);
                        let change = audited("displayName", Some(from.clone()), Some(to.clone()));
                        self.tell(AuditKind::GroupUpdate, vec![change]);
                        Ok(true)
                    }
                    Err(error) => self.leave(error),
                }
            }
            GroupAction::Delete => {
                let object = self.object()?;
                self.directory.graph.delete_group(&object).await?;
                if let Some(binding) = &mut self.record.binding {
                    // A 404 is what we wanted, however young the group is (R11).
                    binding.created_at = None;
                }
                self.tell(AuditKind::GroupDelete, Vec::new());
                Ok(true)
            }
        }
    }

    /// The object that is ours.
    pub(super) fn object(&self) -> Result<EntraGroupId, Trouble> {
        let binding = self.record.binding.as_ref();
        binding.map(|binding| binding.object.clone()).ok_or_else(|| {
            let message = "a plan for a bound group that is not bound".to_owned();
            Trouble::Permanent(Told { class: "plan".into(), message })
        })
    }

    pub(super) fn tell(&mut self, kind: AuditKind, changes: Vec<AuditChange>) {
        let event = self.event(kind, changes);
        self.audit.push(event);
    }

    fn renamed(&mut self, name: &str) {
        let now = self.now();
        if let Some(binding) = &mut self.record.binding {
            binding.name = name.to_owned();
            binding.written_at = Some(now);
        }
    }

    /// Stores a new binding with its claim and what it owes (R12).
    async fn bind(
        &mut self,
        object: EntraGroupId,
        name: &str,
        origin: Origin,
        created_at: Option<Timestamp>,
        written_at: Option<Timestamp>,
        kind: AuditKind,
    ) -> Result<bool, Trouble> {
        let (now, before) = (self.now(), self.record.clone());
        self.record.binding = Some(GroupBinding {
            object: object.clone(),
            name: name.to_owned(),
            origin,
            bound_at: now,
            created_at,
            written_at,
        });
        // A group that became ours just now is listed at once.
        (self.record.listed_at, self.record.added_until) = (None, None);
        self.list_all();
        let mut event = self.event(kind, vec![audited("displayName", None, Some(name.to_owned()))]);
        let ambiguous = self.findings.iter().find(|f| f.code == FindingCode::GroupAmbiguous);
        event.reason = ambiguous.map(|finding| finding.message.clone());
        self.record.owed.push(event);
        let take = ClaimChange::Take { key: self.directory.object_claim(&object), object: None };
        match self.store(&[take]).await {
            Ok(()) => Ok(true),
            Err(StoreError::ClaimHeld { key, holder }) => {
                // Taken since it was read: the next look sees whose it is.
                self.record = before;
                self.find(FindingCode::GroupHeld, format!("{key} is held by {holder}"));
                self.look_soon();
                self.covers = false;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn restored(&mut self, object: &EntraGroupId) -> Result<bool, Trouble> {
        let now = self.now();
        self.list_all();
        let kind = AuditKind::GroupUpdate;
        let Some(binding) = &mut self.record.binding else {
            // Its name is not known yet: the next look reads it.
            let bound =
                self.bind(object.clone(), "", Origin::Created, Some(now), None, kind).await?;
            return Ok(bound);
        };
        binding.written_at = None;
        self.tell(kind, vec![audited("deletedDateTime", None, None)]);
        self.store(&[]).await?;
        Ok(true)
    }

    /// G4: gone for good; the next pass creates it again.
    fn unbind(&mut self) {
        if let Some(binding) = self.record.binding.take() {
            self.claims
                .push(ClaimChange::Release { key: self.directory.object_claim(&binding.object) });
        }
        self.look_soon();
        self.covers = false;
    }

    /// G8: nobody will ever want this group again; another may have the object.
    pub(super) fn give_up(&mut self) {
        if let Some(binding) = self.record.binding.take() {
            let key = self.directory.object_claim(&binding.object);
            let tombstone = Tombstone { disabled_by_us: false };
            self.claims.push(ClaimChange::GiveUp { key, tombstone });
        }
    }

    /// G2: rings whoever holds the object that would be adopted, and looks again. A group that was
    /// deleted in JumpCloud and made anew waits for no more than its predecessor's sync.
    pub(super) async fn wait_for_owner(&mut self, object: &EntraGroupId) -> Result<(), Trouble> {
        let mut findings = self.record.upkeep.findings.iter();
        let same = |finding: &Finding| finding.message.contains(object.as_str());
        if findings.any(|finding| finding.code == FindingCode::GroupHeld && same(finding)) {
            self.look_again(after(self.now(), STILL_HELD));
            return Ok(());
        }
        let claim = self.engine.store.claim(&self.directory.object_claim(object)).await?;
        let living = claim.filter(|claim| claim.tombstone.is_none());
        if let Some(claim) = living.filter(|claim| claim.holder != self.lease.holder()) {
            self.engine.ring_owner(&claim.holder).await?;
        }
        self.look_again(after(self.now(), HELD));
        Ok(())
    }

    /// A refusal that concerns one write only: a finding and the ledger, and on with the rest.
    pub(super) fn leave(&mut self, error: GraphError) -> Result<bool, Trouble> {
        match Trouble::from(&error) {
            Trouble::Permanent(told) => {
                self.find(FindingCode::Refused, told.message.clone());
                self.failure.get_or_insert(told);
                Ok(false)
            }
            other => Err(other),
        }
    }
}
