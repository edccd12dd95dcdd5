//! `status`: how every directory is doing, and how full the queues are.
//!
//! It reads every record of a directory, page by page: counts are never kept beside the records,
//! where they could be wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use serde_json::json;
use store::{ConfigRecord, FirstRun, Store, StoredSubject};
use sync_core::finding::FindingCode;
use sync_core::ids::{DirectoryId, Subject};
use sync_core::record::Record;
use sync_engine::catch_up::CURSOR;
use work_queue::{Depth, Depths, WorkQueue};

use crate::answer::{Answer, Exit, pretty};
use crate::config::{activity, first_run};
use crate::directory;
use crate::error::AdminError;
use crate::shown::{count, escape, json_time, rough, time, time_and_distance};
use crate::table::table;

/// How many records are read at once.
const PAGE: usize = 500;

/// How many failed subjects are named.
const NAMED: usize = 20;

/// The poll runs every minute; an older cursor means that it does not.
const CURSOR_AGE: Duration = Duration::from_secs(15 * 60);

/// How everything is doing.
#[derive(Debug)]
pub struct Status {
    /// When it was looked at.
    pub at: Timestamp,
    /// The directories, by id.
    pub directories: Vec<DirectoryStatus>,
    /// The queues, which all directories share.
    pub queues: Depths,
}

/// How one directory is doing.
#[derive(Debug)]
pub struct DirectoryStatus {
    /// What is stored of it.
    pub config: ConfigRecord,
    /// Its name, or why its configuration cannot be read.
    pub name: Result<String, String>,
    /// Up to where JumpCloud's events have been read.
    pub cursor: Option<Timestamp>,
    /// Its people and groups, counted.
    pub subjects: Counts,
}

/// The records of one directory, counted.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    /// There is a record.
    pub known: u64,
    /// There is a living binding.
    pub bound: u64,
    /// A permanent failure is recorded (S5).
    pub failing: u64,
    /// Its time to be looked at has come.
    pub due: u64,
    /// When the next of them is looked at.
    pub next_due: Option<Timestamp>,
    /// Somebody holds the lease.
    pub at_work: u64,
    /// Findings by code.
    pub findings: BTreeMap<FindingCode, u64>,
    /// The first of the failing, with the class of the failure and its next attempt.
    pub named: Vec<(Subject, String, Timestamp)>,
}

/// Looks at the named directory, or at all.
pub async fn status(
    store: &impl Store,
    queue: &impl WorkQueue,
    clock: &Clock,
    named: Option<&DirectoryId>,
) -> Result<Status, AdminError> {
    let configured = match named {
        Some(_) => vec![directory::choose(store, named).await?],
        None => directory::sorted(store).await?,
    };
    let mut directories = Vec::with_capacity(configured.len());
    for config in configured {
        directories.push(one(store, clock, config).await?);
    }
    Ok(Status { at: clock.now(), directories, queues: queue.depth().await? })
}

async fn one(
    store: &impl Store,
    clock: &Clock,
    config: ConfigRecord,
) -> Result<DirectoryStatus, AdminError> {
    let name = match directory::read(&config) {
        Ok(read) => Ok(read.name),
        Err(error) => Err(error.to_string()),
    };
    let cursor = store.cursor(&config.directory, CURSOR).await?;
    let mut subjects = Counts::default();
    let mut after: Option<Subject> = None;
    loop {
        let page = store.subjects(&config.directory, after.as_ref(), PAGE).await?;
        let now = clock.now();
        page.iter().for_each(|stored| subjects.add(stored, now));
        match page.last() {
            Some(last) => after = Some(last.subject.clone()),
            None => break,
        }
    }
    let cursor = cursor.and_then(|cursor| cursor.parse().ok());
    Ok(DirectoryStatus { config, name, cursor, subjects })
}

/// Whether an object in Entra is ours by this record.
fn is_bound(record: &Record) -> bool {
    match record {
        Record::User(record) => record.binding.as_ref().is_some_and(|b| !b.given_up),
        Record::Group(record) => record.binding.is_some(),
        Record::Sweep(_) => false,
    }
}

impl Counts {
    fn add(&mut self, stored: &StoredSubject, now: Timestamp) {
        let record = &stored.record;
        self.known += 1;
        self.bound += u64::from(is_bound(record));
        self.due += u64::from(stored.due.is_some_and(|due| due <= now));
        let earliest = [self.next_due, stored.due].into_iter().flatten().min();
        self.next_due = earliest;
        self.at_work += u64::from(stored.leased_until.is_some_and(|until| until >= now));
        for finding in &record.upkeep().findings {
            *self.findings.entry(finding.code).or_default() += 1;
        }
        if let Some(failure) = &record.upkeep().failure {
            self.failing += 1;
            if self.named.len() < NAMED {
                self.named.push((stored.subject.clone(), failure.class.clone(), failure.next));
            }
        }
    }
}

