//! `parked replay`: events are recognised anew, work items go back to their queue.
//!
//! A message is deleted only after SQS took everything that it rings for; one that still cannot be
//! read stays, with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use service::directory::DirectoryConfig;
use store::Store;
use sync_core::ids::DirectoryId;
use work_queue::event::{Recognised, Watched, events_in, recognise};
use work_queue::{Lane, ParkedMessage, ParkedQueue, QueueError, Source, WorkItem};

use super::is_of;
use crate::answer::{Answer, Exit, pretty};
use crate::directory;
use crate::error::AdminError;
use crate::shown::{count, escape};
use crate::table::table;

/// How long a message is hidden while it is worked on: longer than a whole replay takes.
const HIDDEN: Duration = Duration::from_secs(600);

/// Which messages are replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All, or with a named directory all of it and of none.
    All,
    /// Those of these ids.
    Ids(BTreeSet<String>),
}

/// A message that stays parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stayed {
    /// Its id.
    pub id: String,
    /// Why it still cannot be worked on.
    pub reason: String,
}

/// What a replay came to.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Messages that are gone from the parked queue.
    pub replayed: u64,
    /// Work items that were sent for them.
    pub items: u64,
    /// Events among them that ring for nobody.
    pub ignored: u64,
    /// What stays.
    pub stayed: Vec<Stayed>,
    /// Ids that are not parked.
    pub missing: Vec<String>,
}

/// The question to ask before, without the question mark.
pub async fn replay_question(
    queue: &impl ParkedQueue,
    which: &Which,
) -> Result<String, AdminError> {
    let what = match which {
        Which::All => {
            let waiting = queue.depth().await?.parked.waiting;
            format!("every parked message, about {waiting}")
        }
        Which::Ids(ids) => count(ids.len() as u64, "parked message", "parked messages"),
    };
    Ok(format!("Replay {what}"))
}

/// Replays parked messages; those without a directory as if they were of the named one.
pub async fn replay(
    store: &impl Store,
    queue: &impl ParkedQueue,
    which: &Which,
    named: Option<&DirectoryId>,
) -> Result<Replayed, AdminError> {
    let mut known = Known::read(store, named).await?;
    let mut replayed = Replayed::default();
    let mut held: Vec<ParkedMessage> = Vec::new();
    let done = known.all(queue, which, &mut replayed, &mut held).await;
    queue.return_parked(&held).await?;
    done?;
    if let Which::Ids(ids) = which {
        let met = |id: &&String| !known.met.contains(*id);
        replayed.missing = ids.iter().filter(met).cloned().collect();
    }
    Ok(replayed)
}

/// The directories that messages may be of.
struct Known<'a> {
    named: Option<&'a DirectoryId>,
    /// A configuration, or why nothing can be rung for in the directory.
    directories: BTreeMap<DirectoryId, Result<Box<DirectoryConfig>, String>>,
    /// The messages that were met, to end when nothing new comes.
    met: BTreeSet<String>,
}

/// What a message comes to.
struct Read {
    items: Vec<(Lane, WorkItem)>,
    ignored: u64,
    /// Why it has to stay nevertheless.
    stays: Option<String>,
}

impl Read {
    fn stays(why: impl Into<String>) -> Self {
        Self { items: Vec::new(), ignored: 0, stays: Some(why.into()) }
    }
}

impl<'a> Known<'a> {
    async fn read(store: &impl Store, named: Option<&'a DirectoryId>) -> Result<Self, AdminError> {
        let mut directories = BTreeMap::new();
        for record in directory::sorted(store).await? {
            let read = directory::usable(&record).and_then(|()| directory::read(&record));
            let read = read.map(Box::new).map_err(|error| error.to_string());
            directories.insert(record.directory, read);
        }
        Ok(Self { named, directories, met: BTreeSet::new() })
    }

    /// Works through the queue until nothing new comes; what it holds is to be returned.
    async fn all(
        &mut self,
        queue: &impl ParkedQueue,
        which: &Which,
        replayed: &mut Replayed,
        held: &mut Vec<ParkedMessage>,
    ) -> Result<(), QueueError> {
        loop {
            let mut batch = queue.receive_parked(HIDDEN).await?.into_iter();
            let before = self.met.len();
            let mut finished = Vec::new();
            while let Some(message) = batch.next() {
                let new = self.met.insert(message.id.clone());
                let wanted = match which {
                    Which::All => is_of(&message, self.named),
                    Which::Ids(ids) => ids.contains(&message.id),
                };
                if !(new && wanted) {
                    held.push(message);
                    continue;
                }
                let Read { items, ignored, stays } = self.read_message(&message);
                let (rung, stays) = match ring(queue, &items).await {
                    Ok(()) => (items.len() as u64, stays),
                    Err(QueueError::Unavailable { operation, source }) => {
                        held.push(message);
                        held.extend(batch);
                        queue.delete_parked(&finished).await?;
                        return Err(QueueError::Unavailable { operation, source });
                    }
                    Err(refused) => (0, Some(refused.to_string())),
                };
                replayed.items += rung;
                replayed.ignored += ignored;
                match stays {
                    None => finished.push(message),
                    Some(reason) => {
                        replayed.stayed.push(Stayed { id: message.id.clone(), reason });
                        held.push(message);
                    }
                }
            }
            queue.delete_parked(&finished).await?;
            replayed.replayed += finished.len() as u64;
            let found_all = matches!(which, Which::Ids(ids) if ids.is_subset(&self.met));
            if self.met.len() == before || found_all {
                return Ok(());
            }
        }
    }

