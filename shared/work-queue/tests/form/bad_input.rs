//! Whatever is sent: nothing panics, every event comes to exactly one thing, and nothing that a
//! sender chose gets into an item but ids, type and time.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use work_queue::WorkItem;
use work_queue::event::{ByType, Recognised, event_type, events_in, time};

use crate::event::{ADA, APPLICATION, GROUP, application, recognised};

/// Text with what breaks terminals and parsers.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => any::<String>(),
        10 => "[\u{0}-\u{1f}\u{7f}-\u{9f}]{0,8}",
        10 => "[\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}a-z]{0,12}",
        10 => "[0-9a-fA-Fg]{23,25}",
        10 => Just(ADA.to_owned()),
        10 => Just(GROUP.to_owned()),
        10 => Just(APPLICATION.to_owned()),
        1 => Just("x".repeat(1_000_000)),
    ]
}

/// Names of types, types and services as they are documented, and others.
fn word() -> impl Strategy<Value = Json> {
    let known = prop::sample::select(vec![
        "user_create",
        "user_update",
        "user_delete",
        "user_suspended",
        "user_lockout",
        "user_login_attempt",
        "group_create",
        "group_delete",
        "association_change",
        "access_management_association_change",
        "USER_UPDATE",
        "sso_auth",
        "user",
        "user_group",
        "USER_GROUP",
        "system",
        "application",
        "directory",
        "systems",
        "SUSPENDED",
        "state",
    ]);
    prop_oneof![6 => known.prop_map(Json::from), 1 => text().prop_map(Json::from), 1 => json_value()]
}

/// Any JSON.
fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((key(), inner), 0..6)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// A key of an event, or any.
fn key() -> impl Strategy<Value = String> {
    let known = [
        "event_type",
        "service",
        "organization",
        "timestamp",
        "id",
        "resource",
        "resource_id",
        "type",
        "object_id",
        "association",
        "connection",
        "from",
        "to",
        "changes",
        "field",
        "events",
        "di_event",
    ];
    let known = prop::sample::select(known.map(str::to_owned).to_vec());
    prop_oneof![4 => known, 1 => text()]
}

fn end() -> impl Strategy<Value = Json> {
    (word(), word(), text())
        .prop_map(|(kind, id, name)| json!({"type": kind, "object_id": id, "name": name}))
}

/// Something of an event's shape, with parts missing, of the wrong type or of a strange content.
fn event() -> impl Strategy<Value = Json> {
    let part = |strategy| prop::option::weighted(0.8, strategy);
    let id = prop_oneof![Just(json!(ADA)), Just(json!(GROUP)), word()];
    let resource = prop_oneof![
        4 => (id, word()).prop_map(|(id, kind)| json!({"id": id, "type": kind})),
        1 => json_value(),
    ];
    let association = prop_oneof![
        4 => (end(), end())
            .prop_map(|(from, to)| json!({"connection": {"from": from, "to": to}})),
        1 => json_value(),
    ];
    let changes = prop_oneof![
        2 => prop::collection::vec(
            (word(), word()).prop_map(|(field, to)| json!({"field": field, "to": to})), 0..3
        ).prop_map(Json::from),
        1 => json_value(),
    ];
    let all = (
        part(word().boxed()),
        part(word().boxed()),
        part(resource.boxed()),
        part(association.boxed()),
        part(changes.boxed()),
        part(text().prop_map(Json::from).boxed()),
        part(text().prop_map(Json::from).boxed()),
    );
    all.prop_map(|(kind, service, resource, association, changes, id, timestamp)| {
        let parts = [
            ("event_type", kind),
            ("service", service),
            ("resource", resource),
            ("association", association),
            ("changes", changes),
            ("id", id),
            ("timestamp", timestamp),
        ];
        let parts = parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), part?)));
        Json::Object(parts.collect())
    })
}

fn check(event: &Json) -> Result<(), TestCaseError> {
    let mut counts = ByType::default();
    counts.add(event);
    let line = counts.to_string();
    prop_assert!(line.len() <= 80 && line.is_ascii(), "{line}");
    match recognised(event, &application()) {
        Recognised::Items(items) => {
            prop_assert!(!items.is_empty() && items.len() <= 3);
            for item in items {
                let body = item.to_json();
                prop_assert!(body.len() < 1024, "{} bytes", body.len());
                prop_assert!(body.bytes().all(|b| (b' '..=b'~').contains(&b)), "{body}");
                prop_assert_eq!(WorkItem::parse(&body), Ok(item));
            }
        }
        Recognised::Unrecognisable(why) => prop_assert!(!why.is_empty()),
        Recognised::Ignored(_) => prop_assert!(event_type(event).is_some()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_comes_to_one_thing(event in event()) {
        check(&event)?;
    }

    #[test]
    fn any_json_comes_to_one_thing(body in json_value()) {
        for event in events_in(&body) {
            check(event)?;
        }
    }

    #[test]
    fn a_list_is_as_many_events_as_it_has(events in prop::collection::vec(event(), 0..8)) {
        let body = json!(events);
        let found: Vec<Json> = events_in(&body).into_iter().cloned().collect();
        prop_assert_eq!(&found, &events);
        let wrapped = json!({"events": events});
        prop_assert_eq!(events_in(&wrapped).len(), events.len());
    }

    #[test]
    fn times_have_up_to_nine_fraction_digits(
        millis in 0..4_102_444_800_000_i64,
        digits in 0..=9_usize,
        fraction in 0..1_000_000_000_u32,
    ) {
        let at = Timestamp::from_millisecond(millis).unwrap();
        let fraction = format!("{fraction:09}");
        let text = at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let dot = if digits == 0 { "" } else { "." };
        let text = format!("{text}{dot}{}Z", &fraction[..digits]);
        let read = time(&json!({ "timestamp": text })).unwrap();
        prop_assert_eq!(read.as_second(), at.as_second());
        let nanoseconds: i32 = format!("{:0<9}", &fraction[..digits]).parse().unwrap();
        prop_assert_eq!(read.subsec_nanosecond(), nanoseconds);
    }
}

/// What JSON says twice counts as the last one says it, as everywhere.
#[test]
fn a_key_that_comes_twice_is_one() {
    let text = format!(
        r#"{{"event_type":"sso_auth","event_type":"user_update","resource":{{"id":"x","id":"{ADA}"}}}}"#
    );
    let event = serde_json::from_str(&text).unwrap();
    let Recognised::Items(items) = recognised(&event, &application()) else { panic!("no items") };
    assert_eq!(items[0].subject.to_string(), format!("user:{ADA}"));
}

/// An id that no record should bear is not passed on, and still tells events apart.
#[test]
fn an_id_that_is_too_long_or_strange_is_replaced_by_a_hash() {
    let id = |id: &str| {
        let event = json!({"event_type": "user_update", "resource_id": ADA, "id": id});
        match recognised(&event, &application()) {
            Recognised::Items(items) => items[0].cause.event_id.clone().unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(id(&"x".repeat(64)), "x".repeat(64));
    for strange in ["", "a b", "a\u{202e}b", "é", "\u{7}", &"x".repeat(65)] {
        assert!(id(strange).starts_with("sha256:"), "{strange:?}");
    }
}
