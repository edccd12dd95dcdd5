//! Whatever is posted: nothing panics, every event is counted once, and nothing is lost after 202.

use proptest::prelude::*;
use serde_json::{Value, json};
use work_queue::Lane;

use crate::world::{APPLICATION, GROUP, ORGANIZATION, USER, USER_2, user_event, world};

/// An event that is rung for, one that is ignored, or one that cannot be read.
fn event() -> impl Strategy<Value = Value> {
    let good = prop::sample::select(vec![
        user_event("user_update", USER),
        user_event("user_suspended", USER_2),
        json!({"event_type": "group_delete", "resource": {"id": GROUP, "type": "user_group"}}),
        json!({"event_type": "association_change", "association": {"connection": {
            "from": {"type": "USER_GROUP", "object_id": GROUP, "name": "a\u{202e}b\u{0}"},
            "to": {"type": "application", "object_id": APPLICATION}}}}),
    ]);
    let ignored = prop::sample::select(vec![
        user_event("user_login_attempt", USER),
        json!({"event_type": "user_update", "organization": "65f0000000000000000000bb"}),
        json!({"event_type": "a\u{1b}[2J \u{2066}x"}),
    ]);
    let bad = prop::sample::select(vec![
        json!(null),
        json!("user_update"),
        json!({}),
        json!({"event_type": ["user_update"]}),
        json!({"event_type": "user_update", "organization": ORGANIZATION}),
        json!({"event_type": "user_update", "resource": {"id": "65f00000000000000000000z"}}),
        json!({"event_type": "user_delete", "resource": [USER]}),
        json!({"event_type": "association_change", "association": {"connection": {"from": 1}}}),
        json!({"event_type": "group_update", "resource": {"id": {"$oid": GROUP}}}),
    ]);
    let strange = ("[a-z_]{0,6}", any::<String>(), any::<i64>()).prop_map(|(key, text, number)| {
        json!({"event_type": text, key: number, "timestamp": text, "id": text})
    });
    prop_oneof![3 => good, 3 => ignored, 3 => bad, 1 => strange]
}

/// What the answer counts.
fn counts(answer: &(u64, String)) -> [u64; 3] {
    assert_eq!(answer.0, 202, "{}", answer.1);
    let body: Value = serde_json::from_str(&answer.1).unwrap();
    ["accepted", "ignored", "parked"].map(|key| body[key].as_u64().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_accepted_ignored_or_parked(events in prop::collection::vec(event(), 0..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = world().await;
            let body = json!(events).to_string();
            let [accepted, ignored, parked] = counts(&world.post(&body).await);
            prop_assert_eq!(accepted + ignored + parked, events.len() as u64);
            // The bad ones are put away whole and once; the good ones are rung for all the same.
            let put_away = world.queue.parked();
            prop_assert_eq!(put_away.len(), usize::from(parked > 0));
            let same = |text: &str| serde_json::from_str::<Value>(text).ok() == Some(json!(events));
            prop_assert!(put_away.iter().all(|message| same(&message.body)));
            let rung = world.queue.items(Lane::Events).len() + world.queue.items(Lane::Bulk).len();
            prop_assert_eq!(rung > 0, accepted > 0);
            Ok(())
        })?;
    }

    #[test]
    fn any_body_has_an_answer(body in any::<String>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (status, answer) = runtime.block_on(async { world().await.post(&body).await });
        let json = serde_json::from_str::<Value>(&body);
        prop_assert_eq!(status, if json.is_ok() { 202 } else { 400 }, "{}", answer);
    }
}

#[tokio::test]
async fn bodies_beyond_every_measure_are_refused_before_they_are_read() {
    let world = world().await;
    let megabyte = format!("[{}]", "0,".repeat(524_288) + "0");
    assert_eq!(world.post(&megabyte).await.0, 413);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(world.post(&deep).await, (400, r#"{"error":"not_json"}"#.to_owned()));
    assert!(world.queue.parked().is_empty());
}

/// The largest body that is taken, with as many bad events as it can hold.
#[tokio::test]
async fn a_body_full_of_bad_events_is_parked_once() {
    let world = world().await;
    let body = format!("[{}7]", "7,".repeat(131_000));
    assert_eq!(counts(&world.post(&body).await), [0, 0, 131_001]);
    let [parked] = &world.queue.parked()[..] else { panic!("not one") };
    assert_eq!((parked.body.as_str(), parked.reason.as_str()), (&*body, "not an object"));
}

#[tokio::test]
async fn a_key_that_comes_twice_is_one() {
    let world = world().await;
    let body =
        format!(r#"{{"event_type":"sso_auth","event_type":"user_update","resource_id":"{USER}"}}"#);
    assert_eq!(counts(&world.post(&body).await), [1, 0, 0]);
}