    fn read_message(&self, message: &ParkedMessage) -> Read {
        if let Some(bytes) = message.cut_from {
            return Read::stays(format!("its body of {bytes} bytes was cut when it was parked"));
        }
        let malformed = match WorkItem::parse(&message.body) {
            Ok(item) => {
                return match self.directory(&item.directory) {
                    Ok(_) => {
                        let lane = message.from.unwrap_or_else(|| Lane::of(&item));
                        Read { items: vec![(lane, item)], ignored: 0, stays: None }
                    }
                    Err(why) => Read::stays(why),
                };
            }
            Err(malformed) => malformed,
        };
        let Ok(body) = serde_json::from_str::<Value>(&message.body) else {
            return Read::stays("not JSON");
        };
        if body.get("cause").is_some() && body.get("subject").is_some() {
            return Read::stays(malformed.to_string());
        }
        let Some(directory) = message.directory.as_ref().or(self.named) else {
            return Read::stays("its directory is not known: name it with --directory");
        };
        match self.directory(directory) {
            Ok(config) => events(&body, config),
            Err(why) => Read::stays(why),
        }
    }

    fn directory(&self, id: &DirectoryId) -> Result<&DirectoryConfig, String> {
        match self.directories.get(id) {
            Some(Ok(config)) => Ok(config),
            Some(Err(why)) => Err(why.clone()),
            None => Err(format!("directory {id} is not configured")),
        }
    }
}

/// The events of a body, as ingest would take them today.
fn events(body: &Value, config: &DirectoryConfig) -> Read {
    let watched = Watched {
        directory: &config.id,
        organization: config.jumpcloud.organization.as_ref(),
        scope: &config.policy.scope,
    };
    let mut read = Read { items: Vec::new(), ignored: 0, stays: None };
    let mut unreadable = BTreeSet::new();
    for event in events_in(body) {
        match recognise(event, watched, Source::Webhook) {
            Recognised::Items(items) => {
                read.items.extend(items.into_iter().map(|item| (Lane::of_event(&item), item)));
            }
            Recognised::Ignored(_) => read.ignored += 1,
            Recognised::Unrecognisable(why) => drop(unreadable.insert(why)),
        }
    }
    if !unreadable.is_empty() {
        read.stays = Some(unreadable.into_iter().collect::<Vec<_>>().join("; "));
    }
    read
}

async fn ring(queue: &impl ParkedQueue, items: &[(Lane, WorkItem)]) -> Result<(), QueueError> {
    for lane in [Lane::Events, Lane::Bulk] {
        let of_lane = items.iter().filter(|(of, _)| *of == lane);
        let of_lane: Vec<WorkItem> = of_lane.map(|(_, item)| item.clone()).collect();
        if !of_lane.is_empty() {
            queue.send(lane, &of_lane, Duration::ZERO).await?;
        }
    }
    Ok(())
}

impl Answer for Replayed {
    fn human(&self, width: Option<u16>) -> String {
        let Self { replayed, items, ignored, stayed, missing } = self;
        let mut text = format!(
            "{} replayed: {} sent, {} ignored",
            count(*replayed, "message", "messages"),
            count(*items, "work item", "work items"),
            count(*ignored, "event", "events"),
        );
        if !stayed.is_empty() {
            let rows = stayed.iter().map(|s| [escape(&s.id), escape(&s.reason)]);
            text.push_str(&format!("\n\n{}", table(width, ["stays parked", "reason"], rows)));
        }
        for id in missing {
            text.push_str(&format!("\nproblem: {} is not parked", escape(id)));
        }
        text
    }

    fn json(&self) -> String {
        let stayed: Vec<_> =
            self.stayed.iter().map(|s| json!({ "id": s.id, "reason": s.reason })).collect();
        pretty(&json!({
            "replayed": self.replayed,
            "items": self.items,
            "ignored": self.ignored,
            "stayed": stayed,
            "missing": self.missing,
        }))
    }

    fn exit(&self) -> Exit {
        if self.stayed.is_empty() && self.missing.is_empty() { Exit::Ok } else { Exit::Problem }
    }
}
