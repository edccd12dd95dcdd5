//! What a directory keeps beside its subjects: configuration, cursors, locks.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use serde::Deserialize;
use sync_core::ids::DirectoryId;

use super::DynamoStore;
use super::key::{DIRECTORIES, Item, Key};
use super::request::{Answer, Write, n, names, passes, read, s, token, unavailable, values, whole};
use crate::item::config::ConfigItem;
use crate::item::{VERSION, millis, understood};
use crate::{ConfigRecord, Result, TaskLock};

#[derive(Debug, Deserialize)]
struct CursorItem {
    v: u32,
    value: String,
    /// The move that made it, so that one whose answer was lost knows itself again.
    moved_by: String,
}

impl DynamoStore {
    pub(super) async fn stored_config(
        &self,
        directory: &DirectoryId,
    ) -> Result<Option<ConfigRecord>> {
        self.get("config", &Key::config(directory)).await?.map(config).transpose()
    }

    pub(super) async fn stored_configs(&self) -> Result<Vec<ConfigRecord>> {
        let items = self.all("configs", "#pk = :pk", values([(":pk", s(DIRECTORIES))])).await?;
        items.into_iter().map(config).collect()
    }

    pub(super) async fn replace_config(
        &self,
        config: &ConfigRecord,
        expected: u64,
    ) -> Result<bool> {
        let item = ConfigItem::from(config);
        let whole = whole(&Key::config(&config.directory), &item);
        match self.replace("put_config", whole, expected).await? {
            Answer::Done(_) => Ok(true),
            Answer::Refused(None) => Ok(false),
            // What is stored may be this very change, when its first answer was lost.
            Answer::Refused(Some(found)) => Ok(read::<ConfigItem>("configuration", found)? == item),
        }
    }

    pub(super) async fn stored_cursor(
        &self,
        directory: &DirectoryId,
        name: &str,
    ) -> Result<Option<String>> {
        let item = self.get("cursor", &Key::cursor(directory, name)).await?;
        item.map(|item| Ok(cursor(item)?.value)).transpose()
    }

    pub(super) async fn replace_cursor(
        &self,
        directory: &DirectoryId,
        name: &str,
        seen: Option<&str>,
        to: &str,
    ) -> Result<bool> {
        let token = token();
        let mut write = Write {
            key: Key::cursor(directory, name),
            condition: "attribute_not_exists(#pk)".into(),
            update: "SET #v = :v, #value = :to, #moved_by = :token".into(),
            values: values([(":v", n(VERSION)), (":to", s(to)), (":token", s(&token))]),
        };
        if let Some(seen) = seen {
            write.condition = "#value = :seen".into();
            write.values.insert(":seen".into(), s(seen));
        }
        match self.update("move_cursor", &write, ReturnValue::None).await? {
            Answer::Done(_) => Ok(true),
            Answer::Refused(None) => Ok(false),
            Answer::Refused(Some(found)) => Ok(cursor(found)?.moved_by == token),
        }
    }

    pub(super) async fn take_lock(
        &self,
        lock: &TaskLock,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let TaskLock { directory, task, run } = lock;
        let write = Write {
            key: Key::lock(directory, task),
            condition: "attribute_not_exists(#pk) OR #until < :now OR #run = :run".into(),
            update: "SET #v = :v, #run = :run, #until = :until".into(),
            values: values([
                (":v", n(VERSION)),
                (":now", n(millis(now))),
                (":until", n(millis(until))),
                (":run", s(run)),
            ]),
        };
        let answer = self.update("lock", &write, ReturnValue::None).await?;
        Ok(matches!(answer, Answer::Done(_)))
    }

    pub(super) async fn drop_lock(&self, lock: &TaskLock) -> Result<()> {
        let operation = "unlock";
        let TaskLock { directory, task, run } = lock;
        let condition = "#run = :run";
        let request = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(Key::lock(directory, task).item()))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(&[condition])))
            .set_expression_attribute_values(Some(values([(":run", s(run))])));
        match self.patiently(operation, passes, || request.clone().send()).await {
            Ok(_) => Ok(()),
            Err(error) => match error.into_service_error() {
                DeleteItemError::ConditionalCheckFailedException(_) => Ok(()),
                error => Err(unavailable(operation, error)),
            },
        }
    }
}

fn config(item: Item) -> Result<ConfigRecord> {
    let item: ConfigItem = read("configuration", item)?;
    ConfigRecord::try_from(item).map_err(|malformed| malformed.of("configuration"))
}

fn cursor(item: Item) -> Result<CursorItem> {
    let item: CursorItem = read("cursor", item)?;
    understood(item.v).map_err(|malformed| malformed.of("cursor"))?;
    Ok(item)
}
