//! What becomes of events, in all forms in which they come.

use jiff::Timestamp;
use serde_json::{Value, json};
use sync_core::ids::{JumpCloudUserId, Subject};
use work_queue::{Lane, Source};

use crate::world::{APPLICATION, GROUP, USER, USER_2, user_event, world};

fn counts(accepted: u64, ignored: u64, parked: u64) -> (u64, String) {
    let body = format!(r#"{{"accepted":{accepted},"ignored":{ignored},"parked":{parked}}}"#);
    (202, body)
}

fn user(id: &str) -> Subject {
    Subject::User(JumpCloudUserId::parse(id).unwrap())
}

#[tokio::test]
async fn an_event_rings_for_its_user() {
    let world = world().await;
    let event = user_event("user_suspended", USER);
    assert_eq!(world.post(&event.to_string()).await, counts(1, 0, 0));
    let [item] = &world.queue.items(Lane::Events)[..] else { panic!("not one item") };
    assert_eq!(item.directory.as_str(), "corp");
    assert_eq!(item.subject, user(USER));
    assert_eq!(item.cause.source, Source::Webhook);
    assert_eq!(item.cause.event_type.as_deref(), Some("user_suspended"));
    assert_eq!(item.cause.event_id.as_deref(), Some(&*format!("user_suspended-{USER}")));
    let at: Timestamp = "2026-05-03T23:59:59.162Z".parse().unwrap();
    assert_eq!(item.cause.at, Some(at));
    assert!(item.expect.is_some());
}

#[tokio::test]
async fn one_or_many_events_in_every_form() {
    let (one, two) = (user_event("user_update", USER), user_event("user_update", USER_2));
    let forms: [(Value, u64); 9] = [
        (one.clone(), 1),
        (json!({ "di_event": one }), 1),
        (json!({"alert": {"name": "x"}, "di_event": one}), 1),
        (json!([one]), 1),
        (json!([one, two]), 2),
        (json!([{ "di_event": one }, { "di_event": two }]), 2),
        (json!({ "events": [one, two] }), 2),
        (json!({"events": []}), 0),
        (json!([]), 0),
    ];
    for (body, events) in forms {
        let world = world().await;
        assert_eq!(world.post(&body.to_string()).await, counts(events, 0, 0), "{body}");
        let rung: Vec<_> =
            world.queue.items(Lane::Events).into_iter().map(|item| item.subject).collect();
        assert_eq!(rung, [user(USER), user(USER_2)][..events as usize], "{body}");
    }
}

#[tokio::test]
async fn events_of_one_user_are_counted_each_and_rung_once() {
    let world = world().await;
    let body = json!([
        user_event("user_update", USER),
        user_event("user_suspended", USER),
        user_event("user_update", USER),
    ]);
    assert_eq!(world.post(&body.to_string()).await, counts(3, 0, 0));
    assert_eq!(world.queue.items(Lane::Events).len(), 1);
}

#[tokio::test]
async fn what_does_not_concern_the_directory_is_ignored_and_counted() {
    let world = world().await;
    let mut foreign = user_event("user_update", USER);
    foreign["organization"] = json!("65f0000000000000000000ff");
    let body = json!([
        foreign,
        user_event("user_login_attempt", USER),
        user_event("user_create_provision", USER),
        user_event("something_new", USER),
        user_event("user_update", USER_2),
    ]);
    assert_eq!(world.post(&body.to_string()).await, counts(1, 4, 0));
    assert_eq!(world.queue.items(Lane::Events).len(), 1);
    assert!(world.queue.parked().is_empty());
}

#[tokio::test]
async fn groups_and_sweeps_are_rung_on_their_queues() {
    let world = world().await;
    let ends = |from: (&str, &str), to: (&str, &str)| {
        json!({
            "event_type": "association_change",
            "timestamp": "2026-05-03T23:59:59Z",
            "association": {
                "op": "add",
                "connection": {
                    "from": {"type": from.0, "object_id": from.1},
                    "to": {"type": to.0, "object_id": to.1},
                },
            },
        })
    };
    let body = json!([
        ends(("user_group", GROUP), ("user", USER)),
        ends(("user_group", GROUP), ("application", APPLICATION)),
    ]);
    assert_eq!(world.post(&body.to_string()).await, counts(2, 0, 0));
    let subjects = |lane| {
        let items = world.queue.items(lane);
        let mut subjects: Vec<_> = items.iter().map(|item| item.subject.to_string()).collect();
        subjects.sort();
        subjects
    };
    assert_eq!(subjects(Lane::Events), [format!("group:{GROUP}"), format!("user:{USER}")]);
    assert_eq!(subjects(Lane::Bulk), ["sweep"]);
}

#[tokio::test]
async fn a_shape_that_cannot_be_read_is_parked_as_it_came() {
    for (body, reason) in [
        ("null", "not an object"),
        ("7", "not an object"),
        ("\"user_update\"", "not an object"),
        ("{ }", "no event_type"),
        (r#"{"event_type": ""}"#, "no event_type"),
        (r#"{"event_type":"user_update"}"#, "no resource.id"),
        (
            r#"{"event_type":"user_update","resource":{"id":"ada"}}"#,
            "resource.id is not an object id",
        ),
    ] {
        let world = world().await;
        assert_eq!(world.post(body).await, counts(0, 0, 1), "{body}");
        let [parked] = &world.queue.parked()[..] else { panic!("{body}") };
        assert_eq!(parked.body, body);
        assert_eq!(parked.reason, reason);
        assert_eq!(parked.directory.as_ref().map(|id| id.as_str()), Some("corp"));
        assert!(world.queue.items(Lane::Events).is_empty());
    }
}

#[tokio::test]
async fn many_unreadable_events_are_parked_as_one_body_and_the_others_rung() {
    let world = world().await;
    let body = json!([1, {"a": 1}, user_event("user_update", USER), 2, {"event_type": "new"}]);
    let body = body.to_string();
    assert_eq!(world.post(&body).await, counts(1, 1, 3));
    let [parked] = &world.queue.parked()[..] else { panic!("not one") };
    assert_eq!((parked.body.as_str(), parked.cut_from), (body.as_str(), None));
    assert_eq!(parked.reason, "no event_type; not an object");
    assert_eq!(world.queue.items(Lane::Events).len(), 1);
}
