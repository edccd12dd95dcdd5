//! The table in memory, for whole fault schedules in one process on a virtual clock.
//!
//! One lock makes each operation a single step, as a conditional request is one in DynamoDB.
//! Records are kept as the items that DynamoDB would hold, so that times lose their fractions and
//! findings are cut here as well. Every answer is strongly consistent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sync_core::audit::AuditEvent;
use sync_core::ids::{DirectoryId, Subject, TenantId};
use sync_core::record::{Brings, Hints, Record};

use crate::budget::Budget;
use crate::item::audit::AuditItem;
use crate::item::record::RecordItem;
use crate::item::subject::{SubjectItem, expect_to_number};
use crate::item::{as_stored, millis};
use crate::protocol::{Heard, Named, Step, as_stored_brings, commit_name, lease_end, step};
use crate::{
    Acquired, AuditQuery, Awaited, BudgetKind, ClaimChange, ClaimRecord, Claimed, Commit,
    Committed, ConfigRecord, ConfigStored, Granted, Held, Holder, Holders, Holding, Lease, Result,
    Spending, Store, StoreError, StoredSubject, TaskLock, Terms, Waiter,
};

mod audit;
mod claims;
mod config;
mod waits;

/// The table in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

/// Subjects are ordered by their spelling, as DynamoDB orders keys.
type SubjectKey = (DirectoryId, String);

#[derive(Debug, Default)]
struct Tables {
    subjects: BTreeMap<SubjectKey, SubjectItem>,
    claims: BTreeMap<Claimed, ClaimRecord>,
    waits: BTreeMap<Awaited, Vec<(Waiter, Timestamp)>>,
    notes: u64,
    configs: BTreeMap<DirectoryId, ConfigRecord>,
    domains: BTreeMap<TenantId, Holders>,
    cursors: BTreeMap<(DirectoryId, String), String>,
    budgets: BTreeMap<(DirectoryId, BudgetKind), Budget>,
    locks: BTreeMap<(DirectoryId, String), (String, Timestamp)>,
    audit: BTreeMap<DirectoryId, BTreeMap<(i64, String), AuditItem>>,
}

impl MemoryStore {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere leaves no half-made change behind: each is checked before it is made.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// The record of whoever holds this lease, to be changed together with claims and events.
    ///
    /// # Panics
    ///
    /// If they are more than DynamoDB takes at once.
    fn together(
        &mut self,
        lease: &Lease,
        claims: &[ClaimChange],
        audit: &[AuditEvent],
    ) -> Result<&mut SubjectItem> {
        let size = 1 + claims.len() + audit.len();
        assert!(size <= 100, "{size} items in one transaction");
        self.owned(lease)?;
        self.change_claims(&lease.holder(), claims)?;
        self.tell(&lease.directory, audit);
        self.owned(lease)
    }

    /// The record of whoever holds this lease; released or taken over, it is lost.
    fn owned(&mut self, lease: &Lease) -> Result<&mut SubjectItem> {
        self.subjects
            .get_mut(&key(&lease.directory, &lease.subject))
            .filter(|item| item.fence == lease.fence && item.until.is_some())
            .ok_or_else(|| StoreError::LostLease { subject: lease.subject.clone() })
    }
}

impl Store for MemoryStore {
    async fn acquire(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        brings: &Brings,
        terms: Terms,
    ) -> Result<Acquired> {
        let brings = as_stored_brings(brings);
        let mut tables = self.tables();
        let item = tables.subjects.entry(key(directory, subject)).or_default();
        let step = step(item, &brings, terms).map_err(|malformed| malformed.of("subject"))?;
        let (Step::Take(heard, named) | Step::LeaveWord(_, heard, named)) = step.clone() else {
            return Ok(Acquired::Covered);
        };
        if let Heard::Becomes(at) = heard {
            item.heard = Some(millis(at));
        }
        item.deleted_seen |= brings.deleted;
        item.expect = item.expect.max(brings.expect.map(expect_to_number));
        match named {
            Named::More(members) => item.members.extend(members),
            Named::Many => item.many_members = true,
        }
        if let Step::LeaveWord(..) = step {
            item.again = true;
            return Ok(Acquired::WordLeft);
        }
        item.fence += 1;
        item.again = false;
        hold(item, terms);
        let held = item.clone().held(directory, subject);
        Ok(Acquired::Taken(Box::new(held.map_err(|malformed| malformed.of("subject"))?)))
    }

