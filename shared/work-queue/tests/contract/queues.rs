//! Both implementations, and how a case looks into them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use clock::Clock;
use jiff::Timestamp;
use ministack::{KEY, REGION};
use work_queue::memory::{MemoryQueue, Receipt};
use work_queue::sqs::{QueueUrls, SqsQueue};
use work_queue::{Lane, ParkedQueue};

use crate::world::directory;

/// How long a received message is hidden: longer than any case takes.
const HIDDEN: Duration = Duration::from_secs(600);

/// How long a message may take to come that is on its way.
const PATIENCE: u32 = 20;

/// A received message.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) body: String,
    pub(crate) group: String,
    pub(crate) receive_count: u32,
    handle: Handle,
}

/// What names a receipt.
#[derive(Debug, Clone)]
enum Handle {
    Memory(Receipt),
    Sqs(String),
}

/// A parked message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) body: String,
    pub(crate) reason: String,
    pub(crate) directory: Option<String>,
    pub(crate) cut_from: Option<String>,
}

/// Empty queues, and what a receiver can do with them.
pub(crate) trait Queues {
    type Queue: ParkedQueue;

    /// What is being tested.
    fn queue(&self) -> &Self::Queue;

    /// Up to ten messages that are ready, or become so within this time.
    async fn receive_within(&self, lane: Lane, wait: Duration) -> Vec<Received>;

    async fn delete(&self, lane: Lane, message: &Received);

    /// Hands a message back at once.
    async fn hand_back(&self, lane: Lane, message: &Received);

    /// Puts a body on a queue as it is.
    async fn put(&self, lane: Lane, body: &str);

    /// Lets the only message of a queue be delivered too often.
    async fn wear_out(&self, lane: Lane);

    /// What is parked, and nothing but that.
    async fn parked(&self) -> Vec<Parked>;

    /// Up to ten messages that are ready now.
    async fn receive(&self, lane: Lane) -> Vec<Received> {
        self.receive_within(lane, Duration::ZERO).await
    }

    /// Receives and deletes until so many have come, or none has for long.
    async fn take(&self, lane: Lane, count: usize) -> Vec<Received> {
        let mut taken = Vec::new();
        let mut patience = PATIENCE;
        while taken.len() < count && patience > 0 {
            let received = self.receive_within(lane, Duration::from_secs(1)).await;
            patience -= u32::from(received.is_empty());
            for message in received {
                self.delete(lane, &message).await;
                taken.push(message);
            }
        }
        taken
    }
}

/// The queues in memory, on a clock that waiting advances.
pub(crate) struct InMemory {
    queue: MemoryQueue,
    clock: Clock,
}

impl InMemory {
    pub(crate) fn new() -> Self {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        Self { queue: MemoryQueue::new(clock.clone()), clock }
    }
}

impl Queues for InMemory {
    type Queue = MemoryQueue;

    fn queue(&self) -> &MemoryQueue {
        &self.queue
    }

    async fn receive_within(&self, lane: Lane, wait: Duration) -> Vec<Received> {
        let mut received = self.queue.receive(lane, 10, HIDDEN);
        if received.is_empty() {
            self.clock.advance(wait);
            received = self.queue.receive(lane, 10, HIDDEN);
        }
        received
            .into_iter()
            .map(|message| Received {
                body: message.body,
                group: message.group.to_string(),
                receive_count: message.receive_count,
                handle: Handle::Memory(message.receipt),
            })
            .collect()
    }

    async fn delete(&self, _: Lane, message: &Received) {
        let Handle::Memory(receipt) = message.handle else { panic!("of another queue") };
        self.queue.delete(receipt);
    }

    async fn hand_back(&self, _: Lane, message: &Received) {
        let Handle::Memory(receipt) = message.handle else { panic!("of another queue") };
        self.queue.hand_back(receipt);
    }

    async fn put(&self, lane: Lane, body: &str) {
        self.queue.put(lane, &directory("corp"), body);
    }

    async fn wear_out(&self, lane: Lane) {
        let [message] = &self.queue.receive(lane, 10, HIDDEN)[..] else { panic!("not one") };
        self.queue.give_up(message.receipt);
    }

    async fn parked(&self) -> Vec<Parked> {
        let parked = self.queue.parked().into_iter();
        parked
            .map(|message| Parked {
                body: message.body,
                reason: message.reason,
                directory: message.directory.map(|directory| directory.to_string()),
                cut_from: message.cut_from.map(|bytes| bytes.to_string()),
            })
            .collect()
    }
}

/// The queues on the private local server.
pub(crate) struct OnSqs {
    queue: SqsQueue,
    client: Client,
    urls: QueueUrls,
}

