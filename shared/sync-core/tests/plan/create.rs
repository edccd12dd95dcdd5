use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Source};
use sync_core::desired::{Connection, UserState};
use sync_core::ids::JumpCloudUserId;
use sync_core::plan::person::ManagerLink;
use sync_core::policy::Mapping;

use crate::world::*;

#[test]
fn p1_creates_an_enabled_account_for_somebody_active() {
    assert_snapshot!(newcomer().plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    "#);
}

#[test]
fn p2_creates_a_disabled_account_for_somebody_staged() {
    let mut world = newcomer();
    world.desired().state = UserState::Staged;
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example disabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    "#);
}

#[test]
fn p1_the_display_name_falls_back_to_names_and_then_to_the_upn() {
    let mut world = newcomer();
    world.desired().display_name = Source::Empty;
    assert!(world.plan().contains("displayName \"Ada Lovelace\""));
    world.desired().attributes.clear();
    assert!(world.plan().contains("displayName \"ada\""));
}

#[test]
fn p11_a_value_entra_would_refuse_never_fails_the_creation() {
    let mut world = newcomer();
    world.set(Attribute::Department, &"x".repeat(65));
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
    ! value_refused: department is left out: longer than 64 characters
    "#);
}

#[test]
fn p13_a_bound_manager_is_set_after_the_creation() {
    let mut world = newcomer();
    let boss = JumpCloudUserId::parse("65f000000000000000000002").unwrap();
    world.desired().manager = Source::Set(boss);
    world.manager = ManagerLink::Bound(object(BOSS));
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    set manager: nothing -> "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0002"
    "#);
}

#[test]
fn p13_an_unbound_manager_is_waited_for() {
    let mut world = newcomer();
    let boss = JumpCloudUserId::parse("65f000000000000000000002").unwrap();
    world.desired().manager = Source::Set(boss.clone());
    world.manager = ManagerLink::Unbound(boss);
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    ! manager_not_bound: the manager 65f000000000000000000002 is not bound yet
    waits for Binding(JumpCloudUserId(65f000000000000000000002))
    "#);
}

#[test]
fn p14_nobody_is_created_in_a_federated_domain_without_the_anchor() {
    let mut world = newcomer();
    world.domains[0].federated = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! federated_domain: corp.example is federated and immutableId is not exported
    ");
    world.policy.attributes.insert(Attribute::ImmutableId, Mapping::Export);
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
      onPremisesImmutableId: "65f000000000000000000001"
    "#);
}

#[test]
fn p15_somebody_suspended_without_an_entra_user_is_left_alone() {
    let mut world = newcomer();
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p15_somebody_never_bound_and_not_connected_is_never_touched() {
    let mut world = stranger();
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p6_an_unreadable_scope_creates_nobody() {
    let mut world = newcomer();
    world.connection = Connection::Unreadable;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so nobody counts as disconnected
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}

#[test]
fn p4_an_excluded_person_is_not_created() {
    let mut world = newcomer();
    world.policy.users.exclude.insert("ada@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! excluded: the configuration excludes ada@corp.example
    ");
}

#[test]
fn u1_a_domain_that_is_not_verified_is_a_finding_and_no_call() {
    let mut world = newcomer();
    world.desired().email = Source::Set("ada@elsewhere.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! domain_not_verified: domain elsewhere.example is not a verified domain of the tenant
    ");
}

#[test]
fn u4_a_plus_address_is_a_finding() {
    let mut world = newcomer();
    world.desired().email = Source::Set("ada+m365@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! upn_invalid: a UPN may not hold '+'
    ");
}
