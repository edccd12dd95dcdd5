//! What holds at the end of every scenario.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use simulators::Entry;
use sync_core::record::Record;
use tokio::task::JoinSet;

use crate::feed::{Feed, Lane};
use crate::wait::PATIENCE;
use crate::world::World;

/// How many quiet looks in a row count: one may fall between a message and what it leads to.
const QUIET_LOOKS: u32 = 2;
const LOOK: Duration = Duration::from_millis(200);
/// What is looked at again only later than this is a long wait, for example for an operator.
const SOON: Duration = Duration::from_secs(60);
/// How many commands of an operator run at once.
const OPERATORS: usize = 4;

impl World {
    /// Waits until JumpCloud has delivered its events, the queues are empty and nothing is due soon
    /// or at work. A delayed message does not count: it rings for a time that a record says, or is
    /// void; other directories of the stack have theirs, too.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub async fn settle(&self) {
        let mut last = Value::Null;
        let settled = async {
            let mut quiet = 0;
            while quiet < QUIET_LOOKS {
                let status = self.line.json(&["status"]).await;
                let waiting = self.jumpcloud.state(|state| state.deliveries().waiting);
                quiet = if is_quiet(&status) && waiting == 0 { quiet + 1 } else { 0 };
                last = status;
                self.clock.sleep(LOOK).await;
            }
        };
        let patience = PATIENCE * 2;
        if tokio::time::timeout(patience, settled).await.is_err() {
            panic!("not settled after {patience:?}: {last:#}");
        }
    }

    /// Waits until the queues are empty, whatever is due later.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub async fn drain(&self) {
        let drained = async {
            while !is_drained(&self.line.json(&["status"]).await) {
                self.clock.sleep(LOOK).await;
            }
        };
        let patience = PATIENCE * 2;
        if tokio::time::timeout(patience, drained).await.is_err() {
            panic!("the queues are not empty after {patience:?}");
        }
    }

    /// Proves that the directory is at rest and right: everybody who was ever heard of is synced
    /// again, which writes nothing, and then all of [`World::prove_at_rest`].
    ///
    /// # Panics
    ///
    /// If one of these does not hold.
    pub async fn prove(&self, parked: u64) {
        let _feeds = self.feeds().await;
        self.settle().await;
        let before = self.writes().len();
        self.each(&self.everybody(), &["sync", "user"], &["--yes"]).await;
        self.settle().await;
        assert_eq!(self.writes()[before..], [], "syncing again writes");
        self.prove_right(parked).await;
    }

    /// Proves of a company that is too large to sync everybody once more: it comes to rest, every
    /// binding points at a living object, members were written of bound groups alone, no vendor was
    /// asked for what it does not have, and so many messages were parked.
    ///
    /// # Panics
    ///
    /// If one of these does not hold.
    pub async fn prove_at_rest(&self, parked: u64) {
        let _feeds = self.feeds().await;
        self.settle().await;
        self.prove_right(parked).await;
    }

    /// Two functions of our own where no function works.
    async fn feeds(&self) -> Option<[Feed; 2]> {
        if self.deployed {
            return None;
        }
        let consumer = Arc::new(self.function("consumer").await);
        Some(
            [Lane::Events, Lane::Bulk].map(|lane| Feed::start(&self.place, lane, consumer.clone())),
        )
    }

    async fn prove_right(&self, parked: u64) {
        let records = self.records().await;
        for stored in &records {
            let lives = self.entra.state(|state| match &stored.record {
                Record::User(record) => record.binding.as_ref().is_none_or(|binding| {
                    binding.given_up || state.user(binding.object.as_str()).is_some()
                }),
                // Whoever lets a group go may delete it; the binding stays (G4, G8).
                Record::Group(record) => record.binding.as_ref().is_none_or(|binding| {
                    record.let_go_at.is_some() || state.group(binding.object.as_str()).is_some()
                }),
                Record::Sweep(_) => true,
            });
            assert!(lives, "nothing is behind {stored:#?}");
        }
        let writes = self.member_writes();
        let written = writes.iter().filter_map(|write| group_in(&write.path)).collect();
        let ours = self.groups_of_ours(written).await;
        for write in writes {
            let of_ours = group_in(&write.path).is_some_and(|group| ours.contains(group));
            assert!(of_ours, "members of a group that was never bound: {write:#?}");
        }
        for control in [self.jumpcloud.control(), self.entra.control()] {
            assert_eq!(control.problems(), Vec::<String>::new());
        }
        let status = self.line.json(&["status"]).await;
        assert_eq!(status["queues"]["parked"]["waiting"], parked, "parked: {status:#}");
    }

    /// The changes of members that Entra was asked for, refused ones too.
    pub fn member_writes(&self) -> Vec<Entry> {
        let mut writes = self.writes();
        writes.retain(|write| is_removal(write) || !added(write).is_empty());
        writes
    }

    /// The members that Entra was asked to remove, by their objects.
    pub fn removed(&self) -> Vec<String> {
        let writes = self.writes();
        let removals = writes.iter().filter(|write| is_removal(write));
        let member = |write: &Entry| write.path.rsplit('/').nth(1).map(str::to_owned);
        removals.filter_map(member).collect()
    }

    /// The members that Entra was asked to add, by their objects.
    pub fn added(&self) -> Vec<String> {
        self.writes().iter().flat_map(added).collect()
    }

    /// Everybody in JumpCloud, and everybody whom an event was about.
    fn everybody(&self) -> BTreeSet<String> {
        self.jumpcloud.state(|state| {
            let known = state.users().into_iter().map(|user| user["_id"].clone());
            let events = state.events().into_iter();
            let told = events.filter(|event| event["resource"]["type"] == "user");
            let told = told.map(|event| event["resource"]["id"].clone());
            known.chain(told).filter_map(|id| id.as_str().map(str::to_owned)).collect()
        })
    }

    /// Runs a command for each of these people; what it answers.
    async fn each(&self, people: &BTreeSet<String>, before: &[&str], after: &[&str]) -> Vec<Value> {
        let mut answers = Vec::with_capacity(people.len());
        let mut running = JoinSet::new();
        for person in people {
            if running.len() == OPERATORS {
                answers.extend(running.join_next().await);
            }
            let line = self.line.clone();
            let words = [before, &[person.as_str()], after].concat();
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            running.spawn(async move {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                line.json(&words).await
            });
        }
        answers.extend(running.join_all().await.into_iter().map(Ok));
        answers.into_iter().map(|answer| answer.expect("a command that ended")).collect()
    }
}

