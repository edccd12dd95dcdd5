//! Somebody who is not ours yet: adopt (P3, P4, P8, P15), create (P1, P2, P14), or wait (R10).

use std::collections::BTreeMap;
use std::time::Duration;

use super::bound::excluded;
use super::{ENTRA_CLOCKS, Planner, REPLICATION, UserInput, connected_user, resolve};
use crate::attributes::{Attribute, Merge, TABLE, Value, merge};
use crate::desired::DesiredUser;
use crate::finding::{Finding, FindingCode};
use crate::ids::Upn;
use crate::observed::{Candidate, Claim, Lookup};
use crate::plan::person::{desired as desired_value, first_display_name, left_out};
use crate::plan::switch::Want;
use crate::plan::{Action, Adoption, Change, Creation, WaitsFor};
use crate::record::{Decided, Origin, before};
use crate::upn::Domain;

impl<'p> Planner<'p> {
    pub(super) fn unbound(&mut self, lookup: &Lookup) {
        match &lookup.found {
            Some(candidate) => self.found(lookup, candidate),
            None => self.absent(lookup),
        }
    }

    fn found(&mut self, lookup: &Lookup, candidate: &Candidate) {
        let intent = self.input.record.intent.as_ref().filter(|intent| {
            intent.upn == lookup.upn
                && candidate.user.created_at.is_some_and(|created| created >= intent.since)
        });
        let adoption = if let Some(intent) = intent {
            // R10: created since the intent, so it is ours, with the state we meant.
            Adoption {
                object: candidate.user.id.clone(),
                upn: lookup.upn.clone(),
                origin: Origin::Created,
                created_at: candidate.user.created_at,
                disabled_by_us: intent.meant_disabled,
            }
        } else {
            if self.upn_to_take(lookup).is_none() {
                return;
            }
            if let Some(finding) = self.never_adopted(lookup, candidate) {
                self.planned.findings.push(finding);
                return self.open_intent(lookup);
            }
            let off = matches!(self.wanted, Want::Off(_));
            let inherited = matches!(candidate.claim, Claim::Tombstone { disabled_by_us: true });
            Adoption {
                object: candidate.user.id.clone(),
                upn: lookup.upn.clone(),
                origin: Origin::Adopted,
                created_at: None,
                disabled_by_us: inherited || (off && !candidate.user.enabled),
            }
        };
        let binding = adoption.binding(self.now);
        self.planned.plan.actions.push(Action::Adopt(adoption));
        self.undecided();
        self.bound(&binding, &candidate.user);
    }

    /// Who is to be created or adopted under the UPN looked up; `None` where that must not be,
    /// for want of a connection or of a UPN (U6), by exclusion (P4) or for an open intent (R10).
    fn upn_to_take(&mut self, lookup: &Lookup) -> Option<(&'p DesiredUser, Upn)> {
        let UserInput { policy, desired, domains, .. } = self.input;
        let upn = connected_user(desired).map(|user| (user, resolve(policy, user, domains)));
        match upn {
            None => {}
            Some((_, Err(finding))) => self.planned.findings.extend(finding),
            Some((_, Ok(upn))) if self.excluded(&upn) => {
                self.planned.findings.push(excluded(&upn));
            }
            Some((user, Ok(upn))) if upn == lookup.upn => return Some((user, upn)),
            Some((_, Ok(_))) => {
                // Nothing goes out under another UPN while an intent is open, and then at once.
                self.open_intent(lookup);
                if self.planned.plan.memory.end_intent {
                    self.wait(Duration::ZERO);
                }
                return None;
            }
        }
        self.open_intent(lookup);
        None
    }

    /// P4: who is never adopted, and why.
    fn never_adopted(&mut self, lookup: &Lookup, candidate: &Candidate) -> Option<Finding> {
        let Candidate { user, claim, privileged } = candidate;
        let object = &user.id;
        let (code, message) = if user.guest {
            (FindingCode::Guest, format!("{object} is a guest"))
        } else if user.on_premises_synced {
            (FindingCode::OnPremisesSynced, format!("{object} is mastered on-premises"))
        } else if let Claim::Held(holder) = claim {
            let (object, upn) = (object.clone(), lookup.upn.clone());
            self.planned.waits_for.insert(WaitsFor::Object { object, upn });
            (FindingCode::ObjectHeld, format!("{} belongs to {holder}", user.id))
        } else if *privileged && !self.input.policy.users.adopt_privileged.contains(&lookup.upn) {
            (FindingCode::Privileged, format!("{object} is an administrator"))
        } else {
            return None;
        };
        Some(Finding::new(code, message))
    }

