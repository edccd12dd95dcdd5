use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Source, Value};
use sync_core::plan::person::ManagerLink;
use sync_core::policy::Mapping;

use crate::world::*;

#[test]
fn p10_a_changed_value_is_written_and_a_cleared_one_is_cleared() {
    let mut world = member();
    world.set(Attribute::JobTitle, "Engineer");
    world.desired().attributes.insert(Attribute::Department, Source::Empty);
    assert_snapshot!(world.plan(), @r#"
    update
      department: "R&D" -> nothing
      jobTitle: nothing -> "Engineer"
    "#);
}

#[test]
fn p10_a_value_we_never_set_is_left_alone() {
    let mut world = member();
    let foreign = Value::Text("Berlin".into());
    world.entra().attributes.insert(Attribute::City, foreign);
    world.desired().attributes.insert(Attribute::City, Source::Empty);
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p10_off_means_keep_and_forget() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::Department, Mapping::Off);
    world.set(Attribute::Department, "Sales");
    let planned = world.planned();
    assert!(planned.plan.actions.is_empty());
    assert!(planned.plan.memory.forgotten.contains(&Attribute::Department));
}

#[test]
fn own_writes_count_over_what_a_lagging_replica_answers() {
    let mut world = member();
    let stale = Value::Text("Sales".into());
    world.entra().attributes.insert(Attribute::Department, stale);
    world.binding().written_at = Some(at(-299));
    assert_snapshot!(world.plan(), @"nothing to do");
    world.binding().written_at = Some(at(-301));
    assert_snapshot!(world.plan(), @r#"
    update
      department: "Sales" -> "R&D"
    "#);
}

#[test]
fn p11_a_refused_value_is_a_finding_and_the_rest_goes_on() {
    let mut world = member();
    world.set(Attribute::Department, &"x".repeat(65));
    world.set(Attribute::JobTitle, "Engineer");
    assert_snapshot!(world.plan(), @r#"
    update
      jobTitle: nothing -> "Engineer"
    ! value_refused: department is left out: longer than 64 characters
    "#);
}

#[test]
fn p10_a_list_keeps_what_others_put_there() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::AlternateEmail, Mapping::Export);
    world.desired().alternate_email = Source::Set("ada@home.example".into());
    let foreign = Value::List(vec!["own@elsewhere.example".into()]);
    world.entra().attributes.insert(Attribute::AlternateEmail, foreign);
    assert_snapshot!(world.plan(), @r#"
    update
      otherMails: ["own@elsewhere.example"] -> ["own@elsewhere.example", "ada@home.example"]
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
