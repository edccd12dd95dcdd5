//! P6: who is switched off, why, and who is not.

use insta::assert_snapshot;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::plan::{Action, Cause};
use sync_core::record::Answered;

use crate::world::*;

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
fn p6_an_unreadable_scope_protects_nobody_from_their_own_record() {
    let mut world = member();
    world.connection = Connection::Unreadable;
    world.policy.users.suspend_on_password_expired = true;
    world.policy.users.suspend_on_lockout = true;
    world.desired().password_expired = true;
    assert_snapshot!(world.plan(), @"
    disable (password_expired)
    revoke sessions
    ");
    world.desired().password_expired = false;
    world.desired().locked = true;
    assert_snapshot!(world.plan(), @"
    disable (locked_out)
    revoke sessions
    look again at 2026-05-01T10:10:01Z
    ");
}

/// Which cause is told, where several hold; each of them switches off by itself.
#[test]
fn p6_causes_combined_are_one_deactivation() {
    use Connection::{Connected, NotConnected, Unreadable};
    for (suspended, expired, locked, connection, cause) in [
        (false, false, false, NotConnected, Cause::NotConnected),
        (true, false, false, NotConnected, Cause::Suspended),
        (true, true, true, NotConnected, Cause::Suspended),
        (true, true, true, Unreadable, Cause::Suspended),
        (true, true, true, Connected, Cause::Suspended),
        (false, true, true, Connected, Cause::PasswordExpired),
        (false, true, true, Unreadable, Cause::PasswordExpired),
        (false, true, true, NotConnected, Cause::NotConnected),
        (false, true, false, NotConnected, Cause::NotConnected),
        (false, false, true, NotConnected, Cause::NotConnected),
        (false, false, true, Unreadable, Cause::LockedOut),
        (false, true, false, Connected, Cause::PasswordExpired),
    ] {
        let mut world = member();
        world.policy.users.suspend_on_password_expired = true;
        world.policy.users.suspend_on_lockout = true;
        let user = world.desired();
        user.state = if suspended { UserState::Suspended } else { UserState::Activated };
        (user.password_expired, user.locked) = (expired, locked);
        world.connection = connection;
        let planned = world.planned();
        let [Action::SetEnabled(set), Action::RevokeSessions] = planned.plan.actions.as_slice()
        else {
            panic!("{cause}: {planned}")
        };
        assert_eq!((set.enabled, set.cause), (false, Some(cause)));
        assert!(set.then_revoke && planned.covers, "{cause}");
    }
}

#[test]
fn p6_a_staged_user_is_switched_off_like_anybody_else() {
    let mut world = member();
    world.desired().state = UserState::Staged;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"
    disable (not_connected)
    revoke sessions
    ");
}

#[test]
fn p6_evidence_alone_deletes_nobody_whom_jumpcloud_knows() {
    let mut world = member();
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p6_somebody_never_bound_is_never_deactivated() {
    let mut world = stranger();
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.mailbox.deleted_seen = false;
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn p6_a_revocation_that_was_not_answered_is_sent_again() {
    let mut world = leaver();
    world.record.revoke_pending = true;
    assert_snapshot!(world.plan(), @"revoke sessions");
    // Staged meanwhile, which leaves the account off.
    world.desired().state = UserState::Staged;
    assert!(!world.planned().plan.memory.drop_revocation);
    assert_snapshot!(world.plan(), @"revoke sessions");
    // Whatever a replica says that lags behind our own write.
    world.binding().enabled = Some(Answered { value: false, at: at(-10) });
    world.entra().enabled = true;
    assert_snapshot!(world.plan(), @"revoke sessions");
}

#[test]
fn p6_a_revocation_is_dropped_when_nobody_wants_it_any_more() {
    // Back before it was sent.
    let mut world = leaver();
    world.record.revoke_pending = true;
    world.desired().state = UserState::Activated;
    assert!(world.planned().plan.memory.drop_revocation);
    assert_snapshot!(world.plan(), @"enable");
    // On already, and also where somebody else disabled the account meanwhile.
    let mut world = member();
    world.record.revoke_pending = true;
    assert!(world.planned().plan.memory.drop_revocation);
    world.entra().enabled = false;
    assert!(world.planned().plan.memory.drop_revocation);
    // Staged meanwhile, and on.
    let mut world = member();
    world.record.revoke_pending = true;
    world.desired().state = UserState::Staged;
    assert!(world.planned().plan.memory.drop_revocation);
    // Switched off in the configuration.
    let mut world = leaver();
    world.record.revoke_pending = true;
    world.policy.users.revoke_sessions = false;
    assert!(world.planned().plan.memory.drop_revocation);
    assert_snapshot!(world.plan(), @"nothing to do");
    // Not while nothing may be concluded, and not while nothing is owed.
    let mut world = leaver();
    world.record.revoke_pending = true;
    world.answer = UserAnswer::Missing;
    assert!(!world.planned().plan.memory.drop_revocation);
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! deletion_undecided: JumpCloud does not know the user, but no deletion was seen
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
    assert!(!member().planned().plan.memory.drop_revocation);
}

#[test]
fn p6_no_sessions_are_revoked_when_that_is_switched_off() {
    let mut world = member();
    world.policy.users.revoke_sessions = false;
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"disable (suspended)");
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
fn p6_an_excluded_bound_user_is_never_touched() {
    let mut world = member();
    world.policy.users.exclude.insert("ada@corp.example".into());
    world.set(sync_core::attributes::Attribute::Department, "Sales");
    assert_snapshot!(world.plan(), @"nothing to do");
    // Off already: no alarm.
    world.desired().state = UserState::Suspended;
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"nothing to do");
    // Excluded under the UPN that Entra shows.
    let mut world = member();
    world.entra().upn = upn("break.glass@corp.example");
    world.policy.users.exclude.insert("break.glass@corp.example".into());
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! excluded_should_be_off: the user is excluded, but should be switched off
    ");
}

#[test]
fn p6_an_excluded_deleted_user_keeps_the_claims_until_the_account_is_off() {
    let mut world = member();
    world.policy.users.exclude.insert(ADA.into());
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! excluded_should_be_off: the user is excluded, but should be switched off
    ");
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"
    nothing to do
    give up the claims
    ");
    world.mailbox.deleted_seen = false;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! deletion_undecided: JumpCloud does not know the user, but no deletion was seen
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
}

#[test]
fn p6_the_claims_are_given_up_only_for_somebody_deleted() {
    let mut world = leaver();
    world.connection = Connection::NotConnected;
    world.policy.users.exclude.insert(ADA.into());
    assert!(!world.planned().plan.memory.give_up);
    world.policy.users.exclude.clear();
    assert!(!world.planned().plan.memory.give_up);
}

#[test]
fn p6_off_already_by_our_answered_write_needs_no_other() {
    let mut world = leaver();
    world.policy.users.suspend_on_password_expired = true;
    assert_snapshot!(world.plan(), @"nothing to do");
    // Another cause for the same state is no write either.
    world.desired().state = UserState::Activated;
    world.desired().password_expired = true;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.binding().enabled = Some(Answered { value: false, at: at(0) });
    world.entra().enabled = true;
    assert_snapshot!(world.plan(), @"nothing to do");
}
