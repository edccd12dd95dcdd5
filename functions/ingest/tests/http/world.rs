//! A door over a table and queues in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use hmac::{Hmac, KeyInit, Mac};
use ingest::{Ingest, WebhookSecrets};
use jiff::Timestamp;
use serde_json::{Value, json};
use service::directories::Directories;
use service::secrets::{SecretError, SecretId, WebhookSecret};
use sha2::Sha256;
use store::memory::MemoryStore;
use store::{ConfigRecord, FirstRun, Store};
use sync_core::ids::DirectoryId;
use transport::{CustomEndpoints, Freshness, Secret};
use work_queue::WorkQueue;
use work_queue::memory::MemoryQueue;

pub(crate) const NOW: i64 = 1_777_852_800;
pub(crate) const TOKEN: &str = "current";
pub(crate) const USER: &str = "65f000000000000000000001";
pub(crate) const USER_2: &str = "65f000000000000000000002";
pub(crate) const GROUP: &str = "65f0000000000000000000b1";
pub(crate) const APPLICATION: &str = "65f0000000000000000000c1";
pub(crate) const ORGANIZATION: &str = "65f0000000000000000000aa";

/// The secret as it was when it was last read, and what it has become since.
#[derive(Clone)]
pub(crate) struct Vault(Arc<Mutex<Stored>>);

struct Stored {
    kept: Option<&'static str>,
    now: Option<&'static str>,
    reads: Vec<Freshness>,
}

impl Vault {
    /// Changes the token; whoever does not read again does not know.
    pub(crate) fn rotate(&self, token: &'static str) {
        self.0.lock().unwrap().now = Some(token);
    }

    /// The secret is gone.
    pub(crate) fn lose(&self) {
        let mut stored = self.0.lock().unwrap();
        (stored.kept, stored.now) = (None, None);
    }

    /// How the secret was asked for since the last call.
    pub(crate) fn reads(&self) -> Vec<Freshness> {
        std::mem::take(&mut self.0.lock().unwrap().reads)
    }
}

impl WebhookSecrets for Vault {
    async fn webhook(
        &self,
        id: &SecretId,
        freshness: Freshness,
    ) -> Result<WebhookSecret, SecretError> {
        assert_eq!(id.as_str(), "entra-sync/corp/webhook");
        let mut stored = self.0.lock().unwrap();
        stored.reads.push(freshness);
        if freshness == Freshness::Reread {
            stored.kept = stored.now;
        }
        let token = stored.kept.ok_or_else(|| SecretError::Missing { id: id.clone() })?;
        let tokens = vec![Secret::new(token), Secret::new("previous")];
        Ok(WebhookSecret { tokens, signing_keys: vec![Secret::new("key")] })
    }
}

/// A door and what is behind it.
pub(crate) struct World<Q = MemoryQueue> {
    pub(crate) clock: Clock,
    pub(crate) table: MemoryStore,
    pub(crate) queue: MemoryQueue,
    pub(crate) vault: Vault,
    pub(crate) ingest: Ingest<MemoryStore, Q, Vault>,
}

/// The directory `corp`, ready.
pub(crate) async fn world() -> World {
    world_with(|queue| queue).await
}

/// The same with something before its queues.
pub(crate) async fn world_with<Q: WorkQueue>(before: impl FnOnce(MemoryQueue) -> Q) -> World<Q> {
    let clock = Clock::starting_at(Timestamp::from_second(NOW).unwrap());
    let (table, queue) = (MemoryStore::new(), MemoryQueue::new(clock.clone()));
    let directories = Directories::new(table.clone(), CustomEndpoints::Refused, clock.clone());
    let stored = Stored { kept: Some(TOKEN), now: Some(TOKEN), reads: Vec::new() };
    let vault = Vault(Arc::new(Mutex::new(stored)));
    let ingest = Ingest::new(directories, before(queue.clone()), vault.clone(), clock.clone());
    let world = World { clock, table, queue, vault, ingest };
    world.configure(true, FirstRun::Done).await;
    world
}

impl<Q: WorkQueue> World<Q> {
    /// Stores the configuration anew.
    pub(crate) async fn configure(&self, active: bool, first_run: FirstRun) {
        let directory = DirectoryId::parse("corp").unwrap();
        let version = self.table.config(&directory).await.unwrap().map_or(0, |old| old.version);
        let text = format!(
            r#"
id = "corp"
name = "Corp"
secret = "entra-sync/corp"
webhook_secret = "entra-sync/corp/webhook"
[jumpcloud]
organization = "{ORGANIZATION}"
scope.application = "{APPLICATION}"
[entra]
tenant_id = "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001"
client_id = "app"
"#
        );
        let applied_at = self.clock.now();
        let record =
            ConfigRecord { directory, text, first_run, active, version: version + 1, applied_at };
        assert!(self.table.put_config(&record, version).await.unwrap());
    }

    /// Sends a request as AWS hands it over; the status and the body of the answer.
    pub(crate) async fn send(&self, request: &Value) -> (u64, String) {
        let answer = self.answer(request).await;
        (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
    }

    /// The whole answer as AWS gets it.
    pub(crate) async fn answer(&self, request: &Value) -> Value {
        let event = serde_json::from_str(&request.to_string()).unwrap();
        let deadline = self.clock.now().checked_add(Duration::from_secs(10)).unwrap();
        serde_json::to_value(self.ingest.handle(event, deadline).await).unwrap()
    }

    /// Posts a body with the right token.
    pub(crate) async fn post(&self, body: &str) -> (u64, String) {
        self.send(&events("corp", body)).await
    }
}

/// A request of an HTTP API, as AWS documents it, with the right token.
pub(crate) fn events(directory: &str, body: &str) -> Value {
    let mut request = request("POST", &format!("/events/{directory}"));
    request["body"] = json!(body);
    request
}

/// A request without a body.
pub(crate) fn request(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /events/{directory}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "authorization": format!("Bearer {TOKEN}"),
            "content-type": "application/json",
            "host": "abc123.execute-api.eu-central-1.amazonaws.com",
            "user-agent": "JumpCloud",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abc123",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "JumpCloud",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /events/{directory}",
            "stage": "$default",
            "time": "04/May/2026:00:00:00 +0000",
            "timeEpoch": NOW * 1000,
        },
        "pathParameters": {"directory": "corp"},
        "isBase64Encoded": false,
    })
}

/// The same request with other headers to prove who sent it.
pub(crate) fn with_headers(mut request: Value, headers: &[(&str, &str)]) -> Value {
    let all = request["headers"].as_object_mut().unwrap();
    all.remove("authorization");
    for (name, value) in headers {
        all.insert((*name).to_owned(), json!(value));
    }
    request
}

/// The signature of a body with `key`.
pub(crate) fn signature(timestamp: i64, path: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(format!("{timestamp}.POST {path}.{body}").as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// An event about a user.
pub(crate) fn user_event(kind: &str, user: &str) -> Value {
    json!({
        "id": format!("{kind}-{user}"),
        "event_type": kind,
        "service": "directory",
        "organization": ORGANIZATION,
        "timestamp": "2026-05-03T23:59:59.162Z",
        "resource": {"id": user, "type": "user"},
    })
}
