//! Every kind of event of JumpCloud's documents, as a file, and what it comes to.
//!
//! `events/<family>/` holds one file for each kind and spelling, made from the documented shapes
//! with values that belong to nobody.

use std::path::Path;

use insta::assert_snapshot;
use work_queue::event::{Recognised, event_type, events_in};

use crate::event::{application, recognised, rings_in};

/// A line for each file of a family, with a line for each event in it: the file, what it comes to,
/// and what its items say of their cause.
fn table(family: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/form/events").join(family);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|file| file.file_stem().map(ToOwned::to_owned));
    let mut lines = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let body = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for event in events_in(&body) {
            let kind = name.split('-').next().unwrap();
            let cause = match recognised(event, &application()) {
                Recognised::Items(items) => {
                    let cause = &items[0].cause;
                    assert!(items.iter().all(|item| item.cause == *cause), "{name}");
                    let id: String = cause.event_id.iter().flat_map(|id| id.chars()).collect();
                    // The last characters of ids and hashes tell enough.
                    let short = if id.starts_with("sha256:") { "sha256:…" } else { id.as_str() };
                    let at = cause.at.map_or("-".to_owned(), |at| at.to_string());
                    format!(" | {} {at} {short}", cause.event_type.as_deref().unwrap_or("-"))
                }
                Recognised::Ignored(_) | Recognised::Unrecognisable(_) => String::new(),
            };
            if family == "person" || family == "group" {
                assert_eq!(event_type(event).unwrap().to_lowercase(), kind, "{name}");
            }
            lines.push(format!("{name:50} {}{cause}", rings_in(event, &application())));
        }
    }
    lines.join("\n")
}

