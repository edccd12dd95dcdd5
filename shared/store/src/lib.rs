//! The table, by operations of the domain (design 2.1): never by item.
//!
//! Two implementations keep the same contract: [`dynamodb::DynamoStore`] in production and
//! [`memory::MemoryStore`] for whole fault schedules in one process. `tests/contract` runs one
//! suite over both.
//!
//! Every operation that changes a subject record is one conditional or transactional request, so
//! that a single event stays within the table requests of design section 12.
#![warn(missing_docs)]

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use sync_core::audit::AuditEvent;
use sync_core::ids::{DirectoryId, Subject, TenantId};
use sync_core::record::{Brings, Record};

mod budget;
mod domains;
pub mod dynamodb;
mod error;
mod item;
pub mod memory;
mod protocol;
mod types;

pub use budget::{BudgetKind, Granted, Spending};
pub use domains::{DomainHeld, Domains, Holders, Holding, SharedDomain, held_by_another};
pub use error::StoreError;
pub use types::*;
use types::{audit_horizon, days};

/// A result of the table.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The table.
///
/// Times are stored in milliseconds. `now` comes from the caller's clock.
pub trait Store: Clone + Send + Sync + 'static {
    /// Takes the lease, leaves word, or finds the item covered; stores what the item brings (R1, R2, R5).
    ///
    /// Free or expired: fence + 1, `until` = now + lease, `due` = `until`, `again` cleared, the
    /// rest kept. Held: word is left by one update that is conditional on that same holder; if
    /// that fails, acquire starts over. Covered is asked even while another holds the lease.
    fn acquire(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        brings: &Brings,
        terms: Terms,
    ) -> impl Future<Output = Result<Acquired>> + Send;

    /// Clears `again`, renews the lease and returns the whole record: how a kept lease goes on (R3).
    fn reopen(&self, lease: &Lease, terms: Terms) -> impl Future<Output = Result<Held>> + Send;

    /// Moves the end of the lease, and `due` with it (R1). Returns the lease with its new end.
    fn renew(&self, lease: &Lease, terms: Terms) -> impl Future<Output = Result<Lease>> + Send;

    /// Stores what must survive a crash between two steps, with the claims it depends on and the
    /// events of what was done; renews.
    fn record(
        &self,
        lease: &Lease,
        terms: Terms,
        record: &Record,
        claims: &[ClaimChange],
        audit: &[AuditEvent],
    ) -> impl Future<Output = Result<Lease>> + Send;

    /// Stores the result, sets `due` and releases, unless word was left (R3).
    fn commit(
        &self,
        lease: &Lease,
        terms: Terms,
        commit: Commit<'_>,
    ) -> impl Future<Output = Result<Committed>> + Send;

    /// The record without a lease; `None` if there never was one.
    fn peek(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
    ) -> impl Future<Output = Result<Option<StoredSubject>>> + Send;

    /// The records of these subjects that exist, in any order, in as few requests as possible.
    fn peek_many(
        &self,
        directory: &DirectoryId,
        subjects: &[Subject],
    ) -> impl Future<Output = Result<Vec<StoredSubject>>> + Send;

    /// A page of all records of a directory, ordered by subject, after the given one.
    fn subjects(
        &self,
        directory: &DirectoryId,
        after: Option<&Subject>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredSubject>>> + Send;

    /// Who holds a UPN or an object.
    fn claim(&self, key: &Claimed) -> impl Future<Output = Result<Option<ClaimRecord>>> + Send;

    /// Who holds these, of those that anybody holds or held, in as few requests as possible.
    fn claims(
        &self,
        keys: &[Claimed],
    ) -> impl Future<Output = Result<BTreeMap<Claimed, ClaimRecord>>> + Send;

    /// Notes that a subject waits, in the place of an older note of it. Ends by itself after 30 days.
    ///
    /// True if no older one is known of: whoever waits already has had its chance to look.
    fn wait_for(
        &self,
        awaited: &Awaited,
        waiter: &Holder,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Who waits.
    fn waiters(&self, awaited: &Awaited) -> impl Future<Output = Result<Vec<Waiter>>> + Send;

    /// Removes these notes, once the waiters have been rung; one that was left again meanwhile stays.
    fn stop_waiting(
        &self,
        awaited: &Awaited,
        waiters: &[Waiter],
    ) -> impl Future<Output = Result<()>> + Send;

    /// Subjects whose `due` has come, the longest due first, with that `due`.
    fn due(
        &self,
        directory: &DirectoryId,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Subject, Timestamp)>>> + Send;

    /// Moves `due` on, if it still is what was seen; false if somebody else was faster.
    fn defer_due(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        seen: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// The stored configuration.
    fn config(
        &self,
        directory: &DirectoryId,
    ) -> impl Future<Output = Result<Option<ConfigRecord>>> + Send;

    /// Every directory that has a stored configuration.
    fn configs(&self) -> impl Future<Output = Result<Vec<ConfigRecord>>> + Send;

    /// Stores a configuration if the stored version is still `expected` (0: none is stored).
    ///
    /// False if somebody else was faster.
    fn put_config(
        &self,
        config: &ConfigRecord,
        expected: u64,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Stores a configuration as [`Self::put_config`] does, and in the same step what its directory
    /// holds from then on in these tenants, each named once (U7).
    ///
    /// All of it is stored or nothing.
    fn apply_config(
        &self,
        config: &ConfigRecord,
        expected: u64,
        holdings: &[Holding],
    ) -> impl Future<Output = Result<ConfigStored>> + Send;

    /// Which directories hold which domains of a tenant (U7).
    fn domain_holders(&self, tenant: &TenantId) -> impl Future<Output = Result<Holders>> + Send;

    /// A named cursor of a directory.
    fn cursor(
        &self,
        directory: &DirectoryId,
        name: &str,
    ) -> impl Future<Output = Result<Option<String>>> + Send;

    /// Moves a cursor if it still is what was seen; false if somebody else was faster.
    fn move_cursor(
        &self,
        directory: &DirectoryId,
        name: &str,
        seen: Option<&str>,
        to: &str,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Takes the lock of a task until `until`, or extends one's own; false while another run holds it.
    fn lock(
        &self,
        lock: &TaskLock,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Gives one's own lock back; another run's is left alone.
    fn unlock(&self, lock: &TaskLock) -> impl Future<Output = Result<()>> + Send;

    /// Takes what is left of a budget, up to what is wanted (S1).
    ///
    /// The grants of the hour that ends at `now` count, that of exactly an hour ago no longer. A
    /// repeat of a grant within its hour answers what it was given then, and takes nothing more.
    fn spend(
        &self,
        directory: &DirectoryId,
        spending: &Spending,
        now: Timestamp,
    ) -> impl Future<Output = Result<Granted>> + Send;

    /// Audit events, newest first; never one older than [`AUDIT_DAYS`].
    fn audit(
        &self,
        directory: &DirectoryId,
        query: &AuditQuery,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<AuditEvent>>> + Send;
}
