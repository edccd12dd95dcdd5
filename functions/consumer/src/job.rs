//! What becomes of the items of one subject.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use sync_core::ids::{DirectoryId, JumpCloudUserId, Subject};
use sync_core::policy::Timing;
use sync_engine::directories::Opened;
use sync_engine::{Bell, Directory, Outcome, Place, SyncError, TOGETHER};
use tracing::Instrument;
use work_queue::{WorkItem, WorkQueue};

use crate::Consumer;
use crate::batch::{Batch, Message, Rung, Unreadable};

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Put away what is not a work item.
    Park(Unreadable),
    /// Sync a subject.
    Sync(DirectoryId, Subject, Rung),
}

/// What became of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// The sync was committed, or the trouble it met.
    Synced,
    /// The record covered them (R5).
    Covered,
    /// Somebody else is at it and was left word (R2).
    WordLeft,
    /// Of a kind that this version does not sync.
    Ignored,
    /// The directory takes no changes now (S6, S7).
    Dropped,
    /// Put away, with the reason.
    Parked,
    /// Delivered again later.
    HandedBack,
}

/// A job's end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What became of the messages.
    pub(crate) fate: Fate,
    /// The messages that are finished; the others of the job are handed back.
    pub(crate) finished: Vec<String>,
}

/// The jobs of a batch, in the order in which they are begun; each wave after the one before.
pub(crate) fn waves(batch: Batch) -> [Vec<Job>; 2] {
    let mut first: Vec<Job> = batch.malformed.into_iter().map(Job::Park).collect();
    let mut often = Vec::new();
    let mut syncs: Vec<_> = batch.syncs.into_iter().collect();
    // Whoever must lose access goes first.
    syncs.sort_by_key(|(_, rung)| !rung.comes_first());
    for ((directory, subject), rung) in syncs {
        let wave = if rung.tried_often { &mut often } else { &mut first };
        wave.push(Job::Sync(directory, subject, rung));
    }
    seat(&mut first);
    seat(&mut often);
    [first, often]
}

/// Gives places to the people of a directory who can be observed together.
///
/// A group waits until all its members are under way, so they must follow one another: one that
/// began among the members of another could hold up both.
fn seat(wave: &mut [Job]) {
    let mut seated: BTreeMap<(bool, DirectoryId), Vec<&mut Rung>> = BTreeMap::new();
    for job in wave {
        if let Job::Sync(directory, Subject::User(_), rung) = job
            && rung.announces_nothing()
        {
            let key = (rung.comes_first(), directory.clone());
            seated.entry(key).or_default().push(rung);
        }
    }
    for group in seated.values_mut().flat_map(|rungs| rungs.chunks_mut(TOGETHER)) {
        if group.len() < 2 {
            continue;
        }
        for (place, rung) in Place::several(group.len()).into_iter().zip(group) {
            rung.place = Some(place);
        }
    }
}

impl<S: Store, Q: WorkQueue> Consumer<S, Q> {
    /// Does one job; a panic of it is its own.
    pub(crate) async fn run(&self, job: Job, deadline: Timestamp) -> Ended {
        let span = match &job {
            Job::Park(unreadable) => {
                tracing::info_span!("park", message.id = unreadable.message.id)
            }
            Job::Sync(directory, subject, _) => {
                let user = user(subject).map(tracing::field::display);
                let other = user.is_none().then(|| tracing::field::display(subject));
                tracing::info_span!("sync", %directory, subject = other, user.jumpcloud_id = user)
            }
        };
        let work = async {
            match job {
                Job::Park(Unreadable { message, why }) => {
                    self.park(&[message], &why.reason, None).await
                }
                Job::Sync(directory, subject, rung) => {
                    self.sync(&directory, &subject, rung, deadline).await
                }
            }
        };
        // Nothing in memory outlives a broken job but clients and caches, which change in one step.
        let ended = AssertUnwindSafe(Box::pin(work)).catch_unwind().instrument(span.clone()).await;
        ended.unwrap_or_else(|_| {
            span.in_scope(|| tracing::error!(outcome = "panicked", "handed back"));
            handed_back()
        })
    }