fn is_drained(status: &Value) -> bool {
    let mut ready = ["events", "bulk"]
        .into_iter()
        .flat_map(|lane| ["waiting", "in_flight"].map(|depth| &status["queues"][lane][depth]));
    ready.all(|count| *count == 0)
}

fn is_quiet(status: &Value) -> bool {
    let time = |text: &Value| text.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let horizon = time(&status["at"]).expect("a status says when it was taken") + SOON;
    let directories = || status["directories"].as_array().into_iter().flatten();
    let mut at_work = directories().map(|directory| &directory["subjects"]["at_work"]);
    let mut looks = directories().map(|directory| time(&directory["subjects"]["next_due"]));
    is_drained(status)
        && at_work.all(|count| *count == 0)
        && looks.all(|look| look.is_none_or(|look| look > horizon))
}

/// The group of a path below `/groups/`.
fn group_in(path: &str) -> Option<&str> {
    path.split_once("/groups/")?.1.split('/').next()
}

fn is_removal(write: &Entry) -> bool {
    write.method == "DELETE" && write.route.ends_with("/$ref")
}

/// Whom a write adds to a group: each is named by the address of its object.
fn added(write: &Entry) -> Vec<String> {
    let body = write.body.as_ref().filter(|_| write.path.contains("/groups/"));
    let bound = body.map(|body| match &body["members@odata.bind"] {
        Value::Array(many) => many.clone(),
        // One alone is posted to the list of members.
        _ => body.get("@odata.id").into_iter().cloned().collect(),
    });
    let ids = bound.into_iter().flatten();
    ids.filter_map(|address| Some(address.as_str()?.rsplit('/').next()?.to_owned())).collect()
}
