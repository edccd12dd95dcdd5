//! What is out of reach: the sender is told to try again, and nothing is claimed.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use ingest::Ingest;
use service::directories::Directories;
use store::dynamodb::DynamoStore;
use store::{ConfigRecord, FirstRun, Store};
use sync_core::ids::DirectoryId;
use transport::CustomEndpoints;
use work_queue::memory::MemoryQueue;
use work_queue::{Depths, Lane, QueueError, Result, WorkItem, WorkQueue};

use crate::world::{USER, events, user_event, world, world_with};

/// What the queues do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    OutOfReach,
    RefuseForGood,
    ParkOutOfReach,
    Silent,
}

/// Queues that fail.
#[derive(Clone)]
struct Failing {
    mood: Mood,
    queue: MemoryQueue,
}

fn out_of_reach(operation: &'static str) -> QueueError {
    QueueError::Unavailable { operation, source: "connection refused".into() }
}

impl WorkQueue for Failing {
    async fn send(&self, lane: Lane, items: &[WorkItem], delay: Duration) -> Result<()> {
        match self.mood {
            Mood::OutOfReach => Err(out_of_reach("send")),
            Mood::RefuseForGood => Err(QueueError::Refused {
                subject: items[0].subject.to_string(),
                code: "InvalidMessageContents".into(),
            }),
            Mood::Silent => std::future::pending().await,
            Mood::ParkOutOfReach => self.queue.send(lane, items, delay).await,
        }
    }

    async fn park(&self, body: &str, reason: &str, directory: Option<&DirectoryId>) -> Result<()> {
        match self.mood {
            Mood::ParkOutOfReach => Err(out_of_reach("park")),
            _ => self.queue.park(body, reason, directory).await,
        }
    }

    async fn depth(&self) -> Result<Depths> {
        self.queue.depth().await
    }
}

fn unavailable() -> (u64, String) {
    (503, r#"{"error":"unavailable"}"#.to_owned())
}

#[tokio::test]
async fn a_queue_out_of_reach_is_told_to_the_sender() {
    let world = world_with(|queue| Failing { mood: Mood::OutOfReach, queue }).await;
    let event = user_event("user_update", USER).to_string();
    assert_eq!(world.post(&event).await, unavailable());
    // What the queue is not needed for is answered all the same.
    let ignored = user_event("user_login_attempt", USER).to_string();
    assert_eq!(world.post(&ignored).await.0, 202);
}

#[tokio::test]
async fn an_event_that_cannot_be_parked_is_not_claimed_to_be() {
    let world = world_with(|queue| Failing { mood: Mood::ParkOutOfReach, queue }).await;
    assert_eq!(world.post(r#"{"shape":"unknown"}"#).await, unavailable());
}

#[tokio::test]
async fn what_the_queue_refuses_for_good_is_parked() {
    let world = world_with(|queue| Failing { mood: Mood::RefuseForGood, queue }).await;
    let event = user_event("user_update", USER).to_string();
    let answer = world.post(&event).await;
    assert_eq!(answer, (202, r#"{"accepted":0,"ignored":0,"parked":1}"#.to_owned()));
    let [parked] = &world.queue.parked()[..] else { panic!("not one") };
    assert_eq!(
        (parked.body.as_str(), parked.reason.as_str()),
        (&*event, "the queue refuses an item")
    );
}

#[tokio::test]
async fn a_secret_out_of_reach_is_told_to_the_sender() {
    let world = world().await;
    world.vault.lose();
    assert_eq!(world.post(&user_event("user_update", USER).to_string()).await, unavailable());
    assert!(world.queue.items(Lane::Events).is_empty());
}

#[tokio::test]
async fn a_configuration_that_no_longer_parses_is_told_to_the_sender() {
    let world = world().await;
    let directory = DirectoryId::parse("old").unwrap();
    let record = ConfigRecord {
        directory,
        text: "id = \"old\"".into(),
        first_run: FirstRun::Done,
        active: true,
        version: 1,
        applied_at: world.clock.now(),
    };
    assert!(world.table.put_config(&record, 0).await.unwrap());
    assert_eq!(world.send(&events("old", "{}")).await, unavailable());
}

#[tokio::test]
async fn a_table_out_of_reach_is_told_to_the_sender() {
    let world = world().await;
    // A port that nobody listens on.
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .retry_config(RetryConfig::disabled())
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let table = DynamoStore::new(client, "sync", world.clock.clone());
    let directories = Directories::new(table, CustomEndpoints::Refused, world.clock.clone());
    let ingest =
        Ingest::new(directories, world.queue.clone(), world.vault.clone(), world.clock.clone());
    let event = serde_json::from_value(events("corp", "{}")).unwrap();
    let deadline = world.clock.now().checked_add(Duration::from_secs(10)).unwrap();
    let answer = ingest.handle(event, deadline).await;
    assert_eq!(answer.status_code, 503);
}

#[tokio::test]
async fn a_queue_that_does_not_answer_leaves_time_for_an_answer_of_ours() {
    let world = world_with(|queue| Failing { mood: Mood::Silent, queue }).await;
    let event = user_event("user_update", USER).to_string();
    let request = events("corp", &event);
    let mut answer = std::pin::pin!(world.send(&request));
    // Polled until it waits for the queue, while the clock stands.
    for _ in 0..3 {
        let waits = tokio::select! {
            biased;
            _ = &mut answer => false,
            () = tokio::task::yield_now() => true,
        };
        assert!(waits);
    }
    world.clock.advance(Duration::from_millis(9_499));
    let early = tokio::select! {
        biased;
        _ = &mut answer => true,
        () = tokio::task::yield_now() => false,
    };
    assert!(!early);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(answer.await, unavailable());
}
