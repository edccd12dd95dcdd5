//! What a group may be called (G4).

use insta::assert_snapshot;
use sync_core::plan::group::{GroupAction, GroupLookup, ObservedGroup};

use crate::group_world::*;

#[test]
fn g4_nothing_is_created_under_a_name_that_entra_would_refuse() {
    let mut world = new_group();
    world.rename("");
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_name_invalid: the name is blank
    ");
    let blank = world.plan();
    for name in ["  ", "\u{a0}"] {
        world.rename(name);
        assert_eq!(world.plan(), blank);
    }
    world.rename(&"x".repeat(257));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_name_invalid: the name has 257 characters; the limit is 256
    ");
    // Characters are counted as Graph does.
    world.rename(&"😀".repeat(128));
    assert!(matches!(&world.planned().actions[..], [GroupAction::Create(_)]));
    world.rename(&format!("{}x", "😀".repeat(128)));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_name_invalid: the name has 257 characters; the limit is 256
    ");
    // Nor is anything found by it.
    world.rename(" ");
    world.observed = Some(ObservedGroup::Lookup(GroupLookup {
        named: vec![by_hand(FIRST, " ")],
        ..GroupLookup::default()
    }));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_name_invalid: the name is blank
    ");
    world.observed = Some(ObservedGroup::Nothing);
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_name_invalid: the name is blank
    ");
}

#[test]
fn g4_what_is_ours_already_needs_no_valid_name() {
    let mut world = among([by_us(FIRST, "Sales", SALES)]);
    world.rename(" ");
    assert_snapshot!(world.plan(), @r#"
    adopt "Sales" (21d00000-0000-4000-8000-000000000001, Created)
    members as in JumpCloud
    ! group_name_invalid: the name is blank
    "#);
    let mut world = new_group();
    world.deleted = Some(by_us(FIRST, "Sales", SALES).group);
    world.rename(" ");
    assert_snapshot!(world.plan(), @"
    restore 21d00000-0000-4000-8000-000000000001
    members as in JumpCloud
    ! group_name_invalid: the name is blank
    ");
}

#[test]
fn g4_a_name_is_written_as_it_is() {
    let mut world = new_group();
    world.rename(" Sales\u{7} ");
    assert_snapshot!(world.plan(), @r#"
    create " Sales\u{7} " (jumpcloud-65f0000000000000000000b1)
    members as in JumpCloud
    "#);
}

#[test]
fn g4_a_name_that_entra_would_refuse_is_not_written() {
    let mut world = bound_group();
    world.rename(" ");
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ! group_name_invalid: the name is blank
    ");
    world.rename(&"x".repeat(256));
    assert!(matches!(&world.planned().actions[..], [GroupAction::Rename { .. }]));
    world.rename(&"x".repeat(257));
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ! group_name_invalid: the name has 257 characters; the limit is 256
    ");
}
