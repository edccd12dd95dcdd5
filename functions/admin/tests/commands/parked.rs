//! `parked list` and `parked replay`.

use std::time::Duration;

use admin::config::FirstRunWish;
use admin::parked::{Parked, Replayed, Which, parked, replay, replay_question};
use admin::{Answer, Exit};
use insta::assert_snapshot;
use serde_json::json;
use sync_core::ids::DirectoryId;
use work_queue::memory::MemoryQueue;
use work_queue::{
    Cause, Depths, Lane, ParkedMessage, ParkedQueue, QueueError, Source, WorkItem, WorkQueue,
};

use crate::world::{World, corp, file, id, subject, user};

const OTHER_TENANT: &str = "99999999-2222-3333-4444-555555555555";

fn event(kind: &str, number: u32) -> serde_json::Value {
    json!({"event_type": kind, "resource": {"id": user(number).as_str(), "type": "user"}})
}

async fn park(world: &World, body: &str, reason: &str, directory: Option<&str>) {
    let directory = directory.map(id);
    world.queue.park(body, reason, directory.as_ref()).await.unwrap();
}

/// Delivers an item too often.
async fn wear_out(world: &World, lane: Lane, item: &WorkItem) {
    world.queue.send(lane, std::slice::from_ref(item), Duration::ZERO).await.unwrap();
    let received = world.queue.receive(lane, 10, Duration::from_secs(1));
    received.iter().for_each(|message| world.queue.give_up(message.receipt));
}

fn item(source: Source, number: u32) -> WorkItem {
    WorkItem::new(id("corp"), subject(number), Cause::of(source))
}

async fn list(world: &World, named: Option<&str>, limit: usize) -> Parked {
    parked(&world.queue, named.map(id).as_ref(), limit).await.unwrap()
}

async fn again(world: &World, which: Which, named: Option<&str>) -> Replayed {
    let named: Option<DirectoryId> = named.map(id);
    replay(&world.store, &world.queue, &which, named.as_ref()).await.unwrap()
}

/// What is still parked and not hidden.
async fn left(world: &World) -> Vec<String> {
    let mut left: Vec<_> =
        list(world, None, 1000).await.messages.into_iter().map(|m| m.body).collect();
    left.sort();
    left
}