impl Status {
    /// What an operator should do something about, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for status in &self.directories {
            let id = &status.config.directory;
            if let Err(why) = &status.name {
                problems.push(why.clone());
            }
            if status.subjects.failing > 0 {
                let number = count(status.subjects.failing, "subject fails", "subjects fail");
                problems.push(format!("directory {id}: {number} for good"));
            }
            if let Some(age) = self.stale(status) {
                let age = rough(age);
                problems.push(format!("directory {id}: no events were read for {age}"));
            }
        }
        let parked = self.queues.parked.waiting + self.queues.parked.in_flight;
        if parked > 0 {
            problems.push(format!("{} parked", count(parked, "message is", "messages are")));
        }
        problems
    }

    /// How long the poll has been standing still, if it should not.
    fn stale(&self, status: &DirectoryStatus) -> Option<Duration> {
        let ConfigRecord { first_run, active, applied_at, .. } = status.config;
        let read = status.cursor.unwrap_or(applied_at).max(applied_at);
        let age = Duration::try_from(self.at.duration_since(read)).unwrap_or_default();
        (active && first_run == FirstRun::Done && age > CURSOR_AGE).then_some(age)
    }

    fn lanes(&self) -> [(&'static str, Depth); 3] {
        let Depths { events, bulk, parked } = self.queues;
        [("events", events), ("bulk", bulk), ("parked", parked)]
    }
}

impl Answer for Status {
    fn human(&self, width: Option<u16>) -> String {
        let mut parts = vec![table(
            width,
            [
                "directory",
                "name",
                "state",
                "first run",
                "events read until",
                "known",
                "bound",
                "failing",
                "due",
                "at work",
            ],
            self.directories.iter().map(|status| {
                let ConfigRecord { directory, active, first_run: run, .. } = &status.config;
                let Counts { known, bound, failing, due, at_work, .. } = &status.subjects;
                [
                    directory.to_string(),
                    status.name.as_deref().map_or("?".to_owned(), escape),
                    activity(*active).to_owned(),
                    first_run(*run).to_owned(),
                    status.cursor.map_or("-".to_owned(), |at| time_and_distance(at, self.at)),
                    known.to_string(),
                    bound.to_string(),
                    failing.to_string(),
                    due.to_string(),
                    at_work.to_string(),
                ]
            }),
        )];
        let findings: Vec<_> = self
            .directories
            .iter()
            .flat_map(|status| {
                let id = &status.config.directory;
                let findings = status.subjects.findings.iter();
                findings.map(move |(code, n)| [id.to_string(), code.to_string(), n.to_string()])
            })
            .collect();
        if !findings.is_empty() {
            parts.push(table(width, ["directory", "finding", "subjects"], findings));
        }
        let failing: Vec<_> = self
            .directories
            .iter()
            .flat_map(|status| {
                let id = &status.config.directory;
                status.subjects.named.iter().map(move |(subject, class, next)| {
                    [id.to_string(), subject.to_string(), escape(class), time(*next)]
                })
            })
            .collect();
        if !failing.is_empty() {
            let header = ["directory", "failing", "class", "next attempt"];
            parts.push(table(width, header, failing));
        }
        parts.push(table(
            width,
            ["queue", "waiting", "in flight", "delayed"],
            self.lanes().map(|(lane, depth)| {
                let Depth { waiting, in_flight, delayed } = depth;
                let [waiting, in_flight, delayed] =
                    [waiting, in_flight, delayed].map(|n| n.to_string());
                [lane.to_owned(), waiting, in_flight, delayed]
            }),
        ));
        let problems = self.problems();
        if !problems.is_empty() {
            let lines: Vec<_> =
                problems.iter().map(|p| format!("problem: {}", escape(p))).collect();
            parts.push(lines.join("\n"));
        }
        parts.join("\n\n")
    }

    fn json(&self) -> String {
        let directories: Vec<_> = self.directories.iter().map(directory_json).collect();
        let queues: serde_json::Map<_, _> = self
            .lanes()
            .into_iter()
            .map(|(lane, Depth { waiting, in_flight, delayed })| {
                let depth =
                    json!({ "waiting": waiting, "in_flight": in_flight, "delayed": delayed });
                (lane.to_owned(), depth)
            })
            .collect();
        pretty(&json!({
            "at": json_time(Some(self.at)),
            "directories": directories,
            "queues": queues,
            "problems": self.problems(),
        }))
    }

    fn exit(&self) -> Exit {
        if self.problems().is_empty() { Exit::Ok } else { Exit::Problem }
    }
}

fn directory_json(status: &DirectoryStatus) -> serde_json::Value {
    let DirectoryStatus { config, name, cursor, subjects } = status;
    let findings: serde_json::Map<_, _> =
        subjects.findings.iter().map(|(code, n)| (code.to_string(), json!(n))).collect();
    let failing: Vec<_> = subjects
        .named
        .iter()
        .map(|(subject, class, next)| {
            let next = json_time(Some(*next));
            json!({ "subject": subject.to_string(), "class": class, "next": next })
        })
        .collect();
    json!({
        "directory": config.directory.as_str(),
        "name": name.as_ref().ok(),
        "version": config.version,
        "active": config.active,
        "first_run": first_run(config.first_run),
        "applied_at": json_time(Some(config.applied_at)),
        "events_read_until": json_time(*cursor),
        "subjects": {
            "known": subjects.known,
            "bound": subjects.bound,
            "failing": subjects.failing,
            "due": subjects.due,
            "next_due": json_time(subjects.next_due),
            "at_work": subjects.at_work,
        },
        "findings": findings,
        "failing": failing,
    })
}
