//! From an event to the subjects that it names (design 4.5).

use serde_json::{Value as Json, json};
use sync_core::ids::{DirectoryId, JumpCloudGroupId, OrganizationId, ScopeObjectId};
use sync_core::policy::Scope;
use work_queue::event::{Recognised, Watched, events_in, recognise};
use work_queue::{Lane, Source, WorkItem};

pub(crate) const ADA: &str = "65f000000000000000000001";
pub(crate) const GROUP: &str = "65f0000000000000000000b1";
const OTHER_GROUP: &str = "65f0000000000000000000b2";
pub(crate) const APPLICATION: &str = "65f0000000000000000000c1";

pub(crate) fn application() -> Scope {
    Scope::Application(ScopeObjectId::parse(APPLICATION).unwrap())
}

pub(crate) fn recognised(event: &Json, scope: &Scope) -> Recognised {
    let directory = DirectoryId::parse("corp").unwrap();
    let organization = OrganizationId::parse("65f0000000000000000000aa").unwrap();
    let watched = Watched { directory: &directory, organization: Some(&organization), scope };
    recognise(event, watched, Source::Webhook)
}

/// What an event comes to, on one line: subjects with their hints, or why there are none.
fn rings(event: Json) -> String {
    rings_in(&event, &application())
}

pub(crate) fn rings_in(event: &Json, scope: &Scope) -> String {
    match recognised(event, scope) {
        Recognised::Ignored(why) => format!("ignored: {}", why.as_str()),
        Recognised::Unrecognisable(why) => format!("unrecognisable: {why}"),
        Recognised::Items(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
    }
}

fn shown(item: &WorkItem) -> String {
    let short = |id: &str| id.trim_start_matches("65f").trim_start_matches('0').to_owned();
    let subject = item.subject.to_string();
    let subject = match subject.split_once(':') {
        Some((kind, id)) => format!("{kind}:{}", short(id)),
        None => subject,
    };
    let expect = item.expect.map_or_else(String::new, |expect| format!("!{expect:?}"));
    let members: Vec<String> = item.members.iter().map(|id| short(id.as_str())).collect();
    let members =
        if members.is_empty() { String::new() } else { format!("[{}]", members.join(",")) };
    format!("{subject}{expect}{members}")
}

fn items(event: &Json) -> Vec<WorkItem> {
    match recognised(event, &application()) {
        Recognised::Items(items) => items,
        other => panic!("{other:?}"),
    }
}

fn about(kind: &str, resource_type: &str, id: &str) -> Json {
    json!({"event_type": kind, "resource": {"id": id, "type": resource_type}})
}

fn association(from: (&str, &str), to: (&str, &str)) -> Json {
    let end = |(kind, id): (&str, &str)| json!({"type": kind, "object_id": id, "name": "x"});
    json!({
        "event_type": "association_change", "service": "directory",
        "association": {"op": "add", "connection": {"from": end(from), "to": end(to)}},
    })
}

#[test]
fn every_event_of_a_person_rings_for_that_person() {
    for kind in [
        "user_create",
        "user_update",
        "user_activated",
        "user_unsuspended",
        "user_lockout",
        "user_unlocked",
        "user_password_expired",
        "user_password_change",
        "user_password_set",
    ] {
        assert_eq!(rings(about(kind, "user", ADA)), "user:1", "{kind}");
    }
    assert_eq!(rings(about("user_delete", "user", ADA)), "user:1!Deleted");
    assert_eq!(rings(about("user_suspended", "user", ADA)), "user:1!Suspended");
    // However it is spelt.
    assert_eq!(rings(about(" USER_UPDATE ", "SYSTEMUSER", &ADA.to_uppercase())), "user:1");
    assert_eq!(rings(json!({"event_type": "user_update", "resource_id": ADA})), "user:1");
}

#[test]
fn a_suspension_may_come_as_an_update() {
    let update = |changes: Json| {
        let mut event = about("user_update", "user", ADA);
        event["changes"] = changes;
        rings(event)
    };
    let suspended = "user:1!Suspended";
    assert_eq!(update(json!([{"field": "state", "to": "SUSPENDED"}])), suspended);
    assert_eq!(update(json!([{"field": "x"}, {"field": "suspended", "to": true}])), suspended);
    assert_eq!(update(json!([{"field": "suspended", "to": "true"}])), suspended);
    assert_eq!(update(json!([{"field": "state", "to": "ACTIVATED"}])), "user:1");
    assert_eq!(update(json!([{"field": "suspended", "from": true, "to": false}])), "user:1");
    assert_eq!(update(json!("?")), "user:1");
}

#[test]
fn what_only_announces_or_is_unknown_is_ignored() {
    for kind in [
        "user_login_attempt",
        "user_password_reset_request",
        "user_activation_email",
        "user_suspension_schedule_create",
        "user_update_provision",
        "user_deprovision",
    ] {
        assert_eq!(rings(about(kind, "user", ADA)), "ignored: marked_ignore", "{kind}");
    }
    for kind in ["sso_auth", "user_import", "tomorrow"] {
        assert_eq!(rings(about(kind, "user", ADA)), "ignored: unknown_type", "{kind}");
    }
}

#[test]
fn what_is_of_others_is_ignored() {
    let mut event = about("user_update", "user", ADA);
    event["organization"] = json!("65f0000000000000000000bb");
    assert_eq!(rings(event.clone()), "ignored: other_organization");
    for ours in ["65F0000000000000000000AA", ""] {
        event["organization"] = json!(ours);
        assert_eq!(rings(event.clone()), "user:1");
    }
    // A lockout of a device's account bears the same name.
    let mut lockout = about("user_lockout", "user", ADA);
    lockout["service"] = json!("systems");
    assert_eq!(rings(lockout), "ignored: other_service");
    assert_eq!(rings(about("user_lockout", "system", ADA)), "ignored: device");
    assert_eq!(rings(about("group_update", "system_group", GROUP)), "ignored: device");
}

#[test]
fn a_group_rings_for_itself_and_its_end_for_everybody_too() {
    assert_eq!(rings(about("group_create", "user_group", GROUP)), "group:b1");
    assert_eq!(rings(about("group_update", "", GROUP)), "group:b1");
    assert_eq!(rings(about("group_delete", "USER_GROUP", GROUP)), "group:b1 sweep");
}

#[test]
fn an_association_rings_for_its_ends_whatever_their_order() {
    let both = |one, other| {
        let rung = rings(association(one, other));
        assert_eq!(rings(association(other, one)), rung);
        rung
    };
    let (user, group) = (("user", ADA), ("user_group", GROUP));
    let scope = ("application", APPLICATION);
    assert_eq!(both(user, group), "user:1 group:b1[1]");
    assert_eq!(both(("SYSTEMUSER", ADA), ("USER_GROUP", GROUP)), "user:1 group:b1[1]");
    assert_eq!(both(user, scope), "user:1");
    assert_eq!(both(group, scope), "group:b1 sweep");
    assert_eq!(both(user, ("system", GROUP)), "ignored: device");
    assert_eq!(both(user, ("ldap_server", GROUP)), "ignored: other_association");
    assert_eq!(both(group, ("application", OTHER_GROUP)), "ignored: other_association");
    let groups = |one, other| rings(association(("user_group", one), ("user_group", other)));
    assert_eq!(groups(GROUP, OTHER_GROUP), "group:b1 group:b2 sweep");
    assert_eq!(groups(OTHER_GROUP, GROUP), "group:b2 group:b1 sweep");
    assert_eq!(groups(GROUP, GROUP), "group:b1 sweep");
}

#[test]
fn the_object_of_the_scope_is_known_by_its_id_alone() {
    for kind in ["office_365", "APPLICATION", "sso"] {
        let upper = APPLICATION.to_uppercase();
        assert_eq!(rings(association(("user", ADA), (kind, &upper))), "user:1");
    }
    let listed = Scope::Listed {
        groups: [JumpCloudGroupId::parse(GROUP).unwrap()].into(),
        users: Default::default(),
    };
    let to_application = association(("user", ADA), ("application", APPLICATION));
    assert_eq!(rings_in(&to_application, &listed), "ignored: other_association");
    let to_group = association(("user", ADA), ("user_group", GROUP));
    assert_eq!(rings_in(&to_group, &listed), "user:1 group:b1[1]");
}

#[test]
fn an_executed_access_request_rings_for_each_end_that_is_ours() {
    let access = |from, to| {
        let mut event = association(from, to);
        event["event_type"] = json!("access_management_association_change");
        event["service"] = json!("access_management");
        rings(event)
    };
    assert_eq!(access(("user", ADA), ("user_group", GROUP)), "user:1 group:b1[1]");
    assert_eq!(access(("user", ADA), ("saas", "x")), "user:1");
    assert_eq!(access(("saas", "x"), ("saas", "y")), "ignored: other_association");
}

#[test]
fn what_should_concern_us_and_cannot_be_read_is_never_ignored() {
    for (event, why) in [
        (json!(7), "not an object"),
        (json!({}), "no event_type"),
        (json!({"event_type": " "}), "no event_type"),
        (json!({"event_type": 7}), "no event_type"),
        (json!({"event_type": "user_update"}), "no resource.id"),
        (about("user_update", "user", "7"), "resource.id is not an object id"),
        (about("user_update", "policy", ADA), "a user event about something else"),
        (about("group_update", "group", "x"), "resource.id is not an object id"),
        (about("group_update", "policy", GROUP), "a group event about something else"),
        (json!({"event_type": "association_change"}), "no association.connection"),
        (association(("", ADA), ("user_group", GROUP)), "an end without a type"),
        (
            association(("user", "x"), ("user_group", GROUP)),
            "an end's object_id is not an object id",
        ),
        (
            json!({"event_type": "association_change", "association": {"connection": {"from": {}}}}),
            "an end without a type",
        ),
        (
            json!({"event_type": "association_change", "association": {"connection": {"from": 7}}}),
            "an association without two ends",
        ),
    ] {
        assert_eq!(rings(event.clone()), format!("unrecognisable: {why}"), "{event}");
    }
}

#[test]
fn the_cause_is_the_event() {
    let mut event = about("user_update", "user", ADA);
    event["id"] = json!("e1");
    event["timestamp"] = json!("2026-05-01T00:21:09.162123456Z");
    let cause = items(&event).remove(0).cause;
    assert_eq!(cause.to_string(), "webhook user_update e1");
    assert_eq!(cause.at.unwrap().to_string(), "2026-05-01T00:21:09.162123456Z");
    event["timestamp"] = json!("yesterday");
    assert_eq!(items(&event).remove(0).cause.at, None);
}

#[test]
fn an_event_without_an_id_is_named_by_what_tells_it_apart() {
    let name = |event: &Json| items(event).remove(0).cause.event_id.unwrap();
    let event = |time: &str, to: &str| {
        let mut event = about("user_update", "user", ADA);
        event["timestamp"] = json!(time);
        event["changes"] = json!([{"field": "department", "to": to}]);
        event
    };
    let one = event("2026-05-01T00:00:00Z", "a");
    assert!(name(&one).starts_with("sha256:"));
    // The order of keys, and what does not tell events apart, make no difference.
    let mut same = json!({"useragent": "x"});
    for key in ["timestamp", "changes", "event_type"] {
        same[key] = one[key].clone();
    }
    same["resource"] = json!({"type": "user", "id": ADA});
    assert_eq!(name(&one), name(&same));
    assert_ne!(name(&one), name(&event("2026-05-01T00:00:01Z", "a")));
    assert_ne!(name(&one), name(&event("2026-05-01T00:00:00Z", "b")));
}

#[test]
fn events_are_found_in_every_wrapping() {
    let (one, two) = (json!({"event_type": "a"}), json!({"event_type": "b"}));
    for body in [
        json!([one, two]),
        json!({"events": [one, two]}),
        json!([{"di_event": one}, two]),
        json!({"di_event": [one, two]}),
        json!([[one], {"events": [two]}]),
    ] {
        assert_eq!(events_in(&body), [&one, &two], "{body}");
    }
    for body in [one.clone(), json!({"di_event": one, "alert": "x"})] {
        assert_eq!(events_in(&body), [&one]);
    }
    // A member of that name does not make an event a wrapper.
    let event = json!({"event_type": "a", "events": [two]});
    assert_eq!(events_in(&event), [&event]);
    for other in [json!(7), json!("x"), json!({}), json!({"di_event": 7})] {
        assert_eq!(events_in(&other), [&other]);
    }
    assert!(events_in(&json!([])).is_empty());
}

#[test]
fn a_sweep_is_bulk_work_and_the_rest_is_not() {
    let lanes: Vec<Lane> =
        items(&about("group_delete", "user_group", GROUP)).iter().map(Lane::of_event).collect();
    assert_eq!(lanes, [Lane::Events, Lane::Bulk]);
}

#[test]
fn the_lane_of_an_item_is_known_by_its_source_and_subject() {
    let mut item = items(&about("user_update", "user", ADA)).remove(0);
    let mut lane = |source| {
        item.cause.source = source;
        Lane::of(&item)
    };
    for source in [Source::Webhook, Source::Insights, Source::Operator, Source::Due] {
        assert_eq!(lane(source), Lane::Events, "{source}");
    }
    for source in [Source::Reconcile, Source::Sweep, Source::FollowUp] {
        assert_eq!(lane(source), Lane::Bulk, "{source}");
    }
    let sweep = items(&about("group_delete", "user_group", GROUP)).remove(1);
    assert_eq!(Lane::of(&sweep), Lane::Bulk);
}
