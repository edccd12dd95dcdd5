//! `sync user` and `sync group`.

use std::time::Duration;

use admin::config::FirstRunWish;
use admin::sync::{Came, Requested};
use admin::{AdminError, Answer, Exit};
use insta::assert_snapshot;
use store::{ConfigRecord, Store};
use sync_core::ids::Subject;
use sync_core::record::{Failure, Hints, Record, Upkeep, UserRecord};
use work_queue::{Cause, Lane, Source, WorkItem};

use crate::world::{World, bound, bound_group, corp, group, group_object, id, subject, user};

async fn sync(world: &World, wait: Option<u64>) -> Result<Requested, AdminError> {
    let found = world.find(user(1).as_str()).await?;
    let wait = wait.map(Duration::from_secs);
    admin::sync::sync(&world.store, &world.queue, &world.clock, found, wait).await
}

/// Starts a request that waits, and gives it back once it has rung and looked once.
async fn waiting(world: &World) -> tokio::task::JoinHandle<Result<Requested, AdminError>> {
    let here = World {
        store: world.store.clone(),
        queue: world.queue.clone(),
        clock: world.clock.clone(),
    };
    let request = tokio::spawn(async move { sync(&here, Some(10)).await });
    while world.queue.items(Lane::Events).is_empty() {
        tokio::task::yield_now().await;
    }
    request
}

