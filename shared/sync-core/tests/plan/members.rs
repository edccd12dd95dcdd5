//! The members of one group (G5 to G7).

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use proptest::prelude::*;
use sync_core::group::Member;
use sync_core::ids::{EntraUserId, JumpCloudUserId};
use sync_core::plan::members::{MembersInput, MembersPlan, plan_members};

#[derive(Debug, Clone, Default)]
struct Members {
    wanted: BTreeMap<JumpCloudUserId, Option<EntraUserId>>,
    observed: BTreeSet<Member>,
    owners: BTreeMap<EntraUserId, JumpCloudUserId>,
}

fn user(number: u32) -> JumpCloudUserId {
    JumpCloudUserId::parse(&format!("{number:024x}")).unwrap()
}

fn object(number: u32) -> EntraUserId {
    EntraUserId::parse(&format!("8d0b5a0e-2c0f-4d4b-9a1a-{number:012x}")).unwrap()
}

fn member(number: u32) -> Member {
    Member::User(object(number))
}

fn device() -> Member {
    Member::Other("de71ce00-0000-4000-8000-000000000001".into())
}

impl Members {
    /// A member in JumpCloud, bound to the object of this number.
    fn wants(mut self, of: u32, bound: Option<u32>) -> Self {
        self.wanted.insert(user(of), bound.map(object));
        self
    }

    fn observes(mut self, number: u32) -> Self {
        self.observed.insert(member(number));
        self
    }

    /// An observed person who is bound to us.
    fn observes_ours(mut self, number: u32, of: u32) -> Self {
        self.owners.insert(object(number), user(of));
        self.observes(number)
    }

    fn planned(&self) -> MembersPlan {
        let Self { wanted, observed, owners } = self;
        plan_members(MembersInput { wanted, observed, owners })
    }

    fn plan(&self) -> String {
        self.planned().to_string()
    }
}

