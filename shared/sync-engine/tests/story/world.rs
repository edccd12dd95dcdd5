//! One company, its two vendors, the table and the queues, in one process on one virtual clock.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::{Effect, EntraSim, Fault, JumpCloudSim, entra, jumpcloud as jc};
use store::memory::MemoryStore;
use store::{Acquired, Awaited, Commit, Committed, Store, StoredSubject, Terms};
use sync_core::ids::{DirectoryId, JumpCloudGroupId, JumpCloudUserId, OrganizationId, Subject};
use sync_core::policy::{Policy, Timing};
use sync_core::record::{Brings, Hints, Record, UserRecord};
use sync_engine::Directory;
use work_queue::event::{Recognised, Watched, recognise};
use work_queue::memory::MemoryQueue;
use work_queue::{Cause, Lane, Source, WorkItem};

use crate::configured::{APPLICATION, ORGANIZATION, TENANT, directory, policy};

/// The JumpCloud reads that a sync of one person rests on.
pub(crate) const READS: [&str; 2] =
    ["GET /api/systemusers/{id}", "GET /api/v2/users/{id}/applications"];

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) jumpcloud: JumpCloudSim,
    pub(crate) entra: EntraSim,
    pub(crate) table: MemoryStore,
    pub(crate) queue: MemoryQueue,
    pub(crate) directory: Arc<Directory>,
    pub(crate) organization: OrganizationId,
    /// Events that a webhook has brought already.
    heard: usize,
    /// How long a consumer's invocation lasts.
    pub(crate) invocation: Duration,
}

impl World {
    /// Nobody in JumpCloud, nobody in Entra.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another policy.
    pub(crate) async fn with(change: impl FnOnce(&mut Policy)) -> Self {
        let start: Timestamp = "2026-05-04T08:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut organization = jc::State::new(ORGANIZATION).with_key("key");
        organization.add_application(json!({"_id": APPLICATION, "name": "Microsoft 365"}));
        let jumpcloud = JumpCloudSim::start(local, organization).await.unwrap();
        let tenant = entra::State::new(TENANT, &["corp.example"]).with_client("client", "secret");
        let entra = EntraSim::start(local, tenant).await.unwrap();
        for control in [jumpcloud.control(), entra.control()] {
            control.set_time(start);
        }
        let mut policy = policy();
        change(&mut policy);
        let directory = Arc::new(directory(policy, &clock, &jumpcloud, &entra));
        Self {
            table: MemoryStore::new(),
            queue: MemoryQueue::new(clock.clone()),
            directory,
            organization: OrganizationId::parse(ORGANIZATION).unwrap(),
            heard: 0,
            invocation: Duration::from_secs(300),
            clock,
            jumpcloud,
            entra,
        }
    }

    /// Moves every clock on.
    pub(crate) fn advance(&self, seconds: u64) {
        let span = Duration::from_secs(seconds);
        self.clock.advance(span);
        self.jumpcloud.control().advance(span);
        self.entra.control().advance(span);
    }

    /// Somebody new in JumpCloud, connected to the directory.
    pub(crate) fn hire(&self, name: &str) -> JumpCloudUserId {
        let id = self.jumpcloud.state(|state| {
            let id = state.add_user(json!({
                "username": name, "email": format!("{name}@corp.example"),
                "firstname": name, "lastname": "Example", "displayname": "",
                "state": "ACTIVATED", "activated": true, "department": "R&D",
            }));
            assert!(state.connect(APPLICATION, &id));
            id
        });
        JumpCloudUserId::parse(&id).unwrap()
    }

    /// A group with so many new members, all active and none connected by it yet.
    pub(crate) fn team(&self, name: &str, members: usize) -> (String, Vec<JumpCloudUserId>) {
        self.jumpcloud.state(|state| {
            let group = state.add_group(json!({"name": name}));
            let ids = (0..members).map(|number| {
                let id = state.add_user(json!({
                    "username": format!("{name}{number}"),
                    "email": format!("{name}{number}@corp.example"),
                    "firstname": name, "lastname": "Example", "displayname": "",
                    "state": "ACTIVATED", "activated": true,
                }));
                assert!(state.add_member(&group, &id));
                JumpCloudUserId::parse(&id).unwrap()
            });
            let ids = ids.collect();
            (group, ids)
        })
    }

