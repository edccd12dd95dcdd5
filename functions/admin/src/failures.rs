//! `failures`: who fails for good (S5), and trying again before their time.

use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use serde_json::json;
use store::{ConfigRecord, Store, StoredSubject};
use sync_core::ids::{DirectoryId, JumpCloudGroupId, Subject};
use sync_core::record::Failure;
use work_queue::{Cause, Lane, Source, WorkItem, WorkQueue};

use crate::answer::{Answer, pretty};
use crate::directory;
use crate::error::AdminError;
use crate::find::find_any;
use crate::key::{Key, UserKey};
use crate::shown::{count, escape, json_time, named, time, time_and_distance};
use crate::table::table;

/// How many records are read at once.
const PAGE: usize = 500;

/// The recorded failures of one directory, by subject.
#[derive(Debug)]
pub struct Failures {
    /// The directory.
    pub directory: DirectoryId,
    /// When it was looked at.
    pub at: Timestamp,
    /// Who fails, and how.
    pub failing: Vec<(Subject, Failure)>,
}

/// Reads every record of a directory for its failure.
pub async fn failures(
    store: &impl Store,
    clock: &Clock,
    directory: &DirectoryId,
) -> Result<Failures, AdminError> {
    let mut failing = Vec::new();
    let mut after: Option<Subject> = None;
    loop {
        let page = store.subjects(directory, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject.clone());
        let failed =
            |stored: StoredSubject| Some((stored.subject, stored.record.upkeep().failure.clone()?));
        failing.extend(page.into_iter().filter_map(failed));
    }
    Ok(Failures { directory: directory.clone(), at: clock.now(), failing })
}

/// Subjects to try again now.
#[derive(Debug)]
pub struct Retry {
    directory: DirectoryId,
    subjects: Vec<Subject>,
    lane: Lane,
}

/// Whoever fails in a directory; in bulk, since they may be many.
///
/// Groups are left out where they are off: their items would be dropped (G1).
pub async fn retry_all(
    store: &impl Store,
    clock: &Clock,
    stored: &ConfigRecord,
) -> Result<Retry, AdminError> {
    directory::usable(stored)?;
    let failures = failures(store, clock, &stored.directory).await?;
    let subjects: Vec<_> = failures.failing.into_iter().map(|(subject, _)| subject).collect();
    let is_group = |subject: &Subject| matches!(subject, Subject::Group(_));
    let groups = !subjects.iter().any(is_group) || directory::read(stored)?.policy.groups.enabled;
    let subjects = subjects.into_iter().filter(|subject| groups || !is_group(subject)).collect();
    Ok(Retry { directory: stored.directory.clone(), subjects, lane: Lane::Bulk })
}

/// The person or the group that the key leads to, if a failure is recorded.
pub async fn retry_one(
    store: &impl Store,
    stored: &ConfigRecord,
    key: UserKey,
) -> Result<Retry, AdminError> {
    let found = find_any(store, stored, Key::User(key.clone())).await?;
    let directory = found.directory;
    let holder = store.config(&directory).await?.ok_or(AdminError::NoDirectory)?;
    directory::usable(&holder)?;
    // A JumpCloud id does not tell whether it is a person's or a group's.
    let group = match &key {
        UserKey::JumpCloud(id) => JumpCloudGroupId::parse(id.as_str()).ok().map(Subject::Group),
        UserKey::Object(_) | UserKey::Upn(_) => None,
    };
    for subject in [Some(found.subject), group].into_iter().flatten() {
        let stored = store.peek(&directory, &subject).await?;
        if stored.is_some_and(|stored| stored.record.upkeep().failure.is_some()) {
            directory::usable_for(&holder, &subject)?;
            return Ok(Retry { directory, subjects: vec![subject], lane: Lane::Events });
        }
    }
    Err(AdminError::NoFailure { directory, key: Key::User(key) })
}

impl Retry {
    /// The question to ask before, without the question mark.
    pub fn question(&self) -> String {
        let who = match &self.subjects[..] {
            [one] => named(one),
            many => count(many.len() as u64, "failing subject", "failing subjects"),
        };
        format!("Try {who} of directory {} again now", self.directory)
    }

    /// There is nothing to try again.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Rings for them, as an operator's request.
    pub async fn ring(self, queue: &impl WorkQueue) -> Result<Retried, AdminError> {
        let Self { directory, subjects, lane } = self;
        let item = |subject: &Subject| {
            WorkItem::new(directory.clone(), subject.clone(), Cause::of(Source::Operator))
        };
        let items: Vec<_> = subjects.iter().map(item).collect();
        queue.send(lane, &items, Duration::ZERO).await?;
        Ok(Retried { directory, subjects })
    }
}

/// Who was rung for.
#[derive(Debug)]
pub struct Retried {
    /// The directory.
    pub directory: DirectoryId,
    /// The subjects.
    pub subjects: Vec<Subject>,
}

impl Answer for Failures {
    fn human(&self, width: Option<u16>) -> String {
        if self.failing.is_empty() {
            return format!("no subject of directory {} fails for good", self.directory);
        }
        table(
            width,
            ["subject", "class", "message", "attempts", "since", "next attempt"],
            self.failing.iter().map(|(subject, failure)| {
                let Failure { class, message, attempts, since, next } = failure;
                [
                    subject.to_string(),
                    escape(class),
                    escape(message),
                    attempts.to_string(),
                    time(*since),
                    time_and_distance(*next, self.at),
                ]
            }),
        )
    }

    fn json(&self) -> String {
        let failing: Vec<_> = self
            .failing
            .iter()
            .map(|(subject, failure)| {
                let Failure { class, message, attempts, since, next } = failure;
                json!({
                    "subject": subject.to_string(),
                    "class": class,
                    "message": message,
                    "attempts": attempts,
                    "since": json_time(Some(*since)),
                    "next": json_time(Some(*next)),
                })
            })
            .collect();
        pretty(&json!({ "directory": self.directory.as_str(), "failing": failing }))
    }
}

impl Answer for Retried {
    fn human(&self, _: Option<u16>) -> String {
        let directory = &self.directory;
        match &self.subjects[..] {
            [] => format!("no subject of directory {directory} can be tried again"),
            [one] => format!("rang for {} of directory {directory}", named(one)),
            many => {
                let many = count(many.len() as u64, "subject", "subjects");
                format!("rang for {many} of directory {directory}")
            }
        }
    }

    fn json(&self) -> String {
        let subjects: Vec<_> = self.subjects.iter().map(ToString::to_string).collect();
        pretty(&json!({ "directory": self.directory.as_str(), "rung": subjects }))
    }
}
