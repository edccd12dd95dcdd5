//! The plan for one person: create, adopt, update, deactivate, bring back, or leave alone.
//!
//! Decides everything of design section 6 that concerns one sync, from what was read and what is
//! remembered. It deliberately does not read claims: that somebody else holds a UPN or an object is
//! found when the claim is taken, in the same request, so that no race is left open.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::desired::{Connection, Desired, DesiredUser, UserAnswer};
use crate::finding::{Finding, FindingCode};
use crate::ids::{EntraUserId, JumpCloudUserId, Upn};
use crate::observed::{EntraUser, Observed};
use crate::plan::person::{ManagerLink, Sides, merge_all};
use crate::plan::switch::{Read, Switch, Want, shows, switch, want};
use crate::plan::{Action, Cause, Plan, Planned, WaitsFor};
use crate::policy::{OnDeletedInEntra, Policy, UpnSource};
use crate::record::{Binding, Expect, Expecting, Mailbox, UserRecord, after};
use crate::upn::{self, Domain};

mod arrival;

/// How long a read that decides nothing is left alone (P6).
const UNDECIDED: Duration = Duration::from_secs(10 * 60);
/// How long a new object that answers 404, or a creation nobody can see yet, is left alone.
const REPLICATION: Duration = Duration::from_secs(10);
/// How far the clocks of Entra's replicas may lie apart (P14).
const ENTRA_CLOCKS: Duration = Duration::from_secs(5);

/// Everything one plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct UserInput<'a> {
    /// The directory's rules.
    pub policy: &'a Policy,
    /// The person.
    pub user: &'a JumpCloudUserId,
    /// What is remembered.
    pub record: &'a UserRecord,
    /// What messages left.
    pub mailbox: &'a Mailbox,
    /// The state that the item which rang announces.
    pub expect: Option<Expect>,
    /// What JumpCloud answered.
    pub desired: &'a Desired,
    /// What Entra answered.
    pub observed: &'a Observed,
    /// The tenant's domains.
    pub domains: &'a [Domain],
    /// What our bindings say about the manager.
    pub manager: &'a ManagerLink,
}

/// What to read from Entra about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The bound object.
    Object(EntraUserId),
    /// Whoever has this UPN.
    Upn(Upn),
    /// Nothing: no plan for this person needs Entra.
    Nothing,
}

/// Decides what to read from Entra, from the same facts as the plan.
pub fn target(
    policy: &Policy,
    record: &UserRecord,
    desired: &Desired,
    domains: &[Domain],
) -> Target {
    if let Some(binding) = live_binding(record) {
        return Target::Object(binding.object.clone());
    }
    // R10: an open intent is looked up under its own UPN, whatever JumpCloud says now.
    if let Some(intent) = &record.intent {
        return Target::Upn(intent.upn.clone());
    }
    match connected_user(desired).map(|user| resolve(policy, user, domains)) {
        Some(Ok(upn)) => Target::Upn(upn),
        Some(Err(_)) | None => Target::Nothing,
    }
}

/// Decides whether a bound object that answers 404 is looked for in the deleted items (P9).
///
/// Not while it is young (R11), and never for somebody who is to be off.
pub fn may_be_restored(
    policy: &Policy,
    record: &UserRecord,
    desired: &Desired,
    mailbox: &Mailbox,
    now: Timestamp,
) -> bool {
    let wanted = want(&policy.users, desired, mailbox.deleted_seen);
    policy.users.on_deleted_in_entra != OnDeletedInEntra::Report
        && matches!(wanted, Want::On | Want::AsFound)
        && live_binding(record).is_some_and(|binding| !binding.is_young(&policy.timing, now))
}

/// Plans one person.
pub fn plan_user(input: UserInput<'_>, now: Timestamp) -> Planned {
    let planner = Planner {
        input,
        now,
        wanted: want(&input.policy.users, input.desired, input.mailbox.deleted_seen),
        planned: Planned {
            plan: Plan::default(),
            findings: Vec::new(),
            look_again: None,
            covers: true,
            waits_for: BTreeSet::new(),
        },
    };
    planner.plan()
}

/// A binding whose claims were not given up.
fn live_binding(record: &UserRecord) -> Option<&Binding> {
    record.binding.as_ref().filter(|binding| !binding.given_up)
}

fn connected_user(desired: &Desired) -> Option<&DesiredUser> {
    match (&desired.user, &desired.connection) {
        (UserAnswer::Found(user), Connection::Connected) => Some(user),
        _ => None,
    }
}

