//! What holds of every plan, in whatever world it is made.

use proptest::prelude::*;
use sync_core::attributes::Source;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::ids::Upn;
use sync_core::plan::{Action, Planned};
use sync_core::policy::{UpnPolicy, UpnSource};
use sync_core::record::Origin;
use sync_core::upn::{Domain, resolve};

use crate::generated::worlds;
use crate::world::*;

/// Parts of addresses, valid and not, in any order.
const PARTS: &str = "([a-zA-Z0-9'._!#^~-]|[+ é\\u{212a}@\"]|[a-z]{20}|\\.|@corp\\.example|\
                     @CORP\\.Example|@other\\.example|@\\u{212a}orp\\.example){0,8}";

fn is_valid(upn: &Upn) -> bool {
    let Some((local, domain)) = upn.as_str().rsplit_once('@') else { return false };
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"'.-_!#^~".contains(&b);
    (1..=64).contains(&local.len())
        && domain.len() <= 48
        && !local.ends_with('.')
        && local.bytes().all(allowed)
}

fn writes(planned: &Planned) -> impl Iterator<Item = &Action> {
    planned.plan.actions.iter().filter(|action| !matches!(action, Action::Adopt(_)))
}

fn disables(action: &Action) -> bool {
    matches!(action, Action::SetEnabled(set) if !set.enabled)
}

/// The record says nothing of an object, and no creation is under way.
fn is_unbound(world: &World) -> bool {
    world.record.intent.is_none()
        && world.record.binding.as_ref().is_none_or(|binding| binding.given_up)
}

/// Nothing may be concluded from what was read of JumpCloud.
fn is_undecided(world: &World) -> bool {
    let users = &world.policy.users;
    match &world.answer {
        UserAnswer::Missing => !world.mailbox.deleted_seen,
        UserAnswer::Found(user) => {
            world.connection == Connection::Unreadable
                && user.state != UserState::Suspended
                && !(user.password_expired && users.suspend_on_password_expired)
                && !(user.locked && users.suspend_on_lockout)
        }
    }
}

proptest! {
    // The seeds of failures would mean nothing to a generator that was changed since.
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn u4_any_email_gives_a_valid_upn_or_a_finding(
        any in "\\PC*", parts in PARTS, listed: bool, default: bool,
    ) {
        let policy = UpnPolicy {
            source: UpnSource::Email,
            domains: if listed { ["corp.example".to_owned()].into() } else { Default::default() },
            default_domain: (listed && default).then(|| "corp.example".into()),
        };
        let domain = |name: &str| Domain { name: name.into(), verified: true, federated: false };
        let domains = [domain("corp.example"), domain("other.example")];
        for email in [any, parts] {
            match resolve(&policy, &Source::Set(email.clone()), &domains) {
                Ok(upn) => {
                    prop_assert!(is_valid(&upn), "{upn}");
                    prop_assert!(domains.iter().any(|domain| domain.name == upn.domain()));
                    prop_assert!(!listed || upn.domain() == "corp.example");
                    // Only case and, where configured, the domain differ from what was given.
                    let (local, given) = email.rsplit_once('@').unwrap();
                    prop_assert_eq!(upn.local_part(), local.to_ascii_lowercase());
                    prop_assert!(default && listed || upn.domain() == given.to_ascii_lowercase());
                }
                Err(finding) => prop_assert!(!finding.message.is_empty()),
            }
        }
    }

    /// Each plan is answered in full; then there is nothing left to do, until something changes.
    #[test]
    fn planning_again_after_applying_plans_nothing(mut world in worlds()) {
        let first = world.planned();
        world.apply(&first);
        let mut planned = world.planned();
        if first.look_again.is_none() {
            prop_assert!(planned.plan.is_empty(), "{first}then\n{planned}");
            let memory = &planned.plan.memory;
            prop_assert!(memory.agreed.is_empty() && memory.forgotten.is_empty(), "{planned}");
        }
        // Waits, second looks, a write sent once more, an object created again; and tomorrow, when
        // intents are over and what is read counts over our own writes.
        for now in [world.now, at(100_000)] {
            world.go_to(now);
            planned = world.planned();
            for _ in 0..6 {
                world.apply(&planned);
                planned = world.planned();
            }
            prop_assert!(planned.plan.is_empty(), "{planned}");
        }
    }

    #[test]
    fn a_plan_removes_nothing_for_an_unbound_object(world in worlds()) {
        let planned = world.planned();
        let connected = matches!(world.answer, UserAnswer::Found(_))
            && world.connection == Connection::Connected;
        if is_unbound(&world) {
            // P15: never bound and not connected, so never touched.
            prop_assert!(connected || planned.plan.is_empty(), "{planned}");
            let arrives = |action: &Action| {
                matches!(action, Action::Create(_) | Action::Adopt(_))
            };
            prop_assert!(planned.plan.actions.first().is_none_or(arrives), "{planned}");
            prop_assert!(!planned.plan.memory.give_up, "{planned}");
        }
        let arrivals = planned.plan.actions.iter().skip(1).filter(|action| {
            matches!(action, Action::Create(_) | Action::Adopt(_) | Action::Restore)
        });
        prop_assert_eq!(arrivals.count(), 0, "{}", planned);
    }

    #[test]
    fn the_first_write_of_a_plan_with_a_deactivation_is_the_deactivation(world in worlds()) {
        let planned = world.planned();
        let at = writes(&planned).position(disables);
        prop_assert!(at.is_none_or(|at| at == 0), "{planned}");
        let count = writes(&planned).filter(|action| matches!(action, Action::SetEnabled(_)));
        prop_assert!(count.count() <= 1, "{planned}");
        // Sessions end right after it, or where that is still owed.
        let revokes = writes(&planned).position(|action| *action == Action::RevokeSessions);
        let owed = at.map_or(world.record.revoke_pending, |_| true);
        prop_assert!(revokes.is_none_or(|revokes| owed && revokes <= 1), "{planned}");
    }

    /// A 404 without evidence and an unreadable scope are such reads.
    #[test]
    fn a_read_that_decides_nothing_switches_nobody(world in worlds()) {
        let planned = world.planned();
        if is_undecided(&world) {
            let switches = |action: &Action| {
                matches!(action, Action::SetEnabled(_) | Action::RevokeSessions | Action::Restore)
            };
            prop_assert!(!planned.plan.actions.iter().any(switches), "{planned}");
            let memory = &planned.plan.memory;
            prop_assert!(!memory.give_up && !memory.off_by_absence && memory.unbind.is_none());
            let known = world.record.binding.as_ref().is_some_and(|binding| !binding.given_up);
            prop_assert!(!known || !planned.covers, "{planned}");
        }
    }

    /// P4: whoever is excluded by id is bound at most, as the creation that we had begun.
    #[test]
    fn an_excluded_person_is_never_written(mut world in worlds()) {
        world.policy.users.exclude.insert(ADA.into());
        for action in world.planned().plan.actions {
            let begun = matches!(&action, Action::Adopt(a) if a.origin == Origin::Created);
            prop_assert!(begun, "{action}");
        }
    }

    /// P9, P6: nobody who is to be off is restored, created or switched on.
    #[test]
    fn nobody_suspended_gains_access(mut world in worlds()) {
        if let UserAnswer::Found(user) = &mut world.answer {
            user.state = UserState::Suspended;
            for action in world.planned().plan.actions {
                let gains = match &action {
                    Action::Create(_) | Action::Restore => true,
                    Action::SetEnabled(set) => set.enabled,
                    _ => false,
                };
                prop_assert!(!gains, "{action}");
            }
        }
    }
}
