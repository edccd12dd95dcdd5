//! Consumers and the schedule at work in a world: to the end, or to where a story stops them.

use std::sync::Arc;
use std::time::Duration;

use store::Store;
use sync_core::ids::Subject;
use sync_core::record::after;
use sync_engine::{Bell, Engine, Outcome, SyncError};
use tokio::task::JoinHandle;
use work_queue::{Lane, WorkItem};

use crate::gate::{Gate, Gated, Stop};
use crate::world::World;

/// A consumer that is busy with one message.
pub(crate) struct Worker {
    gate: Arc<Gate>,
    task: JoinHandle<Result<Outcome, SyncError>>,
}

impl Worker {
    /// Resolves once it stands where it was told to stop.
    pub(crate) async fn reached(&mut self) {
        tokio::select! {
            () = self.gate.reached() => {}
            done = &mut self.task => panic!("it ended before it stopped: {done:?}"),
        }
    }

    /// Resolves once it stands at a stop or has ended; whether it stands.
    pub(crate) async fn stopped(&mut self) -> bool {
        tokio::select! {
            () = self.gate.reached() => true,
            done = &mut self.task => {
                done.unwrap().unwrap();
                false
            }
        }
    }

    /// Lets it go on to its next stop.
    pub(crate) fn resume(&self) {
        self.gate.open();
    }

    /// Nothing after this point happens, and everything before it has.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled(), "it had ended");
    }

    /// Lets it go on to its end.
    pub(crate) async fn go_on(self) -> Result<Outcome, SyncError> {
        self.gate.open_all();
        self.task.await.unwrap()
    }
}

impl World {
    /// Resolves once Entra has taken so many requests, or the worker has ended; whether it has.
    pub(crate) async fn until_entra_was_asked(&self, times: usize, worker: &mut Worker) -> bool {
        let wait = async {
            while self.entra.control().journal().len() < times {
                if worker.task.is_finished() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        };
        tokio::time::timeout(Duration::from_secs(8), wait).await.expect("a request or an end")
    }

    /// So many times everything that is there is worked on, and so many seconds pass.
    pub(crate) async fn live(&self, times: usize, seconds: u64) {
        for _ in 0..times {
            self.catch_up().await;
            self.drain().await;
            self.advance(seconds);
        }
    }

    /// A consumer takes this message.
    pub(crate) fn worker(&self, item: &WorkItem, stops: &[Stop]) -> Worker {
        let (table, gate) = Gated::new(self.table.clone(), stops);
        let engine = Engine::new(table, self.queue.clone(), self.clock.clone());
        let (directory, item) = (self.directory.clone(), item.clone());
        let deadline = after(self.clock.now(), self.invocation);
        let task = tokio::spawn(async move {
            let bell = Bell::of([&item]);
            match &item.subject {
                Subject::User(user) => engine.sync_user(&directory, user, &bell).await,
                Subject::Sweep => engine.sweep(&directory, &bell, deadline).await,
                Subject::Group(group) => {
                    engine.sync_group(&directory, group, &bell, deadline).await
                }
            }
        });
        Worker { gate, task }
    }

    /// A consumer works on this message to the end.
    pub(crate) async fn work(&self, item: &WorkItem) -> Outcome {
        self.worker(item, &[]).task.await.unwrap().unwrap()
    }

    /// The same, and each request takes so long.
    pub(crate) async fn work_in_time(&self, item: &WorkItem, request: Duration) -> Outcome {
        let asked = || {
            let counts = [self.jumpcloud.control().counts(), self.entra.control().counts()];
            counts.iter().flat_map(|counts| counts.values()).sum::<u64>()
        };
        let mut worker = self.worker(item, &[]);
        let mut seen = asked();
        while !worker.task.is_finished() {
            let now = asked();
            let span = request * u32::try_from(now - seen).unwrap();
            self.clock.advance(span);
            self.jumpcloud.control().advance(span);
            self.entra.control().advance(span);
            seen = now;
            tokio::task::yield_now().await;
        }
        (&mut worker.task).await.unwrap().unwrap()
    }

    /// A consumer works on these messages of one person in one batch.
    pub(crate) async fn work_together(&self, items: &[WorkItem]) -> Outcome {
        let Subject::User(user) = &items[0].subject else { panic!("only people are synced") };
        let engine = Engine::new(self.table.clone(), self.queue.clone(), self.clock.clone());
        engine.sync_user(&self.directory, user, &Bell::of(items)).await.unwrap()
    }

    /// One run of the schedule.
    pub(crate) async fn catch_up(&self) -> sync_engine::catch_up::CaughtUp {
        let engine = Engine::new(self.table.clone(), self.queue.clone(), self.clock.clone());
        let (counts, errors) =
            engine.catch_up(&self.directory, Some(&self.organization), None, None).await;
        assert!(errors.is_empty(), "{errors:?}");
        counts
    }

    /// Consumers empty both queues of what can be received now.
    pub(crate) async fn drain(&self) {
        for lane in [Lane::Events, Lane::Bulk].into_iter().cycle().take(20_000) {
            let received = self.queue.receive(lane, 10, Duration::from_secs(180));
            for message in &received {
                let item = WorkItem::parse(&message.body).unwrap();
                let done = self.worker(&item, &[]).task.await.unwrap();
                // Shown when the story fails.
                println!("{} {}: {done:?}", self.clock.now(), item.subject);
                match done {
                    Ok(_) => self.queue.delete(message.receipt),
                    Err(_) => self.queue.hand_back(message.receipt),
                }
            }
            let now = self.clock.now();
            let ready = |lane| self.queue.next_at(lane).is_some_and(|at| at <= now);
            if received.is_empty() && !ready(Lane::Events) && !ready(Lane::Bulk) {
                return;
            }
        }
        panic!("messages go round in circles");
    }

    /// Time passes, with the schedule running, until nothing is due or queued any more.
    pub(crate) async fn settle(&self) {
        for _ in 0..200 {
            self.catch_up().await;
            self.drain().await;
            let now = self.clock.now();
            let stored = self.table.subjects(&self.directory.id, None, 100).await.unwrap();
            let due = stored.iter().filter_map(|subject| subject.due).min();
            let queued = [Lane::Events, Lane::Bulk].map(|lane| self.queue.next_at(lane));
            let Some(next) = queued.into_iter().flatten().chain(due).min() else { return };
            // What is looked at once a week is at rest.
            if next > after(now, Duration::from_secs(24 * 3600 * 3)) {
                return;
            }
            let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            self.advance(wait.as_secs() + 1);
        }
        panic!("it never comes to rest");
    }
}