#[tokio::test]
async fn what_is_parked_is_shown_with_its_reason() {
    let world = World::with_corp().await;
    park(&world, "{\"event\u{202e}_type\":7}", "no event_type", Some("corp")).await;
    world.clock.advance(Duration::from_secs(90));
    park(&world, &"é\u{1b}".repeat(100), "not JSON", None).await;
    park(&world, &"x".repeat(2_000_000), "not an object", Some("other")).await;
    wear_out(&world, Lane::Bulk, &item(Source::Reconcile, 1)).await;
    let all = list(&world, None, 100).await;
    assert_eq!(all.exit(), Exit::Ok);
    assert_snapshot!(all.human(None), @r#"
     sent                  id         directory   reason                                bytes     body
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     2026-05-01 08:00:00   parked-1   corp        no event_type                         19        {"event\u{202e}_type":7}
     2026-05-01 08:01:30   parked-2   -           not JSON                              800       é\u001bé\u001bé\u001bé\u001bé\u001bé\u001bé\u001bé\u001bé\u0…
     2026-05-01 08:01:30   parked-3   other       not an object                         2000000   xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
     2026-05-01 08:01:30   parked-4   corp        delivered too often without success   103       {"cause":{"source":"reconcile"},"directory":"corp","subject"…
    "#);
    let json: serde_json::Value = serde_json::from_str(&all.json()).unwrap();
    let first: Vec<_> = all.json().lines().skip(2).take(9).map(str::to_owned).collect();
    assert_snapshot!(first.join("\n"), @r#"
    {
      "body": "{\"event\u202e_type\":7}",
      "bytes": 19,
      "cut": false,
      "directory": "corp",
      "id": "parked-1",
      "reason": "no event_type",
      "sent_at": "2026-05-01T08:00:00Z"
    },
    "#);
    assert_eq!(json["more"], false);
    // Looking took nothing away, and hides nothing.
    assert_eq!(left(&world).await.len(), 4);
    let of_corp = list(&world, Some("corp"), 100).await;
    assert_eq!(of_corp.messages.len(), 3, "its own, and one of no directory");
    assert_eq!(list(&world, None, 100).await.messages.len(), 4);
}

#[tokio::test]
async fn no_more_are_shown_than_asked_for() {
    let world = World::with_corp().await;
    assert_snapshot!(list(&world, None, 3).await.human(None), @"nothing is parked");
    for number in 0..25 {
        park(&world, &format!("body {number}"), "why", None).await;
    }
    let few = list(&world, None, 3).await;
    assert_eq!((few.messages.len(), few.more), (3, true));
    assert!(few.human(None).ends_with("there may be more: see --limit"));
    assert_eq!(list(&world, None, 100).await.messages.len(), 25);
}

#[tokio::test]
async fn events_are_recognised_anew_and_deleted() {
    let world = World::with_corp().await;
    let bodies = [
        event("user_update", 1).to_string(),
        json!([event("user_delete", 2), event("user_login_attempt", 2)]).to_string(),
        json!({"event_type": "group_delete", "resource": {"id": user(9).as_str()}}).to_string(),
        json!({"event_type": "nothing_new"}).to_string(),
    ];
    for body in &bodies {
        park(&world, body, "of an older version", Some("corp")).await;
    }
    let question = replay_question(&world.queue, &Which::All).await.unwrap();
    assert_snapshot!(question, @"Replay every parked message, about 4");
    let replayed = again(&world, Which::All, None).await;
    assert_eq!(replayed.exit(), Exit::Ok);
    assert_snapshot!(replayed.human(None), @"4 messages replayed: 4 work items sent, 2 events ignored");
    assert_snapshot!(replayed.json(), @r#"
    {
      "ignored": 2,
      "items": 4,
      "missing": [],
      "replayed": 4,
      "stayed": []
    }
    "#);
    let subjects = |lane| -> Vec<_> {
        world.queue.items(lane).iter().map(|item| item.subject.to_string()).collect()
    };
    let events = [1, 2].map(|number| format!("user:{}", user(number)));
    assert_eq!(subjects(Lane::Events)[..2], events);
    assert_eq!(subjects(Lane::Events)[2], format!("group:{}", user(9)));
    assert_eq!(subjects(Lane::Bulk), ["sweep"]);
    let cause = &world.queue.items(Lane::Events)[1].cause;
    assert_eq!(cause.source, Source::Webhook, "covered, it costs nothing");
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn work_items_go_back_to_their_queue_as_they_are() {
    let world = World::with_corp().await;
    let hinted = WorkItem { plan: Some("abc".into()), ..item(Source::Operator, 1) };
    wear_out(&world, Lane::Events, &item(Source::Webhook, 2)).await;
    // Where it came from counts, whatever it looks like.
    wear_out(&world, Lane::Bulk, &hinted).await;
    park(&world, &item(Source::Sweep, 3).to_json(), "import subjects …", None).await;
    let replayed = again(&world, Which::All, None).await;
    assert_eq!((replayed.replayed, replayed.items, replayed.exit()), (3, 3, Exit::Ok));
    assert_eq!(world.queue.items(Lane::Events), [item(Source::Webhook, 2)]);
    assert_eq!(world.queue.items(Lane::Bulk), [hinted, item(Source::Sweep, 3)]);
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn what_still_cannot_be_read_stays_with_its_reason() {
    let world = World::with_corp().await;
    let pending = file("new", OTHER_TENANT, "");
    world.apply(&pending, FirstRunWish::Pending).await.unwrap();
    let mixed = json!([event("user_update", 1), 7]).to_string();
    let bad = item(Source::Operator, 1).to_json().replace("operator", "to\u{202e}morrow");
    let other = item(Source::Operator, 1).to_json().replace("corp", "gone");
    let update = event("user_update", 1).to_string();
    let cut = "[".repeat(2_000_000);
    for (body, directory) in [
        (mixed.as_str(), Some("corp")),
        ("not JSON", Some("corp")),
        (&bad, None),
        (&other, None),
        (&update, None),
        (&update, Some("gone")),
        (&update, Some("new")),
        (&cut, Some("corp")),
    ] {
        park(&world, body, "why", directory).await;
    }
    let replayed = again(&world, Which::All, None).await;
    assert_eq!(replayed.exit(), Exit::Problem);
    assert_snapshot!(replayed.human(None), @"
    0 messages replayed: 1 work item sent, 0 events ignored

     stays parked   reason
    ──────────────────────────────────────────────────────────────────────────────────────────
     parked-1       not an object
     parked-2       not JSON
     parked-3       cause.source is not known
     parked-4       directory gone is not configured
     parked-5       its directory is not known: name it with --directory
     parked-6       directory gone is not configured
     parked-7       the first run of directory new is not approved yet: its items are dropped
     parked-8       its body of 2000000 bytes was cut when it was parked
    ");
    let json: serde_json::Value = serde_json::from_str(&replayed.json()).unwrap();
    assert_eq!(json["stayed"].as_array().unwrap().len(), 8);
    // What could be read beside what could not is rung for.
    assert_eq!(world.queue.items(Lane::Events).len(), 1);
    assert_eq!(left(&world).await.len(), 8);
}

#[tokio::test]
async fn the_named_directory_is_that_of_messages_without_one() {
    let world = World::with_corp().await;
    world.apply(&file("other", OTHER_TENANT, ""), FirstRunWish::Apply).await.unwrap();
    let update = event("user_update", 1).to_string();
    for directory in [None, Some("corp"), Some("other")] {
        park(&world, &update, "why", directory).await;
    }
    let replayed = again(&world, Which::All, Some("other")).await;
    assert_eq!((replayed.replayed, replayed.stayed.len()), (2, 0));
    let rung: Vec<_> = world.queue.items(Lane::Events).into_iter().map(|i| i.directory).collect();
    assert_eq!(rung, [id("other"), id("other")]);
    assert_eq!(left(&world).await.len(), 1);
}

#[tokio::test]
async fn only_the_named_messages_are_replayed() {
    let world = World::with_corp().await;
    for number in 0..25 {
        park(&world, &event("user_update", number).to_string(), "why", Some("corp")).await;
    }
    let messages = list(&world, None, 100).await.messages;
    let wanted = &messages[20];
    let ids = [wanted.id.clone(), "nobody\u{7}".to_owned()];
    let which = Which::Ids(ids.into());
    assert_snapshot!(replay_question(&world.queue, &which).await.unwrap(), @"Replay 2 parked messages");
    let replayed = again(&world, which, None).await;
    assert_eq!(replayed.exit(), Exit::Problem);
    assert_snapshot!(replayed.human(None), @r"
    1 message replayed: 1 work item sent, 0 events ignored
    problem: nobody\u{7} is not parked
    ");
    assert_eq!(world.queue.items(Lane::Events).len(), 1);
    let left = left(&world).await;
    assert_eq!(left.len(), 24);
    assert!(!left.contains(&wanted.body));
}

#[tokio::test]
async fn a_long_queue_is_replayed_to_its_end() {
    let world = World::with_corp().await;
    for number in 0..45 {
        let body = if number % 3 == 0 { json!(7) } else { event("user_update", number) };
        park(&world, &body.to_string(), "why", Some("corp")).await;
    }
    let replayed = again(&world, Which::All, None).await;
    assert_eq!((replayed.replayed, replayed.stayed.len()), (30, 15));
    assert_eq!(world.queue.items(Lane::Events).len(), 30);
    // What stays is ready to be looked at again at once.
    assert_eq!(world.queue.receive_parked(Duration::ZERO).await.unwrap().len(), 10);
}

/// Somebody who works on the same messages hides them, and loses none.
#[tokio::test]
async fn what_another_looks_at_is_left_to_them() {
    let world = World::with_corp().await;
    world.apply(&corp(), FirstRunWish::Apply).await.unwrap();
    park(&world, &event("user_update", 1).to_string(), "why", Some("corp")).await;
    let theirs = world.queue.receive_parked(Duration::from_secs(60)).await.unwrap();
    let replayed = again(&world, Which::All, None).await;
    assert_eq!((replayed.replayed, replayed.items), (0, 0));
    world.queue.return_parked(&theirs).await.unwrap();
    assert_eq!(again(&world, Which::All, None).await.replayed, 1);
}

/// A queue that takes nothing: for now, or for good.
#[derive(Clone)]
struct Closed {
    queue: MemoryQueue,
    for_good: bool,
}

impl WorkQueue for Closed {
    async fn send(&self, _: Lane, items: &[WorkItem], _: Duration) -> work_queue::Result<()> {
        Err(if self.for_good {
            let subject = items[0].subject.to_string();
            QueueError::Refused { subject, code: "InvalidMessageContents".into() }
        } else {
            QueueError::Unavailable { operation: "send", source: "refused".into() }
        })
    }

    async fn park(
        &self,
        body: &str,
        reason: &str,
        directory: Option<&DirectoryId>,
    ) -> work_queue::Result<()> {
        self.queue.park(body, reason, directory).await
    }

    async fn depth(&self) -> work_queue::Result<Depths> {
        self.queue.depth().await
    }
}

impl ParkedQueue for Closed {
    async fn receive_parked(&self, hidden: Duration) -> work_queue::Result<Vec<ParkedMessage>> {
        self.queue.receive_parked(hidden).await
    }

    async fn return_parked(&self, messages: &[ParkedMessage]) -> work_queue::Result<()> {
        self.queue.return_parked(messages).await
    }

    async fn delete_parked(&self, messages: &[ParkedMessage]) -> work_queue::Result<()> {
        self.queue.delete_parked(messages).await
    }
}

#[tokio::test]
async fn nothing_is_deleted_that_the_queues_did_not_take() {
    let world = World::with_corp().await;
    for number in 0..12 {
        let body = if number == 0 { json!([]) } else { event("user_update", number) };
        park(&world, &body.to_string(), "why", Some("corp")).await;
    }
    let closed = |for_good| Closed { queue: world.queue.clone(), for_good };
    let lost = replay(&world.store, &closed(false), &Which::All, None).await.unwrap_err();
    assert_eq!(
        (lost.to_string().as_str(), lost.exit()),
        ("the queue did not answer", Exit::Problem)
    );
    // The first rings for nobody and is done; the others are ready again.
    assert_eq!(left(&world).await.len(), 11);

    let refused = replay(&world.store, &closed(true), &Which::All, None).await.unwrap();
    assert_eq!((refused.replayed, refused.items, refused.stayed.len()), (0, 0, 11));
    let reason = &refused.stayed[0].reason;
    assert!(reason.starts_with("the queue refuses a message of user:65f"), "{reason}");
    assert_eq!(left(&world).await.len(), 11);
}
