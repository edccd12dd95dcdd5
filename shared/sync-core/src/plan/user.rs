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
use crate::observed::Observed;
use crate::plan::person::ManagerLink;
use crate::plan::switch::{Want, shows, want};
use crate::plan::{Plan, Planned};
use crate::policy::{OnDeletedInEntra, Policy, UpnSource};
use crate::record::{Binding, Expect, Expecting, Mailbox, UserRecord, after};
use crate::upn::{self, Domain};

mod arrival;
mod bound;
mod gone;

/// How long a read that decides nothing is left alone (P6).
const UNDECIDED: Duration = Duration::from_secs(10 * 60);
const SCOPE_UNREADABLE: &str = "the scope object cannot be read, so nobody counts as disconnected";
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
    /// The tenant's domains; `None`: they could not be read, so nothing that needs one is done (U6).
    pub domains: Option<&'a [Domain]>,
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
    domains: Option<&[Domain]>,
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

/// The UPN that the person is to have, or why there is none; `Err(None)` while the tenant's domains
/// cannot be read: that is no finding, and the sync is tried again (U6).
fn resolve(
    policy: &Policy,
    user: &DesiredUser,
    domains: Option<&[Domain]>,
) -> Result<Upn, Option<Finding>> {
    let domains = domains.ok_or(None)?;
    let email = match policy.upn.source {
        UpnSource::Email => &user.email,
        UpnSource::AlternateEmail => &user.alternate_email,
    };
    upn::resolve(&policy.upn, email, domains).map_err(Some)
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
        let next = |expecting: Expecting| {
            let looks = policy.timing.second_looks.iter();
            looks.map(|span| after(expecting.since, *span)).filter(|look| *look > self.now).min()
        };
        // A repeated announcement adds no looks; of two different ones a deletion is the later.
        let known = record.expecting;
        let fresh = expect.filter(|expect| known.is_none_or(|known| known.expect != *expect));
        let fresh = fresh.map(|expect| Expecting { expect, since: self.now });
        let open = [known, fresh].into_iter().flatten();
        let open = open.filter(|open| !shows(desired, open.expect) && next(*open).is_some());
        let expecting = open.max_by_key(|open| open.expect);
        if let Some(next) = expecting.and_then(next) {
            self.planned.plan.memory.expecting = expecting;
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
            UserAnswer::Found(_) => self.find(FindingCode::ScopeUnreadable, SCOPE_UNREADABLE),
        }
        self.wait(UNDECIDED);
    }

    fn excluded(&self, upn: &Upn) -> bool {
        let exclude = &self.input.policy.users.exclude;
        exclude.contains(self.input.user.as_str()) || exclude.contains(upn.as_str())
    }

    fn nothing_to_look_for(&mut self) {
        if let Some(user) = connected_user(self.input.desired)
            && let Err(finding) = resolve(self.input.policy, user, self.input.domains)
        {
            self.planned.findings.extend(finding);
        } else if self.input.desired.connection == Connection::Unreadable {
            // Whoever is not ours may be connected, whatever the own record says (P15).
            self.find(FindingCode::ScopeUnreadable, SCOPE_UNREADABLE);
            self.wait(UNDECIDED);
        }
    }
}
