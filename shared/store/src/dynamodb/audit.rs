//! Reading audit events back, newest first. They are written by the commit.

use jiff::Timestamp;
use serde::Deserialize;
use sync_core::audit::AuditEvent;
use sync_core::ids::DirectoryId;

use super::DynamoStore;
use super::key::{Item, audit, moment};
use super::request::{names, read, s, values};
use crate::item::audit::AuditItem;
use crate::item::{millis, understood};
use crate::{AuditQuery, Result, audit_horizon};

/// How many items are read at a time when a filter drops some of them.
const PAGE: usize = 500;

#[derive(Debug, Deserialize)]
struct Stored {
    v: u32,
    #[serde(flatten)]
    event: AuditItem,
}

impl DynamoStore {
    /// The key's range ends at the horizon, so that events whose time is over but which DynamoDB
    /// has not removed yet are not read.
    pub(super) async fn stored_events(
        &self,
        directory: &DirectoryId,
        query: &AuditQuery,
        now: Timestamp,
    ) -> Result<Vec<AuditEvent>> {
        let AuditQuery { since: _, until, subject, limit } = query;
        let condition = "#pk = :pk AND #sk BETWEEN :since AND :until";
        let filter = "#subject = :subject";
        let mut values = values([
            (":pk", s(audit(directory))),
            (":since", s(moment(millis(audit_horizon(query, now))))),
            // `$` follows `#`, which begins the rest of a key.
            (":until", s(moment(until.map_or(i64::MAX, millis)) + "$")),
        ]);
        let mut expressions = vec![condition];
        if let Some(subject) = subject {
            expressions.push(filter);
            values.insert(":subject".into(), s(subject));
        }
        let page = if subject.is_some() { PAGE } else { *limit };
        let mut events = Vec::new();
        let mut start = None;
        while events.len() < *limit {
            let request = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .scan_index_forward(false)
                .key_condition_expression(condition)
                .set_filter_expression(subject.is_some().then(|| filter.to_owned()))
                .set_expression_attribute_names(Some(names(&expressions)))
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(start)
                .limit(i32::try_from(page).unwrap_or(i32::MAX));
            let answer = self.send("audit", || request.clone().send()).await?;
            for item in answer.items.unwrap_or_default() {
                events.push(event(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        events.truncate(*limit);
        Ok(events)
    }
}

fn event(item: Item) -> Result<AuditEvent> {
    let Stored { v, event } = read("audit event", item)?;
    understood(v)
        .and_then(|()| AuditEvent::try_from(event))
        .map_err(|malformed| malformed.of("audit event"))
}
