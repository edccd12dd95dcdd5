//! Who waits for a UPN or a binding (design section 2).

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use sync_core::record::after;

use super::DynamoStore;
use super::key::{Key, waits};
use super::request::{n, names, passes, read, s, token, unavailable, values, whole};
use crate::item::claim::WaitItem;
use crate::{Awaited, Holder, NoteId, Result, WAIT_DAYS, Waiter, days};

impl DynamoStore {
    pub(super) async fn note_wait(
        &self,
        awaited: &Awaited,
        waiter: &Holder,
        now: Timestamp,
    ) -> Result<bool> {
        let note = token();
        let waiter = Waiter { holder: waiter.clone(), note: NoteId(note.clone()) };
        let mut item = whole(&Key::wait(awaited, &waiter.holder), WaitItem::from(&waiter));
        item.insert("expires_at".into(), n(after(now, days(WAIT_DAYS)).as_second()));
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_values(ReturnValue::AllOld);
        let put = self.send("wait_for", || request.clone().send()).await?;
        let older = put.attributes.is_some_and(|old| {
            let ends = old.get("expires_at").and_then(|ends| ends.as_n().ok()?.parse::<i64>().ok());
            // One that has ended, and that DynamoDB has not removed yet, counts as none; so does
            // this very note, put once before with an answer that was lost.
            ends.is_some_and(|ends| ends >= now.as_second()) && old.get("note") != Some(&s(&note))
        });
        Ok(!older)
    }

    /// A note may be seen for some time after it has ended: that is one needless ring.
    pub(super) async fn noted_waits(&self, awaited: &Awaited) -> Result<Vec<Waiter>> {
        let condition = "#pk = :pk";
        let items = self.all("waiters", condition, values([(":pk", s(waits(awaited)))])).await?;
        items
            .into_iter()
            .map(|item| {
                let item: WaitItem = read("waits-for", item)?;
                Waiter::try_from(item).map_err(|malformed| malformed.of("waits-for"))
            })
            .collect()
    }

    /// One request for each: batches of removals know no conditions.
    pub(super) async fn remove_waits(&self, awaited: &Awaited, waiters: &[Waiter]) -> Result<()> {
        let operation = "stop_waiting";
        let condition = "#note = :note";
        for Waiter { holder, note: NoteId(note) } in waiters {
            let request = self
                .client
                .delete_item()
                .table_name(&*self.table)
                .set_key(Some(Key::wait(awaited, holder).item()))
                .condition_expression(condition)
                .set_expression_attribute_names(Some(names(&[condition])))
                .set_expression_attribute_values(Some(values([(":note", s(note))])));
            match self.patiently(operation, passes, || request.clone().send()).await {
                Ok(_) => {}
                Err(error) => match error.into_service_error() {
                    DeleteItemError::ConditionalCheckFailedException(_) => {}
                    error => return Err(unavailable(operation, error)),
                },
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
