//! Applies a plan: in order, each step idempotent, each creation stored before the next step.
//!
//! A passing fault ends the plan, and the next sync makes a new one. A permanent failure is
//! noted and the rest goes on, so that one refused value never holds up a deactivation.

use std::collections::BTreeMap;

use graph::{AttributeChange, GraphError, NewUser};
use rand::seq::IndexedRandom;
use rand::seq::SliceRandom;
use store::{ClaimChange, Store, StoreError, Tombstone};
use sync_core::attributes::Attribute;
use sync_core::audit::{AuditChange, AuditKind};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::plan::{Action, Adoption, Change, Creation, Memory, Plan, SetEnabled, WaitsFor};
use sync_core::record::{Answered, Binding, Intent, Origin, Owed, Unanswered, after};
use transport::Secret;
use work_queue::WorkQueue;

use crate::SyncError;
use crate::pass::Pass;
use crate::trouble::{Told, Trouble};

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
        for action in &plan.actions {
            self.before_write().await?;
            let step = match action {
                Action::Create(creation) => self.create(creation).await?,
                Action::Adopt(adoption) => self.adopt(adoption).await?,
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
        self.remember(&plan.memory);
        Ok(())
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
            }
        }
        Ok(Step::Blocked)
    }

    /// P14: the intent and the claim are stored before the POST, the binding after its answer.
    async fn create(&mut self, creation: &Creation) -> Result<Step, Trouble> {
        let timing = &self.directory.policy.timing;
        let before = self.record.clone();
        // The update that stores it renews the lease, so this is the lease's new end.
        let lease_end = after(self.now(), timing.lease);
        self.record.intent = Some(Intent {
            upn: creation.upn.clone(),
            since: creation.since,
            meant_enabled: creation.meant_enabled,
            meant_disabled: creation.meant_disabled,
            open_until: after(lease_end, timing.created),
        });
        self.record.decided = creation.decided.or(self.record.decided);
        let claim = ClaimChange::Take { key: self.upn_claim(&creation.upn), object: None };
        if let Err(error) = self.record(&[claim]).await {
            self.record = before;
            return self.held(error).await;
        }
        let created = self
            .directory
            .graph
            .create_user(&NewUser {
                upn: creation.upn.clone(),
                enabled: creation.enabled,
                display_name: creation.display_name.clone(),
                mail_nickname: creation.mail_nickname.clone(),
                attributes: creation.attributes.clone(),
                password: initial_password(),
            })
            .await;
        let object = match created {
            Ok(object) => object,
            // Found by the next lookup: our own, its answer lost, or somebody else's (P14).
            Err(error @ GraphError::UpnTaken { .. }) => {
                return Err(Trouble::Passing(Told::new("upn_taken", &error)));
            }
            Err(error) => {
                self.leave(error, AuditKind::Create)?;
                return Ok(Step::Blocked);
            }
        };
        let now = self.now();
        let mut applied = creation.attributes.clone();
        let name = sync_core::attributes::Value::Text(creation.display_name.clone());
        applied.insert(Attribute::DisplayName, name);
        self.record.binding = Some(Binding {
            object: object.clone(),
            upn: creation.upn.clone(),
            origin: Origin::Created,
            bound_at: now,
            created_at: Some(now),
            enabled: Some(Answered { value: creation.enabled, at: now }),
            disabled_by_us: !creation.enabled,
            applied,
            written_at: Some(now),
            given_up: false,
        });
        let mut changes = vec![
            audited("userPrincipalName", None, Some(creation.upn.to_string())),
            audited("accountEnabled", None, Some(creation.enabled.to_string())),
            audited("displayName", None, Some(creation.display_name.clone())),
        ];
        changes.extend(creation.attributes.iter().map(|(attribute, value)| {
            audited(attribute.row().property, None, Some(value.to_string()))
        }));
        let event = self.event(AuditKind::Create, changes);
        self.bind(&object, &creation.upn, event).await
    }

    /// P3: the binding is stored before anything is written to the object.
    async fn adopt(&mut self, adoption: &Adoption) -> Result<Step, Trouble> {
        let before = self.record.clone();
        let now = self.now();
        self.record.binding = Some(Binding {
            object: adoption.object.clone(),
            upn: adoption.upn.clone(),
            origin: adoption.origin,
            bound_at: now,
            created_at: adoption.created_at,
            enabled: None,
            disabled_by_us: adoption.disabled_by_us,
            applied: BTreeMap::new(),
            written_at: None,
            given_up: false,
        });
        let kind = match adoption.origin {
            Origin::Created => AuditKind::Create,
            Origin::Adopted | Origin::Imported => AuditKind::Adopt,
        };
        let upn = audited("userPrincipalName", None, Some(adoption.upn.to_string()));
        let event = self.event(kind, vec![upn]);
        let step = self.bind(&adoption.object, &adoption.upn, event).await;
        if matches!(step, Ok(Step::Blocked)) {
            self.record = before;
        }
        step
    }

    /// Stores a new binding with its claims and what it owes (R12); the intent ends with it (R10).
    async fn bind(
        &mut self,
        object: &EntraUserId,
        upn: &Upn,
        event: sync_core::audit::AuditEvent,
    ) -> Result<Step, Trouble> {
        self.record.intent = None;
        let owed = self.record.owed.get_or_insert_with(Owed::default);
        owed.bound = true;
        owed.audit.push(event);
        let claims = [
            ClaimChange::Take { key: self.upn_claim(upn), object: Some(object.clone()) },
            ClaimChange::Take { key: self.object_claim(object), object: None },
        ];
        match self.record(&claims).await {
            Ok(()) => Ok(Step::Done),
            Err(error) => self.held(error).await,
        }
    }

    /// R7: the write is stored before it is sent, and cleared only with its answer (R9).
    async fn set_enabled(&mut self, set: &SetEnabled) -> Result<Step, Trouble> {
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
        let change = audited(
            "accountEnabled",
            Some((!set.enabled).to_string()),
            Some(set.enabled.to_string()),
        );
        let mut event = self.event(kind, vec![change]);
        event.reason = set.cause.map(|cause| cause.to_string());
        self.audit.push(event);
        Ok(Step::Done)
    }

    async fn revoke(&mut self) -> Result<Step, Trouble> {
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
    async fn rename(&mut self, from: &Upn, to: &Upn) -> Result<Step, Trouble> {
        let object = self.object()?;
        let take = ClaimChange::Take { key: self.upn_claim(to), object: Some(object.clone()) };
        if let Err(error) = self.record(&[take]).await {
            return match self.held(error).await? {
                // U6: a UPN finding leaves everything else as it is.
                Step::Blocked => Ok(Step::Left),
                other => Ok(other),
            };
        }
        match self.directory.graph.set_upn(&object, to).await {
            Ok(()) => {}
            Err(error @ GraphError::UpnTaken { .. }) => {
                let told = Told::new("upn_taken", &error);
                self.findings.push(Finding::new(FindingCode::UpnHeld, told.message.clone()));
                self.failure.get_or_insert(told);
                return Ok(Step::Left);
            }
            Err(error) => return self.leave(error, AuditKind::Update),
        }
        let now = self.now();
        if let Some(binding) = &mut self.record.binding {
            let old = std::mem::replace(&mut binding.upn, to.clone());
            binding.written_at = Some(now);
            self.give_up_upns([old, from.clone()], to);
        }
        let change = audited("userPrincipalName", Some(from.to_string()), Some(to.to_string()));
        let event = self.event(AuditKind::Update, vec![change]);
        self.audit.push(event);
        Ok(Step::Done)
    }

    /// Releases claims on former UPNs with the commit, which then owes their waiters a ring.
    fn give_up_upns(&mut self, former: impl IntoIterator<Item = Upn>, kept: &Upn) {
        let mut former: Vec<Upn> = former.into_iter().filter(|upn| upn != kept).collect();
        former.sort();
        former.dedup();
        for upn in former {
            self.claims.push(ClaimChange::Release { key: self.upn_claim(&upn) });
            self.freed(upn);
        }
    }

    async fn update(&mut self, changes: &[Change]) -> Result<Step, Trouble> {
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

    async fn set_manager(&mut self, change: &Change) -> Result<Step, Trouble> {
        let object = self.object()?;
        let manager = match &change.to {
            Some(sync_core::attributes::Value::Text(id)) => EntraUserId::parse(id).ok(),
            _ => None,
        };
        match self.directory.graph.set_manager(&object, manager.as_ref()).await {
            Ok(()) => {
                self.applied(std::slice::from_ref(change));
                Ok(Step::Done)
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
                let text = |value: &Option<_>| value.as_ref().map(ToString::to_string);
                audited(attribute.row().property, text(from), text(to))
            })
            .collect();
        let event = self.event(AuditKind::Update, shown);
        self.audit.push(event);
    }

    /// What the commit remembers beside the outcome of the actions.
    fn remember(&mut self, memory: &Memory) {
        let Memory {
            agreed,
            forgotten,
            end_intent,
            give_up,
            drop_revocation,
            expecting,
            locked_since,
        } = memory;
        self.record.expecting = *expecting;
        self.record.locked_since = *locked_since;
        if *drop_revocation {
            self.record.revoke_pending = false;
        }
        if *end_intent && let Some(intent) = self.record.intent.take() {
            self.claims.push(ClaimChange::Release { key: self.upn_claim(&intent.upn) });
            self.freed(intent.upn);
        }
        let unfinished = self.failure.is_some()
            || self.record.unanswered.is_some()
            || self.record.revoke_pending;
        let Some(binding) = &mut self.record.binding else { return };
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
            let keys = [self.object_claim(&object), self.upn_claim(&upn)];
            self.claims.extend(keys.map(|key| ClaimChange::GiveUp { key, tombstone }));
            self.freed(upn);
        }
    }

    /// Whoever waits for this UPN is rung once the commit has given it up (R12).
    fn freed(&mut self, upn: Upn) {
        self.freed.push(upn);
    }
}

fn is_sensitive(change: &Change) -> bool {
    change.attribute.row().sensitive
}

fn audited(attribute: &str, from: Option<String>, to: Option<String>) -> AuditChange {
    AuditChange { attribute: attribute.to_owned(), from, to }
}

/// A random password of 32 characters from four classes (P1); it is sent once and never stored.
fn initial_password() -> Secret {
    const CLASSES: [&[u8]; 4] =
        [b"abcdefghijkmnopqrstuvwxyz", b"ABCDEFGHJKLMNPQRSTUVWXYZ", b"23456789", b"!#$%*+-=?@^_"];
    let mut rng = rand::rng();
    let mut password: Vec<u8> =
        (0..32).filter_map(|at| CLASSES[at % CLASSES.len()].choose(&mut rng).copied()).collect();
    password.shuffle(&mut rng);
    Secret::new(password.into_iter().map(char::from).collect::<String>())
}
