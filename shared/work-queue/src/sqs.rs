//! The queues on SQS: two standard queues and the dead-letter queue of both.
//!
//! Every message carries its directory as `MessageGroupId`, which on standard queues makes them
//! fair: one directory's flood does not hold up another.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry,
};
use clock::Clock;
use futures_util::{StreamExt, TryStreamExt, stream};
use sync_core::ids::DirectoryId;

use crate::item::WorkItem;
use crate::parked::Parked;
use crate::{Depth, Depths, LARGEST_MESSAGE, Lane, QueueError, Result, WorkQueue, check};

mod parked;

/// The most messages one request takes.
const LARGEST_BATCH: usize = 10;

/// Room that a message's attributes and ids may take beside its body.
const OVERHEAD: usize = 1024;

/// How many requests are under way at once.
const REQUESTS: usize = 8;

/// How often messages are sent that SQS did not take for reasons of its own.
const ATTEMPTS: u32 = 4;

/// The wait before the second attempt; doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// Where the queues are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    /// [`Lane::Events`].
    pub events: String,
    /// [`Lane::Bulk`].
    pub bulk: String,
    /// The dead-letter queue of both.
    pub parked: String,
}

impl QueueUrls {
    fn of(&self, lane: Lane) -> &str {
        match lane {
            Lane::Events => &self.events,
            Lane::Bulk => &self.bulk,
        }
    }
}

/// The queues on SQS. Clones share the client.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    queues: QueueUrls,
    clock: Clock,
}

impl SqsQueue {
    /// Uses these queues; nothing is called before the first operation.
    pub fn new(client: Client, queues: QueueUrls, clock: Clock) -> Self {
        Self { client, queues, clock }
    }

    /// Sends one batch until SQS took all of it.
    async fn send_batch(&self, lane: Lane, mut batch: Vec<Message<'_>>, delay: i32) -> Result<()> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let entries = batch.iter().enumerate().map(|(at, message)| message.entry(at, delay));
            let answer = self
                .client
                .send_message_batch()
                .queue_url(self.queues.of(lane))
                .set_entries(Some(entries.collect()))
                .send()
                .await
                .map_err(|e| unavailable("send", e))?;
            let failed = answer.failed();
            if failed.is_empty() && answer.successful().len() == batch.len() {
                break;
            }
            if let Some((entry, message)) = refused(failed, &batch) {
                return Err(QueueError::Refused {
                    subject: message.item.subject.to_string(),
                    code: entry.code().to_owned(),
                });
            }
            if attempt == ATTEMPTS {
                let codes: Vec<&str> = failed.iter().map(BatchResultErrorEntry::code).collect();
                let why = format!("{} messages not taken: {}", batch.len(), codes.join(", "));
                return Err(unavailable("send", why));
            }
            // Only what SQS says it took is done; a message it does not mention is sent again.
            let taken: Vec<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
            let mut at = 0..;
            batch.retain(|_| {
                let id = at.next().map_or_else(String::new, |at| at.to_string());
                !taken.contains(&id.as_str())
            });
            if batch.is_empty() {
                break;
            }
            self.clock.sleep(wait).await;
            wait *= 2;
        }
        Ok(())
    }

    async fn depth_of(&self, url: &str) -> Result<Depth> {
        use QueueAttributeName as Name;
        let names = [
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
            Name::ApproximateNumberOfMessagesDelayed,
        ];
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|e| unavailable("depth", e))?;
        let count = |name: &Name| {
            let attributes = answer.attributes();
            let text = attributes.and_then(|attributes| attributes.get(name));
            text.and_then(|text| text.parse().ok())
                .ok_or_else(|| unavailable("depth", format!("no {name} in the answer")))
        };
        let [waiting, in_flight, delayed] = &names;
        Ok(Depth {
            waiting: count(waiting)?,
            in_flight: count(in_flight)?,
            delayed: count(delayed)?,
        })
    }
}

impl WorkQueue for SqsQueue {
    async fn send(&self, lane: Lane, items: &[WorkItem], delay: Duration) -> Result<()> {
        let bodies = check(items, delay)?;
        let delay = i32::try_from(delay.as_secs()).expect("a checked delay is at most 900 s");
        let messages = items.iter().zip(bodies).map(|(item, body)| Message { item, body });
        let sends: Vec<_> = batches(messages)
            .into_iter()
            .map(|batch| self.send_batch(lane, batch, delay))
            .collect();
        stream::iter(sends).buffer_unordered(REQUESTS).try_collect().await
    }

    async fn park(&self, body: &str, reason: &str, directory: Option<&DirectoryId>) -> Result<()> {
        let parked = Parked::new(body, reason);
        let mut request = self
            .client
            .send_message()
            .queue_url(&self.queues.parked)
            .message_body(parked.body)
            .message_attributes("reason", text(&parked.reason));
        if let Some(bytes) = parked.cut_from {
            request = request.message_attributes("cut_from", text(&bytes.to_string()));
        }
        if let Some(directory) = directory {
            request = request
                .message_attributes("directory", text(directory.as_str()))
                .message_group_id(directory.as_str());
        }
        request.send().await.map_err(|e| unavailable("park", e))?;
        Ok(())
    }

    async fn depth(&self) -> Result<Depths> {
        let (events, bulk, parked) = tokio::try_join!(
            self.depth_of(&self.queues.events),
            self.depth_of(&self.queues.bulk),
            self.depth_of(&self.queues.parked),
        )?;
        Ok(Depths { events, bulk, parked })
    }
}

/// An item on its way, with its body.
struct Message<'a> {
    item: &'a WorkItem,
    body: String,
}

impl Message<'_> {
    fn entry(&self, at: usize, delay: i32) -> SendMessageBatchRequestEntry {
        SendMessageBatchRequestEntry::builder()
            .id(at.to_string())
            .message_body(&self.body)
            .message_group_id(self.item.directory.as_str())
            .delay_seconds(delay)
            .build()
            .expect("an entry with its id and body")
    }
}

/// The first message that SQS blames on us.
fn refused<'a, 'b>(
    failed: &'a [BatchResultErrorEntry],
    batch: &'b [Message<'b>],
) -> Option<(&'a BatchResultErrorEntry, &'b Message<'b>)> {
    let entry = failed.iter().find(|entry| entry.sender_fault())?;
    let message = entry.id().parse::<usize>().ok().and_then(|at| batch.get(at))?;
    Some((entry, message))
}

/// At most ten messages and 1 MiB each, in order.
fn batches<'a>(messages: impl Iterator<Item = Message<'a>>) -> Vec<Vec<Message<'a>>> {
    let mut batches: Vec<Vec<Message<'a>>> = Vec::new();
    let mut room = 0;
    for message in messages {
        let size = message.body.len() + OVERHEAD;
        match batches.last_mut() {
            Some(batch) if batch.len() < LARGEST_BATCH && size <= room => {
                room -= size;
                batch.push(message);
            }
            _ => {
                room = LARGEST_MESSAGE.saturating_sub(size);
                batches.push(vec![message]);
            }
        }
    }
    batches
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .expect("an attribute with its type")
}

fn unavailable(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> QueueError {
    QueueError::Unavailable { operation, source: source.into() }
}
