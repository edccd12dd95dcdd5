//! The parked queue on SQS.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry,
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
};
use jiff::Timestamp;
use sync_core::ids::DirectoryId;

use super::{LARGEST_BATCH, SqsQueue, unavailable};
use crate::{Lane, ParkedMessage, ParkedQueue, Result};

/// How long SQS looks for messages. Without a wait it asks only some of its parts, and may answer
/// none while there are.
const LOOK: i32 = 1;

impl ParkedQueue for SqsQueue {
    async fn receive_parked(&self, hidden: Duration) -> Result<Vec<ParkedMessage>> {
        use MessageSystemAttributeName as Name;
        let names = [Name::SentTimestamp, Name::MessageGroupId, Name::DeadLetterQueueSourceArn];
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.queues.parked)
            .max_number_of_messages(i32::try_from(LARGEST_BATCH).unwrap_or(i32::MAX))
            .visibility_timeout(i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX))
            .wait_time_seconds(LOOK)
            .message_attribute_names("All")
            .set_message_system_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|e| unavailable("receive_parked", e))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        Ok(messages.map(|message| self.parked_message(message)).collect())
    }

    async fn return_parked(&self, messages: &[ParkedMessage]) -> Result<()> {
        for batch in messages.chunks(LARGEST_BATCH) {
            let entries = batch.iter().enumerate().map(|(at, message)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(&message.receipt)
                    .visibility_timeout(0)
                    .build()
                    .expect("an entry with its id and receipt")
            });
            let request = self.client.change_message_visibility_batch();
            let request = request.queue_url(&self.queues.parked);
            let answer = request.set_entries(Some(entries.collect())).send().await;
            let answer = answer.map_err(|e| unavailable("return_parked", e))?;
            all_of_them("return_parked", answer.failed())?;
        }
        Ok(())
    }

    async fn delete_parked(&self, messages: &[ParkedMessage]) -> Result<()> {
        for batch in messages.chunks(LARGEST_BATCH) {
            let entries = batch.iter().enumerate().map(|(at, message)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(&message.receipt)
                    .build()
                    .expect("an entry with its id and receipt")
            });
            let request = self.client.delete_message_batch().queue_url(&self.queues.parked);
            let answer = request.set_entries(Some(entries.collect())).send().await;
            let answer = answer.map_err(|e| unavailable("delete_parked", e))?;
            all_of_them("delete_parked", answer.failed())?;
        }
        Ok(())
    }
}

impl SqsQueue {
    fn parked_message(&self, message: Message) -> ParkedMessage {
        let system = message.attributes.unwrap_or_default();
        let system = |name| system.get(&name).map(String::as_str);
        let ours = message.message_attributes.unwrap_or_default();
        let named = text(&ours, "directory");
        let named = named.or_else(|| system(MessageSystemAttributeName::MessageGroupId));
        let sent = system(MessageSystemAttributeName::SentTimestamp);
        let sent = sent.and_then(|millis| millis.parse().ok()).unwrap_or_default();
        ParkedMessage {
            id: message.message_id.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            reason: text(&ours, "reason").map(str::to_owned),
            from: system(MessageSystemAttributeName::DeadLetterQueueSourceArn)
                .and_then(|arn| self.lane_named(arn)),
            directory: named.and_then(|named| DirectoryId::parse(named).ok()),
            cut_from: text(&ours, "cut_from").and_then(|bytes| bytes.parse().ok()),
            sent_at: Timestamp::from_millisecond(sent).unwrap_or_default(),
        }
    }

    /// The lane of a queue by its ARN, which ends with the name as its URL does.
    fn lane_named(&self, arn: &str) -> Option<Lane> {
        let (_, name) = arn.rsplit_once(':')?;
        let is = |lane| self.queues.of(lane).rsplit('/').next() == Some(name);
        [Lane::Events, Lane::Bulk].into_iter().find(|lane| is(*lane))
    }
}

fn text<'a>(attributes: &'a HashMap<String, MessageAttributeValue>, name: &str) -> Option<&'a str> {
    attributes.get(name)?.string_value.as_deref()
}

fn all_of_them(operation: &'static str, failed: &[BatchResultErrorEntry]) -> Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = failed.iter().map(BatchResultErrorEntry::code).collect();
    Err(unavailable(operation, format!("{} messages refused: {}", failed.len(), codes.join(", "))))
}
