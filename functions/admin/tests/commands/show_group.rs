//! `show group`, and finding groups.

use std::time::Duration;

use admin::key::Key;
use admin::show::Shown;
use admin::{AdminError, Answer, Exit};
use insta::assert_snapshot;
use store::Store;
use sync_core::audit::AuditEvent;
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::Subject;
use sync_core::record::{Brings, Failure, GroupRecord, Hints, Upkeep};

use crate::world::{
    TENANT, World, bound, bound_group, changed, file, group, group_object, id, object, time, user,
};

async fn show(world: &World, key: &str) -> Result<Shown, AdminError> {
    let found = world.find_group(key).await?;
    admin::show::show(&world.store, &world.clock, found).await
}

#[tokio::test]
async fn a_group_is_found_by_each_of_two_names() {
    let world = World::with_corp().await;
    world.commit_group(1, &bound_group(1, "Sales"), &Hints::default(), None).await;
    for key in [group(1).as_str(), &group_object(1).as_str().to_uppercase()] {
        let shown = show(&world, key).await.unwrap();
        assert_eq!(shown.found.subject, Subject::Group(group(1)), "{key}");
        assert_eq!(shown.exit(), Exit::Ok);
    }
}

#[tokio::test]
async fn no_group_is_found_by_a_name_that_none_holds() {
    let world = World::with_corp().await;
    let missing = async |key: &str| {
        let error = show(&world, key).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Problem);
        error.to_string()
    };
    assert_snapshot!(missing(group(9).as_str()).await, @"directory corp has no record of group 65f0000000000000000009b1: it was never synced here");
    assert_snapshot!(missing(group_object(9).as_str()).await, @"no group in the tenant of directory corp is known by object id 8d0b5a0e-2c0f-4d4b-9a1a-0000000009b1");
}

#[tokio::test]
async fn who_asks_for_the_other_kind_is_told_the_right_command() {
    let world = World::with_corp().await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    world.commit_group(1, &bound_group(1, "Sales"), &Hints::default(), None).await;
    let as_group = async |key: &str| show(&world, key).await.unwrap_err();
    assert_snapshot!(as_group(object(1).as_str()).await.to_string(), @"object id 8d0b5a0e-2c0f-4d4b-9a1a-000000000001 is that of user 65f000000000000000000001 of directory corp: name it as a user, as in `entra-sync show user 8d0b5a0e-2c0f-4d4b-9a1a-000000000001`");
    assert_snapshot!(as_group(user(1).as_str()).await.to_string(), @"JumpCloud id 65f000000000000000000001 is that of user 65f000000000000000000001 of directory corp: name it as a user, as in `entra-sync show user 65f000000000000000000001`");
    assert_eq!(as_group(user(1).as_str()).await.exit(), Exit::Problem);
    let as_user = async |key: &str| {
        let found = world.find(key).await?;
        admin::show::show(&world.store, &world.clock, found).await
    };
    let of_an_object = as_user(group_object(1).as_str()).await.unwrap_err();
    assert_snapshot!(of_an_object.to_string(), @"object id 8d0b5a0e-2c0f-4d4b-9a1a-0000000001b1 is that of group 65f0000000000000000001b1 of directory corp: name it as a group, as in `entra-sync show group 8d0b5a0e-2c0f-4d4b-9a1a-0000000001b1`");
    assert_snapshot!(as_user(group(1).as_str()).await.unwrap_err().to_string(), @"JumpCloud id 65f0000000000000000001b1 is that of group 65f0000000000000000001b1 of directory corp: name it as a group, as in `entra-sync show group 65f0000000000000000001b1`");
}

