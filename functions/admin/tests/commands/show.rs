//! `show user`, and finding people.

use std::time::Duration;

use admin::config::FirstRunWish;
use admin::key::Key;
use admin::show::Shown;
use admin::{AdminError, Answer, Exit};
use insta::assert_snapshot;
use store::{Awaited, ClaimChange, Claimed, ClaimedThing, Commit, Holder, Store, Tombstone};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::Upn;
use sync_core::record::{
    Brings, Expect, Expecting, Failure, Hints, Intent, Owed, Record, Unanswered, Upkeep, UserRecord,
};

use crate::world::{TENANT, World, bound, file, id, object, subject, tenant, time, user};

async fn show(world: &World, key: &str) -> Result<Shown, AdminError> {
    let found = world.find(key).await?;
    admin::show::show(&world.store, &world.clock, found).await
}

#[tokio::test]
async fn a_person_is_found_by_each_of_three_names() {
    let world = World::with_corp().await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    for key in [user(1).as_str(), object(1).as_str(), "Ada@Corp.Example"] {
        let shown = show(&world, key).await.unwrap();
        assert_eq!(shown.found.subject, subject(1), "{key}");
        assert_eq!(shown.exit(), Exit::Ok);
    }
}

#[tokio::test]
async fn nobody_is_found_by_a_name_that_nobody_holds() {
    let world = World::with_corp().await;
    let missing = async |key: &str| {
        let error = show(&world, key).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Problem);
        error.to_string()
    };
    assert_snapshot!(missing(user(9).as_str()).await, @"directory corp has no record of user 65f000000000000000000009: it was never synced here");
    assert_snapshot!(missing(object(9).as_str()).await, @"nobody in the tenant of directory corp is known by object id 8d0b5a0e-2c0f-4d4b-9a1a-000000000009");
    assert_snapshot!(missing("no\u{1b}body@corp.example").await, @r"nobody in the tenant of directory corp is known by UPN no\u{1b}body@corp.example");
}

