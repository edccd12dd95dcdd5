//! R6 to R11 as far as the planner decides them (design 2.1).

use insta::assert_snapshot;
use sync_core::attributes::Source;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::plan::Action;
use sync_core::record::{Answered, Decided, Expect, Unanswered};

use crate::world::*;

#[test]
fn r6_a_reversal_on_a_read_less_than_30_s_younger_waits() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.record.decided = Some(Decided { enabled: false, read_at: at(-29) });
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:02Z
    covers nothing
    ");
    world.record.decided = Some(Decided { enabled: false, read_at: at(-30) });
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn r6_a_real_leaver_is_never_delayed() {
    let mut world = member();
    world.desired().state = UserState::Suspended;
    world.record.decided = Some(Decided { enabled: true, read_at: at(-5) });
    world.expect = Some(Expect::Suspended);
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
}

#[test]
fn r6_only_a_reversal_waits_and_only_without_its_announcement() {
    let mut world = leaver();
    world.desired().state = UserState::Activated;
    world.record.decided = Some(Decided { enabled: true, read_at: at(-5) });
    assert_snapshot!(world.plan(), @"enable");
    // An announcement of something else does not hurry it.
    world.record.decided = Some(Decided { enabled: false, read_at: at(-5) });
    world.expect = Some(Expect::Suspended);
    assert!(world.planned().plan.is_empty());
    // The wait is over, yet the read is old: look again at once.
    world.expect = None;
    world.now = at(60);
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:01:00Z
    covers nothing
    ");
}

#[test]
fn r6_a_deactivation_that_waits_gives_up_nothing() {
    let mut world = member();
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    world.record.decided = Some(Decided { enabled: true, read_at: at(-5) });
    world.record.revoke_pending = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:26Z
    covers nothing
    ");
    assert!(!world.planned().plan.memory.drop_revocation);
}

