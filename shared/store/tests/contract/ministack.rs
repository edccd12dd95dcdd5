//! A private local server with DynamoDB, and an empty table for each case.
//!
//! The server is started by the first case that needs it, on a free loopback port. A shell stands
//! between: it waits for the end of a pipe that this process holds open, and then ends the server
//! by its process id, whatever way this process ended.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use clock::Clock;
use store::dynamodb::DynamoStore;

static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);

/// What runs until its pipe ends, which is when this process does.
struct Server {
    port: u16,
    _shell: Child,
}

const SHELL: &str = r#""$1" >"$2" 2>&1 & pid=$!; cat >/dev/null; kill "$pid"; wait "$pid""#;

impl Server {
    fn start() -> Result<Self, String> {
        let program = program();
        if !program.is_file() {
            return Err(format!("{} is missing: run `make prepare`", program.display()));
        }
        let mut said = String::new();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for _ in 0..3 {
            let port = free_port();
            let log = folder.join(format!("ministack-{port}.log"));
            let mut shell = Command::new("sh")
                .args(["-c", SHELL, "sh"])
                .args([&program, &log])
                .env_clear()
                .envs([("PATH", "/usr/bin:/bin"), ("BIND_HOST", "127.0.0.1")])
                .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")])
                .envs([("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1")])
                .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
                .env("GATEWAY_PORT", port.to_string())
                .env("IOT_MTLS_ENABLED", "0")
                .env("HOME", folder)
                .env("TMPDIR", folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            if until_ready(port) {
                // Written on, and gone with the server.
                std::fs::remove_file(&log).unwrap();
                return Ok(Self { port, _shell: shell });
            }
            // Waiting closes the pipe first.
            shell.wait().unwrap();
            said = std::fs::read_to_string(&log).unwrap_or_default();
        }
        Err(format!(
            "{} does not answer; after `make prepare` it should:\n{said}",
            program.display()
        ))
    }
}

/// The installed server, or another one that the variable `MINISTACK` names.
fn program() -> PathBuf {
    std::env::var_os("MINISTACK").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/venv/bin/ministack"),
        PathBuf::from,
    )
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn until_ready(port: u16) -> bool {
    (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        answers(port).unwrap_or(false)
    })
}

fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /_ministack/health HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}

/// The port of the running server.
pub(crate) fn port() -> u16 {
    match &*SERVER {
        Ok(server) => server.port,
        Err(why) => panic!("no local AWS server: {why}"),
    }
}

/// A client of whatever listens on this port.
pub(crate) fn client(port: u16) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
        .build();
    Client::from_conf(config)
}

/// The store over an empty table.
pub(crate) async fn store() -> DynamoStore {
    let client = client(port());
    let table = create_table(&client).await;
    DynamoStore::new(client, &table, Clock::system())
}

/// An empty table of the form that the deployment gives it.
pub(crate) async fn create_table(client: &Client) -> String {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    // A port is free only until somebody else takes it: never share a table with them.
    let name = format!("contract-{}-{number}", std::process::id());
    let attribute = |name: &str, kind| {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        definition.build().unwrap()
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    let index = |name: &str, hash: &str, range: &str| {
        let keys = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(hash, KeyType::Hash))
            .key_schema(key(range, KeyType::Range))
            .projection(keys)
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_of", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .attribute_definitions(attribute("subjects_of", ScalarAttributeType::S))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("due", "due_of", "due_at"))
        .global_secondary_indexes(index("subjects", "subjects_of", "pk"))
        .send()
        .await
        .unwrap();
    let expiry = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true);
    client
        .update_time_to_live()
        .table_name(&name)
        .time_to_live_specification(expiry.build().unwrap())
        .send()
        .await
        .unwrap();
    name
}
