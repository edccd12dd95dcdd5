use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Source};
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::policy::OnDeletedInEntra;
use sync_core::record::Answered;

use crate::world::*;

/// Ada's account was deleted in Entra; the deleted items hold it.
fn deleted() -> World {
    let mut world = member();
    world.deleted = world.entra.take();
    world
}

#[test]
fn p9_a_deleted_object_is_restored() {
    assert_snapshot!(deleted().plan(), @"
    restore
    look again at 2026-05-01T10:00:11Z
    ");
}

#[test]
fn p9_the_upn_that_the_deleted_items_show_is_no_rename() {
    let mut world = deleted();
    if let Some(object) = &mut world.deleted {
        object.upn = upn("8d0b5a0e2c0f4d4b9a1a0d6f0b1f0001ada@corp.example");
    }
    assert_snapshot!(world.plan(), @"
    restore
    look again at 2026-05-01T10:00:11Z
    ");
    world.desired().email = Source::Set("ada.l@corp.example".into());
    assert_snapshot!(world.plan(), @"
    restore
    rename ada@corp.example -> ada.l@corp.example
    look again at 2026-05-01T10:00:11Z
    ");
}

#[test]
fn p9_a_staged_users_object_is_restored_as_it_was() {
    let mut world = deleted();
    world.desired().state = UserState::Staged;
    assert_snapshot!(world.plan(), @"
    restore
    look again at 2026-05-01T10:00:11Z
    ");
}

#[test]
fn p9_nothing_is_restored_on_a_read_that_decides_nothing() {
    let mut world = deleted();
    world.answer = UserAnswer::Missing;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! deletion_undecided: JumpCloud does not know the user, but no deletion was seen
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
    let mut world = deleted();
    world.connection = Connection::Unreadable;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so nobody counts as disconnected
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}

#[test]
fn p9_a_restored_object_is_brought_in_step_by_the_same_plan() {
    let mut world = deleted();
    world.set(Attribute::Department, "Sales");
    world.binding().disabled_by_us = true;
    world.binding().enabled = Some(Answered { value: false, at: at(-86_400) });
    if let Some(object) = &mut world.deleted {
        object.enabled = false;
    }
    assert_snapshot!(world.plan(), @r#"
    restore
    enable
    update
      department: "R&D" -> "Sales"
    look again at 2026-05-01T10:00:11Z
    "#);
}

#[test]
fn p9_an_object_that_somebody_disabled_before_its_deletion_is_restored_and_reported() {
    let mut world = deleted();
    if let Some(object) = &mut world.deleted {
        object.enabled = false;
    }
    assert_snapshot!(world.plan(), @"
    restore
    ! disabled_in_entra: the account was disabled in Entra by somebody else
    look again at 2026-05-01T10:00:11Z
    ");
}

#[test]
fn p9_an_object_that_is_gone_for_good_is_a_finding() {
    let mut world = deleted();
    world.deleted = None;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! gone_in_entra: the bound object 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is gone in Entra
    ");
}

#[test]
fn p9_an_object_that_is_gone_for_good_is_created_again_only_where_configured() {
    let mut world = deleted();
    world.deleted = None;
    world.policy.users.on_deleted_in_entra = OnDeletedInEntra::Recreate;
    assert_snapshot!(world.plan(), @"
    nothing to do
    unbind, to create ada@corp.example again
    look again at 2026-05-01T10:00:01Z
    covers nothing
    ");
    // While it can be restored, it is.
    world.deleted = Some(account());
    assert_snapshot!(world.plan(), @"
    restore
    look again at 2026-05-01T10:00:11Z
    ");
    // Without a UPN there is nothing to create.
    world.deleted = None;
    world.desired().email = Source::Empty;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! upn_missing: no e-mail in the mapped source
    ! gone_in_entra: the bound object 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is gone in Entra
    ");
}

#[test]
fn p9_with_report_nothing_is_restored() {
    let mut world = deleted();
    world.policy.users.on_deleted_in_entra = OnDeletedInEntra::Report;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! gone_in_entra: the bound object 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is gone in Entra
    ");
}

#[test]
fn p9_nobody_who_is_to_be_off_is_restored() {
    let mut world = deleted();
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"nothing to do");
    assert!(world.planned().plan.memory.off_by_absence);
}

#[test]
fn p9_an_excluded_person_is_not_restored() {
    let mut world = deleted();
    world.policy.users.exclude.insert("ada@corp.example".into());
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p6_a_missing_object_satisfies_a_deactivation() {
    let mut world = member();
    world.entra = None;
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p6_a_missing_object_of_somebody_deleted_gives_up_the_claims() {
    let mut world = member();
    world.entra = None;
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    give up the claims
    ");
    // Not for any other cause.
    let mut world = member();
    world.entra = None;
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"nothing to do");
}