impl OnSqs {
    pub(crate) async fn new() -> Self {
        static CASES: AtomicU32 = AtomicU32::new(0);
        let case = CASES.fetch_add(1, Ordering::Relaxed);
        let client = client(&ministack::url());
        // A port is free only until somebody else takes it: never share a queue with them.
        let name = |kind: &str| format!("{kind}-{}-{case}", std::process::id());
        let urls = QueueUrls {
            events: create(&client, name("events")).await,
            bulk: create(&client, name("bulk")).await,
            parked: create(&client, name("parked")).await,
        };
        let queue = SqsQueue::new(client.clone(), urls.clone(), Clock::system());
        Self { queue, client, urls }
    }

    fn url(&self, lane: Lane) -> &str {
        match lane {
            Lane::Events => &self.urls.events,
            Lane::Bulk => &self.urls.bulk,
        }
    }
}

/// A client of whatever listens there.
pub(crate) fn client(url: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(KEY, KEY, None, None, "local"))
        .endpoint_url(url)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
        .build();
    Client::from_conf(config)
}

/// A standard queue as the deployment makes it.
async fn create(client: &Client, name: String) -> String {
    let created = client
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::VisibilityTimeout, HIDDEN.as_secs().to_string())
        .attributes(QueueAttributeName::MaximumMessageSize, work_queue::LARGEST_MESSAGE.to_string())
        .send()
        .await;
    created.unwrap().queue_url.expect("a created queue has a URL")
}

impl Queues for OnSqs {
    type Queue = SqsQueue;

    fn queue(&self) -> &SqsQueue {
        &self.queue
    }

    async fn receive_within(&self, lane: Lane, wait: Duration) -> Vec<Received> {
        let answer = self
            .client
            .receive_message()
            .queue_url(self.url(lane))
            .max_number_of_messages(10)
            .wait_time_seconds(wait.as_secs().try_into().unwrap())
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap();
        let received = answer.messages.unwrap_or_default().into_iter();
        received
            .map(|message| {
                let attributes = message.attributes.unwrap_or_default();
                let attribute = |name| attributes.get(&name).cloned().unwrap_or_default();
                let count = attribute(MessageSystemAttributeName::ApproximateReceiveCount);
                Received {
                    body: message.body.unwrap_or_default(),
                    group: attribute(MessageSystemAttributeName::MessageGroupId),
                    receive_count: count.parse().unwrap(),
                    handle: Handle::Sqs(message.receipt_handle.unwrap_or_default()),
                }
            })
            .collect()
    }

    async fn delete(&self, lane: Lane, message: &Received) {
        let Handle::Sqs(handle) = &message.handle else { panic!("of another queue") };
        let delete = self.client.delete_message().queue_url(self.url(lane)).receipt_handle(handle);
        delete.send().await.unwrap();
    }

    async fn hand_back(&self, lane: Lane, message: &Received) {
        let Handle::Sqs(handle) = &message.handle else { panic!("of another queue") };
        let change = self.client.change_message_visibility().visibility_timeout(0);
        change.queue_url(self.url(lane)).receipt_handle(handle).send().await.unwrap();
    }

    async fn put(&self, lane: Lane, body: &str) {
        let send = self.client.send_message().queue_url(self.url(lane)).message_body(body);
        send.message_group_id("corp").send().await.unwrap();
    }

    async fn wear_out(&self, lane: Lane) {
        let arn = QueueAttributeName::QueueArn;
        let asked = self.client.get_queue_attributes().queue_url(&self.urls.parked);
        let answer = asked.attribute_names(arn.clone()).send().await.unwrap();
        let arn = &answer.attributes().unwrap()[&arn];
        let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}"#);
        let set = self.client.set_queue_attributes().queue_url(self.url(lane));
        set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
        let [message] = &self.receive(lane).await[..] else { panic!("not one") };
        self.hand_back(lane, message).await;
        assert!(self.receive(lane).await.is_empty());
    }

    async fn parked(&self) -> Vec<Parked> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.urls.parked)
            .max_number_of_messages(10)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap();
        let parked = answer.messages.unwrap_or_default().into_iter();
        parked
            .map(|message| {
                let attributes = message.message_attributes.unwrap_or_default();
                let text = |name| attributes.get(name).and_then(|a| a.string_value.clone());
                let system = message.attributes.unwrap_or_default();
                let group = system.get(&MessageSystemAttributeName::MessageGroupId).cloned();
                assert_eq!(group, text("directory"), "the group of a message is its directory");
                Parked {
                    body: message.body.unwrap_or_default(),
                    reason: text("reason").expect("a parked message says why"),
                    directory: text("directory"),
                    cut_from: text("cut_from"),
                }
            })
            .collect()
    }
}
