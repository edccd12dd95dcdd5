use proptest::prelude::*;
use sync_core::attributes::Source;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::plan::Action;
use sync_core::policy::{UpnPolicy, UpnSource};
use sync_core::upn::{Domain, resolve};

use crate::world::*;

proptest! {
    #[test]
    fn any_email_gives_a_valid_upn_or_a_finding(email in "\\PC*", local in "[a-z.+é]{1,70}") {
        let policy = UpnPolicy {
            source: UpnSource::Email,
            domains: Default::default(),
            default_domain: None,
        };
        let domains =
            [Domain { name: "corp.example".into(), verified: true, federated: false }];
        for email in [email, format!("{local}@corp.example")] {
            if let Ok(upn) = resolve(&policy, &Source::Set(email), &domains) {
                let (local, domain) = upn.as_str().rsplit_once('@').unwrap();
                prop_assert_eq!(domain, "corp.example");
                prop_assert!(!local.is_empty() && local.len() <= 64 && !local.ends_with('.'));
                prop_assert!(local.bytes().all(
                    |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"'.-_!#^~".contains(&b)
                ));
            }
        }
    }

    #[test]
    fn the_first_write_of_a_plan_with_a_deactivation_is_the_deactivation(
        state in 0..3usize, connection in 0..3usize, bound: bool, enabled: bool,
        locked: bool, missing: bool, deleted_seen: bool, rename: bool,
    ) {
        let mut world = if bound { member() } else { stranger() };
        world.policy.users.suspend_on_lockout = true;
        world.entra().enabled = enabled;
        world.desired().state =
            [UserState::Staged, UserState::Activated, UserState::Suspended][state];
        world.desired().locked = locked;
        if rename {
            world.desired().display_name = Source::Set("New Name".into());
        }
        world.connection =
            [Connection::Connected, Connection::NotConnected, Connection::Unreadable][connection]
                .clone();
        if missing {
            world.answer = UserAnswer::Missing;
        }
        world.mailbox.deleted_seen = deleted_seen;
        let planned = world.planned();
        let writes: Vec<&Action> = planned
            .plan
            .actions
            .iter()
            .filter(|action| !matches!(action, Action::Adopt(_)))
            .collect();
        let off = writes.iter().position(
            |action| matches!(action, Action::SetEnabled(set) if !set.enabled)
        );
        prop_assert!(off.is_none_or(|at| at == 0));
        // Nothing is removed for an object that is not ours and whose user is not connected.
        let connected = !missing && world.connection == Connection::Connected;
        prop_assert!(bound || connected || planned.plan.is_empty());
        // Undecided reads cover nothing and change nobody's access.
        if bound && missing && !deleted_seen {
            prop_assert!(writes.is_empty() && !planned.covers);
        }
    }
}
