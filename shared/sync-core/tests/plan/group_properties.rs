//! What holds of every plan for a group, in whatever world it is made.

use std::time::Duration;

use proptest::prelude::*;
use sync_core::desired::Connection;
use sync_core::finding::FindingCode;
use sync_core::group::{EntraGroup, GroupAnswer, GroupKind};
use sync_core::ids::Subject;
use sync_core::observed::Claim;
use sync_core::plan::group::{GroupAction, GroupCandidate, MembersWanted};
use sync_core::policy::OnDisconnect;
use sync_core::record::before;

use crate::group_world::*;
use crate::world::at;

/// The second read that takes something away is so much later than the first.
const SETTLE: Duration = Duration::from_secs(30);

const NAMES: [&str; 5] = ["Sales", "Sales", "sales", " Sales", "Support"];

/// A group in Entra, of whatever kind, whoever made it and whoever holds it.
fn candidate(id: &'static str) -> impl Strategy<Value = GroupCandidate> {
    let kind = prop::sample::select(vec![
        GroupKind::Security,
        GroupKind::Security,
        GroupKind::Security,
        GroupKind::Microsoft365,
        GroupKind::Restricted,
    ]);
    let claim = prop::sample::select(vec![
        Claim::Free,
        Claim::Own,
        Claim::Tombstone { disabled_by_us: false },
        Claim::Held(Subject::Group(group_id(OTHER))),
    ]);
    let made_for = prop::sample::select(vec![None, None, Some(OTHER)]);
    (kind, claim, made_for, prop::sample::select(NAMES.to_vec())).prop_map(
        move |(kind, claim, made_for, name)| {
            let mut candidate = by_hand(id, name);
            candidate.group.unique_name = made_for.map(|of| format!("jumpcloud-{of}"));
            candidate.group.kind = kind;
            candidate.claim = claim;
            candidate
        },
    )
}

/// How the group stands in Entra at first: living, deleted or neither.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Living,
    Deleted,
    Nowhere,
}

/// Any world.
fn worlds() -> impl Strategy<Value = GroupWorld> {
    let rules = (
        prop::bool::weighted(0.9),
        prop::sample::select(vec![OnDisconnect::Keep, OnDisconnect::Empty, OnDisconnect::Delete]),
    );
    let jumpcloud = (
        prop::sample::select(vec!["Sales", "Sales", "Sales EMEA", " "]),
        prop::bool::weighted(0.2),
        prop::sample::select(vec![
            Connection::Connected,
            Connection::Connected,
            Connection::NotConnected,
            Connection::Unreadable,
        ]),
    );
    let entra = (
        candidate(FIRST),
        prop::sample::select(vec![Place::Living, Place::Deleted, Place::Nowhere]),
        any::<bool>(),
        prop::collection::vec(candidate(SECOND), 0..2),
    );
    let record = (
        any::<bool>(),
        prop::sample::select(vec![None, Some(-10), Some(-10_000)]),
        prop::sample::select(vec![None, Some(-10), Some(-10_000)]),
        prop::sample::select(vec![None, Some(-10), Some(-10_000)]),
    );
    (rules, jumpcloud, entra, record).prop_map(|(rules, jumpcloud, entra, record)| {
        let mut world = bound_group();
        (world.policy.enabled, world.policy.on_disconnect) = rules;
        let (name, missing, connection) = jumpcloud;
        world.rename(name);
        world.connection = connection;
        if missing {
            world.answer = GroupAnswer::Missing;
        }
        let (mut first, place, ours, others) = entra;
        if ours {
            first.group.unique_name = Some(format!("jumpcloud-{SALES}"));
        }
        world.deleted = (place == Place::Deleted).then(|| first.group.clone());
        world.entra = others;
        world.entra.extend((place == Place::Living).then_some(first));
        let (bound, let_go, created, written) = record;
        world.binding().created_at = created.map(at);
        world.binding().written_at = written.map(at);
        if !bound {
            world.record.binding = None;
        }
        world.record.let_go_at = let_go.filter(|_| bound).map(at);
        world
    })
}

