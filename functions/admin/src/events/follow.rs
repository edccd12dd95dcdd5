//! `events --follow`: what is added, as it is added.

use std::collections::BTreeMap;
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use store::{AuditQuery, Store};
use sync_core::audit::AuditEvent;
use sync_core::ids::DirectoryId;
use sync_core::record::before;

use super::{Events, events};
use crate::error::AdminError;

/// How often the table is asked.
const LOOK: Duration = Duration::from_secs(2);

/// How far back each look goes. An event bears the time of its change and is stored by the commit
/// after it, so it may come after younger ones; a commit comes no later than its lease lasts.
const OVERLAP: Duration = Duration::from_secs(120);

/// How many events are read at once.
const PAGE: usize = 500;

/// Follows the events of one directory.
#[derive(Debug)]
pub struct Follower<S> {
    store: S,
    clock: Clock,
    directory: DirectoryId,
    query: AuditQuery,
    /// What has been told already, as far back as looks go.
    told: BTreeMap<String, Timestamp>,
    /// What is older is never told.
    since: Timestamp,
}

impl<S: Store> Follower<S> {
    /// The latest events as the query asks, and a follower of what comes after them.
    pub async fn start(
        store: S,
        clock: Clock,
        directory: DirectoryId,
        query: AuditQuery,
    ) -> Result<(Events, Self), AdminError> {
        let now = clock.now();
        let mut follower = Self {
            store,
            clock,
            directory,
            query: AuditQuery { limit: PAGE, ..query.clone() },
            told: BTreeMap::new(),
            since: before(now, OVERLAP).max(query.since.unwrap_or(Timestamp::MIN)),
        };
        // What the limit leaves out of the beginning is not news later.
        follower.look().await?;
        let latest = events(&follower.store, &follower.directory, &query, now).await?;
        follower.told.extend(latest.events.iter().map(|event| (event.id.clone(), event.at)));
        Ok((latest, follower))
    }

    /// The next events, oldest first; waits until there are some.
    pub async fn next(&mut self) -> Result<Events, AdminError> {
        loop {
            let events = self.look().await?;
            if !events.is_empty() {
                return Ok(Events { directory: self.directory.clone(), events });
            }
            self.clock.sleep(LOOK).await;
        }
    }

    async fn look(&mut self) -> Result<Vec<AuditEvent>, AdminError> {
        let now = self.clock.now();
        let mut news: Vec<AuditEvent> = Vec::new();
        let mut until = None;
        loop {
            let query = AuditQuery { since: Some(self.since), until, ..self.query.clone() };
            let page = self.store.audit(&self.directory, &query, now).await?;
            let full = page.len() == query.limit;
            let oldest = page.last().map(|event| event.at);
            for event in page {
                if self.told.insert(event.id.clone(), event.at).is_none() {
                    news.push(event);
                }
            }
            // Pages overlap by a moment. A page full of one moment would lead nowhere.
            if !full || oldest == until {
                break;
            }
            until = oldest;
        }
        self.since = self.since.max(before(now, OVERLAP));
        let since = self.since;
        self.told.retain(|_, at| *at >= since);
        news.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(news)
    }
}