    async fn reopen(&self, lease: &Lease, terms: Terms) -> Result<Held> {
        let mut tables = self.tables();
        let item = tables.owned(lease)?;
        item.again = false;
        hold(item, terms);
        let held = item.clone().held(&lease.directory, &lease.subject);
        held.map_err(|malformed| malformed.of("subject"))
    }

    async fn renew(&self, lease: &Lease, terms: Terms) -> Result<Lease> {
        hold(self.tables().owned(lease)?, terms);
        Ok(Lease { until: lease_end(terms), ..lease.clone() })
    }

    async fn record(
        &self,
        lease: &Lease,
        terms: Terms,
        record: &Record,
        claims: &[ClaimChange],
        audit: &[AuditEvent],
    ) -> Result<Lease> {
        let mut tables = self.tables();
        let item = tables.together(lease, claims, audit)?;
        item.record = RecordItem::from(record);
        hold(item, terms);
        Ok(Lease { until: lease_end(terms), ..lease.clone() })
    }

    async fn commit(&self, lease: &Lease, terms: Terms, commit: Commit<'_>) -> Result<Committed> {
        let name = commit_name(lease, &commit);
        let mut tables = self.tables();
        let stored = tables.subjects.get(&key(&lease.directory, &lease.subject));
        if stored.is_some_and(|item| item.committed.as_ref() == Some(&name)) {
            return Ok(Committed::Released);
        }
        let item = tables.together(lease, commit.claims, commit.audit)?;
        item.record = RecordItem::from(commit.record);
        if item.again {
            hold(item, terms);
            return Ok(Committed::Again);
        }
        item.until = None;
        item.heard = commit.heard.map(millis);
        item.expect = None;
        (item.members, item.many_members) = match commit.members {
            Hints::Of(people) => (people.iter().map(ToString::to_string).collect(), false),
            Hints::Many => (BTreeSet::new(), true),
        };
        item.due_at = commit.due.map(millis);
        item.committed = Some(name);
        Ok(Committed::Released)
    }

    async fn peek(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
    ) -> Result<Option<StoredSubject>> {
        let item = self.tables().subjects.get(&key(directory, subject)).cloned();
        item.map(|item| stored(item, subject.clone())).transpose()
    }

    async fn peek_many(
        &self,
        directory: &DirectoryId,
        subjects: &[Subject],
    ) -> Result<Vec<StoredSubject>> {
        let tables = self.tables();
        let keys: BTreeMap<_, _> =
            subjects.iter().map(|subject| (key(directory, subject), subject)).collect();
        keys.into_iter()
            .filter_map(|(key, subject)| Some((tables.subjects.get(&key)?, subject)))
            .map(|(item, subject)| stored(item.clone(), subject.clone()))
            .collect()
    }