    pub(crate) fn connect_group(&self, group: &str) {
        assert!(self.jumpcloud.state(|state| state.connect(APPLICATION, group)));
    }

    pub(crate) fn disconnect_group(&self, group: &str) {
        assert!(self.jumpcloud.state(|state| state.disconnect(APPLICATION, group)));
    }

    /// How many accounts there are, and how many of them are enabled.
    pub(crate) fn headcount(&self) -> (usize, usize) {
        let users = self.entra.state(|state| state.users());
        let enabled = users.iter().filter(|user| user["accountEnabled"] == true).count();
        (users.len(), enabled)
    }

    pub(crate) fn disconnect(&self, user: &JumpCloudUserId) {
        self.jumpcloud.state(|state| state.disconnect(APPLICATION, user.as_str()));
    }

    pub(crate) fn reconnect(&self, user: &JumpCloudUserId) {
        self.jumpcloud.state(|state| state.connect(APPLICATION, user.as_str()));
    }

    /// Somebody hired and synced long ago: everything is at rest.
    pub(crate) async fn employee(&mut self, name: &str) -> JumpCloudUserId {
        let user = self.hire(name);
        self.deliver();
        self.settle().await;
        self.advance(3600);
        self.settle().await;
        assert_eq!(self.enabled(name), Some(true));
        self.clear_journals();
        user
    }

