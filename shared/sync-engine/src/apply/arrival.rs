//! How an object becomes ours: created (P1, P2, P14) or adopted (P3), then bound (R10, R12).

use graph::{GraphError, NewUser};
use rand::seq::{IndexedRandom, SliceRandom};
use store::{ClaimChange, Store};
use sync_core::attributes::{Attribute, Value};
use sync_core::audit::{AuditEvent, AuditKind};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::plan::{Adoption, Creation};
use sync_core::record::{Answered, Binding, Intent, Origin, Owed, after};
use transport::Secret;
use work_queue::WorkQueue;

use super::{Step, audited, told};
use crate::pass::Pass;
use crate::trouble::{Told, Trouble};

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// P14: the intent and the claim are stored before the POST, the binding after its answer.
    pub(super) async fn create(&mut self, creation: &Creation) -> Result<Step, Trouble> {
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
        self.before_write().await?;
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
                if !error.is_unanswered() {
                    self.not_created(before.intent, &creation.upn);
                }
                self.leave(error, AuditKind::Create)?;
                return Ok(Step::Blocked);
            }
        };
        let now = self.now();
        let mut applied = creation.attributes.clone();
        let name = Value::Text(creation.display_name.clone());
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
            absent: false,
        });
        let mut changes = vec![
            audited("userPrincipalName", None, Some(creation.upn.to_string())),
            audited("accountEnabled", None, Some(creation.enabled.to_string())),
            audited("displayName", None, Some(creation.display_name.clone())),
        ];
        changes.extend(
            creation.attributes.iter().map(|(attribute, value)| {
                audited(attribute.row().property, None, Some(told(value)))
            }),
        );
        let event = self.event(AuditKind::Create, changes);
        self.bind(&object, &creation.upn, event).await
    }

    /// Refused: an earlier intent is all that may still be under way, and another UPN is free.
    fn not_created(&mut self, before: Option<Intent>, refused: &Upn) {
        if before.as_ref().is_none_or(|intent| intent.upn != *refused) {
            self.claims.push(ClaimChange::Release { key: self.upn_claim(refused) });
            self.freed(refused.clone());
        }
        self.record.intent = before;
    }

    /// P3: the binding is stored before anything is written to the object.
    pub(super) async fn adopt(&mut self, adoption: &Adoption) -> Result<Step, Trouble> {
        let before = self.record.clone();
        self.record.binding = Some(adoption.binding(self.now()));
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
        event: AuditEvent,
    ) -> Result<Step, Trouble> {
        self.record.intent = None;
        let owed = self.record.owed.get_or_insert_with(Owed::default);
        owed.bound = true;
        owed.audit.push(event);
        let claims = [
            ClaimChange::Take { key: self.upn_claim(upn), object: Some(object.clone()) },
            ClaimChange::Take { key: self.directory.object_claim(object), object: None },
        ];
        match self.record(&claims).await {
            Ok(()) => Ok(Step::Done),
            Err(error) => self.held(error).await,
        }
    }
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