#[tokio::test]
async fn a_person_who_is_well() {
    let world = World::with_corp().await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    let shown = show(&world, "ada@corp.example").await.unwrap();
    assert_snapshot!(shown.human(None), @r#"
     user             65f000000000000000000001
     directory        corp
     state            bound
     object           8d0b5a0e-2c0f-4d4b-9a1a-000000000001
     UPN              ada@corp.example
     origin           created, 2026-05-01 07:00:00 (1 h ago)
     enabled          yes, written 2026-05-01 07:00:00 (1 h ago)
     disabled by us   no
     synced           2026-05-01 08:00:00 (now)
     covered until    2026-05-01 07:59:30 (30 s ago)
     due              -

     attribute     last applied
    ──────────────────────────────────────
     displayName   "Ada \u{202e}Lovelace"
     otherMails    ["ada@home.example"]
    "#);
    assert_snapshot!(shown.json(), @r#"
    {
      "at": "2026-05-01T08:00:00Z",
      "awaited_by": [],
      "binding": {
        "absent": false,
        "applied": {
          "displayName": "Ada \u202eLovelace",
          "otherMails": [
            "ada@home.example"
          ]
        },
        "bound_at": "2026-05-01T07:00:00Z",
        "created_at": "2026-05-01T07:00:00Z",
        "disabled_by_us": false,
        "enabled": {
          "at": "2026-05-01T07:00:00Z",
          "value": true
        },
        "given_up": false,
        "object": "8d0b5a0e-2c0f-4d4b-9a1a-000000000001",
        "origin": "created",
        "upn": "ada@corp.example",
        "written_at": "2026-05-01T07:00:00Z"
      },
      "covered": "2026-05-01T07:59:30Z",
      "directory": "corp",
      "due": null,
      "failure": null,
      "findings": [],
      "former_holder": false,
      "found_by": "upn",
      "intent": null,
      "lease": null,
      "mailbox": {
        "deleted_seen": false,
        "heard": null
      },
      "renaming": [],
      "revoke_pending": false,
      "state": "bound",
      "synced_at": "2026-05-01T08:00:00Z",
      "unanswered": null,
      "user": "65f000000000000000000001",
      "waits": {
        "expecting": null,
        "locked_since": null,
        "owed": false,
        "retries": 0,
        "vendor_wait": null
      }
    }
    "#);
}

/// Somebody of whom everything that can be remembered is remembered.
async fn troubled() -> World {
    let world = World::with_corp().await;
    let now = world.clock.now();
    let later = now + Duration::from_secs(900);
    let record = UserRecord {
        intent: Some(Intent {
            upn: Upn::parse("ada@corp.example").unwrap(),
            since: time("2026-05-01T07:58:00Z"),
            meant_enabled: true,
            meant_disabled: false,
            open_until: later,
        }),
        unanswered: Some(Unanswered { value: false, sent_at: now, may_land_until: later }),
        revoke_pending: true,
        expecting: Some(Expecting { expect: Expect::Suspended, since: now }),
        locked_since: Some(time("2026-05-01T06:00:00Z")),
        owed: Some(Owed { bound: true, ..Owed::default() }),
        upkeep: Upkeep {
            failure: Some(Failure::again(None, "graph_400", "refused \u{202e}for good", now)),
            retries: 3,
            vendor_wait: Some(later),
            findings: vec![Finding::new(
                FindingCode::UpnHeld,
                "UPN ada@corp.example is held by\n65f",
            )],
            ..Upkeep::default()
        },
        ..UserRecord::default()
    };
    let lease = world.acquire(1).await;
    let commit = Commit {
        record: &Record::User(Box::new(record)),
        heard: Some(time("2026-05-01T07:59:59.250Z")),
        members: &Hints::default(),
        due: Some(later),
        audit: &[],
        claims: &[],
    };
    world.store.commit(&lease, world.terms(), commit).await.unwrap();
    let awaited = Awaited::User(id("corp"), user(1));
    let waiter = Holder { directory: id("corp"), subject: subject(2) };
    world.store.wait_for(&awaited, &waiter, now).await.unwrap();
    // Somebody is at work, and word was left with the evidence of a deletion.
    let deleted = Brings { event_at: None, deleted: true, ..Brings::default() };
    for _ in 0..2 {
        let taken = world.store.acquire(&id("corp"), &subject(1), &deleted, world.terms()).await;
        taken.unwrap();
    }
    world
}

#[tokio::test]
async fn a_person_with_every_trouble() {
    let shown = show(&troubled().await, user(1).as_str()).await.unwrap();
    assert_snapshot!(shown.human(None), @r"
     user            65f000000000000000000001
     directory       corp
     state           creating
     creating        ada@corp.example, open until 2026-05-01 08:15:00 (in 15 min)
     unanswered      a write of enabled: no, sent 2026-05-01 08:00:00 (now)
     sessions        their revocation is not answered yet
     expecting       suspended, announced 2026-05-01 08:00:00 (now), not read yet
     locked out      off since 2026-05-01 06:00:00 (2 h ago)
     failure         graph_400: refused \u{202e}for good
                     1 time since 2026-05-01 08:00:00 (now)
                     next attempt 2026-05-01 09:00:00 (in 1 h)
     retries         3 in a row
     vendor's wait   until 2026-05-01 08:15:00 (in 15 min)
     owed            follow-ups of a new binding
     awaited by      user:65f000000000000000000002 of corp
     synced          -
     covered until   -
     due             2026-05-01 08:00:20 (in 20 s)
     heard           of an event of 2026-05-01 07:59:59 (now)
     evidence        a user_delete was seen
     lease           until 2026-05-01 08:00:20 (in 20 s), word was left to sync again

     finding    message
    ─────────────────────────────────────────────────
     upn_held   UPN ada@corp.example is held by\n65f
    ");
}

#[tokio::test]
async fn the_same_for_programs() {
    let shown = show(&troubled().await, user(1).as_str()).await.unwrap();
    assert_snapshot!(shown.json(), @r#"
    {
      "at": "2026-05-01T08:00:00Z",
      "awaited_by": [
        {
          "directory": "corp",
          "subject": "user:65f000000000000000000002"
        }
      ],
      "binding": null,
      "covered": null,
      "directory": "corp",
      "due": "2026-05-01T08:00:20Z",
      "failure": {
        "attempts": 1,
        "class": "graph_400",
        "message": "refused \u202efor good",
        "next": "2026-05-01T09:00:00Z",
        "since": "2026-05-01T08:00:00Z"
      },
      "findings": [
        {
          "code": "upn_held",
          "message": "UPN ada@corp.example is held by\n65f"
        }
      ],
      "former_holder": false,
      "found_by": "jumpcloud_id",
      "intent": {
        "meant_disabled": false,
        "meant_enabled": true,
        "open_until": "2026-05-01T08:15:00Z",
        "since": "2026-05-01T07:58:00Z",
        "upn": "ada@corp.example"
      },
      "lease": {
        "again": true,
        "until": "2026-05-01T08:00:20Z"
      },
      "mailbox": {
        "deleted_seen": true,
        "heard": "2026-05-01T07:59:59.25Z"
      },
      "renaming": [],
      "revoke_pending": true,
      "state": "creating",
      "synced_at": null,
      "unanswered": {
        "may_land_until": "2026-05-01T08:15:00Z",
        "sent_at": "2026-05-01T08:00:00Z",
        "value": false
      },
      "user": "65f000000000000000000001",
      "waits": {
        "expecting": {
          "since": "2026-05-01T08:00:00Z",
          "state": "suspended"
        },
        "locked_since": "2026-05-01T06:00:00Z",
        "owed": true,
        "retries": 3,
        "vendor_wait": "2026-05-01T08:15:00Z"
      }
    }
    "#);
}

#[tokio::test]
async fn on_a_terminal_a_table_fits_its_width() {
    let world = World::with_corp().await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    let shown = show(&world, "ada@corp.example").await.unwrap();
    let wide = shown.human(None).lines().map(|line| line.chars().count()).max();
    let narrow = shown.human(Some(40)).lines().map(|line| line.chars().count()).max();
    assert!(wide > Some(40), "{wide:?}");
    assert!(narrow <= Some(40), "{narrow:?}");
}

#[tokio::test]
async fn the_last_holder_of_a_claim_is_found_and_said_to_be_the_last() {
    let world = World::with_corp().await;
    let mut record = bound(1, "ada@corp.example");
    world.commit(1, &record, None, &[]).await;
    record.binding.as_mut().unwrap().given_up = true;
    let lease = world.acquire(1).await;
    let key = Claimed { tenant: tenant(), what: ClaimedThing::Object((&object(1)).into()) };
    let tombstone = Tombstone { disabled_by_us: true };
    let claims = [ClaimChange::GiveUp { key, tombstone }];
    let record = Record::User(Box::new(record));
    let members = &Hints::default();
    let commit =
        Commit { record: &record, heard: None, members, due: None, audit: &[], claims: &claims };
    world.store.commit(&lease, world.terms(), commit).await.unwrap();

    let shown = show(&world, object(1).as_str()).await.unwrap();
    assert!(shown.found.former);
    let human = shown.human(None);
    let note = format!("held object id {} last; nobody holds it now", object(1));
    assert!(human.contains(&note), "{human}");
    assert!(human.contains("given up"), "{human}");
}

#[tokio::test]
async fn whom_another_directory_of_the_tenant_holds_is_found_there() {
    let world = World::with_corp().await;
    world.commit(1, &bound(1, "ada@corp.example"), None, &[]).await;
    let other = file("other", TENANT, r#"domains = ["new.example"]"#);
    world.apply(&other, FirstRunWish::Apply).await.unwrap();
    let asked = world.stored("other").await;
    let key = Key::User("ada@corp.example".parse().unwrap());
    let found = admin::find::find(&world.store, &asked, key).await.unwrap();
    assert_eq!((found.directory, found.subject), (id("corp"), subject(1)));
}