#[test]
fn g5_bound_members_are_added_in_the_order_of_their_ids() {
    let members = Members::default().wants(2, Some(0xa)).wants(1, Some(0xb));
    assert_snapshot!(members.plan(), @"
    add 000000000000000000000001 (8d0b5a0e-2c0f-4d4b-9a1a-00000000000b)
    add 000000000000000000000002 (8d0b5a0e-2c0f-4d4b-9a1a-00000000000a)
    ");
}

#[test]
fn g5_members_who_are_there_are_left_as_they_are() {
    let members = Members::default().wants(1, Some(1)).observes_ours(1, 1);
    assert_snapshot!(members.plan(), @"nobody comes or goes");
    // Also if the binding was not read along with the listing.
    let members = Members::default().wants(1, Some(1)).observes(1);
    assert_snapshot!(members.plan(), @"nobody comes or goes");
}

#[test]
fn g5_members_whom_jumpcloud_lacks_are_nominated_in_the_order_of_their_ids() {
    let members = Members::default().observes_ours(0xa, 2).observes_ours(0xb, 1);
    assert_snapshot!(members.plan(), @"
    remove 000000000000000000000001 (8d0b5a0e-2c0f-4d4b-9a1a-00000000000b)
    remove 000000000000000000000002 (8d0b5a0e-2c0f-4d4b-9a1a-00000000000a)
    ");
}

#[test]
fn g5_an_object_is_added_once() {
    let members = Members::default().wants(1, Some(1)).wants(2, Some(1));
    assert_snapshot!(members.plan(), @"add 000000000000000000000001 (8d0b5a0e-2c0f-4d4b-9a1a-000000000001)");
}

#[test]
fn g5_nobody_who_is_wanted_is_nominated() {
    // The binding changed between two reads, either way.
    let members = Members::default().wants(1, Some(2)).observes_ours(1, 1);
    assert_snapshot!(members.plan(), @"add 000000000000000000000001 (8d0b5a0e-2c0f-4d4b-9a1a-000000000002)");
    let members = Members::default().wants(1, Some(1)).observes_ours(1, 2);
    assert_snapshot!(members.plan(), @"nobody comes or goes");
    let members = Members::default().wants(1, None).observes_ours(1, 1);
    assert_snapshot!(members.plan(), @"
    nobody comes or goes
    waits for the binding of 000000000000000000000001
    ");
}

#[test]
fn g6_members_who_are_not_ours_are_left_alone_and_reported() {
    let mut members = Members::default().observes(1).wants(2, Some(2)).observes_ours(2, 2);
    members.observed.insert(device());
    assert_snapshot!(members.plan(), @"
    nobody comes or goes
    leaves alone user 8d0b5a0e-2c0f-4d4b-9a1a-000000000001
    leaves alone de71ce00-0000-4000-8000-000000000001
    ");
}

#[test]
fn g7_a_member_who_is_not_bound_yet_is_waited_for() {
    let members = Members::default().wants(1, None).wants(2, Some(2));
    assert_snapshot!(members.plan(), @"
    add 000000000000000000000002 (8d0b5a0e-2c0f-4d4b-9a1a-000000000002)
    waits for the binding of 000000000000000000000001
    ");
}

#[test]
fn g8_with_nobody_wanted_only_ours_leave() {
    let members = Members::default().observes(1).observes_ours(2, 2);
    assert_snapshot!(members.plan(), @"
    remove 000000000000000000000002 (8d0b5a0e-2c0f-4d4b-9a1a-000000000002)
    leaves alone user 8d0b5a0e-2c0f-4d4b-9a1a-000000000001
    ");
}

/// Any listing; contradictions between the reads among them.
fn any_members() -> impl Strategy<Value = Members> {
    let wanted = prop::collection::btree_map(0..6_u32, prop::option::of(0..6_u32), 0..6);
    let observed = prop::collection::btree_map(0..6_u32, prop::option::of(0..6_u32), 0..6);
    (wanted, observed, any::<bool>()).prop_map(|(wanted, observed, with_device)| {
        let mut members = Members::default();
        for (of, bound) in wanted {
            members = members.wants(of, bound);
        }
        for (number, of) in observed {
            members = match of {
                Some(of) => members.observes_ours(number, of),
                None => members.observes(number),
            };
        }
        members.observed.extend(with_device.then(device));
        members
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nobody_who_is_wanted_is_ever_nominated(members in any_members()) {
        let plan = members.planned();
        for (leaving, object) in &plan.leave {
            prop_assert!(!members.wanted.contains_key(leaving), "{plan}");
            prop_assert!(members.wanted.values().flatten().all(|wanted| wanted != object), "{plan}");
            prop_assert_eq!(members.owners.get(object), Some(leaving));
            prop_assert!(members.observed.contains(&Member::User(object.clone())));
        }
    }

    /// Those wanted, those who are not ours, and nobody else.
    #[test]
    fn a_plan_leads_to_exactly_who_is_wanted(members in any_members()) {
        let plan = members.planned();
        let of = |list: &[(JumpCloudUserId, EntraUserId)]| -> BTreeSet<Member> {
            list.iter().map(|(_, object)| Member::User(object.clone())).collect()
        };
        let added = of(&plan.add);
        prop_assert_eq!(added.len(), plan.add.len(), "added twice: {}", plan);
        prop_assert!(added.is_disjoint(&members.observed), "{plan}");
        let mut then = &added | &members.observed;
        then = &then - &of(&plan.leave);

        let wanted = members.wanted.values().flatten().cloned().map(Member::User);
        // Read as bound to somebody wanted, although that one's binding says otherwise.
        let disputed = members.owners.iter().filter(|(_, of)| members.wanted.contains_key(of));
        let disputed = disputed.map(|(object, _)| Member::User(object.clone()));
        let stay: BTreeSet<_> = wanted.chain(disputed).chain(plan.foreign.clone()).collect();
        prop_assert_eq!(&then, &stay, "{}", plan);
        for foreign in &plan.foreign {
            let ours = |object| members.owners.contains_key(object);
            prop_assert!(!matches!(foreign, Member::User(object) if ours(object)), "{plan}");
        }

        // And then there is nothing to do.
        let mut later = members.clone();
        later.observed = then;
        later.owners.extend(plan.add.iter().map(|(of, object)| (object.clone(), of.clone())));
        let again = later.planned();
        prop_assert!(again.add.is_empty() && again.leave.is_empty(), "{plan}then\n{again}");
        prop_assert_eq!(again.foreign, plan.foreign);
    }
}
