//! Feeding a function from a queue, as AWS's event source mapping does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use clock::Clock;
use serde_json::{Value, json};

use crate::events::record;
use crate::runtime_api::{Answer, Function};
use crate::stack::Place;

/// The time an invocation has.
const LEFT: Duration = Duration::from_secs(30);

/// A queue that a function is fed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Of events.
    Events,
    /// Of bulk work.
    Bulk,
}

impl Lane {
    /// The URL of the queue.
    pub fn of(self, place: &Place) -> &str {
        match self {
            Self::Events => &place.events,
            Self::Bulk => &place.bulk,
        }
    }
}

/// Feeds a function batch by batch until it is dropped.
///
/// What was asked for by then is still delivered: a queue may answer a receiver that is gone, and
/// then nobody sees the messages before their visibility timeout is over.
#[derive(Debug)]
pub struct Feed {
    over: Arc<AtomicBool>,
}

impl Feed {
    /// Feeds this function from the queue. What it hands back is delivered again at once.
    pub fn start(place: &Place, lane: Lane, function: Arc<Function>) -> Self {
        let (client, queue) = (place.sqs(), lane.of(place).to_owned());
        let over = Arc::<AtomicBool>::default();
        let feed = Self { over: over.clone() };
        tokio::spawn(async move {
            while !over.load(Ordering::Acquire) && deliver(&client, &queue, &function).await {}
        });
        feed
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
    }
}

/// Delivers what is there; false once the function has ended.
async fn deliver(client: &Client, queue: &str, function: &Function) -> bool {
    let received = client
        .receive_message()
        .queue_url(queue)
        .max_number_of_messages(10)
        .wait_time_seconds(1)
        .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
        .send()
        .await;
    let messages = received.ok().and_then(|received| received.messages).unwrap_or_default();
    if messages.is_empty() {
        // A server that does not wait must not be asked without end.
        Clock::system().sleep(Duration::from_millis(20)).await;
        return true;
    }
    let records: Vec<Value> = messages.iter().map(shown).collect();
    let handed_back = match function.invoke(&json!({ "Records": records }), LEFT).await {
        Answer::Response(answer) => failures(&answer),
        // As on AWS, an invocation that fails hands the whole batch back.
        Answer::Error(_) | Answer::Ended => {
            messages.iter().filter_map(|message| message.message_id.clone()).collect()
        }
    };
    for message in messages {
        let handle = message.receipt_handle.unwrap_or_default();
        let id = message.message_id.unwrap_or_default();
        // An error leaves the message where it is: it comes once more, as on AWS.
        if handed_back.contains(&id) {
            let seen = client.change_message_visibility().queue_url(queue);
            let _ = seen.receipt_handle(handle).visibility_timeout(0).send().await;
        } else {
            let _ = client.delete_message().queue_url(queue).receipt_handle(handle).send().await;
        }
    }
    !function.has_ended()
}

fn shown(message: &Message) -> Value {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let receives = message
        .attributes
        .as_ref()
        .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount));
    record(
        &text(&message.message_id),
        &text(&message.body),
        receives.map_or("1", String::as_str),
        &text(&message.receipt_handle),
    )
}

fn failures(answer: &str) -> Vec<String> {
    let answer: Value = serde_json::from_str(answer).expect("the consumer answers JSON");
    let failures = answer["batchItemFailures"].as_array().expect("the consumer names failures");
    let ids = failures.iter().map(|failure| failure["itemIdentifier"].as_str());
    ids.map(|id| id.expect("a failure names its message").to_owned()).collect()
}
