//! From an SQS batch to jobs and back: which items belong together, and which are handed back.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use sync_core::ids::{DirectoryId, Subject};
use sync_engine::Place;
use work_queue::{Malformed, Source, WorkItem};

/// From this receive on, an item runs after the others of its batch (design section 12).
const TRIED_OFTEN: u32 = 3;

/// A batch, sorted.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The syncs to run: items of one subject are one sync.
    pub(crate) syncs: BTreeMap<(DirectoryId, Subject), Rung>,
    /// Bodies that no version of ours wrote, to be parked at once.
    pub(crate) malformed: Vec<Unreadable>,
}

/// A message as SQS delivered it.
#[derive(Debug)]
pub(crate) struct Message {
    /// Names it in the answer.
    pub(crate) id: String,
    /// Its body as it came.
    pub(crate) body: String,
}

/// The items that ring for one subject.
#[derive(Debug, Default)]
pub(crate) struct Rung {
    /// The items.
    pub(crate) items: Vec<WorkItem>,
    /// Their messages; all share the fate of the sync.
    pub(crate) messages: Vec<Message>,
    /// One of them was tried often already.
    pub(crate) tried_often: bool,
    /// The subject's place among those that are observed together.
    pub(crate) place: Option<Place>,
}

impl Rung {
    /// Whether it may take access away, which has to happen first.
    pub(crate) fn comes_first(&self) -> bool {
        self.items.iter().any(WorkItem::may_remove)
    }

    /// Whether it rings for somebody of whom nothing is announced, as bulk work does.
    ///
    /// Whoever an event rang for is read by himself: one by one these are sooner done.
    pub(crate) fn announces_nothing(&self) -> bool {
        self.items.iter().all(|item| {
            item.expect.is_none()
                && match item.cause.source {
                    Source::Reconcile | Source::Sweep | Source::Operator | Source::FollowUp => true,
                    Source::Webhook | Source::Insights | Source::Due => false,
                }
        })
    }
}

/// A message that is not a work item.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The message.
    pub(crate) message: Message,
    /// Why it is not a work item.
    pub(crate) why: Malformed,
}

impl Batch {
    /// Sorts a batch. Every message is in exactly one place.
    pub(crate) fn sort(event: SqsEvent) -> Self {
        let mut batch = Self::default();
        for record in event.records {
            let message = Message {
                id: record.message_id.unwrap_or_default(),
                body: record.body.unwrap_or_default(),
            };
            let receives = record
                .attributes
                .get("ApproximateReceiveCount")
                .and_then(|count| count.parse::<u32>().ok())
                .unwrap_or(1);
            match WorkItem::parse(&message.body) {
                Ok(item) => {
                    let key = (item.directory.clone(), item.subject.clone());
                    let rung = batch.syncs.entry(key).or_default();
                    rung.items.push(item);
                    rung.messages.push(message);
                    rung.tried_often |= receives >= TRIED_OFTEN;
                }
                Err(why) => batch.malformed.push(Unreadable { message, why }),
            }
        }
        batch
    }

    /// Every message of the batch.
    pub(crate) fn messages(&self) -> BTreeSet<String> {
        let rung = self.syncs.values().flat_map(|rung| &rung.messages);
        let malformed = self.malformed.iter().map(|unreadable| &unreadable.message);
        rung.chain(malformed).map(|message| message.id.clone()).collect()
    }
}

/// The answer that hands these messages back, and no other.
pub(crate) fn answer(handed_back: BTreeSet<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in handed_back {
        response.add_failure(message);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, body: &str, receives: u32) -> serde_json::Value {
        serde_json::json!({
            "messageId": id, "body": body,
            "attributes": { "ApproximateReceiveCount": receives.to_string() },
        })
    }

    fn item(user: u8) -> String {
        format!(
            r#"{{"v":1,"directory":"corp","subject":{{"user":"65f0000000000000000000{user:02x}"}},"cause":{{"source":"webhook"}}}}"#
        )
    }

    #[test]
    fn items_of_one_subject_are_one_sync_and_every_message_has_one_place() {
        let event = serde_json::json!({ "Records": [
            record("a", &item(1), 1), record("b", "not JSON", 1),
            record("c", &item(2), 3), record("d", &item(1), 1),
        ]});
        let batch = Batch::sort(serde_json::from_value(event).unwrap());
        let ids = |rung: &Rung| rung.messages.iter().map(|m| m.id.as_str()).collect::<String>();
        let syncs: Vec<_> =
            batch.syncs.values().map(|rung| (ids(rung), rung.tried_often)).collect();
        assert_eq!(syncs, [("ad".to_owned(), false), ("c".to_owned(), true)]);
        assert_eq!(batch.malformed[0].message.id, "b");
        assert_eq!(batch.malformed[0].message.body, "not JSON");
        assert_eq!(batch.messages(), ["a", "b", "c", "d"].map(String::from).into());
    }

    #[test]
    fn the_answer_names_what_is_handed_back_and_nothing_else() {
        let json = |ids: &[&str]| {
            let ids = ids.iter().map(|id| (*id).to_owned()).collect();
            serde_json::to_string(&answer(ids)).unwrap()
        };
        assert_eq!(json(&[]), r#"{"batchItemFailures":[]}"#);
        assert_eq!(
            json(&["b", "a"]),
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}"#
        );
    }
}
