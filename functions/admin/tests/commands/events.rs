//! `events`.

use std::time::Duration;

use admin::events::{Events, Follower, events};
use admin::{Answer, Exit};
use insta::assert_snapshot;
use store::AuditQuery;
use sync_core::audit::{AuditEvent, AuditKind};
use sync_core::record::UserRecord;

use crate::world::{World, changed, id, subject, time};

const ALL: AuditQuery = AuditQuery { since: None, until: None, subject: None, limit: 50 };

/// Two changes of one person, and a failed deactivation of another between them.
async fn told() -> World {
    let world = World::with_corp().await;
    let first = changed("a1", "2026-05-01T07:10:00.500Z", 1);
    let second = AuditEvent {
        id: "a2".into(),
        kind: AuditKind::Deprovision,
        object: None,
        changes: vec![],
        reason: Some("suspended in \u{202e}JumpCloud".into()),
        error: Some("graph_500: try\nlater".into()),
        initiated_by: "due".into(),
        ..changed("a2", "2026-05-01T07:20:00Z", 2)
    };
    let mut third = changed("a3", "2026-05-01T07:30:00Z", 1);
    third.changes[0].from = None;
    third.changes.push(sync_core::audit::AuditChange {
        attribute: "mobilePhone".into(),
        from: Some("+49 30 1".into()),
        to: None,
    });
    add(&world, 1, &[first, third]).await;
    add(&world, 2, &[second]).await;
    world
}

async fn add(world: &World, number: u32, events: &[AuditEvent]) {
    // As many as one commit may tell of.
    for events in events.chunks(90) {
        world.commit(number, &UserRecord::default(), None, events).await;
    }
}

async fn look(world: &World, query: AuditQuery) -> Events {
    events(&world.store, &id("corp"), &query, world.clock.now()).await.unwrap()
}

fn ids(events: &Events) -> Vec<&str> {
    events.events.iter().map(|event| event.id.as_str()).collect()
}