fn resolve(policy: &Policy, user: &DesiredUser, domains: &[Domain]) -> Result<Upn, Finding> {
    let email = match policy.upn.source {
        UpnSource::Email => &user.email,
        UpnSource::AlternateEmail => &user.alternate_email,
    };
    upn::resolve(&policy.upn, email, domains)
}

struct Planner<'a> {
    input: UserInput<'a>,
    now: Timestamp,
    wanted: Want,
    planned: Planned,
}

impl Planner<'_> {
    fn plan(mut self) -> Planned {
        self.expected();
        match (live_binding(self.input.record), self.input.observed) {
            (Some(binding), Observed::Bound(object)) => {
                self.undecided();
                self.bound(binding, object);
            }
            (Some(binding), Observed::Gone(deleted)) => {
                self.undecided();
                self.gone(binding, deleted.as_deref());
            }
            (None, Observed::Lookup(lookup)) => self.unbound(lookup),
            (_, _) => self.nothing_to_look_for(),
        }
        self.planned
    }

    fn find(&mut self, code: FindingCode, message: impl Into<String>) {
        self.planned.findings.push(Finding::new(code, message));
    }

    fn look_again(&mut self, at: Timestamp) {
        let earliest = self.planned.look_again.map_or(at, |other| other.min(at));
        self.planned.look_again = Some(earliest);
    }

    /// Looks again later, and covers nothing until then.
    fn wait_until(&mut self, at: Timestamp) {
        self.look_again(at);
        self.planned.covers = false;
    }

    fn wait(&mut self, span: Duration) {
        self.wait_until(after(self.now, span));
    }

    /// An announced state that no read shows yet is looked at again (design 4.5).
    fn expected(&mut self) {
        let UserInput { policy, record, expect, desired, .. } = self.input;
        let fresh = expect.map(|expect| Expecting { expect, since: self.now });
        let Some(expecting) = record.expecting.or(fresh).filter(|e| !shows(desired, e.expect))
        else {
            return;
        };
        let looks = policy.timing.second_looks.iter().map(|span| after(expecting.since, *span));
        if let Some(next) = looks.filter(|look| *look > self.now).min() {
            self.planned.plan.memory.expecting = Some(expecting);
            self.look_again(next);
        }
    }

    /// P6: a read that proves nothing about somebody who is ours.
    fn undecided(&mut self) {
        if self.wanted != Want::Undecided {
            return;
        }
        match self.input.desired.user {
            UserAnswer::Missing => self.find(
                FindingCode::DeletionUndecided,
                "JumpCloud does not know the user, but no deletion was seen",
            ),
            UserAnswer::Found(_) => self.find(
                FindingCode::ScopeUnreadable,
                "the scope object cannot be read, so nobody counts as disconnected",
            ),
        }
        self.wait(UNDECIDED);
    }

    fn excluded(&self, upn: Option<&Upn>) -> bool {
        let exclude = &self.input.policy.users.exclude;
        exclude.contains(self.input.user.as_str())
            || upn.is_some_and(|upn| exclude.contains(upn.as_str()))
    }

    fn nothing_to_look_for(&mut self) {
        if let Some(user) = connected_user(self.input.desired)
            && let Err(finding) = resolve(self.input.policy, user, self.input.domains)
        {
            self.planned.findings.push(finding);
        } else if self.input.desired.connection == Connection::Unreadable {
            self.undecided();
        }
    }

    fn bound(&mut self, binding: &Binding, object: &EntraUser) {
        let off = matches!(self.wanted, Want::Off(_));
        if self.excluded(Some(&binding.upn)) {
            if off && object.enabled {
                self.find(
                    FindingCode::ExcludedShouldBeOff,
                    "the user is excluded, but should be switched off",
                );
            }
            return;
        }
        let waits = self.switch(binding, object);
        self.lockout();
        if let Some(user) = connected_user(self.input.desired) {
            self.rename(binding, object, user);
            self.attributes(binding, object, user);
        }
        if self.wanted == Want::Off(Cause::Deleted) && !waits {
            self.planned.plan.memory.give_up = true;
        }
    }

    /// Writes `accountEnabled` where needed; whether that has to wait.
    fn switch(&mut self, binding: &Binding, object: &EntraUser) -> bool {
        let UserInput { policy, record, desired, expect, .. } = self.input;
        let read = Read {
            enabled: object.enabled,
            at: desired.read_at,
            expected: expect.is_some_and(|expect| shows(desired, expect)),
        };
        match switch(policy, record, binding, self.wanted, read, self.now) {
            Switch::Settle { until } => {
                self.wait_until(until);
                return true;
            }
            Switch::Report(finding) => self.planned.findings.push(finding),
            Switch::Write { set, send_again } => {
                let revoke = set.then_revoke;
                self.planned.plan.actions.push(Action::SetEnabled(set));
                if revoke {
                    self.planned.plan.actions.push(Action::RevokeSessions);
                }
                if let Some(at) = send_again {
                    self.look_again(at);
                }
                self.planned.plan.memory.drop_revocation = self.wanted == Want::On;
                return send_again.is_some();
            }
            Switch::Leave if record.revoke_pending => match self.wanted {
                Want::Off(_) => self.planned.plan.actions.push(Action::RevokeSessions),
                Want::On => self.planned.plan.memory.drop_revocation = true,
                Want::AsFound | Want::Undecided => {}
            },
            Switch::Leave => {}
        }
        false
    }

    /// P7: a timed unlock may emit no event, so somebody who is locked out is looked at again.
    fn lockout(&mut self) {
        if self.wanted != Want::Off(Cause::LockedOut) {
            return;
        }
        let since = self.input.record.locked_since.unwrap_or(self.now);
        self.planned.plan.memory.locked_since = Some(since);
        let recent = self.now <= after(since, Duration::from_secs(2 * 3600));
        let span = Duration::from_secs(if recent { 600 } else { 3600 });
        self.look_again(after(self.now, span));
    }

    /// P5, U6: the UPN follows the mapped e-mail; a UPN finding leaves it as it is.
    fn rename(&mut self, binding: &Binding, object: &EntraUser, user: &DesiredUser) {
        let to = match resolve(self.input.policy, user, self.input.domains) {
            Ok(to) => to,
            Err(finding) => return self.planned.findings.push(finding),
        };
        let own = binding.own_writes_count(&self.input.policy.timing, self.now);
        let from = if own { &binding.upn } else { &object.upn };
        if *from != to {
            self.planned.plan.actions.push(Action::SetUpn { from: from.clone(), to });
        }
    }

    fn attributes(&mut self, binding: &Binding, object: &EntraUser, user: &DesiredUser) {
        let UserInput { policy, manager, .. } = self.input;
        let sides = Sides {
            applied: &binding.applied,
            observed: &object.attributes,
            own_writes_count: binding.own_writes_count(&policy.timing, self.now),
        };
        let memory = &mut self.planned.plan.memory;
        let merged = merge_all(policy, user, manager, &binding.upn, sides, memory);
        self.planned.findings.extend(merged.findings);
        if !merged.changes.is_empty() {
            self.planned.plan.actions.push(Action::Update(merged.changes));
        }
        if let Some(change) = merged.manager {
            self.planned.plan.actions.push(Action::SetManager(change));
        }
        self.unbound_manager();
    }

    /// P13: an unbound manager is waited for.
    fn unbound_manager(&mut self) {
        if let ManagerLink::Unbound(manager) = self.input.manager {
            self.find(
                FindingCode::ManagerNotBound,
                format!("the manager {manager} is not bound yet"),
            );
            self.planned.waits_for.insert(WaitsFor::Binding(manager.clone()));
        }
    }

    /// The bound object answers 404 (P6, P9, R11).
    fn gone(&mut self, binding: &Binding, deleted: Option<&EntraUser>) {
        let UserInput { policy, desired, domains, .. } = self.input;
        if binding.is_young(&policy.timing, self.now) {
            // R11: never "gone", for P6 as for P9.
            return self.wait(REPLICATION);
        }
        match self.wanted {
            Want::Off(cause) => {
                // P6: a missing object satisfies a deactivation.
                self.planned.plan.memory.off_by_absence = true;
                self.planned.plan.memory.give_up = cause == Cause::Deleted;
                return;
            }
            Want::Undecided => return,
            Want::On | Want::AsFound => {}
        }
        if self.excluded(Some(&binding.upn)) {
            return;
        }
        let recreate = policy.users.on_deleted_in_entra == OnDeletedInEntra::Recreate;
        let upn = connected_user(desired).map(|user| resolve(policy, user, domains));
        match (deleted, upn) {
            (Some(object), _) => {
                self.planned.plan.actions.push(Action::Restore);
                self.bound(binding, object);
                // Replicas learn of it late; what it really holds is looked at again.
                self.look_again(after(self.now, REPLICATION));
            }
            (None, Some(Ok(upn))) if recreate => {
                self.planned.plan.memory.unbind = Some(upn);
                self.wait(Duration::ZERO);
            }
            (None, upn) => {
                self.planned.findings.extend(upn.and_then(Result::err));
                self.find(
                    FindingCode::GoneInEntra,
                    format!("the bound object {} is gone in Entra", binding.object),
                );
            }
        }
    }
}
