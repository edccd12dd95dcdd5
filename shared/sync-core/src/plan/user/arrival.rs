//! Somebody who is not ours yet: adopt (P3, P4, P8, P15), create (P1, P2, P14), or wait (R10).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{ENTRA_CLOCKS, Planner, REPLICATION, UserInput, connected_user, resolve};
use crate::attributes::{Attribute, Merge, TABLE, Value, merge};
use crate::desired::DesiredUser;
use crate::finding::{Finding, FindingCode};
use crate::ids::Upn;
use crate::observed::{Candidate, Claim, Lookup};
use crate::plan::person::{ManagerLink, desired as desired_value, display_name};
use crate::plan::switch::Want;
use crate::plan::{Action, Adoption, Change, Creation};
use crate::record::{Decided, Origin, before};
use crate::upn::Domain;

impl Planner<'_> {
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
            if connected_user(self.input.desired).is_none() {
                return self.open_intent(lookup);
            }
            if let Some(finding) = self.never_adopted(lookup, candidate) {
                return self.planned.findings.push(finding);
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

    /// P4: who is never adopted, and why.
    fn never_adopted(&self, lookup: &Lookup, candidate: &Candidate) -> Option<Finding> {
        let Candidate { user, claim, privileged } = candidate;
        let object = &user.id;
        let (code, message) = if self.excluded(Some(&lookup.upn)) {
            (FindingCode::Excluded, format!("the configuration excludes {}", lookup.upn))
        } else if user.guest {
            (FindingCode::Guest, format!("{object} is a guest"))
        } else if user.on_premises_synced {
            (FindingCode::OnPremisesSynced, format!("{object} is mastered on-premises"))
        } else if let Claim::Held(holder) = claim {
            (FindingCode::ObjectHeld, format!("{object} belongs to {holder}"))
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
            // P15: without an Entra user nothing happens.
            Want::Off(_) => return self.open_intent(lookup),
            Want::Undecided => {
                self.undecided();
                return self.open_intent(lookup);
            }
        };
        let UserInput { policy, record, desired, domains, .. } = self.input;
        let Some(user) = connected_user(desired) else { return self.open_intent(lookup) };
        let upn = match resolve(policy, user, domains) {
            Ok(upn) => upn,
            Err(finding) => {
                self.planned.findings.push(finding);
                return self.open_intent(lookup);
            }
        };
        if self.excluded(Some(&upn)) {
            self.find(FindingCode::Excluded, format!("the configuration excludes {upn}"));
            return self.open_intent(lookup);
        }
        if record.intent.is_some() && lookup.upn != upn {
            // R10: no creation goes out under another UPN while an intent is open.
            self.open_intent(lookup);
            if self.planned.plan.memory.end_intent {
                self.wait(Duration::ZERO);
            }
            return;
        }
        if let Some(finding) = self.federated(&upn) {
            self.planned.findings.push(finding);
            return self.open_intent(lookup);
        }
        self.create(lookup, user, upn, enabled);
    }

    /// P14: nobody could sign in with an account in a federated domain that lacks the anchor.
    fn federated(&self, upn: &Upn) -> Option<Finding> {
        let anchored = self
            .input
            .policy
            .attributes
            .get(&Attribute::ImmutableId)
            .is_some_and(|mapping| mapping.exports());
        let federated = |domain: &Domain| domain.federated && domain.name == upn.domain();
        (!anchored && self.input.domains.iter().any(federated)).then(|| {
            Finding::new(
                FindingCode::FederatedDomain,
                format!("{} is federated and immutableId is not exported", upn.domain()),
            )
        })
    }

    fn create(&mut self, lookup: &Lookup, user: &DesiredUser, upn: Upn, enabled: bool) {
        let UserInput { policy, manager, desired, .. } = self.input;
        let mut attributes = BTreeMap::new();
        for row in TABLE {
            let exported = row.key.is_none()
                || policy.attributes.get(&row.attribute).is_some_and(|m| m.exports());
            // The name is required and stands apart; the manager needs the object first.
            let apart = matches!(row.attribute, Attribute::DisplayName | Attribute::Manager);
            if !exported || apart {
                continue;
            }
            let wanted = desired_value(policy, user, manager, &upn, row.attribute);
            match merge(row.attribute, &wanted, None, None) {
                Merge::Set(value) => {
                    attributes.insert(row.attribute, value);
                }
                Merge::Refused(why) => self.find(
                    FindingCode::ValueRefused,
                    format!("{} is left out: {why}", row.attribute),
                ),
                Merge::Keep | Merge::Agree(_) | Merge::Clear => {}
            }
        }
        let limit = 256;
        let mut name = display_name(user, &upn);
        if name.chars().count() > limit {
            self.find(
                FindingCode::ValueRefused,
                format!("displayName is left out: longer than {limit} characters"),
            );
            name = upn.local_part().to_owned();
        }
        // R10: an open intent is extended; one that is over makes place for a new one.
        let open =
            self.input.record.intent.as_ref().filter(|intent| {
                lookup.read_at <= intent.open_until || self.now <= intent.open_until
            });
        let creation = Creation {
            meant_enabled: enabled || open.is_some_and(|intent| intent.meant_enabled),
            meant_disabled: !enabled || open.is_some_and(|intent| intent.meant_disabled),
            since: open.map_or(before(lookup.read_at, ENTRA_CLOCKS), |intent| intent.since),
            display_name: name,
            mail_nickname: upn.local_part().to_owned(),
            upn,
            enabled,
            attributes,
            decided: enabled.then_some(Decided { enabled, read_at: desired.read_at }),
        };
        self.planned.plan.actions.push(Action::Create(creation));
        if let ManagerLink::Bound(object) = manager {
            let value = Some(Value::Text(object.to_string()));
            self.planned.plan.actions.push(Action::SetManager(Change {
                attribute: Attribute::Manager,
                from: None,
                to: value.clone(),
                remember: value,
            }));
        }
        self.unbound_manager();
    }
}