/// Everything in Entra that is no plain security group.
fn foreign(world: &GroupWorld) -> (Vec<EntraGroup>, Option<EntraGroup>) {
    let is_foreign = |group: &EntraGroup| !group.kind.is_security();
    let living = world.entra.iter().map(|found| &found.group).filter(|group| is_foreign(group));
    (living.cloned().collect(), world.deleted.clone().filter(is_foreign))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Each plan is answered in full; then there is nothing left to do, until something changes.
    #[test]
    fn planning_a_group_again_after_applying_plans_nothing(mut world in worlds()) {
        let first = world.planned();
        world.apply(&first);
        let mut planned = world.planned();
        if !first.unbind && first.look_again.is_none() {
            prop_assert!(planned.actions.is_empty() && !planned.sweep, "{first}then\n{planned}");
            prop_assert!(planned.members == first.members || first.give_up, "{first}then\n{planned}");
        }
        // Waits and objects created again; and tomorrow, when no object is young any more.
        for now in [world.now, at(100_000)] {
            world.now = now;
            planned = world.planned();
            for _ in 0..3 {
                world.apply(&planned);
                planned = world.planned();
            }
            prop_assert!(planned.actions.is_empty(), "{planned}");
            prop_assert!(!planned.unbind && !planned.sweep, "{planned}");
        }
        prop_assert!(planned.look_again.is_none(), "{planned}");
    }

    #[test]
    fn a_group_that_is_neither_ours_nor_connected_is_never_touched(mut world in worlds()) {
        world.record.binding = None;
        prop_assume!(!world.is_connected());
        let planned = world.planned();
        prop_assert!(planned.actions.is_empty() && !planned.unbind && !planned.sweep, "{planned}");
        prop_assert_eq!(planned.members, MembersWanted::LeftAlone);
        let reported = planned.findings.iter().map(|finding| finding.code);
        prop_assert!(reported.into_iter().all(|code| code == FindingCode::ScopeUnreadable));
    }

    #[test]
    fn nothing_is_ever_done_to_another_kind_of_group(mut world in worlds()) {
        let before = (foreign(&world), world.record.binding.clone());
        let planned = world.planned();
        world.apply(&planned);
        prop_assert_eq!(foreign(&world), before.0, "{}", planned);
        let bound = world.record.binding.clone();
        if let Some(object) = world.object().cloned()
            && !object.kind.is_security()
        {
            prop_assert_eq!(bound, before.1, "bound another kind: {}", planned);
            prop_assert_eq!(planned.members, MembersWanted::LeftAlone);
            prop_assert!(planned.actions.is_empty(), "{planned}");
        }
    }

    /// One arrival at most, and it comes first; nothing follows a deletion.
    #[test]
    fn a_plan_is_about_one_object(world in worlds()) {
        let planned = world.planned();
        let renames = |action: &GroupAction| matches!(action, GroupAction::Rename { .. });
        prop_assert!(planned.actions.iter().skip(1).all(renames), "{planned}");
        let deletes = planned.actions.contains(&GroupAction::Delete);
        prop_assert!(!deletes || planned.actions.len() == 1, "{planned}");
        if deletes || planned.members == MembersWanted::Nobody {
            let known = world.record.let_go_at.is_some_and(|at| at <= before(world.now, SETTLE));
            let proved = known || world.answer == GroupAnswer::Missing;
            prop_assert!(proved && planned.let_go_at.is_some(), "{planned}");
        }
        if planned.members == MembersWanted::AsInJumpCloud {
            prop_assert!(world.is_connected() && planned.let_go_at.is_none(), "{planned}");
        }
        prop_assert!(world.policy.enabled || planned.actions.is_empty(), "{planned}");
    }
}
