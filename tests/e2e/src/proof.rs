//! What holds at the end of every scenario.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
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

    /// Proves that the directory is at rest and right: everybody who was ever heard of is synced
    /// again, which writes nothing; every binding points at a living object; no vendor was asked
    /// for what it does not have; and so many messages were parked.
    ///
    /// # Panics
    ///
    /// If one of these does not hold.
    pub async fn prove(&self, parked: u64) {
        // Where no function works, two of our own do meanwhile.
        let _feeds = match self.deployed {
            true => None,
            false => {
                let consumer = Arc::new(self.function("consumer").await);
                let feed = |lane| Feed::start(&self.place, lane, consumer.clone());
                Some([feed(Lane::Events), feed(Lane::Bulk)])
            }
        };
        self.settle().await;
        let before = self.writes().len();
        let everybody = self.everybody();
        self.each(&everybody, &["sync", "user"], &["--yes"]).await;
        self.settle().await;
        assert_eq!(self.writes()[before..], [], "syncing again writes");

        for shown in self.each(&everybody, &["show", "user"], &[]).await {
            let binding = &shown["binding"];
            let Some(object) = binding["object"].as_str() else { continue };
            let lives = self.entra.state(|state| state.user(object).is_some());
            assert!(lives || binding["given_up"] == true, "nothing is behind {shown:#}");
        }
        for control in [self.jumpcloud.control(), self.entra.control()] {
            assert_eq!(control.problems(), Vec::<String>::new());
        }
        let status = self.line.json(&["status"]).await;
        assert_eq!(status["queues"]["parked"]["waiting"], parked, "parked: {status:#}");
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

fn is_quiet(status: &Value) -> bool {
    let ready = ["events", "bulk"]
        .into_iter()
        .flat_map(|lane| ["waiting", "in_flight"].map(|depth| &status["queues"][lane][depth]));
    let time = |text: &Value| text.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let horizon = time(&status["at"]).expect("a status says when it was taken") + SOON;
    let directories = || status["directories"].as_array().into_iter().flatten();
    let at_work = directories().map(|directory| &directory["subjects"]["at_work"]);
    let mut looks = directories().map(|directory| time(&directory["subjects"]["next_due"]));
    ready.chain(at_work).all(|count| *count == 0)
        && looks.all(|look| look.is_none_or(|look| look > horizon))
}