    async fn sync(
        &self,
        id: &DirectoryId,
        subject: &Subject,
        rung: Rung,
        deadline: Timestamp,
    ) -> Ended {
        let opened = match self.directories.directory(id).await {
            Ok(opened) => opened,
            Err(error) => {
                let error = service::telemetry::chain(&error);
                tracing::error!(error, "the directory cannot be opened, handed back");
                return handed_back();
            }
        };
        let dropped = |why: &str| {
            tracing::info!(outcome = "dropped", why, messages = rung.messages.len(), "not synced");
            finished(Fate::Dropped, &rung.messages)
        };
        let directory = match opened {
            Opened::Ready(directory, _) => directory,
            Opened::FirstRunPending => return dropped("the first run is pending"),
            Opened::Deactivated => return dropped("the directory is deactivated"),
            Opened::Unknown => {
                return self.park(&rung.messages, "unknown directory", Some(id)).await;
            }
        };
        if matches!(subject, Subject::Group(_)) && !directory.policy.groups.enabled {
            tracing::info!(outcome = "ignored", "groups are off in this directory");
            return finished(Fate::Ignored, &rung.messages);
        }
        let left = deadline.duration_since(self.engine.clock.now());
        if left < room(&directory.policy.timing) {
            let left_ms = millis(left);
            tracing::info!(outcome = "no_time", left_ms, "too late to begin, handed back");
            return handed_back();
        }
        let started = self.engine.clock.now();
        let Rung { items, messages, place, .. } = rung;
        let work = self.outcome(&directory, subject, &items, place, deadline).boxed();
        let (outcome, requests) = transport::counted(work).await;
        let duration_ms = millis(self.engine.clock.now().duration_since(started));
        match outcome {
            Ok(Outcome::Covered) => {
                tracing::info!(outcome = "covered", requests, duration_ms, "finished");
                finished(Fate::Covered, &messages)
            }
            Ok(Outcome::WordLeft) => {
                tracing::info!(outcome = "word_left", requests, duration_ms, "finished");
                finished(Fate::WordLeft, &messages)
            }
            Ok(Outcome::Synced(report)) => {
                let findings: Vec<&str> =
                    report.findings.iter().map(|finding| finding.code.as_str()).collect();
                tracing::info!(
                    outcome = "synced",
                    plan.actions = report.done.len(),
                    findings = findings.join(","),
                    trouble = report.trouble,
                    requests,
                    duration_ms,
                    "finished"
                );
                finished(Fate::Synced, &messages)
            }
            Err(error) => {
                let error = service::telemetry::chain(&error);
                tracing::error!(outcome = "failed", error, requests, duration_ms, "handed back");
                handed_back()
            }
        }
    }

    async fn outcome(
        &self,
        directory: &Arc<Directory>,
        subject: &Subject,
        items: &[WorkItem],
        place: Option<Place>,
        deadline: Timestamp,
    ) -> Result<Outcome, SyncError> {
        let bell = Bell::of(items);
        match subject {
            Subject::User(user) => {
                self.engine.sync_user_together(directory, user, &bell, place).await
            }
            Subject::Group(group) => {
                self.engine.sync_group(directory, group, &bell, deadline).await
            }
            Subject::Sweep => self.engine.sweep(directory, &bell, deadline).await,
        }
    }

    /// Puts messages away; one that cannot be put away is handed back.
    async fn park(
        &self,
        messages: &[Message],
        reason: &str,
        directory: Option<&DirectoryId>,
    ) -> Ended {
        let mut ended = Ended { fate: Fate::Parked, finished: Vec::new() };
        for message in messages {
            match self.engine.queue.park(&message.body, reason, directory).await {
                Ok(()) => {
                    tracing::warn!(message.id = message.id, reason, "parked");
                    ended.finished.push(message.id.clone());
                }
                Err(error) => {
                    let error = service::telemetry::chain(&error);
                    tracing::error!(
                        message.id = message.id,
                        error,
                        "cannot be parked, handed back"
                    );
                }
            }
        }
        ended
    }
}