#[tokio::test]
async fn a_group_that_is_well() {
    let world = World::with_corp().await;
    let due = Some(time("2026-05-01T08:10:00Z"));
    let record = bound_group(1, "Sales \u{202e}EMEA");
    world.commit_group(1, &record, &Hints::default(), due).await;
    let shown = show(&world, group_object(1).as_str()).await.unwrap();
    assert_snapshot!(shown.human(None), @r"
    group               65f0000000000000000001b1
    directory           corp
    state               bound
    object              8d0b5a0e-2c0f-4d4b-9a1a-0000000001b1
    name                Sales \u{202e}EMEA
    origin              created
    bound since         2026-05-01 07:00:00 (1 h ago)
    created             2026-05-01 07:00:00 (1 h ago)
    last write          2026-05-01 07:00:00 (1 h ago)
    members listed      2026-05-01 07:59:30 (30 s ago)
    members at last     5, 4 of them managed
    looked at by name   -
    member written      2026-05-01 07:05:00 (55 min ago)
    dynamic             no
    nested groups       none
    synced              2026-05-01 08:00:00 (now)
    covered until       2026-05-01 07:59:30 (30 s ago)
    due                 2026-05-01 08:10:00 (in 10 min)
    ");
    assert_snapshot!(shown.json(), @r#"
    {
      "at": "2026-05-01T08:00:00Z",
      "binding": {
        "bound_at": "2026-05-01T07:00:00Z",
        "created_at": "2026-05-01T07:00:00Z",
        "name": "Sales \u202eEMEA",
        "object": "8d0b5a0e-2c0f-4d4b-9a1a-0000000001b1",
        "origin": "created",
        "written_at": "2026-05-01T07:00:00Z"
      },
      "covered": "2026-05-01T07:59:30Z",
      "directory": "corp",
      "due": "2026-05-01T08:10:00Z",
      "dynamic": false,
      "failure": null,
      "findings": [],
      "former_holder": false,
      "found_by": "object_id",
      "group": "65f0000000000000000001b1",
      "lease": null,
      "let_go_at": null,
      "mailbox": {
        "heard": null
      },
      "members": {
        "added_until": null,
        "hints": {
          "many": false,
          "users": []
        },
        "listed_at": "2026-05-01T07:59:30Z",
        "looked_at": null,
        "managed": 4,
        "size": 5,
        "written_at": "2026-05-01T07:05:00Z"
      },
      "nested": "none",
      "state": "bound",
      "synced_at": "2026-05-01T08:00:00Z",
      "waits": {
        "owed": false,
        "retries": 0,
        "vendor_wait": null
      }
    }
    "#);
}

/// A large group of which everything that can be remembered is remembered.
async fn troubled() -> World {
    let world = World::with_corp().await;
    let now = world.clock.now();
    let later = now + Duration::from_secs(900);
    let owed = AuditEvent {
        subject: Subject::Group(group(1)),
        ..changed("g1", "2026-05-01T07:59:00Z", 1)
    };
    let mut record = GroupRecord {
        looked_at: Some(time("2026-05-01T07:59:58Z")),
        added_until: Some(user(20)),
        dynamic: true,
        owed: vec![owed],
        upkeep: Upkeep {
            failure: Some(Failure::again(None, "graph_400", "refused \u{202e}for good", now)),
            retries: 3,
            vendor_wait: Some(later),
            findings: vec![Finding::new(FindingCode::MembersNotBound, "2 members\nare not bound")],
            ..Upkeep::default()
        },
        ..bound_group(1, "")
    };
    record.let_go_at = Some(time("2026-05-01T07:30:00Z"));
    let hints = Hints::of([user(3), user(4)]);
    world.commit_group(1, &record, &hints, Some(later)).await;
    // Somebody is at work, and word was left.
    for _ in 0..2 {
        let subject = Subject::Group(group(1));
        let brings =
            Brings { event_at: Some(time("2026-05-01T07:59:59.250Z")), ..Brings::default() };
        world.store.acquire(&id("corp"), &subject, &brings, world.terms()).await.unwrap();
    }
    world
}

#[tokio::test]
async fn a_group_with_every_trouble() {
    let shown = show(&troubled().await, group(1).as_str()).await.unwrap();
    assert_snapshot!(shown.human(None), @r"
     group               65f0000000000000000001b1
     directory           corp
     state               let go
     object              8d0b5a0e-2c0f-4d4b-9a1a-0000000001b1
     name                not known yet
     origin              created
     bound since         2026-05-01 07:00:00 (1 h ago)
     created             2026-05-01 07:00:00 (1 h ago)
     last write          2026-05-01 07:00:00 (1 h ago)
     let go since        2026-05-01 07:30:00 (30 min ago)
     members listed      2026-05-01 07:59:30 (30 s ago)
     members at last     5, 4 of them managed
     looked at by name   2026-05-01 07:59:58 (2 s ago)
     member written      2026-05-01 07:05:00 (55 min ago)
     dynamic             yes
     nested groups       none
     adding              members are added up to 65f000000000000000000014, in the order of ids
     hints waiting       65f000000000000000000003
                         65f000000000000000000004
     failure             graph_400: refused \u{202e}for good
                         1 time since 2026-05-01 08:00:00 (now)
                         next attempt 2026-05-01 09:00:00 (in 1 h)
     retries             3 in a row
     vendor's wait       until 2026-05-01 08:15:00 (in 15 min)
     owed                events of a new binding
     synced              -
     covered until       -
     due                 2026-05-01 08:00:20 (in 20 s)
     heard               of an event of 2026-05-01 07:59:59 (now)
     lease               until 2026-05-01 08:00:20 (in 20 s), word was left to sync again

     finding             message
    ──────────────────────────────────────────────
     members_not_bound   2 members\nare not bound
    ");
}

#[tokio::test]
async fn the_same_for_programs() {
    let shown = show(&troubled().await, group(1).as_str()).await.unwrap();
    assert_snapshot!(shown.json(), @r#"
    {
      "at": "2026-05-01T08:00:00Z",
      "binding": {
        "bound_at": "2026-05-01T07:00:00Z",
        "created_at": "2026-05-01T07:00:00Z",
        "name": "",
        "object": "8d0b5a0e-2c0f-4d4b-9a1a-0000000001b1",
        "origin": "created",
        "written_at": "2026-05-01T07:00:00Z"
      },
      "covered": null,
      "directory": "corp",
      "due": "2026-05-01T08:00:20Z",
      "dynamic": true,
      "failure": {
        "attempts": 1,
        "class": "graph_400",
        "message": "refused \u202efor good",
        "next": "2026-05-01T09:00:00Z",
        "since": "2026-05-01T08:00:00Z"
      },
      "findings": [
        {
          "code": "members_not_bound",
          "message": "2 members\nare not bound"
        }
      ],
      "former_holder": false,
      "found_by": "jumpcloud_id",
      "group": "65f0000000000000000001b1",
      "lease": {
        "again": true,
        "until": "2026-05-01T08:00:20Z"
      },
      "let_go_at": "2026-05-01T07:30:00Z",
      "mailbox": {
        "heard": "2026-05-01T07:59:59.25Z"
      },
      "members": {
        "added_until": "65f000000000000000000014",
        "hints": {
          "many": false,
          "users": [
            "65f000000000000000000003",
            "65f000000000000000000004"
          ]
        },
        "listed_at": "2026-05-01T07:59:30Z",
        "looked_at": "2026-05-01T07:59:58Z",
        "managed": 4,
        "size": 5,
        "written_at": "2026-05-01T07:05:00Z"
      },
      "nested": "none",
      "state": "let_go",
      "synced_at": null,
      "waits": {
        "owed": true,
        "retries": 3,
        "vendor_wait": "2026-05-01T08:15:00Z"
      }
    }
    "#);
}

#[tokio::test]
async fn g9_ten_hints_are_many_and_name_nobody() {
    let world = World::with_corp().await;
    let hints = Hints::of((1..=10).map(user));
    world.commit_group(1, &GroupRecord::default(), &hints, None).await;
    let shown = show(&world, group(1).as_str()).await.unwrap();
    assert_snapshot!(shown.human(None), @"
     group               65f0000000000000000001b1
     directory           corp
     state               not bound
     members listed      -
     members at last     -
     looked at by name   -
     member written      -
     dynamic             no
     nested groups       none
     hints waiting       many
     synced              -
     covered until       -
     due                 -
    ");
    let json: serde_json::Value = serde_json::from_str(&shown.json()).unwrap();
    assert_eq!(json["members"]["hints"], serde_json::json!({ "many": true, "users": [] }));
    assert_eq!((&json["state"], &json["binding"]), (&"not_bound".into(), &().into()));
}

#[tokio::test]
async fn a_group_that_another_directory_of_the_tenant_holds_is_found_there() {
    let world = World::with_corp().await;
    world.commit_group(1, &bound_group(1, "Sales"), &Hints::default(), None).await;
    let other = file("other", TENANT, r#"domains = ["new.example"]"#);
    world.apply(&other, admin::config::FirstRunWish::Apply).await.unwrap();
    let asked = world.stored("other").await;
    let key = Key::Group(group_object(1).as_str().parse().unwrap());
    let found = admin::find::find(&world.store, &asked, key).await.unwrap();
    assert_eq!((found.directory, found.subject), (id("corp"), Subject::Group(group(1))));
    let key = Key::User(group_object(1).as_str().parse().unwrap());
    let refused = admin::find::find(&world.store, &asked, key).await.unwrap_err();
    assert!(refused.to_string().contains("of directory corp"), "{refused}");
}