#[test]
fn r7_while_a_write_is_unanswered_the_wanted_value_is_sent_whatever_is_read() {
    let mut world = member();
    let unanswered = Unanswered { value: false, sent_at: at(-600), may_land_until: at(-530) };
    world.record.unanswered = Some(unanswered);
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn r7_the_state_counts_as_ours_while_a_write_is_unanswered() {
    let mut world = member();
    world.entra().enabled = false;
    let unanswered = Unanswered { value: false, sent_at: at(-600), may_land_until: at(-530) };
    world.record.unanswered = Some(unanswered);
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn r8_somebody_whom_another_had_disabled_becomes_ours_when_suspended() {
    let mut world = member();
    world.entra().enabled = false;
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
    // The same for an adopted account that we never wrote to.
    world.binding().enabled = None;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
}

#[test]
fn r8_an_account_that_counts_as_ours_and_is_on_is_written_once() {
    let mut world = member();
    world.binding().enabled = None;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.binding().disabled_by_us = true;
    assert_snapshot!(world.plan(), @"enable");
}

#[test]
fn r8_a_young_answered_write_counts_over_the_read() {
    let mut world = leaver();
    world.entra().enabled = true;
    world.binding().enabled = Some(Answered { value: false, at: at(-299) });
    assert_snapshot!(world.plan(), @"nothing to do");
    world.binding().enabled = Some(Answered { value: false, at: at(-301) });
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ");
}

#[test]
fn r9_a_write_sent_while_an_earlier_one_may_land_is_sent_once_more() {
    let mut world = member();
    let unanswered = Unanswered { value: false, sent_at: at(-5), may_land_until: at(65) };
    world.record.unanswered = Some(unanswered);
    assert_snapshot!(world.plan(), @"
    enable
    look again at 2026-05-01T10:01:06Z
    ");
}

#[test]
fn r9_nothing_is_given_up_while_an_earlier_write_may_land() {
    let mut world = member();
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    let mut unanswered = Unanswered { value: true, sent_at: at(-5), may_land_until: at(1) };
    world.record.unanswered = Some(unanswered);
    assert_snapshot!(world.plan(), @"
    disable (deleted)
    revoke sessions
    look again at 2026-05-01T10:00:02Z
    ");
    unanswered.may_land_until = at(0);
    world.record.unanswered = Some(unanswered);
    assert_snapshot!(world.plan(), @"
    disable (deleted)
    revoke sessions
    give up the claims
    ");
}

#[test]
fn r10_an_object_created_since_the_intent_is_ours() {
    let mut world = stranger();
    world.record.intent = Some(intent(-60, 855));
    world.entra().created_at = Some(at(-58));
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Created)");
    // Also for somebody no longer connected: the intent counts as a binding (P6, P15).
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Created)
    disable (not_connected)
    revoke sessions
    ");
}

#[test]
fn r10_with_disabled_among_the_states_meant_it_counts_as_created_disabled() {
    let mut world = stranger();
    let mut open = intent(-60, 855);
    open.meant_disabled = true;
    world.record.intent = Some(open);
    world.entra().created_at = Some(at(-58));
    world.entra().enabled = false;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Created, counts as disabled by us)
    enable
    ");
}

#[test]
fn r10_an_older_object_of_that_upn_is_not_ours() {
    let mut world = stranger();
    world.record.intent = Some(intent(-60, 855));
    assert_snapshot!(world.plan(), @"adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Adopted)");
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
}

#[test]
fn r10_an_object_of_the_intents_upn_is_not_adopted_for_another_email() {
    let mut world = stranger();
    world.record.intent = Some(intent(-60, 855));
    world.desired().email = Source::Set("new@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
    // Created since the intent, it is ours, and follows the e-mail.
    world.entra().created_at = Some(at(-60));
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Created)
    rename ada@corp.example -> new@corp.example
    ");
}

#[test]
fn r10_an_object_whose_creation_is_not_told_is_not_ours() {
    let mut world = stranger();
    world.connection = Connection::NotConnected;
    world.record.intent = Some(intent(-60, 855));
    world.entra().created_at = None;
    assert!(world.planned().plan.is_empty());
}

#[test]
fn r10_an_undecided_read_binds_and_switches_nothing() {
    let mut world = stranger();
    world.answer = UserAnswer::Missing;
    world.record.intent = Some(intent(-60, 855));
    world.entra().created_at = Some(at(-58));
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Created)
    ! deletion_undecided: JumpCloud does not know the user, but no deletion was seen
    look again at 2026-05-01T10:10:01Z
    covers nothing
    ");
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"
    adopt ada@corp.example (8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001, Created)
    disable (deleted)
    revoke sessions
    give up the claims
    ");
    // Nothing there yet.
    world.entra = None;
    world.mailbox.deleted_seen = false;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! deletion_undecided: JumpCloud does not know the user, but no deletion was seen
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
}

#[test]
fn r10_an_open_intent_is_extended_never_replaced() {
    let mut world = newcomer();
    world.desired().state = UserState::Staged;
    world.record.intent = Some(intent(-60, 855));
    let planned = world.planned();
    let [Action::Create(creation)] = planned.plan.actions.as_slice() else {
        panic!("not one creation: {planned}")
    };
    assert_eq!(creation.since, at(-60));
    assert!(creation.meant_enabled && creation.meant_disabled);
}

#[test]
fn r10_an_intent_that_is_over_makes_place_for_a_new_one() {
    let mut world = newcomer();
    world.desired().state = UserState::Staged;
    world.record.intent = Some(intent(-2000, -1000));
    let planned = world.planned();
    let [Action::Create(creation)] = planned.plan.actions.as_slice() else {
        panic!("not one creation: {planned}")
    };
    assert_eq!(creation.since, at(-4));
    assert!(!creation.meant_enabled && creation.meant_disabled);
}

#[test]
fn r10_an_intent_is_open_until_clock_and_lookup_have_both_passed_its_end() {
    let mut world = newcomer();
    world.record.intent = Some(intent(-60, 1));
    let since = |world: &World| {
        let planned = world.planned();
        let [Action::Create(creation)] = planned.plan.actions.as_slice() else {
            panic!("not one creation: {planned}")
        };
        creation.since
    };
    assert_eq!(since(&world), at(-60));
    world.lookup_at = Some(at(3));
    assert_eq!(since(&world), at(-60));
    world.now = at(2);
    assert_eq!(since(&world), at(-2));
    world.lookup_at = Some(at(1));
    assert_eq!(since(&world), at(-60));
    world.desired().state = UserState::Suspended;
    assert!(!world.planned().plan.memory.end_intent);
    world.lookup_at = Some(at(2));
    assert!(world.planned().plan.memory.end_intent);
    world.now = at(1);
    assert!(!world.planned().plan.memory.end_intent);
}

#[test]
fn r10_no_creation_goes_out_under_another_upn_while_an_intent_is_open() {
    let mut world = newcomer();
    world.record.intent = Some(intent(-60, 855));
    world.desired().email = Source::Set("new@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
    world.record.intent = Some(intent(-2000, -1000));
    assert_snapshot!(world.plan(), @"
    nothing to do
    end the intent
    look again at 2026-05-01T10:00:01Z
    covers nothing
    ");
}

#[test]
fn r10_an_intent_without_an_object_ends_only_when_created_is_over() {
    let mut world = newcomer();
    world.desired().state = UserState::Suspended;
    world.record.intent = Some(intent(-60, 855));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
    world.record.intent = Some(intent(-2000, -1));
    assert_snapshot!(world.plan(), @"
    nothing to do
    end the intent
    ");
}

#[test]
fn r10_an_intent_ends_for_whoever_may_no_longer_be_created() {
    let cases: [Happens; 4] = [
        |world| world.connection = Connection::NotConnected,
        |world| world.desired().email = Source::Empty,
        |world| world.domains[0].federated = true,
        |world| _ = world.policy.users.exclude.insert(ADA.into()),
    ];
    for (case, happens) in cases.into_iter().enumerate() {
        let mut world = newcomer();
        happens(&mut world);
        world.record.intent = Some(intent(-60, 855));
        let planned = world.planned();
        assert_eq!((planned.covers, planned.look_again), (false, Some(at(11))), "{case}");
        assert!(!planned.plan.memory.end_intent, "{case}");
        world.record.intent = Some(intent(-2000, -1));
        assert!(world.planned().plan.memory.end_intent, "{case}");
    }
}

#[test]
fn r11_a_404_within_created_is_never_gone() {
    let mut world = member();
    world.entra = None;
    world.binding().created_at = Some(at(-899));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
    // For a deactivation as well: the account may appear enabled later.
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
}
