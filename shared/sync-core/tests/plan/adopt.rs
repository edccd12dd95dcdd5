use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Value};
use sync_core::desired::UserState;
use sync_core::ids::{JumpCloudUserId, Subject};
use sync_core::observed::Claim;
use sync_core::plan::Action;

use crate::world::*;

#[test]
fn p3_adopts_existing_user_and_overwrites_mapped_attributes() {
    let mut world = stranger();
    let old = Value::Text("Sales".into());
    world.entra().attributes.insert(Attribute::Department, old);
    assert_snapshot!(world.plan(), @r#"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    update
      department: "Sales" -> "R&D"
    "#);
}

#[test]
fn p3_a_staged_users_adopted_account_keeps_its_state() {
    let mut world = stranger();
    world.desired().state = UserState::Staged;
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)");
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)");
}

#[test]
fn p4_never_adopts_a_guest() {
    let mut world = stranger();
    world.entra().guest = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! guest: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is a guest
    ");
}

#[test]
fn p4_never_adopts_somebody_mastered_on_premises() {
    let mut world = stranger();
    world.entra().on_premises_synced = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! on_premises_synced: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is mastered on-premises
    ");
}

#[test]
fn p4_never_adopts_somebody_excluded_by_id_or_upn() {
    let mut by_upn = stranger();
    by_upn.policy.users.exclude.insert("ada@corp.example".into());
    assert_snapshot!(by_upn.plan(), @"
    nothing to do
    ! excluded: the configuration excludes ada@corp.example
    ");
    let mut by_id = stranger();
    by_id.policy.users.exclude.insert(ADA.into());
    assert_eq!(by_id.plan(), by_upn.plan());
}

#[test]
fn p4_never_adopts_an_object_of_another_living_user() {
    let mut world = stranger();
    let other = JumpCloudUserId::parse("65f000000000000000000009").unwrap();
    world.claim = Claim::Held(Subject::User(other));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! object_held: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 belongs to user:65f000000000000000000009
    waits for 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, found under ada@corp.example
    ");
}

#[test]
fn p4_an_open_intent_ends_although_its_upn_is_somebody_elses() {
    let mut world = stranger();
    world.entra().guest = true;
    world.record.intent = Some(intent(-60, 855));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! guest: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is a guest
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
    world.record.intent = Some(intent(-2000, -1));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! guest: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is a guest
    end the intent
    ");
}

#[test]
fn p4_a_claim_of_ones_own_is_no_obstacle() {
    let mut world = stranger();
    world.claim = Claim::Own;
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)");
}

#[test]
fn p4_adopts_an_administrator_only_by_name() {
    let mut world = stranger();
    world.privileged = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! privileged: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is an administrator
    ");
    world.policy.users.adopt_privileged.insert(upn("ada@corp.example"));
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)");
}

#[test]
fn p8_inherits_from_the_tombstone_that_we_had_disabled_it() {
    let mut world = stranger();
    world.entra().enabled = false;
    world.claim = Claim::Tombstone { disabled_by_us: true };
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted, counts as disabled by us)
    enable
    ");
}

#[test]
fn p8_a_tombstone_that_somebody_else_disabled_is_reported() {
    let mut world = stranger();
    world.entra().enabled = false;
    world.claim = Claim::Tombstone { disabled_by_us: false };
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    ! disabled_in_entra: the account was disabled in Entra by somebody else
    ");
}

#[test]
fn p8_what_was_inherited_ends_with_a_write_of_ours() {
    // Somebody enabled it meanwhile: it must not count as disabled by us for ever.
    let mut world = stranger();
    world.claim = Claim::Tombstone { disabled_by_us: true };
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted, counts as disabled by us)
    enable
    ");
    world.desired().state = UserState::Staged;
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted, counts as disabled by us)");
}

#[test]
fn p12_an_adopted_account_that_somebody_disabled_is_reported() {
    let mut world = stranger();
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    ! disabled_in_entra: the account was disabled in Entra by somebody else
    ");
    world.policy.users.enable_disabled_in_entra = true;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    enable
    ");
}

#[test]
fn p15_a_suspended_users_existing_account_is_adopted_and_switched_off() {
    let mut world = stranger();
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    disable (suspended)
    revoke sessions
    ");
}

#[test]
fn p15_an_account_that_was_off_already_counts_as_disabled_by_us() {
    let mut world = stranger();
    world.desired().state = UserState::Suspended;
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted, counts as disabled by us)");
}

#[test]
fn p15_an_account_that_was_off_already_is_written_only_on_the_way_back() {
    let mut world = stranger();
    world.desired().state = UserState::Suspended;
    world.entra().enabled = false;
    let planned = world.planned();
    let [Action::Adopt(adoption)] = planned.plan.actions.as_slice() else {
        panic!("not one adoption: {planned}")
    };
    world.record.binding = Some(adoption.binding(world.now));
    assert_snapshot!(world.plan(), @"nothing to do");
    // Somebody enables it: off is still wanted.
    world.entra().enabled = true;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
    // P7: unsuspended, it comes back although another integration had switched it off.
    world.entra().enabled = false;
    world.desired().state = UserState::Activated;
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn p15_expired_and_locked_people_are_adopted_and_switched_off_where_that_suspends() {
    let mut world = stranger();
    world.desired().password_expired = true;
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)");
    world.policy.users.suspend_on_password_expired = true;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    disable (password_expired)
    revoke sessions
    ");
    world.desired().password_expired = false;
    world.desired().locked = true;
    world.policy.users.suspend_on_lockout = true;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)
    disable (locked_out)
    revoke sessions
    look again at 2026-05-01T10:10:01Z
    ");
}

#[test]
fn p15_nobody_is_switched_off_who_may_not_be_adopted() {
    let mut world = stranger();
    world.desired().state = UserState::Suspended;
    world.privileged = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! privileged: 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 is an administrator
    ");
}
