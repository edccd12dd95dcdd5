//! The table in DynamoDB.
//!
//! One table with on-demand capacity: keys `pk` and `sk`, time to live on `expires_at` (seconds),
//! and two sparse indexes that hold keys alone: `due` (`due_of`, `due_at` in milliseconds) and
//! `subjects` (`subjects_of`, `pk`). The layout of the items is private to this module.
//!
//! Reads are strongly consistent, except that DynamoDB has no such reads of an index: `due` and
//! `subjects` may miss a change of the last moments, or name what has changed since. Neither does
//! harm: whoever rings for a due subject first moves its `due` on by [`Store::defer_due`], which is
//! conditional on what the index said, and what was missed is found a minute later; a page of
//! subjects takes the records themselves from the table.
//!
//! Conflicts and throttling are waited out for about three seconds.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use clock::Clock;
use jiff::Timestamp;
use sync_core::audit::AuditEvent;
use sync_core::ids::{DirectoryId, Subject, TenantId};
use sync_core::record::{Brings, Record};

use crate::{
    Acquired, AuditQuery, Awaited, ClaimChange, ClaimRecord, Claimed, Commit, Committed,
    ConfigRecord, ConfigStored, Granted, Held, Holder, Holders, Holding, Lease, Result, Spending,
    Store, StoredSubject, TaskLock, Terms, Waiter,
};

mod audit;
mod budget;
mod claims;
mod commit;
mod directory;
mod domains;
mod key;
mod read;
mod request;
mod subject;
mod waits;

/// The table in DynamoDB. Clones share the client.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: Arc<str>,
    clock: Clock,
}

impl DynamoStore {
    /// The table of this name. Pauses between attempts are taken from the clock.
    pub fn new(client: Client, table: &str, clock: Clock) -> Self {
        Self { client, table: table.into(), clock }
    }
}

impl Store for DynamoStore {
    async fn acquire(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        brings: &Brings,
        terms: Terms,
    ) -> Result<Acquired> {
        self.take_or_leave_word(directory, subject, brings, terms).await
    }

    async fn reopen(&self, lease: &Lease, terms: Terms) -> Result<Held> {
        self.keep_going(lease, terms).await
    }

    async fn renew(&self, lease: &Lease, terms: Terms) -> Result<Lease> {
        self.renew_lease(lease, terms).await
    }

    async fn record(
        &self,
        lease: &Lease,
        terms: Terms,
        record: &Record,
        claims: &[ClaimChange],
        audit: &[AuditEvent],
    ) -> Result<Lease> {
        self.store_between(lease, terms, record, claims, audit).await
    }

    async fn commit(&self, lease: &Lease, terms: Terms, commit: Commit<'_>) -> Result<Committed> {
        self.store_result(lease, terms, commit).await
    }

    async fn peek(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
    ) -> Result<Option<StoredSubject>> {
        self.stored_subject(directory, subject).await
    }

    async fn peek_many(
        &self,
        directory: &DirectoryId,
        subjects: &[Subject],
    ) -> Result<Vec<StoredSubject>> {
        self.stored_subjects("peek_many", directory, subjects).await
    }

    async fn subjects(
        &self,
        directory: &DirectoryId,
        after: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<StoredSubject>> {
        self.page_of_subjects(directory, after, limit).await
    }

    async fn claim(&self, key: &Claimed) -> Result<Option<ClaimRecord>> {
        self.get("claim", &key::Key::claim(key)).await?.map(claims::claim).transpose()
    }

    async fn claims(&self, keys: &[Claimed]) -> Result<BTreeMap<Claimed, ClaimRecord>> {
        self.stored_claims(keys).await
    }

    async fn wait_for(&self, awaited: &Awaited, waiter: &Holder, now: Timestamp) -> Result<bool> {
        self.note_wait(awaited, waiter, now).await
    }

    async fn waiters(&self, awaited: &Awaited) -> Result<Vec<Waiter>> {
        self.noted_waits(awaited).await
    }

    async fn stop_waiting(&self, awaited: &Awaited, waiters: &[Waiter]) -> Result<()> {
        self.remove_waits(awaited, waiters).await
    }

    async fn due(
        &self,
        directory: &DirectoryId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Subject, Timestamp)>> {
        self.due_subjects(directory, now, limit).await
    }

    async fn defer_due(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        seen: Timestamp,
        to: Timestamp,
    ) -> Result<bool> {
        self.move_due(directory, subject, seen, to).await
    }

    async fn config(&self, directory: &DirectoryId) -> Result<Option<ConfigRecord>> {
        self.stored_config(directory).await
    }

    async fn configs(&self) -> Result<Vec<ConfigRecord>> {
        self.stored_configs().await
    }

    async fn put_config(&self, config: &ConfigRecord, expected: u64) -> Result<bool> {
        self.replace_config(config, expected).await
    }

    async fn apply_config(
        &self,
        config: &ConfigRecord,
        expected: u64,
        holdings: &[Holding],
    ) -> Result<ConfigStored> {
        self.replace_config_holding(config, expected, holdings).await
    }

    async fn domain_holders(&self, tenant: &TenantId) -> Result<Holders> {
        self.stored_holders(tenant).await
    }

    async fn cursor(&self, directory: &DirectoryId, name: &str) -> Result<Option<String>> {
        self.stored_cursor(directory, name).await
    }

    async fn move_cursor(
        &self,
        directory: &DirectoryId,
        name: &str,
        seen: Option<&str>,
        to: &str,
    ) -> Result<bool> {
        self.replace_cursor(directory, name, seen, to).await
    }

    async fn lock(&self, lock: &TaskLock, now: Timestamp, until: Timestamp) -> Result<bool> {
        self.take_lock(lock, now, until).await
    }

    async fn unlock(&self, lock: &TaskLock) -> Result<()> {
        self.drop_lock(lock).await
    }

    async fn spend(
        &self,
        directory: &DirectoryId,
        spending: &Spending,
        now: Timestamp,
    ) -> Result<Granted> {
        self.take_from_budget(directory, spending, now).await
    }

    async fn audit(
        &self,
        directory: &DirectoryId,
        query: &AuditQuery,
        now: Timestamp,
    ) -> Result<Vec<AuditEvent>> {
        self.stored_events(directory, query, now).await
    }
}
