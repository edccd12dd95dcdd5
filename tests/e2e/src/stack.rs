//! The deployed template on a private AWS stand-in, and the places on it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use serde_json::{Value, json};

use crate::built;

/// A deployed stack, alive as long as this test program is.
#[derive(Debug)]
pub struct Stack {
    outputs: Value,
    /// It ends when the pipe to it does, whatever way this process ended.
    _process: Child,
}

impl Stack {
    /// The stack of this test program, started by whoever asks first.
    ///
    /// The schedule is off: a test invokes the reconciler when it wants to.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Result<Stack, String>> = LazyLock::new(Stack::start);
        match &*SHARED {
            Ok(stack) => stack,
            Err(why) => panic!("no stack: {why}"),
        }
    }

    fn start() -> Result<Self, String> {
        let python = built::repository().join(".local/venv/bin/python");
        if !python.is_file() {
            return Err(format!("{} is missing: run `make prepare`", python.display()));
        }
        let log = built::scratch_file("stack.log");
        let said = File::create(&log).map_err(|error| error.to_string())?;
        let mut process = Command::new(python)
            .arg(built::repository().join("infra/local/stack.py"))
            .arg("up")
            .arg("--state")
            .arg(built::scratch().join("stack"))
            .arg("--binaries")
            .arg(built::folder())
            .arg("--no-schedule")
            // Real concurrency, with as many processes as a small machine can bear.
            .args(["--parameter", "EventsMaximumConcurrency=4"])
            .args(["--parameter", "BulkMaximumConcurrency=2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdout = process.stdout.take().ok_or("its output is not piped")?;
        let mut line = String::new();
        // It bounds its own start, and ends without a line when that fails.
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        match serde_json::from_str(&line) {
            Ok(outputs) => Ok(Self { outputs, _process: process }),
            Err(_) => Err(std::fs::read_to_string(&log).unwrap_or_default()),
        }
    }

    /// One of the template's outputs, or `endpoint`, or `region`.
    ///
    /// # Panics
    ///
    /// If there is none of this name.
    pub fn output(&self, name: &str) -> &str {
        self.outputs[name].as_str().unwrap_or_else(|| panic!("the stack has no output {name}"))
    }

    /// The deployed table and queues, with the functions behind them.
    pub fn deployed(&self) -> Place {
        let text = |name: &str| self.output(name).to_owned();
        Place {
            endpoint: text("endpoint"),
            region: text("region"),
            table: text("TableName"),
            events: text("EventsQueueUrl"),
            bulk: text("BulkQueueUrl"),
            parked: text("ParkedQueueUrl"),
        }
    }

    /// A new table and new queues of the deployed form, which no function works on.
    pub async fn apart(&self) -> Place {
        static PLACES: AtomicU32 = AtomicU32::new(0);
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let deployed = self.deployed();
        let table = format!("apart-{number}");
        deployed.copy_table(&table).await;
        let mut place = Place { table, ..deployed.clone() };
        for (name, from, to) in [
            ("events", &deployed.events, &mut place.events),
            ("bulk", &deployed.bulk, &mut place.bulk),
            ("parked", &deployed.parked, &mut place.parked),
        ] {
            *to = deployed.copy_queue(from, &format!("apart-{number}-{name}")).await;
        }
        place
    }
}

/// A table and three queues.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where AWS is.
    pub endpoint: String,
    /// The region of it all.
    pub region: String,
    /// The table's name.
    pub table: String,
    /// The URL of the queue for events.
    pub events: String,
    /// The URL of the queue for bulk work.
    pub bulk: String,
    /// The URL of the queue for what cannot be worked on.
    pub parked: String,
}

impl Place {
    /// What a function or the command line reads from its environment to work here.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("SYNC_TABLE", self.table.as_str()),
            ("EVENTS_QUEUE_URL", &self.events),
            ("BULK_QUEUE_URL", &self.bulk),
            ("PARKED_QUEUE_URL", &self.parked),
            ("ALLOW_CUSTOM_ENDPOINTS", "1"),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("RUST_LOG", "info"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// A client of the queues.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(credentials())
            .endpoint_url(&self.endpoint)
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
            .build();
        aws_sdk_sqs::Client::from_conf(config)
    }

    fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(credentials())
            .endpoint_url(&self.endpoint)
            .build();
        aws_sdk_secretsmanager::Client::from_conf(config)
    }

    /// Creates a secret, or gives it another value.
    pub async fn put_secret(&self, id: &str, value: &Value) {
        let client = self.secrets();
        let created = client.create_secret().name(id).secret_string(value.to_string()).send().await;
        if created.is_ok() {
            return;
        }
        let put = client.put_secret_value().secret_id(id).secret_string(value.to_string());
        put.send().await.expect("a secret that exists can be given another value");
    }

    /// Puts messages into a queue, in this order.
    ///
    /// # Panics
    ///
    /// If it does not take one of them.
    pub async fn put(&self, queue: &str, bodies: &[String]) {
        let client = self.sqs();
        for chunk in bodies.chunks(10) {
            let entries = chunk.iter().enumerate().map(|(n, body)| {
                let entry = SendMessageBatchRequestEntry::builder();
                entry.id(n.to_string()).message_body(body).build().expect("an entry")
            });
            let sent = client.send_message_batch().queue_url(queue);
            let sent = sent.set_entries(Some(entries.collect())).send().await;
            assert_eq!(sent.expect("the queue takes messages").failed(), []);
        }
    }

    /// The bodies of the messages in a queue, which are gone then.
    pub async fn take(&self, queue: &str) -> Vec<String> {
        let client = self.sqs();
        let mut bodies = Vec::new();
        loop {
            let received = client.receive_message().queue_url(queue).max_number_of_messages(10);
            let received = received.send().await.expect("a queue can be received from");
            let Some(messages) = received.messages.filter(|messages| !messages.is_empty()) else {
                return bodies;
            };
            for message in messages {
                bodies.push(message.body.unwrap_or_default());
                let handle = message.receipt_handle.unwrap_or_default();
                let deleted = client.delete_message().queue_url(queue).receipt_handle(handle);
                deleted.send().await.expect("a received message can be deleted");
            }
        }
    }

    /// Asked without the client of AWS, which refuses the stand-in's description of a table: one of
    /// its truth values comes as text.
    async fn copy_table(&self, name: &str) {
        let described = self.table_request("DescribeTable", json!({ "TableName": self.table }));
        let mut table = described.await["Table"].take();
        let mut created = json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST" });
        for part in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
            created[part] = table[part].take();
        }
        let answer = self.table_request("CreateTable", created).await;
        assert_eq!(answer["TableDescription"]["TableName"], name, "{answer}");
    }

    #[expect(clippy::disallowed_methods, reason = "the stand-in is no vendor")]
    async fn table_request(&self, operation: &str, body: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client of loopback");
        // The stand-in checks no signature, and reads the region from here.
        let scope = format!("20260101/{}/dynamodb/aws4_request", self.region);
        let signer = format!("AWS4-HMAC-SHA256 Credential=local/{scope}");
        let request = client
            .post(&self.endpoint)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", signer)
            .body(body.to_string());
        let answer = request.send().await.expect("the stand-in answers");
        let answer = answer.text().await.expect("the stand-in answers to the end");
        serde_json::from_str(&answer).expect("the stand-in answers JSON")
    }

    async fn copy_queue(&self, from: &str, name: &str) -> String {
        let client = self.sqs();
        let asked = client.get_queue_attributes().queue_url(from);
        let found = asked.attribute_names(QueueAttributeName::All).send().await;
        let found = found.expect("a deployed queue can be described").attributes;
        let kept = [
            QueueAttributeName::VisibilityTimeout,
            QueueAttributeName::MessageRetentionPeriod,
            QueueAttributeName::MaximumMessageSize,
        ];
        let attributes = found.unwrap_or_default();
        let attributes = attributes.into_iter().filter(|(name, _)| kept.contains(name)).collect();
        let created = client.create_queue().queue_name(name).set_attributes(Some(attributes));
        let created = created.send().await.expect("a queue of the deployed form can be created");
        created.queue_url.expect("a created queue has an address")
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "local")
}
