//! `status`.

use std::time::Duration;

use admin::config::FirstRunWish;
use admin::status::{Status, status};
use admin::{Answer, Exit};
use insta::assert_snapshot;
use store::{ConfigRecord, Store};
use sync_core::finding::{Finding, FindingCode};
use sync_core::record::{Failure, Hints, Upkeep, UserRecord};
use work_queue::{Cause, Lane, Source, WorkItem, WorkQueue};

use crate::world::{World, bound, bound_group, file, id, subject, time};

async fn look(world: &World) -> Status {
    status(&world.store, &world.queue, &world.clock, None).await.unwrap()
}

#[tokio::test]
async fn a_directory_that_is_well() {
    let world = World::with_corp().await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    let cursor = "2026-05-01T07:59:00Z";
    assert!(world.store.move_cursor(&id("corp"), "insights", None, cursor).await.unwrap());
    let status = look(&world).await;
    assert_eq!(status.exit(), Exit::Ok);
    assert_snapshot!(status.human(None), @"
     directory   name                 state    first run   events read until                 known   bound   failing   due   at work
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     corp        The corp directory   active   done        2026-05-01 07:59:00 (1 min ago)   1       1       0         0     0

     queue    waiting   in flight   delayed
    ────────────────────────────────────────
     events   0         0           0
     bulk     0         0           0
     parked   0         0           0
    ");
    assert_snapshot!(status.json(), @r#"
    {
      "at": "2026-05-01T08:00:00Z",
      "directories": [
        {
          "active": true,
          "applied_at": "2026-05-01T08:00:00Z",
          "directory": "corp",
          "events_read_until": "2026-05-01T07:59:00Z",
          "failing": [],
          "findings": {},
          "first_run": "done",
          "name": "The corp directory",
          "subjects": {
            "at_work": 0,
            "bound": 1,
            "due": 0,
            "failing": 0,
            "known": 1,
            "next_due": null
          },
          "version": 1
        }
      ],
      "problems": [],
      "queues": {
        "bulk": {
          "delayed": 0,
          "in_flight": 0,
          "waiting": 0
        },
        "events": {
          "delayed": 0,
          "in_flight": 0,
          "waiting": 0
        },
        "parked": {
          "delayed": 0,
          "in_flight": 0,
          "waiting": 0
        }
      }
    }
    "#);
}

/// A company in which everything that can be counted is there at least once.
async fn troubled() -> World {
    let world = World::with_corp().await;
    let now = world.clock.now();
    let later = now + Duration::from_secs(600);
    let finding = |code| Finding::new(code, "x");
    let failure = Failure::again(None, "graph_\u{202e}400", "refused", now);
    let refused = UserRecord {
        upkeep: Upkeep {
            failure: Some(failure.clone()),
            findings: vec![finding(FindingCode::Refused)],
            ..Upkeep::default()
        },
        ..bound(1, "ada@corp.example")
    };
    world.commit(1, &refused, Some(later), &[]).await;
    let given_up = Failure { next: jiff::Timestamp::MAX, ..failure };
    let given_up = Upkeep { failure: Some(given_up), ..Upkeep::default() };
    let given_up = UserRecord { upkeep: given_up, ..UserRecord::default() };
    world.commit(2, &given_up, None, &[]).await;
    let findings = vec![finding(FindingCode::Guest), finding(FindingCode::Refused)];
    let skipped = Upkeep { findings, ..Upkeep::default() };
    let skipped = UserRecord { upkeep: skipped, ..UserRecord::default() };
    world.commit(3, &skipped, Some(now), &[]).await;
    let mut former = bound(4, "bob@corp.example");
    former.binding.as_mut().unwrap().given_up = true;
    world.commit(4, &former, None, &[]).await;
    world.acquire(5).await;

    let rung = WorkItem::new(id("corp"), subject(1), Cause::of(Source::Operator));
    let items = [rung.clone(), rung];
    world.queue.send(Lane::Events, &items, Duration::ZERO).await.unwrap();
    world.queue.send(Lane::Bulk, &items[..1], Duration::from_secs(60)).await.unwrap();
    world.queue.receive(Lane::Events, 1, Duration::from_secs(30));
    world.queue.park("?", "not JSON", None).await.unwrap();
    world
}

#[tokio::test]
async fn a_directory_with_every_trouble() {
    let world = troubled().await;
    let other = file("new", "99999999-2222-3333-4444-555555555555", "");
    world.apply(&other, FirstRunWish::Pending).await.unwrap();
    let broken = ConfigRecord {
        directory: id("old"),
        text: "id = \"old\"".into(),
        version: 1,
        ..world.stored("new").await
    };
    assert!(world.store.put_config(&broken, 0).await.unwrap());
    let status = look(&world).await;
    assert_eq!(status.exit(), Exit::Problem);
    assert_snapshot!(status.human(None), @r"
     directory   name                 state    first run   events read until   known   bound   failing   due   at work
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     corp        The corp directory   active   done        -                   5       1       2         1     1
     new         The new directory    active   pending     -                   0       0       0         0     0
     old         ?                    active   pending     -                   0       0       0         0     0

     directory   finding   subjects
    ────────────────────────────────
     corp        guest     1
     corp        refused   2

     directory   failing                         class               next attempt
    ─────────────────────────────────────────────────────────────────────────────────────
     corp        user:65f000000000000000000001   graph_\u{202e}400   2026-05-01 09:00:00
     corp        user:65f000000000000000000002   graph_\u{202e}400   never by itself

     queue    waiting   in flight   delayed
    ────────────────────────────────────────
     events   1         1           0
     bulk     0         0           1
     parked   1         0           0

    problem: directory corp: 2 subjects fail for good
    problem: the stored configuration of directory old cannot be read: name: is missing; secret: is missing; webhook_secret: is missing; jumpcloud.scope: is missing: wanted one of application, office_365, or user_groups and users; entra.tenant_id: is missing; entra.client_id: is missing
    problem: 1 message is parked
    ");
}

#[tokio::test]
async fn the_same_for_programs() {
    let status = look(&troubled().await).await;
    assert_snapshot!(status.json(), @r#"
    {
      "at": "2026-05-01T08:00:00Z",
      "directories": [
        {
          "active": true,
          "applied_at": "2026-05-01T08:00:00Z",
          "directory": "corp",
          "events_read_until": null,
          "failing": [
            {
              "class": "graph_\u202e400",
              "next": "2026-05-01T09:00:00Z",
              "subject": "user:65f000000000000000000001"
            },
            {
              "class": "graph_\u202e400",
              "next": null,
              "subject": "user:65f000000000000000000002"
            }
          ],
          "findings": {
            "guest": 1,
            "refused": 2
          },
          "first_run": "done",
          "name": "The corp directory",
          "subjects": {
            "at_work": 1,
            "bound": 1,
            "due": 1,
            "failing": 2,
            "known": 5,
            "next_due": "2026-05-01T08:00:00Z"
          },
          "version": 1
        }
      ],
      "problems": [
        "directory corp: 2 subjects fail for good",
        "1 message is parked"
      ],
      "queues": {
        "bulk": {
          "delayed": 1,
          "in_flight": 0,
          "waiting": 0
        },
        "events": {
          "delayed": 0,
          "in_flight": 1,
          "waiting": 1
        },
        "parked": {
          "delayed": 0,
          "in_flight": 0,
          "waiting": 1
        }
      }
    }
    "#);
}

#[tokio::test]
async fn a_poll_that_stands_still_is_a_problem() {
    let world = World::with_corp().await;
    world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(look(&world).await.problems(), [""; 0]);
    world.clock.advance(Duration::from_secs(1));
    let stands = "directory corp: no events were read for 15 min";
    assert_eq!(look(&world).await.problems(), [stands]);
    let cursor = "2026-05-01T08:10:00Z";
    assert!(world.store.move_cursor(&id("corp"), "insights", None, cursor).await.unwrap());
    assert_eq!(look(&world).await.problems(), [""; 0]);
}

#[tokio::test]
async fn a_directory_that_does_nothing_need_not_poll() {
    let world = World::with_corp().await;
    let stored = world.stored("corp").await;
    let off = ConfigRecord { active: false, version: 2, ..stored };
    assert!(world.store.put_config(&off, 1).await.unwrap());
    let other = file("new", "99999999-2222-3333-4444-555555555555", "");
    world.apply(&other, FirstRunWish::Pending).await.unwrap();
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(look(&world).await.problems(), [""; 0]);
}

#[tokio::test]
async fn more_people_than_a_page_are_all_counted() {
    let world = World::with_corp().await;
    for number in 1..=501 {
        world.commit(number, &UserRecord::default(), None, &[]).await;
    }
    assert_eq!(look(&world).await.directories[0].subjects.known, 501);
}

#[tokio::test]
async fn groups_are_counted_with_the_people() {
    let world = World::with_corp().await;
    let mut group = bound_group(1, "Sales");
    group.upkeep.findings = vec![Finding::new(FindingCode::MembersNotBound, "1 member")];
    group.upkeep.failure = Some(Failure::again(None, "graph_400", "refused", world.clock.now()));
    world.commit_group(1, &group, &Hints::default(), None).await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    let status = look(&world).await;
    let counts = &status.directories[0].subjects;
    assert_eq!((counts.known, counts.bound, counts.failing), (2, 2, 1));
    assert_eq!(counts.findings[&FindingCode::MembersNotBound], 1);
    assert_eq!(status.problems(), ["directory corp: 1 subject fails for good"]);
    assert!(status.human(None).contains("group:65f"), "{}", status.human(None));
}

#[tokio::test]
async fn one_directory_may_be_named() {
    let world = World::with_corp().await;
    let other = file("new", "99999999-2222-3333-4444-555555555555", "");
    world.apply(&other, FirstRunWish::Pending).await.unwrap();
    let named = id("new");
    let one = status(&world.store, &world.queue, &world.clock, Some(&named)).await.unwrap();
    assert_eq!(one.directories.len(), 1);
    assert_eq!(one.directories[0].config.directory, named);
    assert_eq!(one.at, time("2026-05-01T08:00:00Z"));
    let wrong = status(&world.store, &world.queue, &world.clock, Some(&id("no"))).await;
    assert_eq!(wrong.unwrap_err().exit(), Exit::BadUsage);
}
