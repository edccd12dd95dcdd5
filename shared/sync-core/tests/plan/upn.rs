use insta::assert_snapshot;
use sync_core::attributes::Source;
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::plan::Action;
use sync_core::policy::UpnSource;

use crate::world::*;

#[test]
fn u1_a_domain_that_is_not_verified_is_a_finding_and_no_call() {
    let mut world = newcomer();
    world.desired().email = Source::Set("ada@elsewhere.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! domain_not_verified: domain elsewhere.example is not a verified domain of the tenant
    ");
}

#[test]
fn u2_somebody_of_a_domain_that_is_not_listed_is_skipped() {
    let mut world = newcomer();
    world.policy.upn.domains.insert("other.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! domain_not_listed: domain corp.example is not listed
    ");
}

#[test]
fn u3_somebody_of_another_domain_is_created_in_the_default_domain() {
    let mut world = newcomer();
    world.policy.upn.domains.insert("corp.example".into());
    world.policy.upn.default_domain = Some("corp.example".into());
    world.desired().email = Source::Set("ada@private.example".into());
    assert_snapshot!(world.plan(), @r#"
    create ada@corp.example enabled, displayName "Ada L."
      givenName: "Ada"
      surname: "Lovelace"
      department: "R&D"
    "#);
    // The default domain mends no local part.
    world.desired().email = Source::Set("ada+1@private.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! upn_invalid: a UPN may not hold '+'
    ");
}

#[test]
fn u4_a_plus_address_is_a_finding() {
    let mut world = newcomer();
    world.desired().email = Source::Set("ada+m365@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! upn_invalid: a UPN may not hold '+'
    ");
}

#[test]
fn u4_no_email_in_the_mapped_source_is_a_finding() {
    let mut world = newcomer();
    world.policy.upn.source = UpnSource::AlternateEmail;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! upn_missing: no e-mail in the mapped source
    ");
    world.desired().alternate_email = Source::Set("ada.l@corp.example".into());
    assert!(world.plan().starts_with("create ada.l@corp.example enabled"));
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
fn u6_whoever_left_the_listed_domains_keeps_the_upn_and_every_other_rule() {
    let mut world = member();
    world.policy.upn.domains.insert("corp.example".into());
    world.desired().email = Source::Set("ada@left.example".into());
    world.desired().display_name = Source::Set("Ada Lovelace".into());
    assert_snapshot!(world.plan(), @r#"
    update
      displayName: "Ada L." -> "Ada Lovelace"
    ! domain_not_listed: domain left.example is not listed
    "#);
    world.connection = Connection::NotConnected;
    assert_snapshot!(world.plan(), @"
    disable (not_connected)
    revoke sessions
    ");
}

#[test]
fn u6_each_cause_switches_off_whoever_left_the_listed_domains() {
    let causes: [(&str, Happens); 5] = [
        ("suspended", |world| world.desired().state = UserState::Suspended),
        ("not_connected", |world| world.connection = Connection::NotConnected),
        ("password_expired", |world| world.desired().password_expired = true),
        ("locked_out", |world| world.desired().locked = true),
        ("deleted", |world| {
            world.answer = UserAnswer::Missing;
            world.mailbox.deleted_seen = true;
        }),
    ];
    for (name, happens) in causes {
        let mut world = member();
        world.policy.upn.domains.insert("corp.example".into());
        world.policy.users.suspend_on_password_expired = true;
        world.policy.users.suspend_on_lockout = true;
        world.desired().email = Source::Set("ada@left.example".into());
        happens(&mut world);
        let planned = world.planned();
        let first = planned.plan.actions.first();
        let Some(Action::SetEnabled(set)) = first else { panic!("{name}: {first:?}") };
        assert_eq!(set.cause.map(|cause| cause.to_string()).as_deref(), Some(name));
    }
}

#[test]
fn u6_a_upn_finding_holds_back_an_adoption() {
    let mut world = stranger();
    world.policy.upn.domains.insert("other.example".into());
    world.record.intent = Some(intent(-60, 855));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! domain_not_listed: domain corp.example is not listed
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
}

/// What needs no domain is done; the rest is not even a finding.
#[test]
fn u6_domains_that_cannot_be_read_hold_back_what_needs_them_alone() {
    let mut world = member();
    world.domains_are_read = false;
    world.desired().email = Source::Set("else@corp.example".into());
    world.desired().display_name = Source::Set("Ada Lovelace".into());
    assert_snapshot!(world.plan(), @r#"
    update
      displayName: "Ada L." -> "Ada Lovelace"
    "#);
    world.desired().state = UserState::Suspended;
    assert_snapshot!(world.plan(), @r#"
    disable (suspended)
    revoke sessions
    update
      displayName: "Ada L." -> "Ada Lovelace"
    "#);
    let mut world = stranger();
    world.domains_are_read = false;
    assert_snapshot!(world.plan(), @"
    nothing to do
    ");
    world.record.intent = Some(intent(-60, 855));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:11Z
    covers nothing
    ");
}
