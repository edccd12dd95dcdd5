//! What becomes of the messages of a batch, whatever comes with them and whatever is out of reach.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

use std::time::Duration;

use clock::Clock;
use simulators::{Effect, Fault};
use store::{Awaited, FirstRun, Holder, Store};
use sync_core::ids::{DirectoryId, JumpCloudGroupId, JumpCloudUserId, Subject};
use work_queue::memory::MemoryQueue;
use work_queue::{Cause, Depths, Lane, Source, WorkItem, WorkQueue};

use crate::world::{
    APPLICATION, EMPTY, World, bell, event, event_bell, item, queues_out_of_reach,
    table_out_of_reach, until,
};

mod together;
mod together_faults;
mod world;

pub(crate) fn corp() -> DirectoryId {
    DirectoryId::parse("corp").unwrap()
}

pub(crate) fn handed_back(ids: &[&str]) -> String {
    let failures: Vec<String> =
        ids.iter().map(|id| format!(r#"{{"itemIdentifier":"{id}"}}"#)).collect();
    format!(r#"{{"batchItemFailures":[{}]}}"#, failures.join(","))
}

#[tokio::test]
async fn a_malformed_message_is_parked_and_the_others_are_synced() {
    let world = World::new().await;
    let (ada, bob) = (bell(&world.hire("ada")), bell(&world.hire("bob")));
    let batch = [("1", ada.as_str()), ("2", "{not JSON"), ("3", bob.as_str())];
    assert_eq!(world.answer(&world.consumer(), &batch).await, EMPTY);
    assert!(world.has("ada") && world.has("bob"));
    let parked = world.queue.parked();
    let parked: Vec<_> = parked.iter().map(|m| (m.body.as_str(), m.reason.as_str())).collect();
    assert_eq!(parked, [("{not JSON", "not JSON")]);
}

#[tokio::test]
async fn what_cannot_be_parked_is_handed_back_and_the_others_are_synced() {
    let world = World::new().await;
    let ada = bell(&world.hire("ada"));
    let queue = queues_out_of_reach(&world.clock);
    let consumer = world.consumer_over(world.table.clone(), queue, world.clock.clone());
    let batch = [("1", "[]"), ("2", ada.as_str())];
    assert_eq!(world.answer(&consumer, &batch).await, handed_back(&["1"]));
    assert!(world.has("ada"));
}

#[tokio::test]
async fn an_item_of_an_unknown_directory_is_parked_as_it_came() {
    let world = World::new().await;
    let subject = Subject::User(world.hire("ada"));
    // A field that this version does not know is not lost either.
    let body = item("gone", subject).replacen('{', r#"{"hint":1,"#, 1);
    assert_eq!(world.answer(&world.consumer(), &[("1", &body)]).await, EMPTY);
    let parked = &world.queue.parked()[0];
    assert_eq!((parked.body.as_str(), parked.reason.as_str()), (&*body, "unknown directory"));
    assert_eq!(parked.directory, Some(DirectoryId::parse("gone").unwrap()));
    assert_eq!(world.requests(), 0);
}

#[tokio::test]
async fn s6_s7_items_are_dropped_before_the_first_run_and_after_the_last() {
    let world = World::new().await;
    world.configure("new", |record| record.first_run = FirstRun::Pending).await;
    world.configure("old", |record| record.active = false).await;
    let subject = Subject::User(world.hire("ada"));
    let (new, old) = (item("new", subject.clone()), item("old", subject.clone()));
    assert_eq!(world.answer(&world.consumer(), &[("1", &new), ("2", &old)]).await, EMPTY);
    assert_eq!(world.requests(), 0);
    assert_eq!(world.queue.parked(), []);
    for id in ["new", "old"] {
        let stored = world.table.peek(&DirectoryId::parse(id).unwrap(), &subject).await.unwrap();
        assert!(stored.is_none(), "{id}");
    }
}

#[tokio::test]
async fn g1_a_group_is_synced_and_where_groups_are_off_it_is_ignored() {
    let world = World::new().await;
    let ada = world.hire("ada");
    let group = world.jumpcloud.state(|state| {
        let group = state.add_group(serde_json::json!({"name": "Engineering"}));
        assert!(state.add_member(&group, ada.as_str()) && state.connect(APPLICATION, &group));
        JumpCloudGroupId::parse(&group).unwrap()
    });
    world.configure("off", |config| config.text.push_str("[groups]\nenabled = false\n")).await;
    let off = item("off", Subject::Group(group.clone()));
    assert_eq!(world.answer(&world.consumer(), &[("1", &off)]).await, EMPTY);
    assert_eq!((world.requests(), world.entra.state(|state| state.groups().len())), (0, 0));
    let group = WorkItem::new(corp(), Subject::Group(group), Cause::of(Source::FollowUp)).to_json();
    for message in [bell(&ada), group.clone(), group] {
        assert_eq!(world.answer(&world.consumer(), &[("1", &message)]).await, EMPTY);
        world.advance(60);
    }
    let groups = world.entra.state(|state| state.groups());
    let members = world.entra.state(|state| state.members(groups[0]["id"].as_str().unwrap()));
    assert_eq!((groups.len(), members.len()), (1, 1));
    assert_eq!(world.queue.parked(), []);
}

#[tokio::test]
async fn a_sweep_rings_for_whoever_is_connected_and_not_bound() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    assert_eq!(world.answer(&world.consumer(), &[("1", &bell(&bob))]).await, EMPTY);
    let sweep = item("corp", Subject::Sweep);
    assert_eq!(world.answer(&world.consumer(), &[("1", &sweep)]).await, EMPTY);
    let rung = world.queue.items(Lane::Bulk);
    assert_eq!(rung.iter().map(|item| &item.subject).collect::<Vec<_>>(), [&Subject::User(ada)]);
}

#[tokio::test]
async fn items_of_one_subject_are_one_sync() {
    let world = World::new().await;
    let ada = world.hire("ada");
    let body = bell(&ada);
    assert_eq!(world.answer(&world.consumer(), &[("1", &body), ("2", &body)]).await, EMPTY);
    assert!(world.has("ada"));
    assert_eq!(world.users_read(), [ada.as_str()]);
}

#[tokio::test]
async fn what_was_tried_often_runs_after_the_others() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    // Without a reason to wait, the one who was hired first has the lower id and is read first.
    assert!(ada < bob);
    let (first, second) = (event_bell(&ada), event_bell(&bob));
    let batch = event(&[("1", &first, 3), ("2", &second, 2)]);
    let response = world.consumer().handle(batch, world.seconds_from_now(30)).await;
    assert_eq!(serde_json::to_string(&response).unwrap(), EMPTY);
    assert_eq!(world.users_read(), [bob.as_str(), ada.as_str()]);
}

#[tokio::test]
async fn a_sync_that_cannot_begin_in_time_is_handed_back() {
    let world = World::new().await;
    let ada = world.hire("ada");
    let body = bell(&ada);
    let handle = async |seconds| {
        let batch = event(&[("1", &body, 1)]);
        let response = world.consumer().handle(batch, world.seconds_from_now(seconds)).await;
        serde_json::to_string(&response).unwrap()
    };
    assert_eq!(handle(14).await, handed_back(&["1"]));
    assert_eq!(world.requests(), 0);
    assert!(world.table.peek(&corp(), &Subject::User(ada.clone())).await.unwrap().is_none());
    assert_eq!(handle(15).await, EMPTY);
    assert!(world.has("ada"));
}

#[tokio::test]
async fn a_sync_that_does_not_end_in_time_is_handed_back_before_the_deadline() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let stuck = Effect::Delay { ms: 60_000 };
    world
        .jumpcloud
        .control()
        .add_fault(Fault::new("GET /api/systemusers/{id}", stuck).contains(ada.as_str()));
    let (first, second) = (event_bell(&ada), event_bell(&bob));
    let batch = event(&[("1", &first, 1), ("2", &second, 1)]);
    let deadline = world.seconds_from_now(30);
    let consumer = world.consumer();
    let handled = tokio::spawn(async move { consumer.handle(batch, deadline).await });
    until(|| world.users_read().contains(&ada.to_string()) && world.has("bob")).await;
    // The last thing a new account's sync asks for; its commit follows at once.
    let groups = "GET /api/v2/users/{id}/memberof";
    until(|| world.jumpcloud.control().counts().contains_key(groups)).await;
    let subject = Subject::User(bob.clone());
    let released = tokio::time::timeout(Duration::from_secs(10), async {
        let stored = async || world.table.peek(&corp(), &subject).await.unwrap().unwrap();
        while stored().await.leased_until.is_some() {
            tokio::task::yield_now().await;
        }
    });
    released.await.expect("it did not end");
    world.clock.advance(Duration::from_secs(28));
    tokio::task::yield_now().await;
    assert!(!handled.is_finished());
    world.clock.advance(Duration::from_secs(1));
    let response = handled.await.unwrap();
    assert_eq!(serde_json::to_string(&response).unwrap(), handed_back(&["1"]));
}

#[tokio::test]
async fn trouble_with_a_vendor_finishes_the_message_and_rings_again() {
    let world = World::new().await;
    let ada = world.hire("ada");
    let down = Effect::Status { status: 503, retry_after: None, body: None };
    world.jumpcloud.control().add_fault(Fault::new("*", down));
    assert_eq!(world.answer(&world.consumer(), &[("1", &bell(&ada))]).await, EMPTY);
    assert!(!world.has("ada"));
    let rung = world.queue.items(Lane::Events);
    let rung: Vec<&Subject> = rung.iter().map(|item| &item.subject).collect();
    assert_eq!(rung, [&Subject::User(ada)]);
}

#[tokio::test]
async fn without_the_table_everything_is_handed_back() {
    let world = World::new().await;
    let (ada, bob) = (bell(&world.hire("ada")), bell(&world.hire("bob")));
    // The store waits between its attempts.
    let clock = Clock::system();
    let table = table_out_of_reach(&clock);
    let consumer = world.consumer_over(table, MemoryQueue::new(clock.clone()), clock.clone());
    let batch = event(&[("2", &bob, 1), ("1", &ada, 1)]);
    let deadline = sync_core::record::after(clock.now(), Duration::from_secs(30));
    let response = consumer.handle(batch, deadline).await;
    assert_eq!(serde_json::to_string(&response).unwrap(), handed_back(&["1", "2"]));
    assert_eq!(world.requests(), 0);
}

#[tokio::test]
async fn a_configuration_that_nobody_can_read_hands_its_items_back() {
    let world = World::new().await;
    world.configure("broken", |record| record.text = "id = ".to_owned()).await;
    let ada = world.hire("ada");
    let (broken, fine) = (item("broken", Subject::User(ada.clone())), bell(&ada));
    let batch = [("1", broken.as_str()), ("2", fine.as_str())];
    assert_eq!(world.answer(&world.consumer(), &batch).await, handed_back(&["1"]));
    assert!(world.has("ada"));
}

#[tokio::test]
async fn a_sync_that_cannot_ring_another_is_handed_back_and_done_the_next_time() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let awaited = Awaited::User(corp(), ada.clone());
    let waiter = Holder { directory: corp(), subject: Subject::User(bob.clone()) };
    world.table.wait_for(&awaited, &waiter, world.clock.now()).await.unwrap();
    let body = bell(&ada);

    let queue = queues_out_of_reach(&world.clock);
    let consumer = world.consumer_over(world.table.clone(), queue, world.clock.clone());
    assert_eq!(world.answer(&consumer, &[("1", &body)]).await, handed_back(&["1"]));

    // The lease ends by itself.
    world.clock.advance(Duration::from_secs(21));
    assert_eq!(world.answer(&world.consumer(), &[("1", &body)]).await, EMPTY);
    let rung = world.queue.items(Lane::Bulk);
    assert_eq!(rung.iter().map(|item| &item.subject).collect::<Vec<_>>(), [&waiter.subject]);
    assert_eq!(world.entra.state(|state| state.users().len()), 1);
}

