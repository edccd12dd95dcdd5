//! P7, P2, P12: the way back, by whomever the account was switched off; P8: the tombstone.

use insta::assert_snapshot;
use sync_core::attributes::Source;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::record::Answered;

use crate::world::*;

#[test]
fn p2_a_staged_account_is_enabled_when_the_user_becomes_active() {
    let mut world = member();
    world.binding().enabled = Some(Answered { value: false, at: at(-600) });
    world.binding().disabled_by_us = true;
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn p2_a_staged_account_is_left_as_it_is() {
    let mut world = leaver();
    world.desired().state = UserState::Staged;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.entra().enabled = true;
    assert_snapshot!(world.plan(), @"nothing to do");
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

/// Each cause ends by itself; while another holds, the account stays off.
#[test]
fn p7_each_cause_has_its_way_back() {
    let causes: [(Happens, Happens); 4] = [
        (
            |world| world.desired().state = UserState::Suspended,
            |world| world.desired().state = UserState::Activated,
        ),
        (
            |world| world.connection = Connection::NotConnected,
            |world| world.connection = Connection::Connected,
        ),
        (
            |world| world.desired().password_expired = true,
            |world| world.desired().password_expired = false,
        ),
        (|world| world.desired().locked = true, |world| world.desired().locked = false),
    ];
    for (at, (happens, ends)) in causes.into_iter().enumerate() {
        let mut world = leaver();
        world.policy.users.suspend_on_password_expired = true;
        world.policy.users.suspend_on_lockout = true;
        world.desired().state = UserState::Activated;
        happens(&mut world);
        for (_, (other, other_ends)) in causes.into_iter().enumerate().filter(|(i, _)| *i != at) {
            other(&mut world);
            assert!(world.planned().plan.is_empty(), "{at}: off for two causes");
            other_ends(&mut world);
            assert!(world.planned().plan.is_empty(), "{at}: one of two causes holds");
        }
        ends(&mut world);
        assert_eq!(world.plan(), "enable\n", "{at}");
    }
}

#[test]
fn p7_an_unreadable_scope_brings_nobody_back() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.connection = Connection::Unreadable;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so nobody counts as disconnected
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}

#[test]
fn p7_the_way_back_is_by_the_binding_whatever_the_email_is_now() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.desired().email = Source::Set("ada.l@corp.example".into());
    assert_snapshot!(world.plan(), @"
    enable
    rename ada@corp.example -> ada.l@corp.example
    ");
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
fn p7_a_lockout_is_looked_at_again_although_the_object_is_gone() {
    let mut world = leaver();
    world.policy.users.suspend_on_lockout = true;
    world.desired().state = UserState::Activated;
    world.desired().locked = true;
    world.entra = None;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:10:01Z
    ");
    assert_eq!(world.planned().plan.memory.locked_since, Some(at(1)));
}

#[test]
fn p7_a_lockout_is_hourly_after_two_hours_and_forgotten_at_its_end() {
    let mut world = leaver();
    world.policy.users.suspend_on_lockout = true;
    world.desired().state = UserState::Activated;
    world.desired().locked = true;
    world.record.locked_since = Some(at(1 - 7200));
    assert_eq!(world.planned().look_again, Some(at(601)));
    world.record.locked_since = Some(at(-7200));
    assert_eq!(world.planned().look_again, Some(at(3601)));
    assert_eq!(world.planned().plan.memory.locked_since, Some(at(-7200)));
    world.desired().locked = false;
    assert_eq!(world.planned().plan.memory.locked_since, None);
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
fn p8_whoever_comes_back_under_the_same_id_takes_up_the_tombstone() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.binding().given_up = true;
    world.claim = sync_core::observed::Claim::Tombstone { disabled_by_us: true };
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted, counts as disabled by us)
    enable
    ");
    world.answer = UserAnswer::Missing;
    assert_snapshot!(world.plan(), @"nothing to do");
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
fn p12_an_account_that_we_disabled_and_somebody_enabled_becomes_ours_again() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.entra().enabled = true;
    assert_snapshot!(world.plan(), @"enable");
    world.binding().enabled = Some(Answered { value: true, at: at(-600) });
    world.binding().disabled_by_us = false;
    assert_snapshot!(world.plan(), @"nothing to do");
}
