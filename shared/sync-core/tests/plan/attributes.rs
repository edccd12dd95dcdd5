use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Mapping, Source, Value};

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
fn p10_a_value_that_somebody_cleared_already_is_forgotten_without_a_write() {
    let mut world = member();
    world.desired().attributes.insert(Attribute::Department, Source::Empty);
    world.entra().attributes.remove(&Attribute::Department);
    assert_snapshot!(world.plan(), @"nothing to do");
    assert!(world.planned().plan.memory.forgotten.contains(&Attribute::Department));
}

#[test]
fn p10_a_key_absent_from_the_answer_is_kept() {
    let mut world = member();
    world.desired().attributes.clear();
    world.desired().display_name = Source::Absent;
    assert_snapshot!(world.plan(), @"nothing to do");
    assert_eq!(world.planned().plan.memory.agreed.len(), 0);
}

#[test]
fn p10_an_absent_display_name_follows_the_names_it_was_made_of() {
    let mut world = member();
    let made = Value::Text("Ada Lovelace".into());
    world.binding().applied.insert(Attribute::DisplayName, made.clone());
    world.entra().attributes.insert(Attribute::DisplayName, made);
    world.desired().display_name = Source::Absent;
    world.set(Attribute::Surname, "Byron");
    assert_snapshot!(world.plan(), @r#"
    update
      surname: "Lovelace" -> "Byron"
      displayName: "Ada Lovelace" -> "Ada Byron"
    "#);
    // One of the names is absent as well: what we applied stands for it.
    world.desired().attributes.remove(&Attribute::GivenName);
    assert_snapshot!(world.plan(), @r#"
    update
      surname: "Lovelace" -> "Byron"
      displayName: "Ada Lovelace" -> "Ada Byron"
    "#);
    // A name that was chosen stays.
    world.binding().applied.insert(Attribute::DisplayName, Value::Text("Countess".into()));
    assert_snapshot!(world.plan(), @r#"
    update
      surname: "Lovelace" -> "Byron"
    "#);
}

#[test]
fn p10_a_display_name_made_of_the_upn_follows_a_rename_in_one_plan() {
    let mut world = member();
    let name = Value::Text("ada".into());
    world.entra().attributes = [(Attribute::DisplayName, name)].into();
    world.binding().applied = world.entra().attributes.clone();
    world.desired().attributes.clear();
    world.desired().display_name = Source::Empty;
    assert_snapshot!(world.plan(), @"nothing to do");
    world.desired().email = Source::Set("countess@corp.example".into());
    assert_snapshot!(world.plan(), @r#"
    rename ada@corp.example -> countess@corp.example
    update
      displayName: "ada" -> "countess"
    "#);
    // Where the rename may not be, the old UPN counts.
    world.desired().email = Source::Set("a+b@corp.example".into());
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! upn_invalid: a UPN may not hold '+'
    ");
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
fn p10_on_again_what_was_forgotten_is_not_cleared() {
    let mut world = member();
    world.binding().applied.remove(&Attribute::Department);
    world.desired().attributes.insert(Attribute::Department, Source::Empty);
    assert_snapshot!(world.plan(), @"nothing to do");
    world.set(Attribute::Department, "R&D");
    let planned = world.planned();
    assert!(planned.plan.actions.is_empty());
    let agreed = planned.plan.memory.agreed.get(&Attribute::Department);
    assert_eq!(agreed, Some(&Value::Text("R&D".into())));
}

#[test]
fn p10_what_was_never_applied_is_not_forgotten() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::JobTitle, Mapping::Off);
    world.set(Attribute::JobTitle, "Engineer");
    assert_snapshot!(world.plan(), @"nothing to do");
    assert!(world.planned().plan.memory.forgotten.is_empty());
}

#[test]
fn p10_what_we_may_just_have_cleared_is_written_although_a_replica_shows_it() {
    let mut world = member();
    world.binding().applied.remove(&Attribute::Department);
    world.binding().written_at = Some(at(-10));
    assert_snapshot!(world.plan(), @r#"
    update
      department: "R&D" -> "R&D"
    "#);
    world.binding().written_at = Some(at(-400));
    assert_snapshot!(world.plan(), @"nothing to do");
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
fn p11_too_many_entries_are_left_out() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::AlternateEmail, Mapping::Export);
    world.desired().alternate_email = Source::Set("ada@home.example".into());
    let others = |count| Value::List((0..count).map(|n| format!("{n}@x.example")).collect());
    world.entra().attributes.insert(Attribute::AlternateEmail, others(250));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! value_refused: otherMails is left out: more than 250 entries
    ");
    world.entra().attributes.insert(Attribute::AlternateEmail, others(249));
    assert!(world.plan().starts_with("update\n  otherMails"));
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
fn p10_of_a_list_only_our_entry_is_remembered_and_counts_while_a_replica_lags() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::AlternateEmail, Mapping::Export);
    world.desired().alternate_email = Source::Set("ada@home.example".into());
    let list = |entries: &[&str]| Value::List(entries.iter().map(|e| (*e).into()).collect());
    let read = list(&["own@elsewhere.example", "ada@home.example"]);
    world.entra().attributes.insert(Attribute::AlternateEmail, read);
    let agreed = world.planned().plan.memory.agreed;
    assert_eq!(agreed.get(&Attribute::AlternateEmail), Some(&list(&["ada@home.example"])));
    // A replica that does not know our entry yet.
    world.binding().applied.extend(agreed);
    world.binding().written_at = Some(at(-10));
    let read = list(&["own@elsewhere.example"]);
    world.entra().attributes.insert(Attribute::AlternateEmail, read);
    assert_snapshot!(world.plan(), @"nothing to do");
    // Without any list, ours alone counts.
    world.entra().attributes.remove(&Attribute::AlternateEmail);
    assert_snapshot!(world.plan(), @"nothing to do");
    // An entry that is replaced goes; those of others stay.
    let read = list(&["own@elsewhere.example", "ada@home.example"]);
    world.entra().attributes.insert(Attribute::AlternateEmail, read);
    world.desired().alternate_email = Source::Set("ada@new.example".into());
    assert_snapshot!(world.plan(), @r#"
    update
      otherMails: ["own@elsewhere.example", "ada@home.example"] -> ["own@elsewhere.example", "ada@new.example"]
    "#);
    world.desired().alternate_email = Source::Empty;
    assert_snapshot!(world.plan(), @r#"
    update
      otherMails: ["own@elsewhere.example", "ada@home.example"] -> ["own@elsewhere.example"]
    "#);
}

#[test]
fn p10_of_employee_org_data_the_division_is_as_read() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::CostCenter, Mapping::Export);
    world.set(Attribute::CostCenter, "CC7");
    let org = |division: Option<&str>, cost: Option<&str>| Value::OrgData {
        division: division.map(str::to_owned),
        cost_center: cost.map(str::to_owned),
    };
    world.entra().attributes.insert(Attribute::CostCenter, org(Some("EU"), None));
    assert_snapshot!(world.plan(), @r#"
    update
      employeeOrgData: {division: Some("EU"), costCenter: None} -> {division: Some("EU"), costCenter: Some("CC7")}
    "#);
    world.entra().attributes.insert(Attribute::CostCenter, org(Some("EU"), Some("CC7")));
    let agreed = world.planned().plan.memory.agreed;
    assert_eq!(agreed.get(&Attribute::CostCenter), Some(&org(None, Some("CC7"))));
    // A replica lags, and somebody moved the division meanwhile.
    world.binding().applied.extend(agreed);
    world.binding().written_at = Some(at(-10));
    world.entra().attributes.insert(Attribute::CostCenter, org(Some("US"), Some("CC1")));
    assert_snapshot!(world.plan(), @"nothing to do");
    world.set(Attribute::CostCenter, "CC8");
    assert_snapshot!(world.plan(), @r#"
    update
      employeeOrgData: {division: Some("US"), costCenter: Some("CC7")} -> {division: Some("US"), costCenter: Some("CC8")}
    "#);
}

#[test]
fn p10_the_usage_location_is_the_country_else_the_configured_one() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::UsageLocation, Mapping::Export);
    assert_snapshot!(world.plan(), @"nothing to do");
    world.policy.users.usage_location = Some("DE".into());
    assert_snapshot!(world.plan(), @r#"
    update
      usageLocation: nothing -> "DE"
    "#);
    // An address that is not in the answer says nothing about somebody who has one.
    world.binding().applied.insert(Attribute::UsageLocation, Value::Text("FR".into()));
    world.entra().attributes.insert(Attribute::UsageLocation, Value::Text("FR".into()));
    assert_snapshot!(world.plan(), @"nothing to do");
    world.desired().attributes.insert(Attribute::Country, Source::Empty);
    assert_snapshot!(world.plan(), @r#"
    update
      usageLocation: "FR" -> "DE"
    "#);
    world.policy.attributes.insert(Attribute::Country, Mapping::Off);
    world.set(Attribute::Country, "gb");
    assert_snapshot!(world.plan(), @r#"
    update
      usageLocation: "FR" -> "GB"
    "#);
}

#[test]
fn p10_a_first_anchor_is_the_jumpcloud_id() {
    let mut world = member();
    world.policy.attributes.insert(Attribute::ImmutableId, Mapping::Export);
    assert_snapshot!(world.plan(), @r#"
    update
      onPremisesImmutableId: nothing -> "65f000000000000000000001"
    "#);
}