#[test]
fn events_about_people() {
    assert_snapshot!(table("person"), @"
    user_activated                                     user:1 | user_activated 2026-05-01T00:21:09.162Z 65f10000000000000000000f
    user_create                                        user:1 | user_create 2026-05-01T00:21:09.162Z 65f100000000000000000001
    user_create-by-an-import                           user:1 | user_create 2026-05-01T00:21:09.162Z 65f100000000000000000002
    user_delete                                        user:1!Deleted | user_delete 2026-05-01T00:21:09.162Z 65f10000000000000000000e
    user_lockout                                       user:1 | user_lockout 2026-05-01T00:21:09.162Z 65f100000000000000000012
    user_password_change                               user:1 | user_password_change 2026-05-01T00:21:09.162Z 65f100000000000000000015
    user_password_expired                              user:1 | user_password_expired 2026-05-01T00:21:09.162Z 65f100000000000000000014
    user_password_set                                  user:1 | user_password_set 2026-05-01T00:21:09.162Z 65f100000000000000000016
    user_password_set-without-service                  user:1 | user_password_set 2026-05-01T00:21:09.162Z 65f100000000000000000017
    user_suspended                                     user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z 65f100000000000000000010
    user_suspended-of-a-connector                      user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z sha256:…
    user_unlocked                                      user:1 | user_unlocked 2026-05-01T00:21:09.162Z 65f100000000000000000013
    user_unsuspended                                   user:1 | user_unsuspended 2026-05-01T00:21:09.162Z 65f100000000000000000011
    user_update                                        user:1 | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000003
    user_update-in-nanoseconds                         user:1 | user_update 2026-05-01T00:21:09.162345678Z 65f10000000000000000000c
    user_update-in-upper-case                          user:1 | user_update 2026-05-01T00:21:09.162Z 65f10000000000000000000a
    user_update-of-a-connector                         user:1 | user_update 2026-05-01T00:21:09.162Z sha256:…
    user_update-of-a-systemuser                        user:1 | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000009
    user_update-of-a-workflow                          user:1 | user_update 2026-05-01T00:21:09.162Z sha256:…
    user_update-of-an-array                            user:1 | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000004
    user_update-that-suspends                          user:1!Suspended | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000005
    user_update-that-suspends-by-flag-alone            user:1!Suspended | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000007
    user_update-that-suspends-by-state-alone           user:1!Suspended | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000006
    user_update-that-unsuspends                        user:1 | user_update 2026-05-01T00:21:09.162Z 65f100000000000000000008
    user_update-with-a-uuid                            user:1 | user_update 2026-05-01T00:21:09Z 0f9e6a58-3f0b-4f52-9d39-7b1c8a5f0001
    ");
}

#[test]
fn events_about_groups() {
    assert_snapshot!(table("group"), @"
    group_create                                       group:b1 | group_create 2026-05-01T00:21:09.162Z 65f100000000000000000018
    group_create-of-a-workflow                         group:b1 | group_create 2026-05-01T00:21:09.162Z sha256:…
    group_delete                                       group:b1 sweep | group_delete 2026-05-01T00:21:09.162Z 65f10000000000000000001d
    group_update                                       group:b1 | group_update 2026-05-01T00:21:09.162Z 65f10000000000000000001a
    group_update-in-upper-case                         group:b1 | group_update 2026-05-01T00:21:09.162Z 65f10000000000000000001b
    group_update-without-type                          group:b1 | group_update 2026-05-01T00:21:09.162Z 65f10000000000000000001c
    ");
}

#[test]
fn associations() {
    assert_snapshot!(table("association"), @"
    access-user-to-application                         user:1 | access_management_association_change 2026-05-01T00:21:09.162Z 65f10000000000000000002f
    access-user-to-something-else                      user:1 | access_management_association_change 2026-05-01T00:21:09.162Z 65f100000000000000000031
    access-user-to-user_group                          user:1 group:b1[1] | access_management_association_change 2026-05-01T00:21:09.162Z 65f10000000000000000002e
    access-user_group-to-application                   group:b1 sweep | access_management_association_change 2026-05-01T00:21:09.162Z 65f100000000000000000030
    application-to-user                                user:1 | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000025
    application-to-user_group                          group:b1 sweep | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000029
    office_365-to-user                                 user:1 | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000027
    user-to-application                                user:1 | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000024
    user-to-office_365                                 user:1 | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000026
    user-to-user_group                                 user:1 group:b1[1] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000020
    user_group-to-application                          group:b1 sweep | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000028
    user_group-to-application-updated                  group:b1 sweep | association_change 2026-05-01T00:21:09.162Z 65f10000000000000000002a
    user_group-to-itself                               group:b1 sweep | association_change 2026-05-01T00:21:09.162Z 65f10000000000000000002d
    user_group-to-office_365                           group:b1 sweep | association_change 2026-05-01T00:21:09.162Z 65f10000000000000000002b
    user_group-to-user                                 user:1 group:b1[1] | association_change 2026-05-01T00:21:09.162Z 65f10000000000000000001e
    user_group-to-user-in-camel-case                   user:1 group:b1[1] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000022
    user_group-to-user-in-upper-case                   user:1 group:b1[1] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000021
    user_group-to-user-of-a-workflow                   user:1 group:b1[1] | association_change 2026-05-01T00:21:09.162Z sha256:…
    user_group-to-user-removed                         user:1 group:b1[1] | association_change 2026-05-01T00:21:09.162Z 65f10000000000000000001f
    user_group-to-user_group                           group:b1 group:b2 sweep | association_change 2026-05-01T00:21:09.162Z 65f10000000000000000002c
    ");
}

#[test]
fn what_does_not_concern_us() {
    assert_snapshot!(table("ignored"), @"
    association_change-of-a-device                     ignored: device
    association_change-of-a-device-group               ignored: device
    association_change-of-a-device-in-upper-case       ignored: device
    association_change-of-two-others                   ignored: other_association
    association_change-to-active_directory             ignored: other_association
    association_change-to-another-application          ignored: other_association
    association_change-to-another-office_365           ignored: other_association
    association_change-to-g_suite                      ignored: other_association
    association_change-to-ldap_server                  ignored: other_association
    association_change-to-radius_server                ignored: other_association
    group_create-of-devices                            ignored: device
    group_delete-of-devices                            ignored: device
    group_update-of-devices                            ignored: device
    group_update-of-devices-in-upper-case              ignored: device
    integration_activate                               ignored: marked_ignore
    integration_deactivate                             ignored: marked_ignore
    integration_domain_create                          ignored: marked_ignore
    integrationattribute_update                        ignored: marked_ignore
    o365_directory_create                              ignored: marked_ignore
    o365_directory_delete                              ignored: marked_ignore
    organization_update                                ignored: marked_ignore
    unknown-ldap_srch                                  ignored: unknown_type
    unknown-of-tomorrow                                ignored: unknown_type
    unknown-sso_auth                                   ignored: unknown_type
    user_activation_email                              ignored: marked_ignore
    user_activation_schedule_create                    ignored: marked_ignore
    user_activation_schedule_delete                    ignored: marked_ignore
    user_create_provision                              ignored: marked_ignore
    user_delete_provision                              ignored: marked_ignore
    user_deprovision                                   ignored: marked_ignore
    user_lockout-of-a-device                           ignored: device
    user_lockout-on-a-device                           ignored: other_service
    user_login_attempt                                 ignored: marked_ignore
    user_password_change-on-a-device                   ignored: other_service
    user_password_reset_request                        ignored: marked_ignore
    user_password_update_provision                     ignored: marked_ignore
    user_password_warning_email                        ignored: marked_ignore
    user_suspension_schedule_create                    ignored: marked_ignore
    user_suspension_schedule_delete                    ignored: marked_ignore
    user_update-of-another-organization                ignored: other_organization
    user_update_provision                              ignored: marked_ignore
    ");
}

#[test]
fn what_cannot_be_read() {
    assert_snapshot!(table("unreadable"), @"
    an-alert-of-tags                                   unrecognisable: no event_type
    an-alert-without-its-event                         unrecognisable: no event_type
    association_change-with-a-name-as-id               unrecognisable: an end's object_id is not an object id
    association_change-with-one-end                    unrecognisable: an association without two ends
    association_change-without-a-type                  unrecognisable: an end without a type
    association_change-without-association             unrecognisable: no association.connection
    group_delete-without-resource                      unrecognisable: no resource.id
    group_update-of-something-else                     unrecognisable: a group event about something else
    no-event_type                                      unrecognisable: no event_type
    user_update-by-username                            unrecognisable: no resource.id
    user_update-of-something-else                      unrecognisable: a user event about something else
    user_update-with-a-number-as-id                    unrecognisable: no resource.id
    user_update-with-an-id-that-is-not-hexadecimal     unrecognisable: resource.id is not an object id
    user_update-without-resource                       unrecognisable: no resource.id
    ");
}

#[test]
fn what_comes_in_a_wrapping() {
    assert_snapshot!(table("wrapped"), @"
    alert                                              user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z 65f100000000000000000066
    array                                              user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z 65f100000000000000000066
    array                                              user:2 group:b1[2] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000067
    array-of-alerts                                    user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z 65f100000000000000000066
    array-of-alerts                                    user:2 group:b1[2] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000067
    events                                             user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z 65f100000000000000000066
    events                                             user:2 group:b1[2] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000067
    good-and-bad                                       user:1!Suspended | user_suspended 2026-05-01T00:21:09.162Z 65f100000000000000000066
    good-and-bad                                       unrecognisable: not an object
    good-and-bad                                       unrecognisable: no resource.id
    good-and-bad                                       ignored: unknown_type
    good-and-bad                                       user:2 group:b1[2] | association_change 2026-05-01T00:21:09.162Z 65f100000000000000000067
    good-and-bad                                       unrecognisable: not an object
    ");
}

/// A family that no test reads would prove nothing.
#[test]
fn every_family_is_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/form/events");
    let mut families: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    families.sort();
    assert_eq!(families, ["association", "group", "ignored", "person", "unreadable", "wrapped"]);
}
