use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Mapping, Source};
use sync_core::desired::{Connection, UserState};
use sync_core::plan::Action;

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
fn p1_the_display_name_falls_back_to_names_and_then_to_the_upn() {
    let mut world = newcomer();
    world.desired().display_name = Source::Empty;
    assert!(world.plan().contains("displayName \"Ada Lovelace\""));
    world.desired().attributes.clear();
    assert!(world.plan().contains("displayName \"ada\""));
}

#[test]
fn p1_a_name_of_one_part_has_no_blank_around_it() {
    let mut world = newcomer();
    world.desired().display_name = Source::Absent;
    world.desired().attributes.insert(Attribute::GivenName, Source::Empty);
    assert!(world.plan().contains("displayName \"Lovelace\""));
}

#[test]
fn p1_the_mail_nickname_is_the_local_part() {
    let mut world = newcomer();
    world.desired().email = Source::Set("Ada.O'Neil@Corp.example".into());
    let planned = world.planned();
    let [Action::Create(creation)] = planned.plan.actions.as_slice() else {
        panic!("not one creation: {planned}")
    };
    assert_eq!(creation.mail_nickname, "ada.o'neil");
}

#[test]
fn p1_what_is_not_exported_is_not_created() {
    let mut world = newcomer();
    world.policy.attributes.insert(Attribute::Department, Mapping::Import);
    world.set(Attribute::Company, "Corp");
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
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
fn p4_an_excluded_person_is_not_created() {
    let mut world = newcomer();
    world.policy.users.exclude.insert("ada@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! excluded: the configuration excludes ada@corp.example
    ");
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
fn p11_a_display_name_that_is_too_long_gives_way_to_the_names_and_then_to_the_upn() {
    let mut world = newcomer();
    world.desired().display_name = Source::Set("x".repeat(257));
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada Lovelace"
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    ! value_refused: displayName is left out: longer than 256 characters
    "#);
    world.set(Attribute::GivenName, &"y".repeat(250));
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "ada"
      surname: "Lovelace"
      department: "R&D"
    ! value_refused: givenName is left out: longer than 64 characters
    ! value_refused: displayName is left out: longer than 256 characters
    "#);
    world.desired().display_name = Source::Set("x".repeat(256));
    world.set(Attribute::GivenName, "Ada");
    assert!(!world.plan().contains("left out"));
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
fn p14_the_intent_reaches_back_five_seconds_before_the_lookup() {
    let planned = newcomer().planned();
    let [Action::Create(creation)] = planned.plan.actions.as_slice() else {
        panic!("not one creation: {planned}")
    };
    assert_eq!(creation.since, at(-4));
    assert!(creation.meant_enabled && !creation.meant_disabled);
    // The decision is stored with it, so that a stale read cannot reverse it (R6).
    let decided = creation.decided.map(|decided| (decided.enabled, decided.read_at));
    assert_eq!(decided, Some((true, at(0))));
}

#[test]
fn p14_an_account_created_disabled_is_no_decision_to_switch_off() {
    let mut world = newcomer();
    world.desired().state = UserState::Staged;
    let planned = world.planned();
    let [Action::Create(creation)] = planned.plan.actions.as_slice() else {
        panic!("not one creation: {planned}")
    };
    assert_eq!((creation.decided, creation.meant_enabled), (None, false));
}

#[test]
fn p14_another_federated_domain_concerns_nobody() {
    let mut world = newcomer();
    let mut other = world.domains[0].clone();
    other.name = "other.example".into();
    other.federated = true;
    world.domains.push(other);
    assert!(world.plan().starts_with("create ada@corp.example"));
}

#[test]
fn p15_somebody_suspended_without_an_entra_user_is_left_alone() {
    let mut world = newcomer();
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p15_somebody_locked_out_without_an_entra_user_is_looked_at_again() {
    let mut world = newcomer();
    world.policy.users.suspend_on_lockout = true;
    world.desired().locked = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:10:01Z
    ");
}

#[test]
fn p15_somebody_never_bound_and_not_connected_is_never_touched() {
    let mut world = stranger();
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p15_somebody_suspended_whose_connection_is_unreadable_is_never_touched() {
    let mut world = stranger();
    world.connection = Connection::Unreadable;
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so nobody counts as disconnected
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}
