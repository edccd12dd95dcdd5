//! A table that stops a worker where a story wants it: before or after one operation.
//!
//! The stopped future waits until it is let go on. Dropping it there is what a crash is: nothing
//! after that point happens, and everything before it has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use store::memory::MemoryStore;
use store::{
    Acquired, AuditQuery, Awaited, ClaimChange, ClaimRecord, Claimed, Commit, Committed,
    ConfigRecord, ConfigStored, Granted, Held, Holder, Holders, Holding, Lease, Result, Spending,
    Store, StoredSubject, TaskLock, Terms, Waiter,
};
use sync_core::audit::AuditEvent;
use sync_core::ids::{DirectoryId, Subject, TenantId};
use sync_core::record::{Brings, Record};
use tokio::sync::watch;

/// Where a worker stops.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// Before the n-th call of this operation, counted from 1.
    Before(&'static str, usize),
    /// After it.
    After(&'static str, usize),
    /// Before the n-th operation of any kind.
    BeforeAny(usize),
    /// After it.
    AfterAny(usize),
}

/// An operation, or any, and which of its calls.
type Point = (Option<&'static str>, usize);

impl Stop {
    fn before(self) -> Option<Point> {
        match self {
            Self::Before(of, at) => Some((Some(of), at)),
            Self::BeforeAny(at) => Some((None, at)),
            Self::After(..) | Self::AfterAny(_) => None,
        }
    }

    fn after(self) -> Option<Point> {
        match self {
            Self::After(of, at) => Some((Some(of), at)),
            Self::AfterAny(at) => Some((None, at)),
            Self::Before(..) | Self::BeforeAny(_) => None,
        }
    }
}

/// The table as one worker sees it.
#[derive(Debug, Clone)]
pub(crate) struct Gated {
    table: MemoryStore,
    gate: Arc<Gate>,
}

/// What stops one worker.
#[derive(Debug)]
pub(crate) struct Gate {
    stops: Vec<Stop>,
    calls: Mutex<BTreeMap<&'static str, usize>>,
    /// So many stops were reached.
    reached: watch::Sender<usize>,
    /// So many stops were opened again.
    opened: watch::Sender<usize>,
}

impl Gate {
    /// Resolves once the worker stands at a stop.
    pub(crate) async fn reached(&self) {
        let opened = *self.opened.borrow();
        let mut reached = self.reached.subscribe();
        reached.wait_for(|reached| *reached > opened).await.unwrap();
    }

    /// Lets the worker go on to its next stop.
    pub(crate) fn open(&self) {
        self.opened.send_modify(|opened| *opened += 1);
    }

    /// Lets the worker go on to its end.
    pub(crate) fn open_all(&self) {
        self.opened.send_replace(usize::MAX);
    }

    fn count(&self, operation: &'static str) -> (usize, usize) {
        let mut calls = self.calls.lock().unwrap();
        let own = calls.entry(operation).or_default();
        *own += 1;
        (*own, calls.values().sum())
    }

    async fn stop(&self) {
        let mut opened = self.opened.subscribe();
        self.reached.send_modify(|reached| *reached += 1);
        let here = *self.reached.borrow();
        opened.wait_for(|opened| *opened >= here).await.unwrap();
    }
}

impl Gated {
    pub(crate) fn new(table: MemoryStore, stops: &[Stop]) -> (Self, Arc<Gate>) {
        let gate = Arc::new(Gate {
            stops: stops.to_vec(),
            calls: Mutex::default(),
            reached: watch::Sender::new(0),
            opened: watch::Sender::new(0),
        });
        (Self { table, gate: gate.clone() }, gate)
    }

    async fn pass<T>(&self, operation: &'static str, work: impl Future<Output = T>) -> T {
        let (own, all) = self.gate.count(operation);
        let stops = |wanted: fn(Stop) -> Option<Point>| {
            self.gate.stops.iter().filter_map(|stop| wanted(*stop)).any(|(of, at)| match of {
                Some(of) => of == operation && at == own,
                None => at == all,
            })
        };
        if stops(Stop::before) {
            self.gate.stop().await;
        }
        let done = work.await;
        if stops(Stop::after) {
            self.gate.stop().await;
        }
        done
    }
}

macro_rules! gated {
    ($(async fn $name:ident(&self $(, $argument:ident: $kind:ty)*) -> $answer:ty;)*) => {
        impl Store for Gated {
            $(async fn $name(&self $(, $argument: $kind)*) -> $answer {
                self.pass(stringify!($name), self.table.$name($($argument),*)).await
            })*
        }
    };
}

gated! {
    async fn acquire(&self, directory: &DirectoryId, subject: &Subject, brings: &Brings, terms: Terms) -> Result<Acquired>;
    async fn reopen(&self, lease: &Lease, terms: Terms) -> Result<Held>;
    async fn renew(&self, lease: &Lease, terms: Terms) -> Result<Lease>;
    async fn record(&self, lease: &Lease, terms: Terms, record: &Record, claims: &[ClaimChange], audit: &[AuditEvent]) -> Result<Lease>;
    async fn commit(&self, lease: &Lease, terms: Terms, commit: Commit<'_>) -> Result<Committed>;
    async fn peek(&self, directory: &DirectoryId, subject: &Subject) -> Result<Option<StoredSubject>>;
    async fn peek_many(&self, directory: &DirectoryId, subjects: &[Subject]) -> Result<Vec<StoredSubject>>;
    async fn subjects(&self, directory: &DirectoryId, after: Option<&Subject>, limit: usize) -> Result<Vec<StoredSubject>>;
    async fn claim(&self, key: &Claimed) -> Result<Option<ClaimRecord>>;
    async fn claims(&self, keys: &[Claimed]) -> Result<BTreeMap<Claimed, ClaimRecord>>;
    async fn wait_for(&self, awaited: &Awaited, waiter: &Holder, now: Timestamp) -> Result<bool>;
    async fn waiters(&self, awaited: &Awaited) -> Result<Vec<Waiter>>;
    async fn stop_waiting(&self, awaited: &Awaited, waiters: &[Waiter]) -> Result<()>;
    async fn due(&self, directory: &DirectoryId, now: Timestamp, limit: usize) -> Result<Vec<(Subject, Timestamp)>>;
    async fn defer_due(&self, directory: &DirectoryId, subject: &Subject, seen: Timestamp, to: Timestamp) -> Result<bool>;
    async fn config(&self, directory: &DirectoryId) -> Result<Option<ConfigRecord>>;
    async fn configs(&self) -> Result<Vec<ConfigRecord>>;
    async fn put_config(&self, config: &ConfigRecord, expected: u64) -> Result<bool>;
    async fn apply_config(&self, config: &ConfigRecord, expected: u64, holdings: &[Holding]) -> Result<ConfigStored>;
    async fn domain_holders(&self, tenant: &TenantId) -> Result<Holders>;
    async fn cursor(&self, directory: &DirectoryId, name: &str) -> Result<Option<String>>;
    async fn move_cursor(&self, directory: &DirectoryId, name: &str, seen: Option<&str>, to: &str) -> Result<bool>;
    async fn lock(&self, lock: &TaskLock, now: Timestamp, until: Timestamp) -> Result<bool>;
    async fn unlock(&self, lock: &TaskLock) -> Result<()>;
    async fn spend(&self, directory: &DirectoryId, spending: &Spending, now: Timestamp) -> Result<Granted>;
    async fn audit(&self, directory: &DirectoryId, query: &AuditQuery, now: Timestamp) -> Result<Vec<AuditEvent>>;
}
