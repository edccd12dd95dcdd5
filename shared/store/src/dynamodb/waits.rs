//! Who waits for a UPN or a binding (design section 2).

use aws_sdk_dynamodb::types::{DeleteRequest, ReturnValue, WriteRequest};
use jiff::Timestamp;
use sync_core::record::after;

use super::DynamoStore;
use super::key::{Key, waits};
use super::request::{n, names, read, s, unavailable, values, whole};
use crate::item::claim::WaitItem;
use crate::{Awaited, Holder, Result, WAIT_DAYS, days};

/// What DynamoDB takes in one batch of writes.
const BATCH: usize = 25;

/// How many batches in a row may come back without progress.
const FRUITLESS: u32 = 7;

impl DynamoStore {
    pub(super) async fn note_wait(
        &self,
        awaited: &Awaited,
        waiter: &Holder,
        now: Timestamp,
    ) -> Result<bool> {
        let mut item = whole(&Key::wait(awaited, waiter), WaitItem::from(waiter));
        item.insert("expires_at".into(), n(after(now, days(WAIT_DAYS)).as_second()));
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_values(ReturnValue::AllOld);
        let put = self.send("wait_for", || request.clone().send()).await?;
        // One that has ended, and that DynamoDB has not removed yet, counts as none.
        let known =
            put.attributes.and_then(|old| old.get("expires_at")?.as_n().ok()?.parse::<i64>().ok());
        Ok(known.is_none_or(|ends| ends < now.as_second()))
    }

    /// A note may be seen for some time after it has ended: that is one needless ring.
    pub(super) async fn noted_waits(&self, awaited: &Awaited) -> Result<Vec<Holder>> {
        let condition = "#pk = :pk";
        let items = self.all("waiters", condition, values([(":pk", s(waits(awaited)))])).await?;
        items
            .into_iter()
            .map(|item| {
                let item: WaitItem = read("waits-for", item)?;
                Holder::try_from(item).map_err(|malformed| malformed.of("waits-for"))
            })
            .collect()
    }

    pub(super) async fn remove_waits(&self, awaited: &Awaited, waiters: &[Holder]) -> Result<()> {
        let operation = "stop_waiting";
        let mut keys: Vec<Key> = waiters.iter().map(|waiter| Key::wait(awaited, waiter)).collect();
        keys.sort();
        keys.dedup();
        let removal = |key: &Key| {
            let request = DeleteRequest::builder().set_key(Some(key.item())).build();
            WriteRequest::builder().delete_request(request.expect("the key is set")).build()
        };
        for batch in keys.chunks(BATCH) {
            let mut left: Vec<WriteRequest> = batch.iter().map(removal).collect();
            let mut fruitless = 0;
            while !left.is_empty() {
                let sent = left.len();
                let request = self.client.batch_write_item().request_items(&*self.table, left);
                let answer = self.send(operation, || request.clone().send()).await?;
                let rest = answer.unprocessed_items.unwrap_or_default().remove(&*self.table);
                left = rest.unwrap_or_default();
                fruitless = if left.len() == sent { fruitless + 1 } else { 0 };
                if fruitless == FRUITLESS {
                    return Err(unavailable(operation, "throttled: no notes were removed"));
                }
                if !left.is_empty() {
                    self.pause(fruitless.max(1)).await;
                }
            }
        }
        Ok(())
    }

    /// All items of a partition, strongly consistent.
    pub(super) async fn all(
        &self,
        operation: &'static str,
        condition: &str,
        values: super::request::Values,
    ) -> Result<Vec<super::key::Item>> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .key_condition_expression(condition)
                .set_expression_attribute_names(Some(names(&[condition])))
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(start);
            let answer = self.send(operation, || request.clone().send()).await?;
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
