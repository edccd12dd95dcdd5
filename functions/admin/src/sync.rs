//! `sync`: ringing for one person or group, and waiting for what comes of it.
//!
//! The sync itself is the consumer's: an operator's request takes the same path as an event.

use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use serde_json::json;
use store::{ConfigRecord, Store, StoredSubject};
use sync_core::record::within;
use work_queue::{Cause, Lane, Source, WorkItem, WorkQueue};

use crate::answer::{Answer, Exit, pretty};
use crate::directory;
use crate::error::AdminError;
use crate::find::Found;
use crate::show::{Shown, show};
use crate::shown::{json_time, kind, named, rough};

/// How often the record is looked at while waiting.
const LOOK: Duration = Duration::from_secs(1);

/// A request, and what is known of it.
#[derive(Debug)]
pub struct Requested {
    /// Who.
    pub found: Found,
    /// When it was sent.
    pub at: Timestamp,
    /// What came of it.
    pub came: Came,
}

/// What came of a request.
#[derive(Debug)]
pub enum Came {
    /// It was not waited for.
    NotWaited,
    /// A sync was committed after it; so the record looked then.
    Synced(Box<Shown>),
    /// None was committed within this time.
    TimedOut(Duration),
}

/// Refuses to ring where the item would only be dropped (S6, S7).
pub async fn check_active(store: &impl Store, found: &Found) -> Result<ConfigRecord, AdminError> {
    let config = store.config(&found.directory).await?;
    let config = config.ok_or(AdminError::NoDirectory)?;
    directory::usable_for(&config, &found.subject)?;
    Ok(config)
}

/// The question to ask before, without the question mark.
pub fn question(found: &Found) -> String {
    format!("Sync {} of directory {} now", named(&found.subject), found.directory)
}

/// Rings for a person or a group; with a bound, waits until a sync was committed after the request.
///
/// A sync that was under way when the request came counts only when it has let go of the record:
/// while it is at work the item leaves word, and it syncs once more before it does.
pub async fn sync(
    store: &impl Store,
    queue: &impl WorkQueue,
    clock: &Clock,
    found: Found,
    wait: Option<Duration>,
) -> Result<Requested, AdminError> {
    check_active(store, &found).await?;
    let subject = &found.subject;
    // The record's own times are compared: an operator's clock may differ from the functions'.
    let before = store.peek(&found.directory, subject).await?;
    let before = before.and_then(|stored| stored.record.upkeep().synced_at);
    let cause = Cause::of(Source::Operator);
    let item = WorkItem::new(found.directory.clone(), subject.clone(), cause);
    queue.send(Lane::Events, &[item], Duration::ZERO).await?;
    let at = clock.now();
    let Some(bound) = wait else { return Ok(Requested { found, at, came: Came::NotWaited }) };
    loop {
        let stored = store.peek(&found.directory, subject).await?;
        if stored.is_some_and(|stored| is_synced_since(&stored, before)) {
            let shown = show(store, clock, found.clone()).await?;
            return Ok(Requested { found, at, came: Came::Synced(Box::new(shown)) });
        }
        if !within(at, bound, clock.now()) {
            return Ok(Requested { found, at, came: Came::TimedOut(bound) });
        }
        clock.sleep(LOOK).await;
    }
}

fn is_synced_since(stored: &StoredSubject, before: Option<Timestamp>) -> bool {
    stored.record.upkeep().synced_at > before && stored.leased_until.is_none()
}

impl Answer for Requested {
    fn human(&self, width: Option<u16>) -> String {
        let Found { directory, subject, .. } = &self.found;
        let rung = format!("rang for {} of directory {directory}", named(subject));
        match &self.came {
            Came::NotWaited => rung,
            Came::Synced(shown) => format!("{rung}: synced\n{}", shown.human(width)),
            Came::TimedOut(bound) => {
                format!("{rung}: not synced within {}, it may still be", rough(*bound))
            }
        }
    }

    fn json(&self) -> String {
        let (state, record) = match &self.came {
            Came::NotWaited => ("requested", None),
            Came::Synced(shown) => ("synced", Some(shown.to_json())),
            Came::TimedOut(_) => ("timed_out", None),
        };
        let (kind, id) = kind(&self.found.subject);
        pretty(&json!({
            "directory": self.found.directory.as_str(),
            kind: id,
            "requested_at": json_time(Some(self.at)),
            "state": state,
            "record": record,
        }))
    }

    fn exit(&self) -> Exit {
        match &self.came {
            Came::NotWaited => Exit::Ok,
            Came::Synced(shown) if shown.stored.record.upkeep().failure.is_none() => Exit::Ok,
            Came::Synced(_) | Came::TimedOut(_) => Exit::Problem,
        }
    }
}
