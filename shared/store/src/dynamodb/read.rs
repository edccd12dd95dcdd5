//! Reads of many items; looking at subjects without a lease, and the index of those that are due.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue};
use jiff::Timestamp;
use sync_core::ids::{DirectoryId, Subject};

use super::DynamoStore;
use super::key::{Item, Key, subject_of, subjects};
use super::request::{Answer, Values, Write, n, names, read, s, token, unavailable, values};
use super::subject::found_subject;
use crate::item::subject::SubjectItem;
use crate::item::{Malformed, millis, timestamp};
use crate::{Result, StoredSubject};

/// What DynamoDB takes in one batch of reads.
const BATCH: usize = 100;

/// How many batches in a row may come back without a single item.
const FRUITLESS: u32 = 7;

impl DynamoStore {
    pub(super) async fn stored_subject(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
    ) -> Result<Option<StoredSubject>> {
        let item = self.get("peek", &Key::subject(directory, subject)).await?;
        item.map(|item| stored(item, subject.clone())).transpose()
    }

    pub(super) async fn stored_subjects(
        &self,
        operation: &'static str,
        directory: &DirectoryId,
        wanted: &[Subject],
    ) -> Result<Vec<StoredSubject>> {
        let keys: BTreeSet<Key> =
            wanted.iter().map(|subject| Key::subject(directory, subject)).collect();
        let items = self.many(operation, &keys).await?;
        let found = items.into_iter().map(|item| {
            let subject = subject_of(directory, &item)?;
            stored(item, subject)
        });
        found.collect()
    }

    /// The items of these keys that exist, strongly consistent.
    pub(super) async fn many(
        &self,
        operation: &'static str,
        keys: &BTreeSet<Key>,
    ) -> Result<Vec<Item>> {
        let keys: Vec<Item> = keys.iter().map(Key::item).collect();
        let mut found = Vec::new();
        for batch in keys.chunks(BATCH) {
            found.extend(self.batch(operation, batch.to_vec()).await?);
        }
        Ok(found)
    }

    /// Those of one batch. What an answer leaves out is asked for again.
    async fn batch(&self, operation: &'static str, mut keys: Vec<Item>) -> Result<Vec<Item>> {
        let mut found = Vec::new();
        let mut fruitless = 0;
        while !keys.is_empty() {
            let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
            let wanted = wanted.build().expect("keys are set");
            let request = self.client.batch_get_item().request_items(&*self.table, wanted);
            let answer = self.send(operation, || request.clone().send()).await?;
            let items = answer.responses.unwrap_or_default().remove(&*self.table);
            let items = items.unwrap_or_default();
            let left = answer.unprocessed_keys.unwrap_or_default().remove(&*self.table);
            keys = left.map(|left| left.keys).unwrap_or_default();
            fruitless = if items.is_empty() { fruitless + 1 } else { 0 };
            found.extend(items);
            if !keys.is_empty() {
                if fruitless == FRUITLESS {
                    return Err(unavailable(operation, "throttled: no items were read"));
                }
                self.pause(fruitless.max(1)).await;
            }
        }
        Ok(found)
    }

    pub(super) async fn page_of_subjects(
        &self,
        directory: &DirectoryId,
        after: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<StoredSubject>> {
        let mut condition = "#subjects_of = :directory".to_owned();
        let mut values = values([(":directory", s(directory))]);
        if let Some(after) = after {
            condition.push_str(" AND #pk > :after");
            values.insert(":after".into(), s(format!("{}{after}", subjects(directory))));
        }
        let keys = self.index("subjects", "subjects", &condition, values, limit).await?;
        let page: Vec<Subject> =
            keys.iter().map(|item| subject_of(directory, item)).collect::<Result<_>>()?;
        let found = self.stored_subjects("subjects", directory, &page).await?;
        let mut found: BTreeMap<String, StoredSubject> =
            found.into_iter().map(|stored| (stored.subject.to_string(), stored)).collect();
        Ok(page.iter().filter_map(|subject| found.remove(&subject.to_string())).collect())
    }

    pub(super) async fn due_subjects(
        &self,
        directory: &DirectoryId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Subject, Timestamp)>> {
        let condition = "#due_of = :directory AND #due_at <= :now";
        let values = values([(":directory", s(directory)), (":now", n(millis(now)))]);
        let keys = self.index("due", "due", condition, values, limit).await?;
        keys.into_iter().map(|item| Ok((subject_of(directory, &item)?, due_at(&item)?))).collect()
    }

    /// The keys of the first items of an index, in its order.
    async fn index(
        &self,
        operation: &'static str,
        index: &str,
        condition: &str,
        values: Values,
        limit: usize,
    ) -> Result<Vec<Item>> {
        let mut found = Vec::new();
        let mut start: Option<HashMap<_, _>> = None;
        while found.len() < limit {
            let request = self
                .client
                .query()
                .table_name(&*self.table)
                .index_name(index)
                .key_condition_expression(condition)
                .set_expression_attribute_names(Some(names(&[condition])))
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(start)
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX));
            let answer = self.send(operation, || request.clone().send()).await?;
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    pub(super) async fn move_due(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        seen: Timestamp,
        to: Timestamp,
    ) -> Result<bool> {
        let token = token();
        let write = Write {
            key: Key::subject(directory, subject),
            condition: "#due_at = :seen".into(),
            update: "SET #due_at = :to, #deferred_by = :token".into(),
            values: values([
                (":seen", n(millis(seen))),
                (":to", n(millis(to))),
                (":token", s(&token)),
            ]),
        };
        match self.update("defer_due", &write, ReturnValue::None).await? {
            Answer::Done(_) => Ok(true),
            // Ours if the first answer was lost and the client sent the request again: answering
            // false would leave the subject without a ring until `to`.
            Answer::Refused(found) => {
                let found = found_subject(found)?;
                Ok(found.deferred_by == Some(token) && found.due_at == Some(millis(to)))
            }
        }
    }
}

fn stored(item: Item, subject: Subject) -> Result<StoredSubject> {
    let item: SubjectItem = read("subject", item)?;
    item.stored(subject).map_err(|malformed| malformed.of("subject"))
}

fn due_at(item: &Item) -> Result<Timestamp> {
    let due = item.get("due_at").and_then(|due| due.as_n().ok()).and_then(|due| due.parse().ok());
    due.ok_or_else(|| Malformed("a due subject without a time".into()))
        .and_then(timestamp)
        .map_err(|malformed| malformed.of("subject"))
}
