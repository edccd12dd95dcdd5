//! `show user`: what the table remembers of one person.
//!
//! It shows the record and asks neither JumpCloud nor Entra: what they say now is a sync's work.

use clock::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Awaited, Holder, Store, StoredSubject};
use sync_core::ids::Subject;
use sync_core::record::{Binding, Expect, Failure, Origin, UserRecord};

use crate::answer::{Answer, pretty};
use crate::error::AdminError;
use crate::find::Found;
use crate::shown::{count, escape, json_time, time_and_distance};
use crate::table::{fields, table};

mod json;

/// What is remembered of one person.
#[derive(Debug)]
pub struct ShownUser {
    /// When it was looked at.
    pub at: Timestamp,
    /// Who, and how they were found.
    pub found: Found,
    /// The lease, the mailbox and the next look.
    pub stored: StoredSubject,
    /// What is remembered.
    pub record: UserRecord,
    /// Who waits for this person's binding, for example because they are somebody's manager.
    pub awaited_by: Vec<Holder>,
}

/// Reads the record of a person who was found.
pub async fn show_user(
    store: &impl Store,
    clock: &Clock,
    found: Found,
) -> Result<ShownUser, AdminError> {
    let Found { directory, user, .. } = &found;
    let Some(stored) = store.peek(directory, &Subject::User(user.clone())).await? else {
        return Err(AdminError::NoRecord { directory: directory.clone(), user: user.clone() });
    };
    let awaited = Awaited::User(directory.clone(), user.clone());
    let waiters = store.waiters(&awaited).await?;
    let mut awaited_by: Vec<_> = waiters.into_iter().map(|waiter| waiter.holder).collect();
    awaited_by.sort_by_key(ToString::to_string);
    let record = stored.record.user().cloned().unwrap_or_default();
    Ok(ShownUser { at: clock.now(), found, stored, record, awaited_by })
}

/// What the record says about the account, in one word.
pub(crate) fn state(record: &UserRecord) -> &'static str {
    match (&record.binding, &record.intent) {
        (Some(binding), _) if binding.given_up => "given_up",
        (Some(_), _) => "bound",
        (None, Some(_)) => "creating",
        (None, None) => "not_bound",
    }
}

/// As answers spell it.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Created => "created",
        Origin::Adopted => "adopted",
        Origin::Imported => "imported",
    }
}

/// As answers spell it.
fn expected(expect: Expect) -> &'static str {
    match expect {
        Expect::Suspended => "suspended",
        Expect::Deleted => "deleted",
    }
}

impl Answer for ShownUser {
    fn human(&self, width: Option<u16>) -> String {
        let record = &self.record;
        let mut rows = self.identity();
        if let Some(binding) = &record.binding {
            rows.extend(self.bound(binding));
        }
        rows.extend(self.pending());
        rows.extend(self.progress());
        let mut parts = vec![fields(width, rows)];
        if let Some(binding) = record.binding.as_ref().filter(|b| !b.applied.is_empty()) {
            let applied = binding.applied.iter();
            let applied = applied
                .map(|(attribute, value)| [attribute.to_string(), escape(&value.to_string())]);
            parts.push(table(width, ["attribute", "last applied"], applied));
        }
        if !record.upkeep.findings.is_empty() {
            let findings = record.upkeep.findings.iter();
            let findings = findings.map(|f| [f.code.to_string(), escape(&f.message)]);
            parts.push(table(width, ["finding", "message"], findings));
        }
        parts.join("\n\n")
    }

    fn json(&self) -> String {
        pretty(&self.to_json())
    }
}

type Row = (&'static str, String);

impl ShownUser {
    fn when(&self, at: Timestamp) -> String {
        time_and_distance(at, self.at)
    }

    fn identity(&self) -> Vec<Row> {
        let Found { directory, user, by, former } = &self.found;
        let mut rows = vec![("user", user.to_string()), ("directory", directory.to_string())];
        if *former {
            rows.push(("note", format!("held {by} last; nobody holds it now")));
        }
        rows.push(("state", state(&self.record).replace('_', " ")));
        rows
    }

    fn bound(&self, binding: &Binding) -> Vec<Row> {
        let Binding { object, upn, origin: from, bound_at, enabled, disabled_by_us, .. } = binding;
        let enabled = match enabled {
            Some(answered) => {
                format!("{}, written {}", yes(answered.value), self.when(answered.at))
            }
            None => "never written by us".to_owned(),
        };
        vec![
            ("object", object.to_string()),
            ("UPN", escape(upn.as_str())),
            ("origin", format!("{}, {}", origin(*from), self.when(*bound_at))),
            ("enabled", enabled),
            ("disabled by us", yes(*disabled_by_us).to_owned()),
        ]
    }

    /// What is under way or waited for; nothing of it is there most of the time.
    fn pending(&self) -> Vec<Row> {
        let record = &self.record;
        let mut rows = Vec::new();
        if let Some(intent) = &record.intent {
            let upn = escape(intent.upn.as_str());
            rows.push(("creating", format!("{upn}, open until {}", self.when(intent.open_until))));
        }
        for upn in &record.renaming {
            let upn = escape(upn.as_str());
            rows.push(("renaming", format!("to {upn}, not answered yet")));
        }
        if let Some(write) = &record.unanswered {
            let value = yes(write.value);
            let sent = self.when(write.sent_at);
            rows.push(("unanswered", format!("a write of enabled: {value}, sent {sent}")));
        }
        if record.revoke_pending {
            rows.push(("sessions", "their revocation is not answered yet".to_owned()));
        }
        if let Some(expecting) = &record.expecting {
            let state = expected(expecting.expect);
            let since = self.when(expecting.since);
            rows.push(("expecting", format!("{state}, announced {since}, not read yet")));
        }
        if let Some(since) = record.locked_since {
            rows.push(("locked out", format!("off since {}", self.when(since))));
        }
        if let Some(Failure { class, message, attempts, since, next }) = &record.upkeep.failure {
            let (class, message) = (escape(class), escape(message));
            let times = count((*attempts).into(), "time", "times");
            rows.push(("failure", format!("{class}: {message}")));
            rows.push(("", format!("{times} since {}", self.when(*since))));
            rows.push(("", format!("next attempt {}", self.when(*next))));
        }
        if record.upkeep.retries > 0 {
            rows.push(("retries", format!("{} in a row", record.upkeep.retries)));
        }
        if let Some(until) = record.upkeep.vendor_wait {
            rows.push(("vendor's wait", format!("until {}", self.when(until))));
        }
        if record.owed.is_some() {
            rows.push(("owed", "follow-ups of a new binding".to_owned()));
        }
        if !self.awaited_by.is_empty() {
            let waiters: Vec<_> = self.awaited_by.iter().map(ToString::to_string).collect();
            rows.push(("awaited by", waiters.join("\n")));
        }
        rows
    }

    fn progress(&self) -> Vec<Row> {
        let StoredSubject { leased_until, again, due, mailbox, .. } = &self.stored;
        let record = &self.record;
        let when = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| self.when(at));
        let mut rows = vec![
            ("synced", when(record.upkeep.synced_at)),
            ("covered until", when(record.upkeep.covered)),
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

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
