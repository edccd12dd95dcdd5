//! A function of the queues over a table and queues in memory, beside the two vendors' servers.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use clock::Clock;
use consumer::Consumer;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::secrets::Secrets;
use simulators::{EntraSim, JumpCloudSim, entra, jumpcloud};
use store::memory::MemoryStore;
use store::{ConfigRecord, FirstRun, Store};
use sync_core::ids::{DirectoryId, JumpCloudUserId, Subject};
use sync_core::record::after;
use sync_engine::Engine;
use sync_engine::directories::Directories;
use transport::CustomEndpoints;
use work_queue::memory::MemoryQueue;
use work_queue::sqs::{QueueUrls, SqsQueue};
use work_queue::{Cause, Source, WorkItem, WorkQueue};

pub(crate) const EMPTY: &str = r#"{"batchItemFailures":[]}"#;

pub(crate) const APPLICATION: &str = "65f0000000000000000000c1";
const TENANT: &str = "8d0b5a0e-0000-4000-8000-0000000000aa";

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) jumpcloud: JumpCloudSim,
    pub(crate) entra: EntraSim,
    pub(crate) table: MemoryStore,
    pub(crate) queue: MemoryQueue,
    secrets: Secrets,
}

impl World {
    /// The directory `corp`, ready, and nobody in it.
    pub(crate) async fn new() -> Self {
        let start: Timestamp = "2026-05-04T08:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        let mut organization = jumpcloud::State::default().with_key("key");
        organization.add_application(json!({"_id": APPLICATION, "name": "Microsoft 365"}));
        let tenant = entra::State::new(TENANT, &["corp.example"]).with_client("client", "secret");
        let world = Self {
            jumpcloud: JumpCloudSim::start(loopback(), organization).await.unwrap(),
            entra: EntraSim::start(loopback(), tenant).await.unwrap(),
            table: MemoryStore::new(),
            queue: MemoryQueue::new(clock.clone()),
            secrets: secrets(&clock).await,
            clock,
        };
        for control in [world.jumpcloud.control(), world.entra.control()] {
            control.set_time(start);
        }
        world.configure("corp", |_| {}).await;
        world
    }

    /// Stores a directory of this name, changed from one that is ready.
    pub(crate) async fn configure(&self, id: &str, change: impl FnOnce(&mut ConfigRecord)) {
        let (jumpcloud, entra) = (&self.jumpcloud, &self.entra);
        let text = format!(
            r#"
            id = "{id}"
            name = "Corp"
            secret = "entra-sync/corp"
            webhook_secret = "entra-sync/corp/webhook"
            [jumpcloud]
            api_url = "{}"
            insights_url = "{}"
            token_url = "{}"
            scope.application = "{APPLICATION}"
            [entra]
            tenant_id = "{TENANT}"
            client_id = "client"
            graph_url = "{}"
            login_url = "{}"
            "#,
            jumpcloud.api_url(),
            jumpcloud.insights_url(),
            jumpcloud.token_url(),
            entra.graph_url(),
            entra.login_url(),
        );
        let mut record = ConfigRecord {
            directory: DirectoryId::parse(id).unwrap(),
            text,
            first_run: FirstRun::Done,
            active: true,
            version: 1,
            applied_at: self.clock.now(),
        };
        change(&mut record);
        assert!(self.table.put_config(&record, 0).await.unwrap());
    }

    /// Somebody in JumpCloud who is connected to the directory.
    pub(crate) fn hire(&self, name: &str) -> JumpCloudUserId {
        let id = self.jumpcloud.state(|state| {
            let id = state.add_user(json!({
                "username": name, "email": format!("{name}@corp.example"),
                "firstname": name, "lastname": "Example", "state": "ACTIVATED", "activated": true,
            }));
            assert!(state.connect(APPLICATION, &id));
            id
        });
        JumpCloudUserId::parse(&id).unwrap()
    }

    /// Takes somebody out of the directory's scope.
    pub(crate) fn disconnect(&self, user: &JumpCloudUserId) {
        assert!(self.jumpcloud.state(|state| state.disconnect(APPLICATION, user.as_str())));
    }

    /// Whether Entra has this person.
    pub(crate) fn has(&self, name: &str) -> bool {
        let upn = format!("{name}@corp.example");
        self.entra.state(|state| state.user_by_upn(&upn)).is_some()
    }

    pub(crate) fn consumer(&self) -> Consumer<MemoryStore, MemoryQueue> {
        self.consumer_over(self.table.clone(), self.queue.clone(), self.clock.clone())
    }

    pub(crate) fn consumer_over<S: Store, Q: WorkQueue>(
        &self,
        table: S,
        queue: Q,
        clock: Clock,
    ) -> Consumer<S, Q> {
        let configured = service::directories::Directories::new(
            table.clone(),
            CustomEndpoints::Allowed,
            clock.clone(),
        );
        let directories = Directories::new(configured, self.secrets.clone(), clock.clone());
        Consumer::new(Engine::new(table, queue, clock), directories)
    }

