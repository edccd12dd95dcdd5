//! Somebody whose object is ours: switch it (P6, P7, P12), rename it, update it (P5, P10, P13).

use std::time::Duration;

use super::{Planner, UserInput, connected_user, resolve};
use crate::desired::DesiredUser;
use crate::finding::{Finding, FindingCode};
use crate::ids::Upn;
use crate::observed::EntraUser;
use crate::plan::person::{ManagerLink, Sides, is_own_manager, merge_all};
use crate::plan::switch::{Read, Switch, Want, shows, switch};
use crate::plan::{Action, Cause, WaitsFor};
use crate::record::{Binding, after, within};

/// P7: how often somebody who is locked out is looked at, at first and later on.
const LOCKOUT_LOOKS: [Duration; 2] = [Duration::from_secs(600), Duration::from_secs(3600)];
/// P7: how long a lockout is looked at more often.
const RECENT_LOCKOUT: Duration = Duration::from_secs(2 * 3600);

impl Planner<'_> {
    pub(super) fn bound(&mut self, binding: &Binding, object: &EntraUser) {
        self.planned.plan.memory.absent = false;
        if self.excluded(&binding.upn) || self.excluded(&object.upn) {
            return self.left_alone(object);
        }
        let waits = self.switch(binding, object);
        self.lockout();
        if let Some(user) = connected_user(self.input.desired) {
            let upn = self.rename(binding, object, user);
            self.attributes(binding, object, user, &upn);
        }
        if self.wanted == Want::Off(Cause::Deleted) && !waits {
            self.planned.plan.memory.give_up = true;
        }
    }

    /// P6: nobody touches an excluded account, but somebody has to know that it should be off.
    fn left_alone(&mut self, object: &EntraUser) {
        let Want::Off(cause) = self.wanted else { return };
        if object.enabled {
            self.find(
                FindingCode::ExcludedShouldBeOff,
                "the user is excluded, but should be switched off",
            );
        } else {
            self.planned.plan.memory.give_up = cause == Cause::Deleted;
        }
    }

    /// Writes `accountEnabled` where needed; whether that has to wait.
    fn switch(&mut self, binding: &Binding, object: &EntraUser) -> bool {
        let UserInput { policy, record, desired, expect, .. } = self.input;
        let read = Read {
            enabled: object.enabled,
            at: desired.read_at,
            // Also on the later look for an announced state, which rings by itself.
            expected: [expect, record.expecting.map(|expecting| expecting.expect)]
                .into_iter()
                .flatten()
                .any(|expect| shows(desired, expect)),
        };
        let revokes = policy.users.revoke_sessions;
        // Somebody staged keeps the state he has: off, he is still to be signed out.
        let off = match self.wanted {
            Want::Off(_) => true,
            Want::AsFound => record.unanswered.is_some() || !self.counts_as_on(binding, object),
            Want::On | Want::Undecided => false,
        };
        let switch = switch(policy, record, binding, self.wanted, read, self.now);
        if let Switch::Settle { until } = switch {
            self.wait_until(until);
            return true;
        }
        self.planned.plan.memory.drop_revocation =
            record.revoke_pending && (!off && self.wanted != Want::Undecided || !revokes);
        match switch {
            Switch::Write { set, send_again } => {
                let revoke = set.then_revoke;
                self.planned.plan.actions.push(Action::SetEnabled(set));
                if revoke {
                    self.planned.plan.actions.push(Action::RevokeSessions);
                }
                if let Some(at) = send_again {
                    self.look_again(at);
                }
                send_again.is_some()
            }
            Switch::Report(finding) => {
                self.planned.findings.push(finding);
                false
            }
            Switch::Settle { .. } | Switch::Leave => {
                if off && record.revoke_pending && revokes {
                    self.planned.plan.actions.push(Action::RevokeSessions);
                }
                false
            }
        }
    }

    /// The state that counts: what we wrote lately, else what is read (R8).
    fn counts_as_on(&self, binding: &Binding, object: &EntraUser) -> bool {
        let own_writes = self.input.policy.timing.own_writes;
        let lately = binding.enabled.filter(|answer| within(answer.at, own_writes, self.now));
        lately.map_or(object.enabled, |answer| answer.value)
    }

    /// P7: a timed unlock may emit no event, so somebody who is locked out is looked at again.
    pub(super) fn lockout(&mut self) {
        if self.wanted != Want::Off(Cause::LockedOut) {
            return;
        }
        let since = self.input.record.locked_since.unwrap_or(self.now);
        self.planned.plan.memory.locked_since = Some(since);
        let [at_first, later] = LOCKOUT_LOOKS;
        let span = if self.now <= after(since, RECENT_LOCKOUT) { at_first } else { later };
        self.look_again(after(self.now, span));
    }

    /// P5, U6: the UPN follows the mapped e-mail; a finding leaves it as it is. Answers the UPN
    /// that the person has after this plan.
    fn rename(&mut self, binding: &Binding, object: &EntraUser, user: &DesiredUser) -> Upn {
        let allowed = resolve(self.input.policy, user, self.input.domains).and_then(|to| {
            // P4: nobody may get the UPN of somebody who is never touched.
            if self.excluded(&to) { Err(Some(excluded(&to))) } else { Ok(to) }
        });
        let own = binding.own_writes_count(&self.input.policy.timing, self.now);
        let read = if own { &binding.upn } else { &object.upn };
        // While the answer to a change is missing one is sent once more, whatever is read: only an
        // answer tells which UPN may be given up to others.
        let renaming = &self.input.record.renaming;
        let to = match allowed {
            Ok(to) if *read == to && binding.upn == to && renaming.is_empty() => return to,
            Ok(to) => to,
            Err(None) => return binding.upn.clone(),
            Err(Some(finding)) => {
                self.planned.findings.push(finding);
                if renaming.is_empty() {
                    return binding.upn.clone();
                }
                // No other is allowed, so it is the one that the account has.
                if renaming.contains(&object.upn) { &object.upn } else { &binding.upn }.clone()
            }
        };
        let from = if binding.upn == to { read } else { &binding.upn };
        let rename = Action::SetUpn { from: from.clone(), to: to.clone() };
        self.planned.plan.actions.push(rename);
        to
    }

    fn attributes(&mut self, binding: &Binding, object: &EntraUser, user: &DesiredUser, upn: &Upn) {
        let UserInput { policy, manager, .. } = self.input;
        let sides = Sides {
            applied: &binding.applied,
            observed: &object.attributes,
            own_writes_count: binding.own_writes_count(&policy.timing, self.now),
        };
        let memory = &mut self.planned.plan.memory;
        let merged = merge_all(policy, user, manager, upn, sides, memory);
        self.planned.findings.extend(merged.findings);
        if !merged.changes.is_empty() {
            self.planned.plan.actions.push(Action::Update(merged.changes));
        }
        if let Some(change) = merged.manager {
            self.planned.plan.actions.push(Action::SetManager(change));
        }
        self.missing_manager(user);
    }

    /// P13: an unbound manager is waited for, unless nobody can ever become it.
    pub(super) fn missing_manager(&mut self, user: &DesiredUser) {
        match self.input.manager {
            ManagerLink::None => {}
            _ if is_own_manager(user) => self.find(
                FindingCode::ValueRefused,
                "manager is left out: nobody can be their own manager",
            ),
            ManagerLink::Bound(_) => {}
            ManagerLink::Unbound(manager) => {
                self.find(
                    FindingCode::ManagerNotBound,
                    format!("the manager {manager} is not bound yet"),
                );
                self.planned.waits_for.insert(WaitsFor::Binding(manager.clone()));
            }
        }
    }
}

/// P4: the configuration excludes the holder of this UPN.
pub(super) fn excluded(upn: &Upn) -> Finding {
    Finding::new(FindingCode::Excluded, format!("the configuration excludes {upn}"))
}