#[tokio::test]
async fn what_was_changed_oldest_first() {
    let told = look(&told().await, ALL).await;
    assert_eq!(told.exit(), Exit::Ok);
    assert_snapshot!(told.human(None), @r"
     time                  type                    subject                    object                                 changes                                  reason                           success
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     2026-05-01 07:10:00   user_update_provision   65f000000000000000000001   8d0b5a0e-2c0f-4d4b-9a1a-000000000001   department: Sales → Research\u{1b}[31m   -                                yes
     2026-05-01 07:20:00   user_deprovision        65f000000000000000000002   -                                      -                                        suspended in \u{202e}JumpCloud   no: graph_500: try\nlater
     2026-05-01 07:30:00   user_update_provision   65f000000000000000000001   8d0b5a0e-2c0f-4d4b-9a1a-000000000001   department: - → Research\u{1b}[31m       -                                yes
                                                                                                                     mobilePhone: +49 30 1 → -
    ");
    assert_snapshot!(told.lines(), @r"
    2026-05-01 07:10:00 user_update_provision user 65f000000000000000000001 object 8d0b5a0e-2c0f-4d4b-9a1a-000000000001 [department: Sales → Research\u{1b}[31m]
    2026-05-01 07:20:00 user_deprovision user 65f000000000000000000002 because: suspended in \u{202e}JumpCloud failed: graph_500: try\nlater
    2026-05-01 07:30:00 user_update_provision user 65f000000000000000000001 object 8d0b5a0e-2c0f-4d4b-9a1a-000000000001 [department: - → Research\u{1b}[31m; mobilePhone: +49 30 1 → -]
    ");
}

#[tokio::test]
async fn programs_read_the_shape_of_directory_insights_line_by_line() {
    let told = look(&told().await, ALL).await;
    assert_eq!(told.json().lines().count(), 3);
    let pretty = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{event:#}")
    };
    let json = told.json();
    let mut lines = json.lines();
    assert_snapshot!(pretty(lines.next().unwrap()), @r#"
    {
      "changes": [
        {
          "field": "department",
          "from": "Sales",
          "to": "Research\u001b[31m"
        }
      ],
      "directory": "corp",
      "error": null,
      "event_type": "user_update_provision",
      "id": "a1",
      "initiated_by": {
        "cause": "webhook user_update 65f0000000000000000000e1",
        "type": "webhook"
      },
      "reason": null,
      "resource": {
        "entra_id": "8d0b5a0e-2c0f-4d4b-9a1a-000000000001",
        "id": "65f000000000000000000001",
        "type": "user"
      },
      "service": "entra_sync",
      "success": true,
      "timestamp": "2026-05-01T07:10:00.5Z"
    }
    "#);
    assert_snapshot!(lines.next().unwrap(), @r#"{"changes":[],"directory":"corp","error":"graph_500: try\nlater","event_type":"user_deprovision","id":"a2","initiated_by":{"cause":"due","type":"due"},"reason":"suspended in \u202eJumpCloud","resource":{"entra_id":null,"id":"65f000000000000000000002","type":"user"},"service":"entra_sync","success":false,"timestamp":"2026-05-01T07:20:00Z"}"#);
}

#[tokio::test]
async fn nothing_changed() {
    let none = look(&World::with_corp().await, ALL).await;
    assert_eq!(none.human(None), "no events");
    assert_eq!(none.json(), "");
}

#[tokio::test]
async fn a_query_narrows_them() {
    let world = told().await;
    let of = |subject| AuditQuery { subject: Some(subject), ..ALL };
    assert_eq!(ids(&look(&world, of(subject(1))).await), ["a1", "a3"]);
    assert_eq!(ids(&look(&world, of(subject(9))).await), [""; 0]);
    let since = AuditQuery { since: Some(time("2026-05-01T07:20:00Z")), ..ALL };
    assert_eq!(ids(&look(&world, since).await), ["a2", "a3"]);
    let until = AuditQuery { until: Some(time("2026-05-01T07:20:00Z")), ..ALL };
    assert_eq!(ids(&look(&world, until).await), ["a1", "a2"]);
    let latest = AuditQuery { limit: 1, ..ALL };
    assert_eq!(ids(&look(&world, latest).await), ["a3"]);
}

async fn follow(
    world: &World,
    query: AuditQuery,
) -> (Events, Follower<store::memory::MemoryStore>) {
    let (store, clock) = (world.store.clone(), world.clock.clone());
    Follower::start(store, clock, id("corp"), query).await.unwrap()
}

#[tokio::test]
async fn who_follows_is_told_each_event_once_even_a_late_one() {
    let world = told().await;
    add(&world, 1, &[changed("a4", "2026-05-01T07:59:50Z", 1)]).await;
    let (latest, mut follower) = follow(&world, AuditQuery { limit: 1, ..ALL }).await;
    assert_eq!(ids(&latest), ["a4"]);

    // Committed after `a4`, though it tells of an earlier change; and one that comes later still.
    add(&world, 2, &[changed("a5", "2026-05-01T07:59:40Z", 2)]).await;
    assert_eq!(ids(&follower.next().await.unwrap()), ["a5"]);
    let next = tokio::spawn(async move {
        let next = follower.next().await.unwrap();
        (ids(&next).join(" "), follower)
    });
    tokio::task::yield_now().await;
    let later = ["2026-05-01T08:00:01.002Z", "2026-05-01T08:00:01.001Z"];
    add(&world, 1, &[changed("a6", later[0], 1), changed("a7", later[1], 1)]).await;
    world.clock.advance(Duration::from_secs(2));
    let (told, mut follower) = next.await.unwrap();
    assert_eq!(told, "a7 a6");

    world.clock.advance(Duration::from_secs(300));
    add(&world, 1, &[changed("a8", "2026-05-01T08:05:00Z", 1)]).await;
    assert_eq!(ids(&follower.next().await.unwrap()), ["a8"]);
}

#[tokio::test]
async fn who_follows_one_person_hears_of_nobody_else() {
    let world = told().await;
    let query = AuditQuery { subject: Some(subject(1)), ..ALL };
    let (latest, mut follower) = follow(&world, query).await;
    assert_eq!(ids(&latest), ["a1", "a3"]);
    add(&world, 2, &[changed("b1", "2026-05-01T08:00:00Z", 2)]).await;
    add(&world, 1, &[changed("b2", "2026-05-01T08:00:00Z", 1)]).await;
    assert_eq!(ids(&follower.next().await.unwrap()), ["b2"]);
}

#[tokio::test]
async fn what_the_limit_leaves_out_at_first_is_not_told_later() {
    let world = World::with_corp().await;
    let many: Vec<_> = (0..1200)
        .map(|n| {
            changed(
                &format!("m{n:04}"),
                &format!("2026-05-01T07:59:5{}.{:03}Z", n / 1000, n % 1000),
                1,
            )
        })
        .collect();
    add(&world, 1, &many[..600]).await;
    let (latest, mut follower) = follow(&world, AuditQuery { limit: 2, ..ALL }).await;
    assert_eq!(ids(&latest), ["m0598", "m0599"]);
    add(&world, 1, &many[600..]).await;
    let news = follower.next().await.unwrap();
    assert_eq!(news.events.len(), 600, "more than are read at once");
    assert_eq!((ids(&news)[0], ids(&news)[599]), ("m0600", "m1199"));
}
