//! The function of the schedules over a table and queues in memory, beside JumpCloud's server.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use clock::Clock;
use jiff::Timestamp;
use reconciler::{Answer, ReconcileError, Reconciler};
use serde_json::{Value, json};
use service::secrets::Secrets;
use simulators::{JumpCloudSim, jumpcloud};
use store::memory::MemoryStore;
use store::{Commit, Committed, ConfigRecord, FirstRun, Store, Terms};
use sync_core::ids::{DirectoryId, JumpCloudUserId, Subject};
use sync_core::record::{Brings, after};
use sync_engine::Engine;
use sync_engine::directories::Directories;
use transport::CustomEndpoints;
use work_queue::memory::MemoryQueue;
use work_queue::{Lane, WorkQueue};

const APPLICATION: &str = "65f0000000000000000000c1";

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) jumpcloud: JumpCloudSim,
    pub(crate) table: MemoryStore,
    pub(crate) queue: MemoryQueue,
    secrets: Secrets,
}

impl World {
    /// An organization in which nothing has happened, and no directory.
    pub(crate) async fn new() -> Self {
        let start: Timestamp = "2026-05-04T08:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        let mut organization = jumpcloud::State::default().with_key("key");
        organization.add_application(json!({"_id": APPLICATION, "name": "Microsoft 365"}));
        let world = Self {
            jumpcloud: JumpCloudSim::start(loopback(), organization).await.unwrap(),
            table: MemoryStore::new(),
            queue: MemoryQueue::new(clock.clone()),
            secrets: secrets(&clock).await,
            clock,
        };
        world.jumpcloud.control().set_time(start);
        world
    }

    /// The same with the directory `corp`, ready.
    pub(crate) async fn with_corp() -> Self {
        let world = Self::new().await;
        world.configure("corp", |_| {}).await;
        world
    }

    /// Stores a directory of this name, changed from one that is ready.
    pub(crate) async fn configure(&self, id: &str, change: impl FnOnce(&mut ConfigRecord)) {
        let jumpcloud = &self.jumpcloud;
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
            tenant_id = "8d0b5a0e-0000-4000-8000-0000000000aa"
            client_id = "client"
            "#,
            jumpcloud.api_url(),
            jumpcloud.insights_url(),
            jumpcloud.token_url(),
        );
        let mut record = ConfigRecord {
            directory: directory(id),
            text,
            first_run: FirstRun::Done,
            active: true,
            version: 1,
            applied_at: self.clock.now(),
        };
        change(&mut record);
        assert!(self.table.put_config(&record, 0).await.unwrap());
    }

    /// A second passes on every clock.
    pub(crate) fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
        self.jumpcloud.control().advance(Duration::from_secs(1));
    }

    /// Somebody new in JumpCloud.
    pub(crate) fn hire(&self, name: &str) -> JumpCloudUserId {
        let id = self.jumpcloud.state(|state| {
            let email = format!("{name}@corp.example");
            state.add_user(json!({ "username": name, "email": email, "state": "ACTIVATED" }))
        });
        self.tick();
        JumpCloudUserId::parse(&id).unwrap()
    }

    /// A subject whose `due` has come.
    pub(crate) async fn due(&self, id: &str, user: &str) -> Subject {
        let subject = Subject::User(JumpCloudUserId::parse(user).unwrap());
        let second = Duration::from_secs(1);
        let terms = Terms { now: self.clock.now(), lease: second, settle: second };
        let acquired =
            self.table.acquire(&directory(id), &subject, &Brings::default(), terms).await.unwrap();
        let store::Acquired::Taken(held) = acquired else { panic!("somebody else is at it") };
        let commit = Commit {
            record: &held.record,
            heard: None,
            members: &held.mailbox.members,
            due: Some(terms.now),
            audit: &[],
            claims: &[],
        };
        let committed = self.table.commit(&held.lease, terms, commit).await.unwrap();
        assert_eq!(committed, Committed::Released);
        subject
    }

    /// The subjects that have been rung, in order.
    pub(crate) fn rung(&self) -> Vec<Subject> {
        self.queue.items(Lane::Events).into_iter().map(|item| item.subject).collect()
    }

    /// What the function answers with a minute left.
    pub(crate) async fn run(&self, input: Value) -> Result<Value, ReconcileError> {
        let reconciler =
            self.reconciler_over(self.table.clone(), self.queue.clone(), self.clock.clone());
        let deadline = after(self.clock.now(), Duration::from_secs(60));
        reconciler.handle(&input, deadline).await.map(plain)
    }

    pub(crate) fn reconciler_over<S: Store, Q: WorkQueue>(
        &self,
        table: S,
        queue: Q,
        clock: Clock,
    ) -> Reconciler<S, Q> {
        let configured = service::directories::Directories::new(
            table.clone(),
            CustomEndpoints::Allowed,
            clock.clone(),
        );
        let directories = Directories::new(configured, self.secrets.clone(), clock.clone());
        Reconciler::new(Engine::new(table, queue, clock), directories)
    }
}

/// Every test ends here: JumpCloud was asked for nothing that it does not have.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.jumpcloud.control().problems(), Vec::<String>::new());
        }
    }
}

pub(crate) fn directory(id: &str) -> DirectoryId {
    DirectoryId::parse(id).unwrap()
}

/// The answer as AWS sees it, but for the names of runs, which are different each time.
pub(crate) fn plain(answer: Answer) -> Value {
    let mut answer = serde_json::to_value(answer).unwrap();
    let redact = |run: &mut Value| {
        let id = run["run"].as_str().unwrap();
        assert_eq!(id.len(), 36, "{id}");
        run["run"] = "RUN".into();
    };
    match answer.get_mut("runs") {
        Some(runs) => runs.as_array_mut().unwrap().iter_mut().for_each(redact),
        None => redact(&mut answer),
    }
    answer
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

/// A table behind a port that nobody listens on.
pub(crate) fn table_out_of_reach(clock: &Clock) -> store::dynamodb::DynamoStore {
    let listener = TcpListener::bind(loopback()).unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials())
        .endpoint_url(closed)
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
