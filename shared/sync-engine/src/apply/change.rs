//! How an object that is ours is changed: `accountEnabled`, UPN, attributes, manager (P5 to P7, P13).

use std::collections::BTreeSet;

use graph::{AttributeChange, GraphError};
use jiff::Timestamp;
use store::{ClaimChange, Store};
use sync_core::attributes::Value;
use sync_core::audit::AuditKind;
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::plan::{Change, SetEnabled};
use sync_core::record::{Answered, Unanswered, after};
use work_queue::WorkQueue;

use super::{Step, audited, told};
use crate::SyncError;
use crate::pass::Pass;
use crate::trouble::{Told, Trouble};

/// How many passing faults in a row a manager who does not exist in Entra may be replication: those
/// are about five minutes.
const PATIENCE: u32 = 6;

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// P9: from now on the object is young again, since replicas learn of it late (R11).
    pub(super) async fn restore(&mut self) -> Result<Step, Trouble> {
        let object = self.object()?;
        // Stored before it is sent: after a lost answer a replica that lags is not "gone" (R11).
        let created_at = self.record.binding.as_ref().and_then(|binding| binding.created_at);
        let now = self.now();
        self.set_young_since(Some(now));
        self.record(&[]).await.map_err(SyncError::from)?;
        self.before_write().await?;
        if let Err(error) = self.directory.graph.restore_user(&object).await {
            if !error.is_unanswered() {
                self.set_young_since(created_at);
            }
            if error.is_not_found() {
                // Restored by somebody else meanwhile, or gone for good: the next look tells.
                return Err(Trouble::Passing(Told::new("not_in_deleted_items", &error)));
            }
            self.leave(error, AuditKind::Restore)?;
            return Ok(Step::Blocked);
        }
        let event = self.event(AuditKind::Restore, Vec::new());
        self.audit.push(event);
        // Whoever waits for the account, groups above all, can have it again.
        self.record.owed.get_or_insert_default().bound = true;
        Ok(Step::Done)
    }

    fn set_young_since(&mut self, at: Option<Timestamp>) {
        if let Some(binding) = &mut self.record.binding {
            binding.created_at = at;
        }
    }

    /// R7: the write is stored before it is sent, and cleared only with its answer (R9).
    pub(super) async fn set_enabled(&mut self, set: &SetEnabled) -> Result<Step, Trouble> {
        let object = self.object()?;
        let timing = &self.directory.policy.timing;
        let sent_at = self.now();
        let gives_up_at = after(sent_at, timing.vendor_timeout());
        let earlier = self.record.unanswered;
        let lands_until = after(gives_up_at, timing.late_effect());
        self.record.unanswered = Some(Unanswered {
            value: set.enabled,
            sent_at,
            may_land_until: earlier.map_or(lands_until, |e| e.may_land_until.max(lands_until)),
        });
        self.record.decided = Some(set.decided);
        self.record.revoke_pending |= set.then_revoke;
        self.record(&[]).await.map_err(SyncError::from)?;
        self.before_write().await?;
        let kind = if set.enabled { AuditKind::Enable } else { AuditKind::Deprovision };
        if let Err(error) = self.directory.graph.set_enabled(&object, set.enabled).await {
            if !error.is_unanswered() {
                // Refused: nothing of this write can take effect any more.
                self.record.unanswered = earlier;
            }
            let cause = set.cause.map(|cause| cause.to_string());
            let step = self.leave(error, kind);
            if let Some(event) = self.audit.last_mut().filter(|_| step.is_ok()) {
                event.reason = cause;
            }
            return step;
        }
        let now = self.now();
        // R9: while an earlier write may still land, this one stays unanswered as well.
        self.record.unanswered = earlier
            .filter(|e| e.may_land_until >= sent_at)
            .map(|e| Unanswered { value: set.enabled, sent_at, may_land_until: e.may_land_until });
        if let Some(binding) = &mut self.record.binding {
            binding.enabled = Some(Answered { value: set.enabled, at: now });
            binding.disabled_by_us = !set.enabled;
        }
        let change =
            audited("accountEnabled", Some(set.read.to_string()), Some(set.enabled.to_string()));
        let mut event = self.event(kind, vec![change]);
        event.reason = set.cause.map(|cause| cause.to_string());
        self.audit.push(event);
        Ok(Step::Done)
    }

    pub(super) async fn revoke(&mut self) -> Result<Step, Trouble> {
        let object = self.object()?;
        match self.directory.graph.revoke_sessions(&object).await {
            Ok(()) => {
                self.record.revoke_pending = false;
                Ok(Step::Done)
            }
            Err(error) => self.leave(error, AuditKind::Deprovision),
        }
    }

    /// P5: the new UPN is claimed before it is written; the old one is given up by the commit.
    pub(super) async fn rename(&mut self, from: &Upn, to: &Upn) -> Result<Step, Trouble> {
        let object = self.object()?;
        let before = self.record.renaming.clone();
        self.record.renaming.insert(to.clone());
        let ours = self.record.binding.as_ref().is_some_and(|binding| binding.upn == *from);
        if from != to && !ours {
            // Somebody may wait under a UPN that was given to the account by hand (P4); owed before
            // it is sent, since a lost answer would leave nothing to tell that by.
            self.record.owed.get_or_insert_default().freed.push(from.clone());
        }
        let take = ClaimChange::Take { key: self.upn_claim(to), object: Some(object.clone()) };
        if let Err(error) = self.record(&[take]).await {
            self.record.renaming = before;
            return match self.held(error).await? {
                // U6: a UPN finding leaves everything else as it is.
                Step::Blocked => Ok(Step::Left),
                other => Ok(other),
            };
        }
        self.before_write().await?;
        match self.directory.graph.set_upn(&object, to).await {
            Ok(()) => {}
            Err(error @ GraphError::UpnTaken { .. }) => {
                self.not_renamed(before, to);
                let told = Told::new("upn_taken", &error);
                self.findings.push(Finding::new(FindingCode::UpnHeld, told.message.clone()));
                self.failure.get_or_insert(told);
                return Ok(Step::Left);
            }
            Err(error) => {
                if !error.is_unanswered() {
                    self.not_renamed(before, to);
                }
                return self.leave(error, AuditKind::Update);
            }
        }
        let now = self.now();
        self.record.renaming.clear();
        if let Some(binding) = &mut self.record.binding {
            let old = std::mem::replace(&mut binding.upn, to.clone());
            binding.written_at = Some(now);
            self.give_up_upns(before.into_iter().chain([old, from.clone()]), Some(to));
        }
        if from != to {
            let change = audited("userPrincipalName", Some(from.to_string()), Some(to.to_string()));
            let event = self.event(AuditKind::Update, vec![change]);
            self.audit.push(event);
        }
        Ok(Step::Done)
    }

    /// Refused: earlier unanswered changes are all that may still be under way, and the claim on
    /// the refused UPN is given up.
    fn not_renamed(&mut self, before: BTreeSet<Upn>, refused: &Upn) {
        let bound = self.record.binding.as_ref().is_some_and(|binding| binding.upn == *refused);
        if !bound && !before.contains(refused) {
            self.claims.push(ClaimChange::Release { key: self.upn_claim(refused) });
            self.freed(refused.clone());
        }
        self.record.renaming = before;
    }

    /// Releases claims on former UPNs with the commit, which then owes their waiters a ring.
    pub(super) fn give_up_upns(
        &mut self,
        former: impl IntoIterator<Item = Upn>,
        kept: Option<&Upn>,
    ) {
        let former: BTreeSet<Upn> = former.into_iter().filter(|upn| Some(upn) != kept).collect();
        for upn in former {
            self.claims.push(ClaimChange::Release { key: self.upn_claim(&upn) });
            self.freed(upn);
        }
    }

    pub(super) async fn update(&mut self, changes: &[Change]) -> Result<Step, Trouble> {
        let object = self.object()?;
        match self.patch(&object, changes).await {
            Ok(()) => {
                self.applied(changes);
                Ok(Step::Done)
            }
            // P5: once more without what only an administrator of administrators may write.
            Err(error) if error.is_denied() && changes.iter().any(is_sensitive) => {
                let (denied, rest): (Vec<Change>, Vec<Change>) =
                    changes.iter().cloned().partition(is_sensitive);
                let names: Vec<String> =
                    denied.iter().map(|change| change.attribute.to_string()).collect();
                self.findings.push(Finding::new(
                    FindingCode::SensitiveDenied,
                    format!("Entra does not let us write {}", names.join(", ")),
                ));
                if rest.is_empty() {
                    return Ok(Step::Left);
                }
                self.before_write().await?;
                match self.patch(&object, &rest).await {
                    Ok(()) => {
                        self.applied(&rest);
                        Ok(Step::Done)
                    }
                    Err(error) => self.leave(error, AuditKind::Update),
                }
            }
            Err(error) => self.leave(error, AuditKind::Update),
        }
    }

    async fn patch(&self, object: &EntraUserId, changes: &[Change]) -> Result<(), GraphError> {
        let changes: Vec<AttributeChange> = changes
            .iter()
            .map(|change| AttributeChange { attribute: change.attribute, value: change.to.clone() })
            .collect();
        self.directory.graph.update_user(object, &changes).await
    }

    pub(super) async fn set_manager(&mut self, change: &Change) -> Result<Step, Trouble> {
        let object = self.object()?;
        let manager = match &change.to {
            Some(Value::Text(id)) => EntraUserId::parse(id).ok(),
            _ => None,
        };
        match self.directory.graph.set_manager(&object, manager.as_ref()).await {
            Ok(()) => {
                self.applied(std::slice::from_ref(change));
                Ok(Step::Done)
            }
            Err(error) if manager.is_some() && error.is_missing_object() => {
                if self.record.upkeep.retries < PATIENCE {
                    return Err(error.into());
                }
                // P13: longer than replication takes: the manager's account is gone. The person's
                // own account is there, since the plan has read it.
                let told = Told::new("manager_gone", &error);
                self.findings.push(Finding::new(
                    FindingCode::ManagerNotBound,
                    "the manager's account does not exist in Entra",
                ));
                self.failure.get_or_insert(told);
                Ok(Step::Left)
            }
            Err(error) => self.leave(error, AuditKind::Update),
        }
    }

    /// What was answered counts as applied from now on (P10), and is told.
    fn applied(&mut self, changes: &[Change]) {
        let now = self.now();
        if let Some(binding) = &mut self.record.binding {
            for change in changes {
                match &change.remember {
                    Some(value) => binding.applied.insert(change.attribute, value.clone()),
                    None => binding.applied.remove(&change.attribute),
                };
            }
            binding.written_at = Some(now);
        }
        let shown = changes
            .iter()
            .map(|change| {
                let Change { attribute, from, to, remember: _ } = change;
                let text = |value: &Option<_>| value.as_ref().map(told);
                audited(attribute.row().property, text(from), text(to))
            })
            .collect();
        let event = self.event(AuditKind::Update, shown);
        self.audit.push(event);
    }
}

fn is_sensitive(change: &Change) -> bool {
    change.attribute.row().sensitive
}
