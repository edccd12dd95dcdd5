//! Applies a plan: in order, each step idempotent, each creation stored before the next step.
//!
//! A passing fault ends the plan, and the next sync makes a new one. A permanent failure is
//! noted and the rest goes on, so that one refused value never holds up a deactivation.

use std::collections::BTreeSet;

use graph::GraphError;
use store::{ClaimChange, Store, StoreError, Tombstone};
use sync_core::attributes::Value;
use sync_core::audit::{AuditChange, AuditKind};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::plan::{Action, Memory, Plan, WaitsFor};
use work_queue::WorkQueue;

use crate::pass::Pass;
use crate::trouble::{Told, Trouble};

mod arrival;
mod change;

/// Whether the rest of the plan still makes sense.
enum Step {
    /// Answered.
    Done,
    /// Not done, told as a finding or failure; the next action does not depend on it.
    Left,
    /// Not done, and nothing after it can be.
    Blocked,
}

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// Applies the actions in order, then what the commit remembers beside them.
    pub(crate) async fn apply(&mut self, plan: &Plan) -> Result<(), Trouble> {
        self.record.expecting = plan.memory.expecting;
        self.record.locked_since = plan.memory.locked_since;
        for action in &plan.actions {
            self.before_write().await?;
            let step = match action {
                Action::Create(creation) => self.create(creation).await?,
                Action::Adopt(adoption) => self.adopt(adoption).await?,
                Action::Restore => self.restore().await?,
                Action::SetEnabled(set) => self.set_enabled(set).await?,
                Action::RevokeSessions => self.revoke().await?,
                Action::SetUpn { from, to } => self.rename(from, to).await?,
                Action::Update(changes) => self.update(changes).await?,
                Action::SetManager(change) => self.set_manager(change).await?,
            };
            match step {
                Step::Done => self.done.push(action.to_string()),
                Step::Left => {}
                Step::Blocked => return Ok(()),
            }
        }
        if plan.memory.give_up && !self.is_unfinished() {
            // Before the binding ends: what fails here is tried again.
            self.ring_left_groups().await?;
        }
        self.remember(&plan.memory);
        Ok(())
    }

    /// Whether a write is still to be answered, or was refused for good.
    fn is_unfinished(&self) -> bool {
        self.failure.is_some() || self.record.unanswered.is_some() || self.record.revoke_pending
    }

    /// The bound object; an action that needs one is planned only with a binding before it.
    fn object(&self) -> Result<EntraUserId, Trouble> {
        self.record.binding.as_ref().map(|binding| binding.object.clone()).ok_or_else(|| {
            Trouble::Permanent(Told {
                class: "plan_without_binding".into(),
                message: "the plan names an object nobody bound".into(),
            })
        })
    }

    /// Notes a permanent failure and goes on; anything else ends the plan.
    fn leave(&mut self, error: GraphError, kind: AuditKind) -> Result<Step, Trouble> {
        match Trouble::from(error) {
            Trouble::Permanent(told) => {
                let mut event = self.event(kind, Vec::new());
                event.error = Some(format!("{}: {}", told.class, told.message));
                self.audit.push(event);
                self.findings.push(Finding::new(FindingCode::Refused, told.message.clone()));
                self.failure.get_or_insert(told);
                Ok(Step::Left)
            }
            other => Err(other),
        }
    }

    /// Somebody else holds the claim: a finding, and for a UPN a wait (P4, U5).
    async fn held(&mut self, error: StoreError) -> Result<Step, Trouble> {
        let StoreError::ClaimHeld { key, holder } = error else { return Err(error.into()) };
        let message = format!("{key} is held by {holder}");
        match key.what {
            store::ClaimedThing::Upn(upn) => {
                self.findings.push(Finding::new(FindingCode::UpnHeld, message));
                self.wait_for([WaitsFor::Upn(upn)]).await?;
            }
            store::ClaimedThing::Object(_) => {
                self.findings.push(Finding::new(FindingCode::ObjectHeld, message));
                self.engine.ring_owner(&holder).await.map_err(Trouble::Broken)?;
                // Taken since it was read: the next look sees whose it is and leaves a note.
                self.look_again(self.now());
            }
        }
        Ok(Step::Blocked)
    }

    /// What the commit remembers beside the outcome of the actions.
    fn remember(&mut self, memory: &Memory) {
        let Memory {
            agreed,
            forgotten,
            end_intent,
            give_up,
            off_by_absence,
            absent,
            unbind,
            drop_revocation,
            // Remembered before the actions: they do not depend on what becomes of those.
            expecting: _,
            locked_since: _,
        } = memory;
        if *drop_revocation {
            self.record.revoke_pending = false;
        }
        if *end_intent && let Some(intent) = self.record.intent.take() {
            self.claims.push(ClaimChange::Release { key: self.upn_claim(&intent.upn) });
            self.freed(intent.upn);
        }
        if *off_by_absence {
            self.record.unanswered = None;
            self.record.revoke_pending = false;
        }
        if unbind.is_some() {
            return self.unbind();
        }
        let unfinished = self.is_unfinished();
        let Some(binding) = &mut self.record.binding else { return };
        if std::mem::replace(&mut binding.absent, *absent) && !absent {
            // Restored by us or by hand: whoever waits for the account, groups above all, can have it.
            self.record.owed.get_or_insert_default().bound = true;
        }
        for attribute in forgotten {
            binding.applied.remove(attribute);
        }
        for (attribute, value) in agreed {
            binding.applied.insert(*attribute, value.clone());
        }
        if *give_up && !unfinished {
            binding.given_up = true;
            let tombstone = Tombstone { disabled_by_us: binding.disabled_by_us };
            let (object, upn) = (binding.object.clone(), binding.upn.clone());
            let key = self.directory.object_claim(&object);
            self.claims.push(ClaimChange::GiveUp { key, tombstone });
            // A change of the UPN that was never answered may have landed: its claim ends, too.
            let renaming = std::mem::take(&mut self.record.renaming);
            for upn in renaming.into_iter().chain([upn]).collect::<BTreeSet<_>>() {
                let key = self.upn_claim(&upn);
                self.claims.push(ClaimChange::GiveUp { key, tombstone });
                self.freed(upn);
            }
        }
    }

    /// Gives up an object that is gone for good, and every UPN: the creation that follows claims
    /// its own with its intent, and whoever leaves before that holds nothing.
    fn unbind(&mut self) {
        let Some(binding) = self.record.binding.take() else { return };
        self.record.unanswered = None;
        self.record.revoke_pending = false;
        self.claims
            .push(ClaimChange::Release { key: self.directory.object_claim(&binding.object) });
        let renaming = std::mem::take(&mut self.record.renaming);
        self.give_up_upns(renaming.into_iter().chain([binding.upn]), None);
    }

    /// Whoever waits for this UPN is rung once the commit has given it up (R12).
    pub(super) fn freed(&mut self, upn: Upn) {
        self.freed.push(upn);
    }
}

/// A value as an audit event holds it: a text is told as it is, not quoted as a plan shows it.
fn told(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(_) | Value::OrgData { .. } => value.to_string(),
    }
}

pub(crate) fn audited(attribute: &str, from: Option<String>, to: Option<String>) -> AuditChange {
    AuditChange { attribute: attribute.to_owned(), from, to }
}
