//! `events`: what was changed, oldest first, so that the latest is at the bottom.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use store::{AuditQuery, Store};
use sync_core::audit::{AuditChange, AuditEvent};
use sync_core::ids::{DirectoryId, Subject};
use sync_core::record::before;

use crate::answer::{Answer, compact};
use crate::error::AdminError;
use crate::shown::{escape, json_time, time};
use crate::table::table;

mod follow;

pub use follow::Follower;

/// The service that events name.
const SERVICE: &str = "entra_sync";

/// A moment as an operator names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A time.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

/// Why a text does not name a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an RFC 3339 time (2026-05-01T08:00:00Z) nor a span before now (90s, 15m, 2h, 7d)")]
pub struct NotAMoment;

impl std::str::FromStr for When {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let seconds = match &text[number.len()..] {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(NotAMoment),
        };
        let number: u32 = number.parse().map_err(|_| NotAMoment)?;
        Ok(Self::Ago(Duration::from_secs(u64::from(number) * seconds)))
    }
}

impl When {
    /// The moment, seen from now.
    pub fn seen_from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => before(now, span),
        }
    }
}

/// Events of one directory, oldest first.
#[derive(Debug)]
pub struct Events {
    /// The directory.
    pub directory: DirectoryId,
    /// The events.
    pub events: Vec<AuditEvent>,
}

/// The latest events that the query asks for.
pub async fn events(
    store: &impl Store,
    directory: &DirectoryId,
    query: &AuditQuery,
    now: Timestamp,
) -> Result<Events, AdminError> {
    let mut events = store.audit(directory, query, now).await?;
    events.reverse();
    Ok(Events { directory: directory.clone(), events })
}

impl Answer for Events {
    fn human(&self, width: Option<u16>) -> String {
        if self.events.is_empty() {
            return "no events".to_owned();
        }
        table(
            width,
            ["time", "type", "subject", "object", "changes", "reason", "success"],
            self.events.iter().map(|event| {
                let AuditEvent { at, kind, subject, object, changes, reason, error, .. } = event;
                let changes: Vec<_> = changes.iter().map(changed).collect();
                [
                    time(*at),
                    kind.to_string(),
                    named(subject).1,
                    object.as_ref().map_or("-".to_owned(), ToString::to_string),
                    if changes.is_empty() { "-".to_owned() } else { changes.join("\n") },
                    reason.as_deref().map_or("-".to_owned(), escape),
                    error.as_deref().map_or("yes".to_owned(), |why| format!("no: {}", escape(why))),
                ]
            }),
        )
    }

    /// One event a line.
    fn json(&self) -> String {
        let lines = self.events.iter().map(|event| compact(&event_json(&self.directory, event)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Events {
    /// For people who follow: one event a line, since a table cannot grow.
    pub fn lines(&self) -> String {
        self.events.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn line(event: &AuditEvent) -> String {
    let AuditEvent { at, kind, subject, object, changes, reason, error, .. } = event;
    let (what, id) = named(subject);
    let mut line = format!("{} {kind} {what} {id}", time(*at));
    if let Some(object) = object {
        line.push_str(&format!(" object {object}"));
    }
    if !changes.is_empty() {
        let changes: Vec<_> = changes.iter().map(changed).collect();
        line.push_str(&format!(" [{}]", changes.join("; ")));
    }
    if let Some(reason) = reason {
        line.push_str(&format!(" because: {}", escape(reason)));
    }
    if let Some(error) = error {
        line.push_str(&format!(" failed: {}", escape(error)));
    }
    line
}

/// What an event is about: its kind and its id in JumpCloud.
fn named(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::User(user) => ("user", user.to_string()),
        Subject::Group(group) => ("group", group.to_string()),
        Subject::Sweep => ("directory", subject.to_string()),
    }
}

fn changed(change: &AuditChange) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or("-".to_owned(), escape);
    let AuditChange { attribute, from, to } = change;
    format!("{}: {} → {}", escape(attribute), value(from), value(to))
}

/// The shape of Directory Insights (design section 11).
fn event_json(directory: &DirectoryId, event: &AuditEvent) -> Value {
    let AuditEvent { id, at, kind, subject, object, changes, reason, error, initiated_by } = event;
    let changes: Vec<_> = changes
        .iter()
        .map(|AuditChange { attribute, from, to }| {
            json!({ "field": attribute, "from": from, "to": to })
        })
        .collect();
    let (what, whose) = named(subject);
    let source = initiated_by.split(' ').next().unwrap_or_default();
    json!({
        "id": id,
        "timestamp": json_time(Some(*at)),
        "service": SERVICE,
        "event_type": kind.as_str(),
        "directory": directory.as_str(),
        "initiated_by": { "type": source, "cause": initiated_by },
        "resource": {
            "type": what,
            "id": whose,
            "entra_id": object.as_ref().map(|object| object.as_str()),
        },
        "changes": changes,
        "reason": reason,
        "success": error.is_none(),
        "error": error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_span_before_now() {
        let now: Timestamp = "2026-05-01T08:00:00Z".parse().unwrap();
        let seen = |text: &str| text.parse::<When>().map(|when| when.seen_from(now).to_string());
        assert_eq!(seen("2026-04-30T10:00:00+02:00"), Ok("2026-04-30T08:00:00Z".into()));
        assert_eq!(seen("90s"), Ok("2026-05-01T07:58:30Z".into()));
        assert_eq!(seen("15m"), Ok("2026-05-01T07:45:00Z".into()));
        assert_eq!(seen("2h"), Ok("2026-05-01T06:00:00Z".into()));
        assert_eq!(seen("7d"), Ok("2026-04-24T08:00:00Z".into()));
        for bad in ["", "7", "d", "-1h", "1w", "yesterday", "2026-05-01", "99999999999d", "1é"] {
            assert_eq!(seen(bad), Err(NotAMoment), "{bad}");
        }
    }
}
