//! `failures list` and `failures retry`.

use admin::config::FirstRunWish;
use admin::failures::{Failures, failures, retry_all, retry_one};
use admin::{AdminError, Answer, Exit};
use insta::assert_snapshot;
use jiff::Timestamp;
use store::{ConfigRecord, Store};
use sync_core::ids::Subject;
use sync_core::record::{Failure, GroupRecord, Hints, Upkeep, UserRecord};
use work_queue::{Cause, Lane, Source, WorkItem};

use crate::world::{World, bound, bound_group, corp, group_object, id, subject};

/// Two people and a group who fail, one of them for ever, and somebody who is well.
async fn failing() -> World {
    let world = World::with_corp().await;
    let now = world.clock.now();
    let refused = Failure::again(None, "graph_400", "Property \u{202e}x is invalid", now);
    let its_time_has_come = Failure { next: now, ..refused.clone() };
    let again = Failure::again(Some(&its_time_has_come), "graph_400", "refused", now);
    let for_ever = Failure { next: Timestamp::MAX, attempts: 31, ..refused.clone() };
    let fails = |failure| Upkeep { failure: Some(failure), ..Upkeep::default() };
    let ada = UserRecord { upkeep: fails(again), ..bound(1, "ada@corp.example") };
    world.commit(1, &ada, None, &[]).await;
    let gone = UserRecord { upkeep: fails(for_ever), ..UserRecord::default() };
    world.commit(2, &gone, None, &[]).await;
    world.commit(3, &bound(3, "bob@corp.example"), None, &[]).await;
    let record = GroupRecord { upkeep: fails(refused), ..bound_group(0, "Sales") };
    world.commit_group(0, &record, &Hints::default(), None).await;
    world
}

fn group() -> Subject {
    Subject::Group(crate::world::group(0))
}

async fn list(world: &World) -> Failures {
    failures(&world.store, &world.clock, &id("corp")).await.unwrap()
}