fn user(subject: &Subject) -> Option<&JumpCloudUserId> {
    match subject {
        Subject::User(user) => Some(user),
        Subject::Group(_) | Subject::Sweep => None,
    }
}

/// What must be left of the invocation before a sync begins: three quarters of a lease.
///
/// Half of one is the longest that a vendor's answer may take (R1); the rest is for the other
/// reads and the commit, which take milliseconds unless something is wrong. A sync that takes
/// longer all the same is given up shortly before the deadline, and the record's protocol holds.
fn room(timing: &Timing) -> SignedDuration {
    let room: Duration = timing.vendor_timeout() + timing.lease / 4;
    SignedDuration::try_from(room).unwrap_or(SignedDuration::MAX)
}

/// A span as log lines show it: a number, which a wider integer would not be in JSON.
pub(crate) fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn finished(fate: Fate, messages: &[Message]) -> Ended {
    Ended { fate, finished: messages.iter().map(|message| message.id.clone()).collect() }
}

fn handed_back() -> Ended {
    Ended { fate: Fate::HandedBack, finished: Vec::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_must_lose_access_goes_first_and_what_was_tried_often_last() {
        let record = |user: u8, receives: &str, expect: Option<&str>| {
            let body = json!({
                "v": 1, "directory": "corp", "cause": { "source": "webhook" }, "expect": expect,
                "subject": { "user": format!("65f0000000000000000000{user:02x}") },
            });
            json!({
                "messageId": user.to_string(), "body": body.to_string(),
                "attributes": { "ApproximateReceiveCount": receives },
            })
        };
        let event = json!({ "Records": [
            record(1, "1", None), record(2, "3", Some("deleted")),
            record(3, "2", Some("suspended")), record(4, "4", None), record(4, "1", None),
        ]});
        let waves = waves(Batch::sort(serde_json::from_value(event).unwrap()));
        let messages = waves.map(|wave| {
            let ids = wave.iter().flat_map(|job| match job {
                Job::Park(unreadable) => std::slice::from_ref(&unreadable.message),
                Job::Sync(_, _, rung) => &rung.messages,
            });
            ids.map(|message| message.id.as_str()).collect::<String>()
        });
        assert_eq!(messages, ["31", "244"]);
    }

    #[test]
    fn bulk_work_of_one_directory_is_seated_in_twenties_and_events_are_not() {
        let record = |number: usize, directory: &str, cause: serde_json::Value| {
            let body = json!({
                "v": 1, "directory": directory, "cause": cause,
                "subject": { "user": format!("65f0000000000000000000{number:02x}") },
            });
            json!({ "messageId": format!("{directory}{number}"), "body": body.to_string() })
        };
        let source = |source: &str| json!({ "source": source });
        let mut records: Vec<_> =
            (0..41).map(|number| record(number, "corp", source("reconcile"))).collect();
        records.extend([
            record(0, "lab", source("sweep")),
            record(1, "lab", source("operator")),
            record(2, "lab", source("follow_up")),
            record(3, "lab", source("webhook")),
            record(4, "lab", source("insights")),
            record(5, "lab", source("due")),
            // Bulk work and an event for the same person.
            record(6, "lab", source("sweep")),
            record(6, "lab", source("webhook")),
            record(0, "solo", source("sweep")),
        ]);
        let [first, often] =
            waves(Batch::sort(serde_json::from_value(json!({ "Records": records })).unwrap()));
        assert!(often.is_empty());
        let seated = |wanted: &str| -> String {
            let places = first.iter().filter_map(|job| match job {
                Job::Sync(directory, _, rung) if directory.as_str() == wanted => Some(&rung.place),
                _ => None,
            });
            places.map(|place| if place.is_some() { 'x' } else { '-' }).collect()
        };
        assert_eq!(seated("corp"), format!("{}-", "x".repeat(40)), "nobody sits alone");
        assert_eq!(seated("lab"), "xxx----");
        assert_eq!(seated("solo"), "-");
    }
}