/// A second of the story, after which the request has looked again.
async fn second(world: &World) {
    world.clock.advance(Duration::from_secs(1));
    // The request runs on this same thread and only ever waits for the clock.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn it_rings_as_an_event_would_and_does_nothing_else() {
    let world = World::with_corp().await;
    let requested = sync(&world, None).await.unwrap();
    assert_eq!(requested.exit(), Exit::Ok);
    assert_snapshot!(requested.human(None), @"rang for user 65f000000000000000000001 of directory corp");
    assert_snapshot!(requested.json(), @r#"
    {
      "directory": "corp",
      "record": null,
      "requested_at": "2026-05-01T08:00:00Z",
      "state": "requested",
      "user": "65f000000000000000000001"
    }
    "#);
    let item = WorkItem::new(id("corp"), subject(1), Cause::of(Source::Operator));
    assert_eq!(world.queue.items(Lane::Events), [item]);
    assert_eq!(world.queue.items(Lane::Bulk), []);
    assert!(world.store.peek(&id("corp"), &subject(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn it_waits_for_a_sync_that_is_committed_after_the_request() {
    let world = World::with_corp().await;
    let before = bound(1, "ada@corp.example");
    world.commit(1, &before, None, &[]).await;
    let request = waiting(&world).await;
    second(&world).await;
    assert!(!request.is_finished(), "the sync before the request is none after it");

    let synced_at = Some(world.clock.now());
    world
        .commit(
            1,
            &UserRecord { upkeep: Upkeep { synced_at, ..before.upkeep.clone() }, ..before },
            None,
            &[],
        )
        .await;
    second(&world).await;
    let requested = request.await.unwrap().unwrap();
    assert_eq!(requested.exit(), Exit::Ok);
    assert!(matches!(&requested.came, Came::Synced(shown)
        if shown.stored.record.upkeep().synced_at == synced_at));
    let human = requested.human(None);
    assert!(human.starts_with("rang for user 65f"), "{human}");
    assert!(human.contains("synced           2026-05-01 08:00:01"), "{human}");
    let json: serde_json::Value = serde_json::from_str(&requested.json()).unwrap();
    assert_eq!(json["state"], "synced");
    assert_eq!(json["record"]["synced_at"], "2026-05-01T08:00:01Z");
}

#[tokio::test]
async fn a_sync_that_goes_on_is_waited_for() {
    let world = World::with_corp().await;
    let request = waiting(&world).await;
    let lease = world.acquire(1).await;
    let upkeep = Upkeep { synced_at: Some(world.clock.now()), ..Upkeep::default() };
    let record = Record::User(Box::new(UserRecord { upkeep, ..UserRecord::default() }));
    let lease = world.store.record(&lease, world.terms(), &record, &[], &[]).await.unwrap();
    second(&world).await;
    assert!(!request.is_finished(), "the lease is held");
    let members = &Hints::default();
    let commit =
        store::Commit { record: &record, heard: None, members, due: None, audit: &[], claims: &[] };
    world.store.commit(&lease, world.terms(), commit).await.unwrap();
    second(&world).await;
    assert!(matches!(request.await.unwrap().unwrap().came, Came::Synced(_)));
}

#[tokio::test]
async fn a_sync_that_fails_for_good_is_a_problem() {
    let world = World::with_corp().await;
    let request = waiting(&world).await;
    let now = world.clock.now();
    let upkeep = Upkeep {
        synced_at: Some(now),
        failure: Some(Failure::again(None, "graph_400", "refused", now)),
        ..Upkeep::default()
    };
    let failed = UserRecord { upkeep, ..UserRecord::default() };
    world.commit(1, &failed, None, &[]).await;
    second(&world).await;
    let requested = request.await.unwrap().unwrap();
    assert_eq!(requested.exit(), Exit::Problem);
    assert!(requested.human(None).contains("graph_400: refused"));
}

#[tokio::test]
async fn the_wait_has_an_end() {
    let world = World::with_corp().await;
    let request = waiting(&world).await;
    for _ in 0..11 {
        assert!(!request.is_finished());
        second(&world).await;
    }
    let requested = request.await.unwrap().unwrap();
    assert_eq!(requested.exit(), Exit::Problem);
    assert_snapshot!(requested.human(None), @"rang for user 65f000000000000000000001 of directory corp: not synced within 10 s, it may still be");
    assert_snapshot!(requested.json(), @r#"
    {
      "directory": "corp",
      "record": null,
      "requested_at": "2026-05-01T08:00:00Z",
      "state": "timed_out",
      "user": "65f000000000000000000001"
    }
    "#);
}

#[tokio::test]
async fn where_items_are_dropped_nobody_is_rung() {
    let world = World::empty();
    world.apply(&corp(), FirstRunWish::Pending).await.unwrap();
    let refused = sync(&world, None).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"the first run of directory corp is not approved yet: its items are dropped");
    assert_eq!(refused.exit(), Exit::Problem);

    world.apply(&corp(), FirstRunWish::Apply).await.unwrap();
    let stored = world.stored("corp").await;
    let off = ConfigRecord { active: false, version: 3, ..stored };
    assert!(world.store.put_config(&off, 2).await.unwrap());
    assert_snapshot!(sync(&world, None).await.unwrap_err().to_string(), @"directory corp is deactivated: its items are dropped");
    assert_eq!(world.queue.items(Lane::Events), []);
}

async fn sync_group(
    world: &World,
    key: &str,
    wait: Option<Duration>,
) -> Result<Requested, AdminError> {
    let found = world.find_group(key).await?;
    admin::sync::sync(&world.store, &world.queue, &world.clock, found, wait).await
}

#[tokio::test]
async fn a_group_is_rung_for_like_a_person() {
    let world = World::with_corp().await;
    let requested = sync_group(&world, group(1).as_str(), None).await.unwrap();
    assert_eq!(requested.exit(), Exit::Ok);
    assert_snapshot!(admin::sync::question(&requested.found), @"Sync group 65f0000000000000000001b1 of directory corp now");
    assert_snapshot!(requested.human(None), @"rang for group 65f0000000000000000001b1 of directory corp");
    assert_snapshot!(requested.json(), @r#"
    {
      "directory": "corp",
      "group": "65f0000000000000000001b1",
      "record": null,
      "requested_at": "2026-05-01T08:00:00Z",
      "state": "requested"
    }
    "#);
    let item = WorkItem::new(id("corp"), Subject::Group(group(1)), Cause::of(Source::Operator));
    assert_eq!(world.queue.items(Lane::Events), [item]);
}

#[tokio::test]
async fn a_group_is_waited_for_until_its_sync_is_committed() {
    let world = World::with_corp().await;
    let hints = Hints::default();
    world.commit_group(1, &bound_group(1, "Sales"), &hints, None).await;
    let here = World {
        store: world.store.clone(),
        queue: world.queue.clone(),
        clock: world.clock.clone(),
    };
    let request = tokio::spawn(async move {
        sync_group(&here, group_object(1).as_str(), Some(Duration::from_secs(10))).await
    });
    while world.queue.items(Lane::Events).is_empty() {
        tokio::task::yield_now().await;
    }
    second(&world).await;
    assert!(!request.is_finished());
    let mut record = bound_group(1, "Sales EMEA");
    record.upkeep.synced_at = Some(world.clock.now());
    world.commit_group(1, &record, &hints, None).await;
    second(&world).await;
    let requested = request.await.unwrap().unwrap();
    assert_eq!(requested.exit(), Exit::Ok);
    let human = requested.human(None);
    assert!(human.starts_with("rang for group 65f"), "{human}");
    assert!(human.contains("Sales EMEA"), "{human}");
    let json: serde_json::Value = serde_json::from_str(&requested.json()).unwrap();
    assert_eq!((&json["state"], &json["group"]), (&"synced".into(), &group(1).as_str().into()));
    assert_eq!(json["record"]["binding"]["name"], "Sales EMEA");
}

#[tokio::test]
async fn g1_where_groups_are_off_none_is_rung_for() {
    let world = World::with_corp().await;
    let off = format!("{}\n[groups]\nenabled = false\n", corp());
    world.apply(&off, FirstRunWish::Pending).await.unwrap();
    let refused = sync_group(&world, group(1).as_str(), None).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"groups are off in directory corp (groups.enabled): the items of groups are dropped");
    assert_eq!(refused.exit(), Exit::Problem);
    assert_eq!(world.queue.items(Lane::Events), []);
    sync(&world, None).await.unwrap();
    assert_eq!(world.queue.items(Lane::Events).len(), 1);
}
