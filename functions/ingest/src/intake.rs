//! From the events of a body to the queues: rung, ignored or parked, and counted.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use service::directories::Configured;
use sync_core::disposition::Disposition;
use sync_core::ids::DirectoryId;
use work_queue::event::{Recognised, Watched, events_in, recognise};
use work_queue::{Lane, QueueError, Source, WorkItem, WorkQueue, coalesce};

use crate::answer::Counts;

/// Why events of a deactivated directory are ignored (S7).
const DEACTIVATED: &str = "deactivated";
/// Why a body is parked whose items SQS refuses for good.
const REFUSED: &str = "the queue refuses an item";

/// The events of a body, sorted.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// What is rung for, one item for each subject where nothing gets lost by it.
    items: Vec<WorkItem>,
    /// Why some cannot be read.
    unreadable: BTreeSet<&'static str>,
    counts: Counts,
}

/// Sorts the events of a body.
pub(crate) fn sort(body: &Value, configured: &Configured) -> Sorted {
    let config = &configured.config;
    let watched = Watched {
        directory: &config.id,
        organization: config.jumpcloud.organization.as_ref(),
        scope: &config.policy.scope,
    };
    let mut sorted = Sorted::default();
    for event in events_in(body) {
        if !configured.active {
            sorted.ignore(event, DEACTIVATED);
            continue;
        }
        match recognise(event, watched, Source::Webhook) {
            Recognised::Items(items) => {
                sorted.items.extend(items);
                sorted.counts.accepted += 1;
            }
            Recognised::Ignored(why) => sorted.ignore(event, why.as_str()),
            Recognised::Unrecognisable(why) => {
                sorted.unreadable.insert(why);
                sorted.counts.parked += 1;
            }
        }
    }
    sorted.items = coalesce(std::mem::take(&mut sorted.items));
    sorted
}

impl Sorted {
    fn ignore(&mut self, event: &Value, why: &'static str) {
        self.counts.ignored += 1;
        self.counts.ignored_types.add(event);
        *self.counts.ignored_by.entry(why).or_default() += 1;
    }
}

/// Hands everything to the queues; the counts only once they took all of it.
///
/// A body with events that cannot be read is parked whole and once, however many they are: a
/// replay rings for its other events again, which is harmless.
pub(crate) async fn send<Q: WorkQueue>(
    queue: &Q,
    directory: &DirectoryId,
    sorted: Sorted,
    body: &str,
) -> Result<Counts, QueueError> {
    let Sorted { items, mut unreadable, mut counts } = sorted;
    let (bulk, events): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| Lane::of_event(item) == Lane::Bulk);
    for (lane, items) in [(Lane::Events, events), (Lane::Bulk, bulk)] {
        if items.is_empty() {
            continue;
        }
        match queue.send(lane, &items, Duration::ZERO).await {
            Ok(()) => {}
            // Sending it again would end the same way, so it is put away for people to look at.
            Err(error) if error.disposition() == Disposition::Fail => {
                tracing::warn!(%error, "parked");
                unreadable.insert(REFUSED);
                counts.parked += std::mem::take(&mut counts.accepted);
            }
            Err(error) => return Err(error),
        }
    }
    if !unreadable.is_empty() {
        let reasons: Vec<&str> = unreadable.into_iter().collect();
        queue.park(body, &reasons.join("; "), Some(directory)).await?;
    }
    Ok(counts)
}