    async fn subjects(
        &self,
        directory: &DirectoryId,
        after: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<StoredSubject>> {
        let after = after.map(ToString::to_string);
        of_directory(&self.tables(), directory)
            .filter(|(subject, _)| after.as_ref().is_none_or(|after| *subject > after))
            .take(limit)
            .map(|(subject, item)| stored(item.clone(), parsed(subject)))
            .collect()
    }

    async fn claim(&self, key: &Claimed) -> Result<Option<ClaimRecord>> {
        Ok(self.tables().claims.get(key).cloned())
    }

    async fn claims(&self, keys: &[Claimed]) -> Result<BTreeMap<Claimed, ClaimRecord>> {
        let tables = self.tables();
        let held = |key: &Claimed| Some((key.clone(), tables.claims.get(key)?.clone()));
        Ok(keys.iter().filter_map(held).collect())
    }

    async fn wait_for(&self, awaited: &Awaited, waiter: &Holder, now: Timestamp) -> Result<bool> {
        Ok(self.tables().note_wait(awaited, waiter, now))
    }

    async fn waiters(&self, awaited: &Awaited) -> Result<Vec<Waiter>> {
        let tables = self.tables();
        let waits = tables.waits.get(awaited).into_iter().flatten();
        Ok(waits.map(|(waiter, _)| waiter.clone()).collect())
    }

    async fn stop_waiting(&self, awaited: &Awaited, waiters: &[Waiter]) -> Result<()> {
        if let Some(waits) = self.tables().waits.get_mut(awaited) {
            waits.retain(|(waiter, _)| !waiters.contains(waiter));
        }
        Ok(())
    }

    async fn due(
        &self,
        directory: &DirectoryId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Subject, Timestamp)>> {
        let tables = self.tables();
        let mut due: Vec<_> = of_directory(&tables, directory)
            .filter_map(|(subject, item)| Some((item.due_at?, subject)))
            .filter(|(at, _)| *at <= millis(now))
            .collect();
        due.sort();
        let read = |(at, subject): (i64, &String)| {
            let at = crate::item::timestamp(at).map_err(|malformed| malformed.of("subject"))?;
            Ok((parsed(subject), at))
        };
        due.into_iter().take(limit).map(read).collect()
    }

    async fn defer_due(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        seen: Timestamp,
        to: Timestamp,
    ) -> Result<bool> {
        let mut tables = self.tables();
        let item = tables.subjects.get_mut(&key(directory, subject));
        let item = item.filter(|item| item.due_at == Some(millis(seen)));
        Ok(item.map(|item| item.due_at = Some(millis(to))).is_some())
    }

    async fn config(&self, directory: &DirectoryId) -> Result<Option<ConfigRecord>> {
        Ok(self.tables().configs.get(directory).cloned())
    }

    async fn configs(&self) -> Result<Vec<ConfigRecord>> {
        Ok(self.tables().configs.values().cloned().collect())
    }

    async fn put_config(&self, config: &ConfigRecord, expected: u64) -> Result<bool> {
        let stored = self.tables().replace_config(config, expected, &[]);
        Ok(stored == ConfigStored::Stored)
    }

    async fn apply_config(
        &self,
        config: &ConfigRecord,
        expected: u64,
        holdings: &[Holding],
    ) -> Result<ConfigStored> {
        Ok(self.tables().replace_config(config, expected, holdings))
    }

    async fn domain_holders(&self, tenant: &TenantId) -> Result<Holders> {
        Ok(self.tables().domains.get(tenant).cloned().unwrap_or_default())
    }

    async fn cursor(&self, directory: &DirectoryId, name: &str) -> Result<Option<String>> {
        Ok(self.tables().cursors.get(&(directory.clone(), name.to_owned())).cloned())
    }

    async fn move_cursor(
        &self,
        directory: &DirectoryId,
        name: &str,
        seen: Option<&str>,
        to: &str,
    ) -> Result<bool> {
        let mut tables = self.tables();
        let key = (directory.clone(), name.to_owned());
        if tables.cursors.get(&key).map(String::as_str) != seen {
            return Ok(false);
        }
        tables.cursors.insert(key, to.to_owned());
        Ok(true)
    }

    async fn lock(&self, lock: &TaskLock, now: Timestamp, until: Timestamp) -> Result<bool> {
        let mut tables = self.tables();
        let key = (lock.directory.clone(), lock.task.clone());
        let other =
            tables.locks.get(&key).is_some_and(|(run, ends)| *run != lock.run && *ends >= now);
        if !other {
            tables.locks.insert(key, (lock.run.clone(), as_stored(until)));
        }
        Ok(!other)
    }

    async fn unlock(&self, lock: &TaskLock) -> Result<()> {
        let mut tables = self.tables();
        let key = (lock.directory.clone(), lock.task.clone());
        if tables.locks.get(&key).is_some_and(|(run, _)| *run == lock.run) {
            tables.locks.remove(&key);
        }
        Ok(())
    }

    async fn spend(
        &self,
        directory: &DirectoryId,
        spending: &Spending,
        now: Timestamp,
    ) -> Result<Granted> {
        let mut tables = self.tables();
        let budget = tables.budgets.entry((directory.clone(), spending.kind)).or_default();
        Ok(budget.spend(spending, now).0)
    }

    async fn audit(
        &self,
        directory: &DirectoryId,
        query: &AuditQuery,
        now: Timestamp,
    ) -> Result<Vec<AuditEvent>> {
        self.tables().events(directory, query, now)
    }
}

fn key(directory: &DirectoryId, subject: &Subject) -> SubjectKey {
    (directory.clone(), subject.to_string())
}

fn hold(item: &mut SubjectItem, terms: Terms) {
    let until = millis(lease_end(terms));
    item.until = Some(until);
    item.due_at = Some(until);
}

fn of_directory<'a>(
    tables: &'a Tables,
    directory: &'a DirectoryId,
) -> impl Iterator<Item = (&'a String, &'a SubjectItem)> {
    tables
        .subjects
        .range((directory.clone(), String::new())..)
        .take_while(move |((of, _), _)| of == directory)
        .map(|((_, subject), item)| (subject, item))
}

fn parsed(subject: &str) -> Subject {
    subject.parse().expect("it was spelled by a subject")
}

fn stored(item: SubjectItem, subject: Subject) -> Result<StoredSubject> {
    item.stored(subject).map_err(|malformed| malformed.of("subject"))
}
