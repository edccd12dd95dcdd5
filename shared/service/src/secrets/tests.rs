//! The real client against a server of four answers, on a clock that tests advance.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What is stored, and whether it can be read.
#[derive(Default)]
struct Vault {
    secrets: Mutex<BTreeMap<String, String>>,
    out_of_reach: Mutex<bool>,
    reads: AtomicU32,
}

impl Vault {
    fn put(&self, id: &str, text: &str) {
        self.secrets.lock().unwrap().insert(id.to_owned(), text.to_owned());
    }

    fn set_out_of_reach(&self, out: bool) {
        *self.out_of_reach.lock().unwrap() = out;
    }

    fn reads(&self) -> u32 {
        self.reads.load(Ordering::Relaxed)
    }

    fn answer(&self, request: &Value) -> (&'static str, Value) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if *self.out_of_reach.lock().unwrap() {
            return ("500 Internal Server Error", json!({"__type": "InternalServiceError"}));
        }
        let id = request["SecretId"].as_str().unwrap();
        match self.secrets.lock().unwrap().get(id) {
            Some(text) => ("200 OK", json!({"Name": id, "SecretString": text})),
            None => ("400 Bad Request", json!({"__type": "ResourceNotFoundException"})),
        }
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let body = loop {
            if let Some(body) = whole_body(&request) {
                break serde_json::from_slice(body).unwrap();
            }
            if stream.read_buf(&mut request).await.unwrap() == 0 {
                return;
            }
        };
        let (status, answer) = self.answer(&body);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
    }
}

fn whole_body(request: &[u8]) -> Option<&[u8]> {
    let head = request.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let headers = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    let length: usize = length.trim().parse().ok()?;
    request.get(head..head + length)
}

struct World {
    vault: Arc<Vault>,
    clock: Clock,
    secrets: Secrets,
}

async fn world() -> World {
    let vault = Arc::<Vault>::default();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = vault.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let vault = served.clone();
            tokio::spawn(async move { vault.serve(stream).await });
        }
    });
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .retry_config(RetryConfig::disabled())
        .build();
    let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
    let secrets = Secrets::new(Client::from_conf(config), clock.clone());
    World { vault, clock, secrets }
}

const CORP: &str = "entra-sync/corp";
const WEBHOOK: &str = "entra-sync/corp/webhook";

fn directory_text(key: &str) -> String {
    json!({"jumpcloud": {"api_key": key}, "entra": {"client_secret": "es"}}).to_string()
}

impl World {
    /// The key of JumpCloud's half.
    async fn key(&self, freshness: Freshness) -> Result<String, SecretError> {
        let id = SecretId::parse(CORP).unwrap();
        match self.secrets.directory(&id, freshness).await?.jumpcloud? {
            JumpCloudSecret::ApiKey(key) => Ok(key.expose().to_owned()),
            JumpCloudSecret::ServiceAccount { .. } => panic!("no key"),
        }
    }

    /// The first token.
    async fn token(&self, freshness: Freshness) -> Result<String, SecretError> {
        let id = SecretId::parse(WEBHOOK).unwrap();
        let secret = self.secrets.webhook(&id, freshness).await?;
        Ok(secret.tokens[0].expose().to_owned())
    }

    fn put_key(&self, key: &str) {
        self.vault.put(CORP, &directory_text(key));
    }

    fn put_token(&self, token: &str) {
        self.vault.put(WEBHOOK, &json!({ "tokens": [token] }).to_string());
    }

    fn wait(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }
}

#[tokio::test]
async fn a_secret_is_kept_for_five_minutes() {
    let world = world().await;
    world.put_key("one");
    assert_eq!(world.key(Freshness::Cached).await.unwrap(), "one");
    world.put_key("two");
    world.wait(299_999);
    assert_eq!(world.key(Freshness::Cached).await.unwrap(), "one");
    world.wait(1);
    assert_eq!(world.key(Freshness::Cached).await.unwrap(), "two");
    assert_eq!(world.vault.reads(), 2);
}

#[tokio::test]
async fn a_vendors_refusal_reads_again_but_a_crowd_of_them_reads_once() {
    let world = world().await;
    world.put_key("one");
    assert_eq!(world.key(Freshness::Cached).await.unwrap(), "one");
    world.put_key("two");
    world.wait(999);
    assert_eq!(world.key(Freshness::Reread).await.unwrap(), "one");
    world.wait(1);
    let (first, second) = tokio::join!(world.key(Freshness::Reread), world.key(Freshness::Reread));
    assert_eq!([first.unwrap(), second.unwrap()], ["two", "two"]);
    assert_eq!(world.key(Freshness::Cached).await.unwrap(), "two");
    assert_eq!(world.vault.reads(), 2);
}

#[tokio::test]
async fn wrong_tokens_read_at_most_once_in_30_seconds() {
    let world = world().await;
    world.put_token("one");
    assert_eq!(world.token(Freshness::Cached).await.unwrap(), "one");
    world.put_token("two");
    world.wait(29_999);
    assert_eq!(world.token(Freshness::Reread).await.unwrap(), "one");
    world.wait(1);
    assert_eq!(world.token(Freshness::Reread).await.unwrap(), "two");
    for _ in 0..10 {
        assert_eq!(world.token(Freshness::Reread).await.unwrap(), "two");
    }
    assert_eq!(world.vault.reads(), 2);
}

#[tokio::test]
async fn out_of_reach_is_passing_and_what_is_kept_serves_on() {
    let world = world().await;
    world.put_token("one");
    assert_eq!(world.token(Freshness::Cached).await.unwrap(), "one");
    world.vault.set_out_of_reach(true);
    world.wait(30_000);
    let refused = world.token(Freshness::Reread).await.unwrap_err();
    assert!(refused.is_passing());
    assert_eq!(refused.to_string(), "the secret entra-sync/corp/webhook cannot be read");
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.contains("InternalServiceError"), "{source}");
    assert!(world.token(Freshness::Reread).await.is_err());
    assert_eq!(world.vault.reads(), 2, "the failed read counts as the one in 30 s");
    assert_eq!(world.token(Freshness::Cached).await.unwrap(), "one");
    world.wait(270_000);
    assert!(world.token(Freshness::Cached).await.is_err(), "never older than five minutes");
    world.vault.set_out_of_reach(false);
    assert_eq!(world.token(Freshness::Cached).await.unwrap(), "one");
}

#[tokio::test]
async fn a_missing_secret_is_permanent_and_asked_for_every_30_seconds() {
    let world = world().await;
    for _ in 0..3 {
        let error = world.key(Freshness::Cached).await.unwrap_err();
        assert!(!error.is_passing());
        assert_eq!(error.to_string(), "the secret entra-sync/corp does not exist");
    }
    assert_eq!(world.vault.reads(), 1);
    world.put_key("one");
    world.wait(30_000);
    assert_eq!(world.key(Freshness::Cached).await.unwrap(), "one");
}

#[tokio::test]
async fn a_secret_without_the_needed_key_names_it_and_is_permanent() {
    let world = world().await;
    world.vault.put(CORP, r#"{"entra":{"client_secret":"es"}}"#);
    let id = SecretId::parse(CORP).unwrap();
    let secret = world.secrets.directory(&id, Freshness::Cached).await.unwrap();
    assert!(secret.entra.is_ok());
    let error = SecretError::from(secret.jumpcloud.unwrap_err());
    assert!(!error.is_passing());
    let text = "the secret entra-sync/corp is not usable: jumpcloud.api_key is missing";
    assert_eq!(error.to_string(), text);
    let error = CredentialError::from(error);
    assert!(!error.passing);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), text);
}
