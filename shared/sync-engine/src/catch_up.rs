//! `catch_up`: rings for what the webhooks may have lost, and for what is due.
//!
//! It decides nothing about a subject. What the records cover is dropped before it is enqueued, so
//! an event that arrived as a webhook costs the poll one read of its record.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jumpcloud::EventsQuery;
use serde_json::Value;
use store::Store;
use sync_core::ids::{OrganizationId, Subject};
use sync_core::record::{GroupRecord, Hints, after, before, covers};
use work_queue::event::{self, ByType, Recognised, Watched, recognise};
use work_queue::{Source, WorkItem, WorkQueue, coalesce};

use crate::group::is_unmanaged;
use crate::ring::due_bell;
use crate::trouble::Trouble;
use crate::{Directory, Engine, SyncError};

/// How far the windows of two polls overlap, since Insights may show an event late.
pub const OVERLAP: Duration = Duration::from_secs(15 * 60);
/// How far `due` is moved on while a ring is under way; only a commit clears it.
const CLAIM: Duration = Duration::from_secs(15 * 60);
/// The services whose events name users and groups.
const SERVICES: [&str; 2] = ["directory", "access_management"];
/// The name of the cursor: up to where the events have been read, in RFC 3339.
pub const CURSOR: &str = "insights";
/// How many due subjects one run rings; the next one is a minute away.
const DUE_AT_ONCE: usize = 2000;
/// How many pages of events one run reads: a hundred thousand events.
const MOST_PAGES: usize = 100;
/// How many due subjects are moved on at once.
const AT_ONCE: usize = 16;
/// How many records are asked at once whether they cover an event.
const PEEK: usize = 100;

/// What a run of `catch_up` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Events read from Insights.
    pub events: u64,
    /// Events that concern nobody this directory syncs.
    pub ignored: u64,
    /// Their types.
    pub ignored_types: ByType,
    /// Events in a shape nobody knows.
    pub unrecognisable: u64,
    /// Subjects whose record covers their events already.
    pub covered: u64,
    /// Subjects rung for an event.
    pub rung: u64,
    /// Subjects rung because they were due.
    pub due: u64,
    /// More events are waiting than one run reads: the next one goes on where this one ended.
    pub cut: bool,
}

