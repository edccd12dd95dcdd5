//! P5: what is written to an object of ours, and the looks that an announced state adds.

use insta::assert_snapshot;
use sync_core::attributes::Source;
use sync_core::desired::{UserAnswer, UserState};
use sync_core::record::{Expect, Expecting};

use crate::world::*;

#[test]
fn p5_nothing_is_written_when_nothing_differs() {
    assert_snapshot!(member().plan(), @"nothing to do");
    assert!(member().planned().plan.is_empty());
    assert!(!newcomer().planned().plan.is_empty());
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
fn p5_a_rename_of_ours_counts_over_what_is_read() {
    let mut world = member();
    world.desired().email = Source::Set("ada.l@corp.example".into());
    world.binding().upn = upn("ada.l@corp.example");
    world.binding().written_at = Some(at(-299));
    assert_snapshot!(world.plan(), @"nothing to do");
    world.binding().written_at = Some(at(-300));
    assert_snapshot!(world.plan(), @"rename ada@corp.example -> ada.l@corp.example");
}

#[test]
fn p5_a_rename_whose_answer_is_missing_is_sent_again_whatever_is_read() {
    let mut world = member();
    world.desired().email = Source::Set("ada.l@corp.example".into());
    world.record.renaming = [upn("ada.l@corp.example")].into();
    assert_snapshot!(world.plan(), @"rename ada@corp.example -> ada.l@corp.example");
    world.entra().upn = upn("ada.l@corp.example");
    assert_snapshot!(world.plan(), @"rename ada@corp.example -> ada.l@corp.example");
    // Also where the e-mail is the old one again: the write may still take effect.
    world.desired().email = Source::Set("ada@corp.example".into());
    world.entra().upn = upn("ada@corp.example");
    assert_snapshot!(world.plan(), @"rename ada@corp.example -> ada@corp.example");
    // It took effect, and the binding has not learned of it.
    let mut world = member();
    world.desired().email = Source::Set("ada.l@corp.example".into());
    world.entra().upn = upn("ada.l@corp.example");
    assert_snapshot!(world.plan(), @"rename ada@corp.example -> ada.l@corp.example");
}

#[test]
fn p5_a_upn_that_somebody_changed_in_entra_is_changed_back() {
    let mut world = member();
    world.entra().upn = upn("lovelace@corp.example");
    assert_snapshot!(world.plan(), @"rename lovelace@corp.example -> ada@corp.example");
}

#[test]
fn p5_a_suspended_person_is_updated_after_the_deactivation() {
    let mut world = member();
    world.desired().state = UserState::Suspended;
    world.desired().email = Source::Set("ada.l@corp.example".into());
    world.desired().display_name = Source::Set("Ada Lovelace".into());
    assert_snapshot!(world.plan(), @r#"
    disable (suspended)
    revoke sessions
    rename ada@corp.example -> ada.l@corp.example
    update
      displayName: "Ada L." -> "Ada Lovelace"
    "#);
}

#[test]
fn p4_nobody_gets_the_upn_of_somebody_who_is_never_touched() {
    let mut world = member();
    world.policy.users.exclude.insert("break.glass@corp.example".into());
    world.desired().email = Source::Set("break.glass@corp.example".into());
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @"
    disable (suspended)
    revoke sessions
    ! excluded: the configuration excludes break.glass@corp.example
    ");
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
    // Also on the very second of the look.
    for now in [6, 7] {
        world.now = at(now);
        assert_eq!(world.planned().look_again, Some(at(31)));
    }
    world.now = at(32);
    assert_snapshot!(world.plan(), @"nothing to do");
}

#[test]
fn expect_is_looked_at_later_not_at_the_time_that_has_come() {
    let mut world = member();
    world.record.expecting = Some(Expecting { expect: Expect::Suspended, since: at(-4) });
    assert_eq!(world.planned().look_again, Some(at(26)));
    world.record.expecting = Some(Expecting { expect: Expect::Suspended, since: at(-29) });
    assert_eq!(world.planned().look_again, None);
}

#[test]
fn expect_is_met_by_what_it_announces() {
    let mut world = leaver();
    world.expect = Some(Expect::Suspended);
    assert_snapshot!(world.plan(), @"nothing to do");
    // A suspended person is not deleted yet; a missing one is both.
    world.expect = Some(Expect::Deleted);
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:06Z
    ");
    world.answer = UserAnswer::Missing;
    world.mailbox.deleted_seen = true;
    assert_snapshot!(world.plan(), @"
    nothing to do
    give up the claims
    ");
    world.expect = Some(Expect::Suspended);
    assert_snapshot!(world.plan(), @"
    nothing to do
    give up the claims
    ");
}

#[test]
fn expect_of_a_deletion_follows_one_of_a_suspension() {
    let mut world = member();
    let expecting = Expecting { expect: Expect::Suspended, since: at(-10) };
    world.record.expecting = Some(expecting);
    assert_eq!(world.planned().plan.memory.expecting, Some(expecting));
    assert_eq!(world.planned().look_again, Some(at(20)));
    // The same once more adds nothing.
    world.expect = Some(Expect::Suspended);
    assert_eq!(world.planned().plan.memory.expecting, Some(expecting));
    // A deletion is the later state, whichever event came first.
    world.expect = Some(Expect::Deleted);
    let deletion = Expecting { expect: Expect::Deleted, since: at(1) };
    assert_eq!(world.planned().plan.memory.expecting, Some(deletion));
    assert_eq!(world.planned().look_again, Some(at(6)));
    world.record.expecting = Some(deletion);
    world.expect = Some(Expect::Suspended);
    assert_eq!(world.planned().plan.memory.expecting, Some(deletion));
    // What is read already does not hide what is still to come.
    let mut world = leaver();
    world.record.expecting = Some(expecting);
    world.expect = Some(Expect::Deleted);
    assert_eq!(world.planned().plan.memory.expecting, Some(deletion));
}
