//! A group that is not ours yet, and what it is called (G1 to G3).

use insta::assert_snapshot;
use sync_core::desired::Connection;
use sync_core::group::{GroupAnswer, GroupKind};
use sync_core::ids::{JumpCloudUserId, Subject};
use sync_core::observed::Claim;
use sync_core::plan::group::{GroupAction, GroupLookup, NewGroup, ObservedGroup};
use sync_core::policy::OnDisconnect;

use crate::group_world::*;
use crate::world::at;

const KINDS: [GroupKind; 8] = [
    GroupKind::OnPremisesSynced,
    GroupKind::RoleAssignable,
    GroupKind::Restricted,
    GroupKind::Dynamic,
    GroupKind::Microsoft365,
    GroupKind::MailEnabledSecurity,
    GroupKind::Distribution,
    GroupKind::Other,
];

#[test]
fn g1_a_connected_group_becomes_a_security_group() {
    assert_snapshot!(new_group().plan(), @r#"
    create "Sales" (jumpcloud-65f0000000000000000000b1)
    members as in JumpCloud
    "#);
}

#[test]
fn g1_a_group_that_is_neither_connected_nor_ours_is_left_alone() {
    let mut world = new_group();
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.answer = GroupAnswer::Missing;
    assert_snapshot!(world.plan(), @"nothing to do");
    // Not even what is found under our own uniqueName.
    world.observed = Some(ObservedGroup::Lookup(GroupLookup {
        own: Some(by_us(FIRST, "Sales", SALES)),
        ..GroupLookup::default()
    }));
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn g1_with_groups_disabled_nothing_is_written() {
    let mut unbound = among([by_hand(FIRST, "Sales")]);
    unbound.policy.enabled = false;
    assert_snapshot!(unbound.plan(), @"nothing to do");
    let mut bound = bound_group();
    bound.policy.enabled = false;
    bound.rename("Sales EMEA");
    assert_snapshot!(bound.plan(), @"nothing to do");
    // What was let go stays so, and what was not is not let go.
    bound.record.let_go_at = Some(at(-60));
    assert_snapshot!(bound.plan(), @"
    nothing to do
    let go
    ");
    let mut leaving = leaving(OnDisconnect::Delete);
    leaving.policy.enabled = false;
    assert_snapshot!(leaving.plan(), @"nothing to do");
}

#[test]
fn g1_other_kinds_do_not_count_by_name() {
    for kind in KINDS {
        let mut world = among([by_hand(FIRST, "Sales")]);
        world.first().group.kind = kind;
        let planned = world.planned();
        assert!(matches!(&planned.actions[..], [GroupAction::Create(_)]), "{planned}");
    }
    let mut world = among([by_hand(FIRST, "Sales")]);
    world.first().group.kind = GroupKind::Microsoft365;
    assert_snapshot!(world.plan(), @r#"
    create "Sales" (jumpcloud-65f0000000000000000000b1)
    members as in JumpCloud
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a Microsoft 365 group
    "#);
    // The one security group beside them is the only one of the name.
    world.entra.push(by_hand(SECOND, "Sales"));
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000002, Adopted)
    members as in JumpCloud
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a Microsoft 365 group
    "#);
}

#[test]
fn g1_another_kind_with_our_unique_name_is_not_written_to() {
    for kind in KINDS {
        let mut world = among([by_us(FIRST, "Sales", SALES)]);
        world.first().group.kind = kind;
        assert!(world.planned().actions.is_empty());
    }
    let mut world = among([by_us(FIRST, "Sales", SALES), by_hand(SECOND, "Sales")]);
    world.first().group.kind = GroupKind::Restricted;
    // A creation would write to it, and another group would only stand in for a while.
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a group under restricted management
    ");
}

#[test]
fn g1_another_kind_is_not_restored() {
    let mut world = new_group();
    world.deleted = Some(by_us(FIRST, "Sales", SALES).group);
    world.deleted.as_mut().unwrap().kind = GroupKind::Microsoft365;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a Microsoft 365 group
    ");
    let mut world = deleted_group();
    world.deleted.as_mut().unwrap().kind = GroupKind::Microsoft365;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a Microsoft 365 group
    ");
}

#[test]
fn g1_an_unreadable_scope_creates_nothing() {
    let mut world = among([by_hand(FIRST, "Sales")]);
    world.connection = Connection::Unreadable;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so no group counts as disconnected
    covers nothing
    ");
}

#[test]
fn g2_the_one_group_of_the_name_is_adopted() {
    let mut world = among([by_hand(FIRST, "Sales")]);
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000001, Adopted)
    members as in JumpCloud
    "#);
    let adopted = world.plan();
    for claim in [Claim::Own, Claim::Tombstone { disabled_by_us: false }] {
        world.first().claim = claim;
        assert_eq!(world.plan(), adopted);
    }
    // A uniqueName of somebody else's making says nothing about another JumpCloud group.
    for unique_name in ["sales", "jumpcloud-sales", OTHER] {
        world.first().group.unique_name = Some(unique_name.into());
        assert_eq!(world.plan(), adopted);
    }
}

#[test]
fn g2_a_group_that_another_subject_holds_is_neither_adopted_nor_doubled() {
    let mut world = among([by_hand(FIRST, "Sales")]);
    world.first().claim = Claim::Held(Subject::Group(group_id(OTHER)));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_held: 21d00000-0000-4000-8000-000000000001 belongs to group:65f0000000000000000000b2
    ");
}

#[test]
fn g2_a_group_created_for_another_jumpcloud_group_counts_as_held() {
    let mut world = among([by_us(FIRST, "Sales", OTHER)]);
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_held: 21d00000-0000-4000-8000-000000000001 belongs to group:65f0000000000000000000b2
    ");
    // The claim knows better who it is.
    world.first().claim = Claim::Held(Subject::Sweep);
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_held: 21d00000-0000-4000-8000-000000000001 belongs to sweep
    ");
    // Nor does it matter once that group has given it up.
    world.first().claim = Claim::Tombstone { disabled_by_us: false };
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000001, Adopted)
    members as in JumpCloud
    "#);
    // Our own uniqueName, seen by name alone, is no hindrance.
    let candidate = by_us(FIRST, "Sales", SALES);
    world.observed = Some(ObservedGroup::Lookup(GroupLookup {
        named: vec![candidate],
        ..GroupLookup::default()
    }));
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000001, Adopted)
    members as in JumpCloud
    "#);
}