    /// The bytes that the function answers with plenty of time.
    pub(crate) async fn answer<S: Store, Q: WorkQueue>(
        &self,
        consumer: &Consumer<S, Q>,
        messages: &[(&str, &str)],
    ) -> String {
        let deadline = self.seconds_from_now(30);
        let fresh: Vec<_> = messages.iter().map(|(id, body)| (*id, *body, 1)).collect();
        serde_json::to_string(&consumer.handle(event(&fresh), deadline).await).unwrap()
    }

    pub(crate) fn seconds_from_now(&self, seconds: u64) -> Timestamp {
        after(self.clock.now(), Duration::from_secs(seconds))
    }

    /// Moves every clock on.
    pub(crate) fn advance(&self, seconds: u64) {
        let span = Duration::from_secs(seconds);
        self.clock.advance(span);
        self.jumpcloud.control().advance(span);
        self.entra.control().advance(span);
    }

    pub(crate) fn clear_journals(&self) {
        self.jumpcloud.control().clear_journal();
        self.entra.control().clear_journal();
    }

    /// The parts of the paths that JumpCloud was asked for people, in order.
    pub(crate) fn users_read(&self) -> Vec<String> {
        let prefix = "/api/systemusers/";
        let journal = self.jumpcloud.control().journal();
        journal
            .iter()
            .filter_map(|entry| entry.path.strip_prefix(prefix).map(str::to_owned))
            .collect()
    }

    /// How many requests both vendors got.
    pub(crate) fn requests(&self) -> u64 {
        let counts = [self.jumpcloud.control().counts(), self.entra.control().counts()];
        counts.iter().flat_map(|counts| counts.values()).sum()
    }
}

/// Every test ends here: neither server was asked for anything that the vendor does not have.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.jumpcloud.control().problems(), Vec::<String>::new());
            assert_eq!(self.entra.control().problems(), Vec::<String>::new());
        }
    }
}

/// A batch of messages: id, body, receive count.
pub(crate) fn event(messages: &[(&str, &str, u32)]) -> SqsEvent {
    let record = |(id, body, receives): &(&str, &str, u32)| -> Value {
        json!({
            "messageId": id, "body": body, "eventSource": "aws:sqs",
            "attributes": { "ApproximateReceiveCount": receives.to_string() },
        })
    };
    let records: Vec<Value> = messages.iter().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// The body of a message that rings for a person of `corp`.
pub(crate) fn bell(user: &JumpCloudUserId) -> String {
    item("corp", Subject::User(user.clone()))
}

/// The body of a message that an event sent for a person of `corp`, so that he is read by himself.
pub(crate) fn event_bell(user: &JumpCloudUserId) -> String {
    let directory = DirectoryId::parse("corp").unwrap();
    let subject = Subject::User(user.clone());
    WorkItem::new(directory, subject, Cause::of(Source::Webhook)).to_json()
}

pub(crate) fn item(directory: &str, subject: Subject) -> String {
    let directory = DirectoryId::parse(directory).unwrap();
    WorkItem::new(directory, subject, Cause::of(Source::Operator)).to_json()
}

/// Waits until it is so, for at most ten seconds.
pub(crate) async fn until(so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !so() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("it did not come about");
}

/// Queues behind a port that nobody listens on.
pub(crate) fn queues_out_of_reach(clock: &Clock) -> SqsQueue {
    let url = || format!("{}/000000000000/queue", closed_port());
    let urls = QueueUrls { events: url(), bulk: url(), parked: url() };
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials())
        .endpoint_url(closed_port())
        .retry_config(RetryConfig::disabled())
        .build();
    SqsQueue::new(aws_sdk_sqs::Client::from_conf(config), urls, clock.clone())
}

/// A table behind a port that nobody listens on.
pub(crate) fn table_out_of_reach(clock: &Clock) -> store::dynamodb::DynamoStore {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials())
        .endpoint_url(closed_port())
        .retry_config(RetryConfig::disabled())
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    store::dynamodb::DynamoStore::new(client, "sync", clock.clone())
}

/// Secrets Manager, as far as reading the one secret goes.
async fn secrets(clock: &Clock) -> Secrets {
    let secret = json!({"jumpcloud": {"api_key": "key"}, "entra": {"client_secret": "secret"}});
    let answer = json!({"Name": "entra-sync/corp", "SecretString": secret.to_string()});
    let answers = axum::Router::new().fallback(|| async move { axum::Json(answer) });
    let listener = tokio::net::TcpListener::bind(loopback()).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, answers).await });
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .build();
    Secrets::new(aws_sdk_secretsmanager::Client::from_conf(config), clock.clone())
}

fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "test")
}

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn closed_port() -> String {
    let listener = TcpListener::bind(loopback()).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