/// Queues that break whoever rings for this person.
#[derive(Clone)]
pub(crate) struct Mined {
    pub(crate) queue: MemoryQueue,
    pub(crate) user: JumpCloudUserId,
}

impl WorkQueue for Mined {
    async fn send(
        &self,
        lane: Lane,
        items: &[WorkItem],
        delay: Duration,
    ) -> work_queue::Result<()> {
        let mine = Subject::User(self.user.clone());
        assert!(items.iter().all(|item| item.subject != mine), "a mine");
        self.queue.send(lane, items, delay).await
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

#[tokio::test]
async fn a_panic_hands_back_its_own_items_alone() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    // Someone whose sync meets trouble is rung for again, which is where the mine lies.
    let down = Effect::Status { status: 503, retry_after: None, body: None };
    world
        .jumpcloud
        .control()
        .add_fault(Fault::new("GET /api/systemusers/{id}", down).contains(ada.as_str()));
    let queue = Mined { queue: world.queue.clone(), user: ada.clone() };
    let consumer = world.consumer_over(world.table.clone(), queue, world.clock.clone());
    let (first, second) = (event_bell(&ada), event_bell(&bob));
    let batch = [("1", first.as_str()), ("2", second.as_str()), ("3", first.as_str())];
    assert_eq!(world.answer(&consumer, &batch).await, handed_back(&["1", "3"]));
    assert!(world.has("bob"));
}