    /// While an intent is open, its object may still appear (R10).
    fn open_intent(&mut self, lookup: &Lookup) {
        let Some(intent) = &self.input.record.intent else { return };
        if lookup.read_at > intent.open_until && self.now > intent.open_until {
            self.planned.plan.memory.end_intent = true;
        } else {
            self.wait(REPLICATION);
        }
    }

    fn absent(&mut self, lookup: &Lookup) {
        let enabled = match self.wanted {
            Want::On => true,
            Want::AsFound => false,
            // P15: without an Entra user nothing happens, but a lockout may end without an event.
            Want::Off(_) => {
                self.lockout();
                return self.open_intent(lookup);
            }
            Want::Undecided => {
                self.undecided();
                return self.open_intent(lookup);
            }
        };
        let Some((user, upn)) = self.upn_to_take(lookup) else { return };
        if let Some(finding) = self.federated(&upn) {
            self.planned.findings.push(finding);
            return self.open_intent(lookup);
        }
        self.create(lookup, user, upn, enabled);
    }

    /// P14: nobody could sign in with an account in a federated domain that lacks the anchor.
    fn federated(&self, upn: &Upn) -> Option<Finding> {
        let anchored = self.input.policy.exports(Attribute::ImmutableId);
        let federated = |domain: &Domain| domain.federated && domain.name == upn.domain();
        (!anchored && self.input.domains.into_iter().flatten().any(federated)).then(|| {
            Finding::new(
                FindingCode::FederatedDomain,
                format!("{} is federated and immutableId is not exported", upn.domain()),
            )
        })
    }

    fn create(&mut self, lookup: &Lookup, user: &DesiredUser, upn: Upn, enabled: bool) {
        let UserInput { policy, manager, desired, .. } = self.input;
        let none = BTreeMap::new();
        let wanted = |attribute| desired_value(policy, user, manager, &upn, &none, attribute);
        let mut attributes = BTreeMap::new();
        for attribute in TABLE.iter().map(|row| row.attribute) {
            // The name is required and stands apart; the manager needs the object first.
            let apart = matches!(attribute, Attribute::DisplayName | Attribute::Manager);
            if apart || !policy.exports(attribute) {
                continue;
            }
            match merge(attribute, &wanted(attribute), None, None) {
                Merge::Set(value) => {
                    attributes.insert(attribute, value);
                }
                Merge::Refused(why) => self.planned.findings.push(left_out(attribute, &why)),
                Merge::Keep | Merge::Agree(_) | Merge::Clear | Merge::Forget => {}
            }
        }
        let manager = wanted(Attribute::Manager).value().cloned().map(Value::Text);
        let (display_name, refused) = first_display_name(user, &upn);
        self.planned.findings.extend(refused);
        // R10: an open intent is extended; one that is over makes place for a new one.
        let open =
            self.input.record.intent.as_ref().filter(|intent| {
                lookup.read_at <= intent.open_until || self.now <= intent.open_until
            });
        let creation = Creation {
            meant_enabled: enabled || open.is_some_and(|intent| intent.meant_enabled),
            meant_disabled: !enabled || open.is_some_and(|intent| intent.meant_disabled),
            since: open.map_or(before(lookup.read_at, ENTRA_CLOCKS), |intent| intent.since),
            display_name,
            mail_nickname: upn.local_part().to_owned(),
            upn,
            enabled,
            attributes,
            decided: enabled.then_some(Decided { enabled, read_at: desired.read_at }),
        };
        self.planned.plan.actions.push(Action::Create(creation));
        if let Some(manager) = manager {
            self.planned.plan.actions.push(Action::SetManager(Change {
                attribute: Attribute::Manager,
                from: None,
                to: Some(manager.clone()),
                remember: Some(manager),
            }));
        }
        self.missing_manager(user);
    }
}
