use insta::assert_snapshot;
use sync_core::attributes::Source;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::record::{Answered, Expect};

use crate::world::*;

#[test]
fn p5_nothing_is_written_when_nothing_differs() {
    assert_snapshot!(member().plan(), @"nothing to do");
}

#[test]
fn p5_the_upn_follows_the_email_in_a_patch_of_its_own() {
    let mut world = member();
    world.desired().email = Source::Set("ada.l@corp.example".into());
    world.desired().display_name = Source::Set("Ada Lovelace".into());
    assert_snapshot!(world.plan(), @r#"
    rename ada@corp.example -> ada.l@corp.example
    update
      displayName: "Ada L." -> "Ada Lovelace"
    "#);
}

#[test]
fn u6_a_difference_of_case_alone_is_no_difference() {
    let mut world = member();
    world.desired().email = Source::Set("ADA@Corp.Example".into());
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn u6_a_upn_finding_holds_back_the_upn_alone() {
    let mut world = member();
    world.desired().email = Source::Set("ada+1@corp.example".into());
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ! upn_invalid: a UPN may not hold '+'
    ");
}

#[test]
fn p6_suspended() {
    let mut world = member();
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
}

#[test]
fn p6_not_connected() {
    let mut world = member();
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"
    disable (not_connected)
    revoke sessions
    ");
}

#[test]
fn p6_deleted_with_evidence() {
    let mut world = member();
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"
    disable (deleted)
    revoke sessions
    give up the claims
    ");
    world.entra().enabled = false;
    world.binding().enabled = Some(Answered { value: false, at: at(0) });
    world.binding().disabled_by_us = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    give up the claims
    ");
}

#[test]
fn p6_a_404_without_evidence_is_undecided() {
    let mut world = member();
    world.answer = UserAnswer::Missing;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! deletion_undecided: JumpCloud does not know the user, but no deletion was seen
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}

#[test]
fn p6_password_expired_only_where_that_suspends() {
    let mut world = member();
    world.desired().password_expired = true;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.policy.users.suspend_on_password_expired = true;
    assert_snapshot!(world.plan(), @"
    disable (password_expired)
    revoke sessions
    ");
}

#[test]
fn p6_locked_out_only_where_that_suspends() {
    let mut world = member();
    world.desired().locked = true;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.policy.users.suspend_on_lockout = true;
    assert_snapshot!(world.plan(), @"
    disable (locked_out)
    revoke sessions
    look again at 2026-05-01T10:10:01Z
    ");
}

#[test]
fn p6_an_unreadable_scope_disconnects_nobody() {
    let mut world = member();
    world.connection = Connection::Unreadable;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so nobody counts as disconnected
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}

#[test]
fn p6_an_unreadable_scope_does_not_protect_somebody_suspended() {
    let mut world = member();
    world.connection = Connection::Unreadable;
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
}

#[test]
fn p6_a_revocation_that_was_not_answered_is_sent_again() {
    let mut world = leaver();
    world.record.revoke_pending = true;
    assert_snapshot!(world.plan(), @"revoke sessions");
}

#[test]
fn p6_an_excluded_bound_user_who_should_be_off_raises_an_alarm() {
    let mut world = member();
    world.desired().state = UserState::Suspended;
    world.policy.users.exclude.insert(ADA.into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! excluded_should_be_off: the user is excluded, but should be switched off
    ");
}

#[test]
fn p6_no_sessions_are_revoked_when_that_is_switched_off() {
    let mut world = member();
    world.policy.users.revoke_sessions = false;
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"disable (suspended)");
}

#[test]
fn p7_the_way_back_enables_and_updates_the_same_object() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.desired().display_name = Source::Set("Ada Lovelace".into());
    assert_snapshot!(world.plan(), @r#"
    enable
    update
      displayName: "Ada L." -> "Ada Lovelace"
    "#);
}

#[test]
fn p7_somebody_locked_out_is_looked_at_again() {
    let mut world = leaver();
    world.policy.users.suspend_on_lockout = true;
    world.desired().state = UserState::Activated;
    world.desired().locked = true;
    world.record.locked_since = Some(at(-600));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:10:01Z
    ");
    world.record.locked_since = Some(at(-3 * 3600));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T11:00:01Z
    ");
}

#[test]
fn p2_a_staged_account_is_enabled_when_the_user_becomes_active() {
    let mut world = member();
    world.binding().enabled = Some(Answered { value: false, at: at(-600) });
    world.binding().disabled_by_us = true;
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn p12_an_account_disabled_by_somebody_else_is_reported() {
    let mut world = member();
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! disabled_in_entra: the account was disabled in Entra by somebody else
    ");
    world.policy.users.enable_disabled_in_entra = true;
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn p8_a_tombstone_is_left_alone() {
    let mut world = leaver();
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    world.binding().given_up = true;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn expect_adds_looks_until_it_is_read() {
    let mut world = member();
    world.expect = Some(Expect::Suspended);
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:06Z
    ");
    world.record.expecting = world.planned().plan.memory.expecting;
    world.now = at(7);
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:31Z
    ");
    world.now = at(32);
    assert_snapshot!(world.plan(), @"nothing to do");
}