#[test]
fn g2_two_groups_of_one_name_are_reported_and_another_is_created() {
    let mut world = among([by_hand(FIRST, "Sales"), by_hand(SECOND, "Sales")]);
    assert_snapshot!(world.plan(), @r#"
    create "Sales" (jumpcloud-65f0000000000000000000b1)
    members as in JumpCloud
    ! group_ambiguous: several groups have the name, another is created: 21d00000-0000-4000-8000-000000000001, 21d00000-0000-4000-8000-000000000002
    "#);
    let ambiguous = world.plan();
    // Whoever holds one of them.
    world.first().claim = Claim::Held(Subject::Group(group_id(OTHER)));
    assert_eq!(world.plan(), ambiguous);
    // From then on the binding says which one is ours.
    let planned = world.planned();
    world.apply(&planned);
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ");
}

#[test]
fn g2_variants_of_case_or_blanks_are_reported_and_do_not_match() {
    let mut world = among([by_hand(FIRST, "SALES"), by_hand(SECOND, " Sales ")]);
    assert_snapshot!(world.plan(), @r#"
    create "Sales" (jumpcloud-65f0000000000000000000b1)
    members as in JumpCloud
    ! group_name_variant: differs in case or blanks alone, which is no match: 21d00000-0000-4000-8000-000000000001, 21d00000-0000-4000-8000-000000000002
    "#);
    // Beside the group of the very name, too.
    world.entra.push(by_hand(CREATED, "Sales"));
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-00000000000c, Adopted)
    members as in JumpCloud
    ! group_name_variant: differs in case or blanks alone, which is no match: 21d00000-0000-4000-8000-000000000001, 21d00000-0000-4000-8000-000000000002
    "#);
}

#[test]
fn g2_variants_of_other_kinds_and_other_names_are_no_news() {
    let mut world = among([by_hand(FIRST, "SALES")]);
    world.first().group.kind = GroupKind::Microsoft365;
    assert_eq!(world.plan(), new_group().plan());
    let lookup = GroupLookup { named: vec![by_hand(FIRST, "Sale s")], ..GroupLookup::default() };
    world.observed = Some(ObservedGroup::Lookup(lookup));
    assert_eq!(world.plan(), new_group().plan());
}

#[test]
fn g2_our_own_unique_name_comes_first() {
    let mut world = among([by_hand(FIRST, "Sales"), by_us(SECOND, "Sales", SALES)]);
    world.deleted = Some(by_us(CREATED, "Sales", SALES).group);
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000002, Created)
    members as in JumpCloud
    "#);
}

#[test]
fn g2_our_own_unique_name_held_by_another_subject_is_left_alone() {
    let mut world = among([by_us(FIRST, "Sales", SALES)]);
    let user = JumpCloudUserId::parse("65f000000000000000000009").unwrap();
    world.first().claim = Claim::Held(Subject::User(user));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_held: 21d00000-0000-4000-8000-000000000001 belongs to user:65f000000000000000000009
    ");
}

#[test]
fn g2_the_deleted_item_with_our_unique_name_comes_before_the_name() {
    let mut world = among([by_hand(FIRST, "Sales")]);
    world.deleted = Some(by_us(SECOND, "Sales", SALES).group);
    assert_snapshot!(world.plan(), @"
    restore 21d00000-0000-4000-8000-000000000002
    members as in JumpCloud
    ");
}

#[test]
fn g3_what_is_created_is_found_again_by_its_unique_name() {
    let unique_name = format!("jumpcloud-{SALES}");
    let created = NewGroup {
        mail_nickname: unique_name.clone(),
        unique_name,
        name: "Sales".into(),
        description: "Managed by entra-sync from JumpCloud".into(),
    };
    let mut world = new_group();
    assert_eq!(world.planned().actions, [GroupAction::Create(created)]);
    // The answer was lost.
    let planned = world.planned();
    world.apply(&planned);
    world.record.binding = None;
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-00000000000c, Created)
    members as in JumpCloud
    "#);
}

#[test]
fn g3_what_was_created_under_an_older_name_is_renamed() {
    let mut world = among([by_us(FIRST, "Sales", SALES)]);
    world.rename("Sales EMEA");
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000001, Created)
    rename "Sales" -> "Sales EMEA"
    members as in JumpCloud
    "#);
    let mut world = new_group();
    world.deleted = Some(by_us(FIRST, "Sales", SALES).group);
    world.rename("Sales EMEA");
    assert_snapshot!(world.plan(), @r#"
    restore 21d00000-0000-4000-8000-000000000001
    rename "Sales" -> "Sales EMEA"
    members as in JumpCloud
    "#);
}
