//! `show`: what the table remembers of one person or group.
//!
//! It shows the record and asks neither JumpCloud nor Entra: what they say now is a sync's work.

use clock::Clock;
use jiff::Timestamp;
use store::{Awaited, Holder, Store, StoredSubject};
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::record::{Failure, Origin, Record, Upkeep};

use crate::answer::{Answer, pretty};
use crate::error::AdminError;
use crate::find::Found;
use crate::shown::{count, escape, kind, time_and_distance};
use crate::table::{fields, table};

mod group;
mod json;
mod user;

/// What is remembered of one person or group.
#[derive(Debug)]
pub struct Shown {
    /// When it was looked at.
    pub at: Timestamp,
    /// Which, and how it was found.
    pub found: Found,
    /// What is remembered, the lease, the mailbox and the next look.
    pub stored: StoredSubject,
    /// Who waits for this person's binding, for example because they are somebody's manager.
    pub awaited_by: Vec<Holder>,
}

/// Reads the record of a person or a group that was found.
pub async fn show(store: &impl Store, clock: &Clock, found: Found) -> Result<Shown, AdminError> {
    let Found { directory, subject, .. } = &found;
    let Some(stored) = store.peek(directory, subject).await? else {
        return Err(no_record(store, found).await?);
    };
    let mut awaited_by = Vec::new();
    if let Subject::User(user) = subject {
        let awaited = Awaited::User(directory.clone(), user.clone());
        let waiters = store.waiters(&awaited).await?;
        awaited_by.extend(waiters.into_iter().map(|waiter| waiter.holder));
        awaited_by.sort_by_key(ToString::to_string);
    }
    Ok(Shown { at: clock.now(), found, stored, awaited_by })
}

/// Why there is nothing to show: perhaps a JumpCloud id is that of a subject of the other kind.
async fn no_record(store: &impl Store, found: Found) -> Result<AdminError, AdminError> {
    let Found { directory, subject, by, .. } = found;
    let other = match &subject {
        Subject::User(id) => JumpCloudGroupId::parse(id.as_str()).ok().map(Subject::Group),
        Subject::Group(id) => JumpCloudUserId::parse(id.as_str()).ok().map(Subject::User),
        Subject::Sweep => None,
    };
    if let Some(other) = other
        && store.peek(&directory, &other).await?.is_some()
    {
        return Ok(AdminError::AnotherKind { key: by, directory, subject: other });
    }
    Ok(AdminError::NoRecord { directory, subject })
}

/// As answers spell it.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Created => "created",
        Origin::Adopted => "adopted",
        Origin::Imported => "imported",
    }
}

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

type Row = (&'static str, String);

impl Answer for Shown {
    fn human(&self, width: Option<u16>) -> String {
        let mut rows = self.identity();
        match &self.stored.record {
            Record::User(record) => rows.extend(user::rows(record, self.at)),
            Record::Group(record) => {
                rows.extend(group::rows(record, &self.stored.mailbox.members, self.at));
            }
            Record::Sweep(_) => {}
        }
        rows.extend(self.trouble());
        rows.extend(self.waiting());
        rows.extend(self.progress());
        let mut parts = vec![fields(width, rows)];
        if let Record::User(record) = &self.stored.record {
            parts.extend(user::applied(record, width));
        }
        let findings = &self.stored.record.upkeep().findings;
        if !findings.is_empty() {
            let findings = findings.iter().map(|f| [f.code.to_string(), escape(&f.message)]);
            parts.push(table(width, ["finding", "message"], findings));
        }
        parts.join("\n\n")
    }

    fn json(&self) -> String {
        pretty(&self.to_json())
    }
}

impl Shown {
    /// What the record says about the object in Entra, in one word.
    fn state(&self) -> &'static str {
        match &self.stored.record {
            Record::User(record) => user::state(record),
            Record::Group(record) => group::state(record),
            Record::Sweep(_) => "not_bound",
        }
    }

    fn when(&self, at: Timestamp) -> String {
        time_and_distance(at, self.at)
    }

    fn identity(&self) -> Vec<Row> {
        let Found { directory, subject, by, former } = &self.found;
        let (kind, id) = kind(subject);
        let mut rows = vec![(kind, id.to_owned()), ("directory", directory.to_string())];
        if *former {
            rows.push(("note", format!("held {by} last; nobody holds it now")));
        }
        rows.push(("state", self.state().replace('_', " ")));
        rows
    }

    /// What keeps the last sync from being the last word.
    fn trouble(&self) -> Vec<Row> {
        let Upkeep { failure, retries, vendor_wait, .. } = self.stored.record.upkeep();
        let mut rows = Vec::new();
        if let Some(Failure { class, message, attempts, since, next }) = failure {
            let (class, message) = (escape(class), escape(message));
            let times = count((*attempts).into(), "time", "times");
            rows.push(("failure", format!("{class}: {message}")));
            rows.push(("", format!("{times} since {}", self.when(*since))));
            rows.push(("", format!("next attempt {}", self.when(*next))));
        }
        if *retries > 0 {
            rows.push(("retries", format!("{retries} in a row")));
        }
        if let Some(until) = vendor_wait {
            rows.push(("vendor's wait", format!("until {}", self.when(*until))));
        }
        rows
    }

    /// What others wait for (R12).
    fn waiting(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        match &self.stored.record {
            Record::User(record) if record.owed.is_some() => {
                rows.push(("owed", "follow-ups of a new binding".to_owned()));
            }
            Record::Group(record) if !record.owed.is_empty() => {
                rows.push(("owed", "events of a new binding".to_owned()));
            }
            _ => {}
        }
        if !self.awaited_by.is_empty() {
            let waiters: Vec<_> = self.awaited_by.iter().map(ToString::to_string).collect();
            rows.push(("awaited by", waiters.join("\n")));
        }
        rows
    }

    fn progress(&self) -> Vec<Row> {
        let StoredSubject { leased_until, again, due, mailbox, record, .. } = &self.stored;
        let Upkeep { synced_at, covered, .. } = record.upkeep();
        let when = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| self.when(at));
        let mut rows = vec![
            ("synced", when(*synced_at)),
            ("covered until", when(*covered)),
            ("due", when(*due)),
        ];
        if let Some(heard) = mailbox.heard {
            rows.push(("heard", format!("of an event of {}", self.when(heard))));
        }
        if mailbox.deleted_seen {
            rows.push(("evidence", "a user_delete was seen".to_owned()));
        }
        if let Some(until) = leased_until {
            let again = if *again { ", word was left to sync again" } else { "" };
            rows.push(("lease", format!("until {}{again}", self.when(*until))));
        }
        rows
    }
}
