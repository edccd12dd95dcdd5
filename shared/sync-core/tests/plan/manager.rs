//! P13: the manager, through our bindings.

use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Source, Value};
use sync_core::ids::JumpCloudUserId;
use sync_core::plan::person::ManagerLink;

use crate::world::*;

fn boss() -> JumpCloudUserId {
    JumpCloudUserId::parse("65f000000000000000000002").unwrap()
}

#[test]
fn p13_a_bound_manager_is_set_after_the_creation() {
    let mut world = newcomer();
    world.desired().manager = Source::Set(boss());
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
    world.desired().manager = Source::Set(boss());
    world.manager = ManagerLink::Unbound(boss());
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    ! manager_not_bound: the manager 65f000000000000000000002 is not bound yet
    waits for the binding of 65f000000000000000000002
    "#);
}

#[test]
fn p13_the_manager_is_cleared_only_if_we_had_set_it() {
    let mut world = member();
    let boss = Value::Text(BOSS.into());
    world.entra().attributes.insert(Attribute::Manager, boss.clone());
    assert_snapshot!(world.plan(), @"nothing to do");
    world.binding().applied.insert(Attribute::Manager, boss);
    assert_snapshot!(world.plan(), @r#"set manager: "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0002" -> nothing"#);
    world.manager = ManagerLink::Bound(object(OBJECT));
    assert_snapshot!(world.plan(), @r#"set manager: "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0002" -> "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001""#);
}

#[test]
fn p13_a_manager_who_comes_later_is_set_then() {
    let mut world = member();
    world.desired().manager = Source::Set(boss());
    world.manager = ManagerLink::Unbound(boss());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! manager_not_bound: the manager 65f000000000000000000002 is not bound yet
    waits for the binding of 65f000000000000000000002
    ");
    world.manager = ManagerLink::Bound(object(BOSS));
    assert_snapshot!(world.plan(), @r#"set manager: nothing -> "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0002""#);
    let set = Value::Text(BOSS.into());
    world.entra().attributes.insert(Attribute::Manager, set.clone());
    world.binding().applied.insert(Attribute::Manager, set);
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p13_an_unbound_manager_replaces_nobody() {
    let mut world = member();
    let old = Value::Text(BOSS.into());
    world.entra().attributes.insert(Attribute::Manager, old.clone());
    world.binding().applied.insert(Attribute::Manager, old);
    world.desired().manager = Source::Set(boss());
    world.manager = ManagerLink::Unbound(boss());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! manager_not_bound: the manager 65f000000000000000000002 is not bound yet
    waits for the binding of 65f000000000000000000002
    ");
    // Nor does a key that is absent from the answer.
    world.desired().manager = Source::Absent;
    world.manager = ManagerLink::None;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p13_nobody_is_their_own_manager() {
    let mut world = member();
    let own = JumpCloudUserId::parse(ADA).unwrap();
    world.desired().manager = Source::Set(own.clone());
    world.manager = ManagerLink::Bound(object(OBJECT));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! value_refused: manager is left out: nobody can be their own manager
    ");
    // A newcomer would wait for themselves.
    let mut world = newcomer();
    world.desired().manager = Source::Set(own.clone());
    world.manager = ManagerLink::Unbound(own);
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    ! value_refused: manager is left out: nobody can be their own manager
    "#);
    // Where the manager is not exported, that is nobody's business.
    world.manager = ManagerLink::None;
    assert!(!world.plan().contains("manager"));
}