    /// Resolves once a vendor has got a request on this route since the journals were cleared.
    pub(crate) async fn until_asked(&self, route: &str) {
        let asked = || {
            let journals = [self.jumpcloud.control().counts(), self.entra.control().counts()];
            journals.iter().any(|counts| counts.contains_key(route))
        };
        let wait = async {
            while !asked() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect(route);
    }

    pub(crate) fn clear_journals(&self) {
        self.jumpcloud.control().clear_journal();
        self.entra.control().clear_journal();
    }

    /// The next read of this user's record and connection answers what was true so long ago.
    pub(crate) fn next_read_is_stale(&self, seconds: u64) {
        for route in READS {
            let effect = Effect::Stale { for_ms: seconds * 1000 };
            self.jumpcloud.control().add_fault(Fault::once(route, effect));
        }
    }

    pub(crate) fn entra_fault(&self, fault: Fault) {
        self.entra.control().add_fault(fault);
    }

    /// The items of the events since the last call, as the webhook would bring them.
    pub(crate) fn events(&mut self) -> Vec<WorkItem> {
        let events = self.jumpcloud.state(|state| state.events());
        // Fewer, if they have been cleared.
        let fresh = events[self.heard.min(events.len())..].to_vec();
        self.heard = events.len();
        fresh.iter().flat_map(|event| self.recognised(event)).collect()
    }

    fn recognised(&self, event: &Value) -> Vec<WorkItem> {
        let watched = Watched {
            directory: &self.directory.id,
            organization: Some(&self.organization),
            scope: &self.directory.policy.scope,
        };
        match recognise(event, watched, Source::Webhook) {
            Recognised::Items(items) => items,
            Recognised::Ignored(_) => Vec::new(),
            Recognised::Unrecognisable(why) => panic!("{why}: {event}"),
        }
    }

    /// The webhook brings every event since the last call.
    pub(crate) fn deliver(&mut self) {
        let items = self.events();
        for item in items {
            self.queue.put(Lane::Events, &self.directory.id, item.to_json());
        }
    }

    /// The webhooks of the events since the last call are lost.
    pub(crate) fn lose_webhooks(&mut self) {
        self.events();
    }

    /// The events since the last call are lost to webhooks and polls alike.
    pub(crate) fn lose_events(&mut self) {
        self.lose_webhooks();
        self.jumpcloud.state(|state| state.clear_events());
    }

    /// Stores a record, as a sync of long ago did.
    pub(crate) async fn remember(&self, subject: &Subject, record: Record) {
        let directory = &self.directory.id;
        let timing = Timing::default();
        let terms = Terms { now: self.clock.now(), lease: timing.lease, settle: timing.settle };
        let taken = self.table.acquire(directory, subject, &Brings::default(), terms).await;
        let Ok(Acquired::Taken(held)) = taken else { panic!("{subject} is new") };
        let commit = Commit {
            record: &record,
            heard: None,
            members: &Hints::default(),
            due: None,
            audit: &[],
            claims: &[],
        };
        let committed = self.table.commit(&held.lease, terms, commit).await.unwrap();
        assert_eq!(committed, Committed::Released);
    }

    pub(crate) async fn stored(&self, user: &JumpCloudUserId) -> StoredSubject {
        let subject = Subject::User(user.clone());
        self.table.peek(&self.directory.id, &subject).await.unwrap().expect("it was rung once")
    }

    /// What is remembered of this person.
    pub(crate) async fn record(&self, user: &JumpCloudUserId) -> UserRecord {
        self.stored(user).await.record.user().cloned().expect("a person's record")
    }

    /// When this group is looked at again.
    pub(crate) async fn due_of(&self, group: &str) -> Option<Timestamp> {
        let subject = Subject::Group(JumpCloudGroupId::parse(group).unwrap());
        self.table.peek(&self.directory.id, &subject).await.unwrap().unwrap().due
    }

    /// The id of this person's account.
    pub(crate) async fn object(&self, user: &JumpCloudUserId) -> String {
        self.record(user).await.binding.expect("she is bound").object.to_string()
    }

    /// How many subjects wait for this person's binding.
    pub(crate) async fn waiters(&self, user: &JumpCloudUserId) -> usize {
        let awaited = Awaited::User(self.directory.id.clone(), user.clone());
        self.table.waiters(&awaited).await.unwrap().len()
    }

    /// `accountEnabled` of the one account of that name; `None`: there is none.
    pub(crate) fn enabled(&self, name: &str) -> Option<bool> {
        let upn = format!("{name}@corp.example");
        let user = self.entra.state(|state| state.user_by_upn(&upn))?;
        Some(user["accountEnabled"].as_bool().unwrap())
    }

    pub(crate) fn accounts(&self) -> usize {
        self.entra.state(|state| state.users().len())
    }

    /// The changes that Entra was asked for since the journals were cleared.
    pub(crate) fn writes(&self) -> Vec<String> {
        let journal = self.entra.control().journal();
        let write =
            |entry: &&simulators::Entry| entry.method != "GET" && !entry.route.contains("oauth2");
        journal.iter().filter(write).map(|entry| entry.route.clone()).collect()
    }

    /// The end of every story: at rest, whole, and syncing again changes nothing.
    pub(crate) async fn at_rest(&self, user: &JumpCloudUserId) {
        self.settle().await;
        let stored = self.stored(user).await;
        assert_eq!((stored.leased_until, stored.again, stored.due), (None, false, None));
        let record = self.record(user).await;
        assert_eq!((&record.intent, &record.unanswered, &record.owed), (&None, &None, &None));
        assert!(!record.revoke_pending && record.upkeep.failure.is_none(), "{record:?}");
        if let Some(binding) = &record.binding {
            let object = binding.object.as_str();
            assert!(self.entra.state(|state| state.user(object)).is_some(), "{object} is gone");
        }
        self.clear_journals();
        self.work(&ring(user)).await;
        assert_eq!(self.writes(), Vec::<String>::new(), "syncing again changes something");
        for control in [self.jumpcloud.control(), self.entra.control()] {
            assert_eq!(control.problems(), Vec::<String>::new());
        }
    }
}

/// A message that announces nothing.
pub(crate) fn ring(user: &JumpCloudUserId) -> WorkItem {
    let directory = DirectoryId::parse("corp").unwrap();
    WorkItem::new(directory, Subject::User(user.clone()), Cause::of(Source::Operator))
}