#[tokio::test]
async fn s5_the_ledger_is_shown_with_the_next_attempt() {
    let world = failing().await;
    let failures = list(&world).await;
    assert_eq!(failures.exit(), Exit::Ok);
    assert_snapshot!(failures.human(None), @r"
     subject                          class       message                         attempts   since                 next attempt
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     group:65f0000000000000000000b1   graph_400   Property \u{202e}x is invalid   1          2026-05-01 08:00:00   2026-05-01 09:00:00 (in 1 h)
     user:65f000000000000000000001    graph_400   refused                         2          2026-05-01 08:00:00   2026-05-01 14:00:00 (in 6 h)
     user:65f000000000000000000002    graph_400   Property \u{202e}x is invalid   31         2026-05-01 08:00:00   never by itself
    ");
    assert_snapshot!(failures.json(), @r#"
    {
      "directory": "corp",
      "failing": [
        {
          "attempts": 1,
          "class": "graph_400",
          "message": "Property \u202ex is invalid",
          "next": "2026-05-01T09:00:00Z",
          "since": "2026-05-01T08:00:00Z",
          "subject": "group:65f0000000000000000000b1"
        },
        {
          "attempts": 2,
          "class": "graph_400",
          "message": "refused",
          "next": "2026-05-01T14:00:00Z",
          "since": "2026-05-01T08:00:00Z",
          "subject": "user:65f000000000000000000001"
        },
        {
          "attempts": 31,
          "class": "graph_400",
          "message": "Property \u202ex is invalid",
          "next": null,
          "since": "2026-05-01T08:00:00Z",
          "subject": "user:65f000000000000000000002"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn nobody_fails() {
    let failures = list(&World::with_corp().await).await;
    assert_snapshot!(failures.human(None), @"no subject of directory corp fails for good");
    assert_snapshot!(failures.json(), @r#"
    {
      "directory": "corp",
      "failing": []
    }
    "#);
}

async fn one(world: &World, key: &str) -> Result<String, AdminError> {
    let retry = retry_one(&world.store, &world.stored("corp").await, key.parse().unwrap()).await?;
    let question = retry.question();
    let retried = retry.ring(&world.queue).await?;
    assert_eq!(retried.exit(), Exit::Ok);
    Ok(format!("{question}?\n{}", retried.human(None)))
}

#[tokio::test]
async fn one_is_rung_as_a_single_change() {
    let world = failing().await;
    assert_snapshot!(one(&world, "ada@corp.example").await.unwrap(), @"
    Try user 65f000000000000000000001 of directory corp again now?
    rang for user 65f000000000000000000001 of directory corp
    ");
    assert_snapshot!(one(&world, "65f0000000000000000000b1").await.unwrap(), @"
    Try group 65f0000000000000000000b1 of directory corp again now?
    rang for group 65f0000000000000000000b1 of directory corp
    ");
    assert_snapshot!(one(&world, group_object(0).as_str()).await.unwrap(), @"
    Try group 65f0000000000000000000b1 of directory corp again now?
    rang for group 65f0000000000000000000b1 of directory corp
    ");
    let item = |subject| WorkItem::new(id("corp"), subject, Cause::of(Source::Operator));
    let rung = [item(subject(1)), item(group()), item(group())];
    assert_eq!(world.queue.items(Lane::Events), rung);
    assert_eq!(world.queue.items(Lane::Bulk), []);
}

#[tokio::test]
async fn all_are_rung_in_bulk() {
    let world = failing().await;
    let stored = world.stored("corp").await;
    let retry = retry_all(&world.store, &world.clock, &stored).await.unwrap();
    assert_snapshot!(retry.question(), @"Try 3 failing subjects of directory corp again now");
    let retried = retry.ring(&world.queue).await.unwrap();
    assert_snapshot!(retried.human(None), @"rang for 3 subjects of directory corp");
    assert_snapshot!(retried.json(), @r#"
    {
      "directory": "corp",
      "rung": [
        "group:65f0000000000000000000b1",
        "user:65f000000000000000000001",
        "user:65f000000000000000000002"
      ]
    }
    "#);
    let rung: Vec<_> = world.queue.items(Lane::Bulk).into_iter().map(|i| i.subject).collect();
    assert_eq!(rung, [group(), subject(1), subject(2)]);
    assert_eq!(world.queue.items(Lane::Events), []);
}

#[tokio::test]
async fn who_does_not_fail_or_would_be_dropped_is_not_rung() {
    let world = failing().await;
    let error = async |key: &str| one(&world, key).await.unwrap_err().to_string();
    assert_snapshot!(error("bob@corp.example").await, @"no failure is recorded for UPN bob@corp.example in directory corp");
    assert_snapshot!(error("65f0000000000000000000ff").await, @"no failure is recorded for JumpCloud id 65f0000000000000000000ff in directory corp");
    let stored = world.stored("corp").await;
    let off = ConfigRecord { active: false, version: 2, ..stored };
    assert!(world.store.put_config(&off, 1).await.unwrap());
    assert_snapshot!(error("ada@corp.example").await, @"directory corp is deactivated: its items are dropped");
    let all = retry_all(&world.store, &world.clock, &off).await.unwrap_err();
    assert!(matches!(all, AdminError::Deactivated { .. }));
    assert_eq!(world.queue.items(Lane::Events), []);
}

#[tokio::test]
async fn g1_where_groups_are_off_none_is_rung() {
    let world = failing().await;
    let off = format!("{}\n[groups]\nenabled = false\n", corp());
    world.apply(&off, FirstRunWish::Pending).await.unwrap();
    let refused = one(&world, group().to_string().trim_start_matches("group:")).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"groups are off in directory corp (groups.enabled): the items of groups are dropped");
    let retry = retry_all(&world.store, &world.clock, &world.stored("corp").await).await.unwrap();
    let retried = retry.ring(&world.queue).await.unwrap();
    assert_eq!(retried.subjects, [subject(1), subject(2)]);
}
