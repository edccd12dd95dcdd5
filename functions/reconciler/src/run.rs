//! One task in one directory: opened, locked, done, and told.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use jiff::Timestamp;
use store::{Store, TaskLock};
use sync_core::ids::{DirectoryId, OrganizationId};
use sync_core::record::{after, before};
use sync_engine::Directory;
use sync_engine::catch_up::{CatchUpError, CaughtUp};
use sync_engine::directories::Opened;
use tracing::Instrument;
use work_queue::WorkQueue;

use crate::Reconciler;
use crate::answer::{Requests, Run, State};
use crate::input::Task;

/// How long before the invocation's deadline a run is given up, so that all can be answered.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a lock lasts unless it is extended.
const LOCK: Duration = Duration::from_secs(60);

/// A window of time instead of the cursor's.
type Window = (Option<Timestamp>, Option<Timestamp>);

impl<S: Store, Q: WorkQueue> Reconciler<S, Q> {
    /// Runs a task in a directory; `None` if there is no such directory.
    pub(crate) async fn run(
        &self,
        directory: &DirectoryId,
        task: &Task,
        deadline: Timestamp,
    ) -> Option<Run> {
        let started = self.engine.clock.now();
        let mut run = Run::begin(directory, task);
        let lock =
            TaskLock { directory: directory.clone(), task: run.task.into(), run: run.run.clone() };
        let span = tracing::info_span!("run", run = run.run, %directory, task = run.task);
        let work = Box::pin(self.perform(&mut run, &lock, task, deadline));
        // A run only adds to its answer, so what a broken one said before is still true.
        let known = match AssertUnwindSafe(work).catch_unwind().instrument(span.clone()).await {
            Ok(known) => known,
            Err(_) => {
                run.end_with_nothing("panicked", "a fault of this program; the log says where");
                self.unlock(&lock).instrument(span.clone()).await;
                true
            }
        };
        let took = self.engine.clock.now().duration_since(started);
        run.duration_ms = u64::try_from(took.as_millis()).unwrap_or_default();
        if !known {
            return None;
        }
        let (state, told) = (run.state.name(), run.told());
        let (queued, duration_ms) = (run.queued, run.duration_ms);
        span.in_scope(|| match run.state {
            State::Continued => tracing::warn!(state, told, queued, duration_ms, "not finished"),
            _ => tracing::info!(state, told, queued, duration_ms, "finished"),
        });
        Some(run)
    }

    /// False if there is no such directory.
    async fn perform(
        &self,
        run: &mut Run,
        lock: &TaskLock,
        task: &Task,
        deadline: Timestamp,
    ) -> bool {
        let (directory, organization) = match self.directories.directory(&lock.directory).await {
            Ok(Opened::Ready(directory, organization)) => (directory, organization),
            Ok(Opened::FirstRunPending) => {
                let message = "the first run of the directory is not approved yet";
                run.end(State::Refused, "first_run_pending", message);
                return true;
            }
            Ok(Opened::Deactivated) => {
                run.end(State::Refused, "deactivated", "the directory is deactivated");
                return true;
            }
            Ok(Opened::Unknown) => return false,
            Err(error) => {
                let message = service::telemetry::chain(&error);
                run.end_with_nothing("configuration_unreadable", message);
                return true;
            }
        };
        match task {
            Task::CatchUp { from, until } => {
                if self.lock(run, lock).await {
                    let window = (*from, *until);
                    let work =
                        self.catch_up(run, &directory, organization.as_ref(), window, deadline);
                    self.while_locked(lock, work).await;
                    self.unlock(lock).await;
                }
            }
            Task::Reconcile { .. } => {
                let message = "this version cannot reconcile a whole directory";
                run.end(State::Refused, "not_built", message);
            }
        }
        true
    }

    /// Takes the lock for a minute, so that a run that is killed holds up no more than one other.
    async fn lock(&self, run: &mut Run, lock: &TaskLock) -> bool {
        let now = self.engine.clock.now();
        match self.engine.store.lock(lock, now, after(now, LOCK)).await {
            Ok(true) => return true,
            Ok(false) => run.end(State::Busy, "busy", "another run of the task is under way"),
            Err(error) => {
                run.end_with_nothing("table_unreachable", service::telemetry::chain(&error));
            }
        }
        false
    }

    /// Works while the lock is extended; one that cannot be extended ends by itself, and another
    /// run beside this one does no harm: the cursor and each `due` are moved by compare-and-set.
    async fn while_locked(&self, lock: &TaskLock, work: impl Future<Output = ()>) {
        let mut work = pin!(work);
        loop {
            let third = pin!(self.engine.clock.sleep(LOCK / 3));
            if let Either::Left(_) = select(&mut work, third).await {
                return;
            }
            let now = self.engine.clock.now();
            if let Err(error) = self.engine.store.lock(lock, now, after(now, LOCK)).await {
                let error = service::telemetry::chain(&error);
                tracing::warn!(error, "the lock could not be extended");
            }
        }
    }

    async fn unlock(&self, lock: &TaskLock) {
        if let Err(error) = self.engine.store.unlock(lock).await {
            let error = service::telemetry::chain(&error);
            tracing::warn!(error, "the lock is kept for a minute");
        }
    }

    async fn catch_up(
        &self,
        run: &mut Run,
        directory: &Directory,
        organization: Option<&OrganizationId>,
        (from, until): Window,
        deadline: Timestamp,
    ) {
        let requests = || Requests {
            graph: directory.graph.requests(),
            jumpcloud: directory.jumpcloud.requests(),
        };
        let before_it = requests();
        let left = before(deadline, ANSWER).duration_since(self.engine.clock.now());
        let time_is_up = self.engine.clock.sleep(Duration::try_from(left).unwrap_or_default());
        let work = Box::pin(self.engine.catch_up(directory, organization, from, until));
        match select(work, pin!(time_is_up)).await {
            Either::Left(((caught_up, ended), _)) => {
                run.queued = caught_up.rung + caught_up.due;
                run.counts = counts(&caught_up);
                if !caught_up.ignored_types.is_empty() {
                    tracing::info!(types = %caught_up.ignored_types, "ignored");
                }
                if caught_up.cut {
                    run.end(State::Continued, "backlog", "more events wait for the next run");
                }
                // Alone, a vendor out of reach still leaves the due subjects rung.
                for error in &ended {
                    tell(run, error);
                }
            }
            // What was enqueued stays so, and the cursor where it was.
            Either::Right(_) => {
                run.end(State::Continued, "out_of_time", "the function's time is over");
            }
        }
        let after_it = requests();
        run.requests = Requests {
            graph: after_it.graph - before_it.graph,
            jumpcloud: after_it.jumpcloud - before_it.jumpcloud,
        };
    }
}

/// What stopped it; without a ring, nothing was done at all.
fn tell(run: &mut Run, error: &CatchUpError) {
    let message = service::telemetry::chain(error);
    match error {
        CatchUpError::Events(_) => run.end(State::Continued, "events_unreadable", message),
        CatchUpError::Sync(_) if run.queued == 0 => {
            run.end_with_nothing("table_or_queue_unreachable", message);
        }
        CatchUpError::Sync(_) => run.end(State::Continued, "table_or_queue_unreachable", message),
    }
}

fn counts(caught_up: &CaughtUp) -> std::collections::BTreeMap<&'static str, u64> {
    let CaughtUp { events, ignored, unrecognisable, covered, rung, due, .. } = *caught_up;
    [
        ("events", events),
        ("ignored", ignored),
        ("unrecognisable", unrecognisable),
        ("covered", covered),
        ("rung", rung),
        ("due", due),
    ]
    .into()
}
