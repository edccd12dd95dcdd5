//! What becomes of a plan when every step is answered at once: the next record, the next Entra.

use jiff::Timestamp;
use sync_core::attributes::{Attribute, Value};
use sync_core::ids::Upn;
use sync_core::observed::{Claim, EntraUser};
use sync_core::plan::{Action, Change, Creation, Memory, Planned, SetEnabled};
use sync_core::record::{Answered, Binding, Origin, Unanswered};

use crate::world::*;

impl World {
    /// Applies a plan, and goes on to when it wants to look again, a second later otherwise.
    pub(crate) fn apply(&mut self, planned: &Planned) {
        for action in &planned.plan.actions {
            self.act(action);
        }
        self.remember(&planned.plan.memory);
        let soon = at(1 + self.now.duration_since(at(0)).as_secs());
        self.go_to(planned.look_again.map_or(soon, |look| look.max(soon)));
    }

    /// Both sides are read anew at this time, and no event rings.
    pub(crate) fn go_to(&mut self, now: Timestamp) {
        (self.now, self.read_at, self.lookup_at, self.expect) = (now, now, None, None);
    }

    fn act(&mut self, action: &Action) {
        let now = self.now;
        match action {
            Action::Create(creation) => self.create(creation),
            Action::Adopt(adoption) => {
                self.record.binding = Some(adoption.binding(now));
                self.record.intent = None;
                self.claim = Claim::Own;
            }
            Action::Restore => {
                let deleted = self.deleted.take().expect("only what was deleted is restored");
                let upn = self.binding().upn.clone();
                self.entra = Some(EntraUser { upn, ..deleted });
                self.binding().created_at = Some(now);
            }
            Action::SetEnabled(set) => self.set_enabled(set),
            Action::RevokeSessions => {
                // What is read may lag behind what was answered.
                let off = self.binding().enabled.is_some_and(|answered| !answered.value);
                assert!(off || !self.entra().enabled, "sessions of somebody who is on");
                self.record.revoke_pending = false;
            }
            Action::SetUpn { from, to } => self.rename(from, to),
            Action::Update(changes) => changes.iter().for_each(|change| self.change(change)),
            Action::SetManager(change) => self.change(change),
        }
    }

    fn create(&mut self, creation: &Creation) {
        let now = self.now;
        let Creation { upn, enabled, display_name, attributes, decided, .. } = creation;
        assert!(self.entra.as_ref().is_none_or(|other| other.upn != *upn), "the UPN is taken");
        let mut attributes = attributes.clone();
        attributes.insert(Attribute::DisplayName, Value::Text(display_name.clone()));
        self.entra = Some(EntraUser {
            upn: upn.clone(),
            enabled: *enabled,
            created_at: Some(now),
            attributes: attributes.clone(),
            ..account()
        });
        self.record.decided = decided.or(self.record.decided);
        self.record.intent = None;
        self.record.binding = Some(Binding {
            object: object(OBJECT),
            upn: upn.clone(),
            origin: Origin::Created,
            bound_at: now,
            created_at: Some(now),
            enabled: Some(Answered { value: *enabled, at: now }),
            disabled_by_us: !enabled,
            applied: attributes,
            written_at: Some(now),
            given_up: false,
            absent: false,
        });
    }

    fn set_enabled(&mut self, set: &SetEnabled) {
        let now = self.now;
        self.record.decided = Some(set.decided);
        self.record.revoke_pending |= set.then_revoke;
        // R9: while an earlier write may land, this one stays unanswered as well.
        let earlier = self.record.unanswered.filter(|earlier| earlier.may_land_until >= now);
        self.record.unanswered =
            earlier.map(|earlier| Unanswered { value: set.enabled, sent_at: now, ..earlier });
        self.entra().enabled = set.enabled;
        self.binding().enabled = Some(Answered { value: set.enabled, at: now });
        self.binding().disabled_by_us = !set.enabled;
    }

    fn rename(&mut self, from: &Upn, to: &Upn) {
        let again = !std::mem::take(&mut self.record.renaming).is_empty();
        assert!(again || from != to, "a rename to the same UPN");
        self.entra().upn = to.clone();
        self.binding().upn = to.clone();
        self.binding().written_at = Some(self.now);
    }

    fn change(&mut self, change: &Change) {
        let Change { attribute, to, remember, .. } = change;
        let set = |values: &mut std::collections::BTreeMap<_, _>, value: &Option<Value>| {
            match value {
                Some(value) => values.insert(*attribute, value.clone()),
                None => values.remove(attribute),
            };
        };
        set(&mut self.entra().attributes, to);
        set(&mut self.binding().applied, remember);
        self.binding().written_at = Some(self.now);
    }

    fn remember(&mut self, memory: &Memory) {
        self.record.expecting = memory.expecting;
        self.record.locked_since = memory.locked_since;
        self.record.revoke_pending &= !memory.drop_revocation;
        if memory.end_intent {
            self.record.intent = None;
        }
        if memory.off_by_absence {
            self.record.unanswered = None;
            self.record.revoke_pending = false;
        }
        if memory.unbind.is_some() {
            self.record.binding = None;
            return;
        }
        let unfinished = self.record.unanswered.is_some() || self.record.revoke_pending;
        let Some(binding) = &mut self.record.binding else { return };
        binding.applied.retain(|attribute, _| !memory.forgotten.contains(attribute));
        binding.applied.extend(memory.agreed.clone());
        if memory.give_up && !unfinished {
            binding.given_up = true;
            self.claim = Claim::Tombstone { disabled_by_us: binding.disabled_by_us };
        }
    }
}