/// Why a run of `catch_up` stopped; what it enqueued stays enqueued, the cursor where it was.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// The table or the queue.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// JumpCloud.
    #[error("the events could not be read: {0}")]
    Events(String),
}

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Rings for due subjects, polls, enqueues and moves the cursor.
    ///
    /// `from` and `until` override the cursor's window. The due subjects are rung even when
    /// JumpCloud cannot be read: their waits do not depend on it. Answers everything that went
    /// wrong; whatever was done stays done.
    pub async fn catch_up(
        &self,
        directory: &Directory,
        organization: Option<&OrganizationId>,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> (CaughtUp, Vec<CatchUpError>) {
        let mut counts = CaughtUp::default();
        // First, since a vendor that is slow to answer must not hold up who waits for his time.
        let rung = self.ring_due(directory, &mut counts).await.map_err(CatchUpError::from);
        let polled = self.poll(directory, organization, from, until, &mut counts).await;
        (counts, [polled, rung].into_iter().filter_map(Result::err).collect())
    }

    async fn poll(
        &self,
        directory: &Directory,
        organization: Option<&OrganizationId>,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        counts: &mut CaughtUp,
    ) -> Result<(), CatchUpError> {
        let now = self.clock.now();
        let seen = self.store.cursor(&directory.id, CURSOR).await.map_err(SyncError::from)?;
        let cursor = seen.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        let mut until = until.unwrap_or(now).min(now);
        let from = from.unwrap_or_else(|| before(cursor.unwrap_or(now), OVERLAP));
        let mut sorted = Sorted::default();
        let mut query = EventsQuery {
            services: SERVICES.map(str::to_owned).to_vec(),
            from,
            until,
            search_after: None,
        };
        // All of a backlog is read before anything is rung, since whoever must lose access goes
        // first; only one that fits in no run is cut, at the time of its last event.
        for read in 1.. {
            let page = directory
                .jumpcloud
                .events(&query)
                .await
                .map_err(|error| CatchUpError::Events(told(error)))?;
            counts.events += page.events.len() as u64;
            for event in &page.events {
                sorted.add(directory, organization, event, counts);
            }
            let Some(next) = page.next else { break };
            let last = page.events.last().and_then(event::time);
            // Only beyond the cursor, or a dense quarter of an hour would be read for ever.
            let beyond = cursor.unwrap_or(from);
            if let Some(last) = last.filter(|last| read >= MOST_PAGES && *last > beyond) {
                until = until.min(last);
                counts.cut = true;
                break;
            }
            query.search_after = Some(next);
        }
        self.ring_for_events(directory, sorted.subjects, counts).await?;
        for (event, why) in sorted.unreadable {
            // The windows overlap: what lies before the cursor was parked by an earlier run, and
            // an event that came late is still in Insights, to be read with `from`.
            let parked = cursor.is_some_and(|c| event::time(&event).is_none_or(|at| at < c));
            if !parked {
                let body = event.to_string();
                self.queue.park(&body, why, Some(&directory.id)).await.map_err(SyncError::from)?;
            }
        }
        // Forwards only, without a gap, and only after the queue took everything.
        if cursor.is_none_or(|cursor| from <= cursor && cursor < until) {
            let moved = self
                .store
                .move_cursor(&directory.id, CURSOR, seen.as_deref(), &until.to_string())
                .await
                .map_err(SyncError::from)?;
            if !moved {
                tracing::info!("another run moved the cursor first");
            }
        }
        Ok(())
    }

    async fn ring_for_events(
        &self,
        directory: &Directory,
        subjects: BTreeMap<Subject, Vec<WorkItem>>,
        counts: &mut CaughtUp,
    ) -> Result<(), SyncError> {
        let (settle, now) = (directory.policy.timing.settle, self.clock.now());
        let (mut rung, mut items) = (0, Vec::new());
        let subjects: Vec<(Subject, Vec<WorkItem>)> = subjects.into_iter().collect();
        for chunk in subjects.chunks(PEEK) {
            let names: Vec<Subject> = chunk.iter().map(|(subject, _)| subject.clone()).collect();
            let stored: BTreeMap<Subject, store::StoredSubject> = self
                .store
                .peek_many(&directory.id, &names)
                .await?
                .into_iter()
                .map(|stored| (stored.subject.clone(), stored))
                .collect();
            for (subject, rang) in chunk {
                let known = stored.get(subject);
                let open: Vec<&WorkItem> = rang
                    .iter()
                    .filter(|item| {
                        let brings = item.brings().by(now);
                        !known.is_some_and(|stored| {
                            let seen = stored.mailbox.deleted_seen;
                            covers(stored.record.upkeep().covered, seen, &brings, settle)
                        })
                    })
                    .collect();
                let strange = concerns_no_group_of_ours(subject, known, &open);
                if !open.is_empty() && !strange {
                    rung += 1;
                    items.extend(loudest(&open));
                } else if self.is_nested(directory, subject).await? {
                    // What is over for this group may not be for the groups around it.
                    rung += 1;
                    items.extend(loudest(&rang.iter().collect::<Vec<_>>()));
                } else if strange {
                    counts.ignored += 1;
                } else {
                    counts.covered += 1;
                }
            }
        }
        // Whoever must lose access goes first.
        items.sort_by_key(|item| (!item.may_remove(), item.cause.at));
        self.send(items).await?;
        // Whoever the queue did not take was not rung.
        counts.rung += rung;
        Ok(())
    }

    /// Whether another group listens for what happens to the members of this one.
    async fn is_nested(&self, directory: &Directory, subject: &Subject) -> Result<bool, SyncError> {
        let Subject::Group(group) = subject else { return Ok(false) };
        let awaited = store::Awaited::Members(directory.id.clone(), group.clone());
        Ok(!self.store.waiters(&awaited).await?.is_empty())
    }

    /// Rings for due subjects: `due` is moved on first, so that a crash in between loses nothing.
    async fn ring_due(
        &self,
        directory: &Directory,
        counts: &mut CaughtUp,
    ) -> Result<(), SyncError> {
        let now = self.clock.now();
        let due = self.store.due(&directory.id, now, DUE_AT_ONCE).await?;
        // Deferred and rung a hundred at a time: a fault in between leaves no more than those to
        // wait for the next time.
        for chunk in due.chunks(PEEK) {
            let deferred = after(now, CLAIM);
            let tried = stream::iter(chunk.to_vec())
                .map(|(subject, seen)| async move {
                    let moved =
                        self.store.defer_due(&directory.id, &subject, seen, deferred).await?;
                    Ok::<_, SyncError>(moved.then(|| due_bell(&directory.id, &subject, deferred)))
                })
                .buffer_unordered(AT_ONCE)
                .collect::<Vec<_>>()
                .await;
            let (mut items, mut failed) = (Vec::new(), None);
            for one in tried {
                match one {
                    Ok(item) => items.extend(item),
                    Err(error) => failed = Some(error),
                }
            }
            // Whoever was deferred is rung, whatever became of the others.
            let rung = items.len() as u64;
            self.send(items).await?;
            counts.due += rung;
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }
}

/// The events of a poll, by whom they ring for.
#[derive(Debug, Default)]
struct Sorted {
    subjects: BTreeMap<Subject, Vec<WorkItem>>,
    /// Events in a shape nobody knows, each with the reason.
    unreadable: Vec<(Value, &'static str)>,
}

impl Sorted {
    fn add(
        &mut self,
        directory: &Directory,
        organization: Option<&OrganizationId>,
        event: &Value,
        counts: &mut CaughtUp,
    ) {
        let watched =
            Watched { directory: &directory.id, organization, scope: &directory.policy.scope };
        match recognise(event, watched, Source::Insights) {
            Recognised::Items(items) => {
                // Where groups are off, who is in them is synced all the same.
                let (groups, others): (Vec<WorkItem>, Vec<WorkItem>) =
                    items.into_iter().partition(|item| matches!(item.subject, Subject::Group(_)));
                let groups_on = directory.policy.groups.enabled;
                counts.ignored += u64::from(others.is_empty() && !groups.is_empty() && !groups_on);
                for item in others.into_iter().chain(groups.into_iter().filter(|_| groups_on)) {
                    self.subjects.entry(item.subject.clone()).or_default().push(item);
                }
            }
            Recognised::Ignored(_) => {
                counts.ignored += 1;
                counts.ignored_types.add(event);
            }
            Recognised::Unrecognisable(why) => {
                counts.unrecognisable += 1;
                self.unreadable.push((event.clone(), why));
            }
        }
    }
}

/// Whether events about members are all there is, and the group is not ours.
fn concerns_no_group_of_ours(
    subject: &Subject,
    known: Option<&store::StoredSubject>,
    items: &[&WorkItem],
) -> bool {
    let Subject::Group(_) = subject else { return false };
    let hints = items.iter().map(|item| item.brings().members);
    let hints = hints.fold(Hints::default(), Hints::and);
    let empty = GroupRecord::default();
    let record = known.and_then(|stored| stored.record.group()).unwrap_or(&empty);
    is_unmanaged(record, &hints)
}

/// The items that together say all: the youngest, and one for each announced state.
fn loudest(items: &[&WorkItem]) -> Vec<WorkItem> {
    let youngest = items.iter().max_by_key(|item| item.cause.at);
    if youngest.is_some_and(|item| matches!(item.subject, Subject::Group(_))) {
        // Whom one of them names another may not.
        return coalesce(items.iter().map(|item| (*item).clone()).collect());
    }
    let deleted = items.iter().find(|item| item.brings().deleted);
    let expecting = items.iter().filter(|item| item.expect.is_some()).max_by_key(|i| i.cause.at);
    let mut loudest: Vec<WorkItem> = Vec::new();
    for item in [deleted, expecting, youngest].into_iter().flatten() {
        if !loudest.contains(item) {
            loudest.push((*item).clone());
        }
    }
    loudest
}

fn told(error: jumpcloud::JumpCloudError) -> String {
    match Trouble::from(error) {
        Trouble::Passing(told)
        | Trouble::Wait(_, told)
        | Trouble::Waiting(_, told)
        | Trouble::Stopped(told)
        | Trouble::Permanent(told) => format!("{}: {}", told.class, told.message),
        Trouble::Broken(error) => error.to_string(),
    }
}
