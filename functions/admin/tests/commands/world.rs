//! A table with a small company, the queues, and a clock that stands still.

use std::collections::BTreeMap;
use std::time::Duration;

use admin::config::{self, FirstRunWish};
use admin::find::{Found, find};
use admin::key::Key;
use admin::{AdminError, directory};
use clock::Clock;
use jiff::Timestamp;
use store::memory::MemoryStore;
use store::{
    Acquired, ClaimChange, Claimed, ClaimedThing, Commit, ConfigRecord, Lease, Store, Terms,
};
use sync_core::attributes::{Attribute, Value};
use sync_core::audit::{AuditChange, AuditEvent, AuditKind};
use sync_core::ids::{
    DirectoryId, EntraGroupId, EntraUserId, JumpCloudGroupId, JumpCloudUserId, Subject, TenantId,
    Upn,
};
use sync_core::record::{
    Answered, Binding, Brings, GroupBinding, GroupRecord, Hints, Origin, Record, Upkeep, UserRecord,
};
use transport::CustomEndpoints;
use work_queue::memory::MemoryQueue;

pub(crate) const TENANT: &str = "11111111-2222-3333-4444-555555555555";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn id(text: &str) -> DirectoryId {
    DirectoryId::parse(text).unwrap()
}

pub(crate) fn user(number: u32) -> JumpCloudUserId {
    JumpCloudUserId::parse(&format!("65f{number:021x}")).unwrap()
}

pub(crate) fn subject(number: u32) -> Subject {
    Subject::User(user(number))
}

pub(crate) fn object(number: u32) -> EntraUserId {
    EntraUserId::parse(&format!("8d0b5a0e-2c0f-4d4b-9a1a-{number:012x}")).unwrap()
}

pub(crate) fn group(number: u32) -> JumpCloudGroupId {
    JumpCloudGroupId::parse(&format!("65f{number:019x}b1")).unwrap()
}

pub(crate) fn group_object(number: u32) -> EntraGroupId {
    EntraGroupId::parse(&format!("8d0b5a0e-2c0f-4d4b-9a1a-{number:010x}b1")).unwrap()
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

/// A file of this directory in this tenant with these listed domains.
pub(crate) fn file(id: &str, tenant: &str, upn: &str) -> String {
    format!(
        r#"id = "{id}"
name = "The {id} directory"
secret = "entra-sync/{id}"
webhook_secret = "entra-sync/{id}/webhook"

[jumpcloud]
scope.application = "65f0000000000000000000c1"

[entra]
tenant_id = "{tenant}"
client_id = "6731de76-14a6-49ae-97bc-6eba6914391e"

[upn]
{upn}
"#
    )
}

pub(crate) fn corp() -> String {
    file("corp", TENANT, r#"domains = ["corp.example"]"#)
}

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) queue: MemoryQueue,
    pub(crate) clock: Clock,
}

impl World {
    /// Nothing is configured; it is eight in the morning.
    pub(crate) fn empty() -> Self {
        let clock = Clock::starting_at(time("2026-05-01T08:00:00Z"));
        let queue = MemoryQueue::new(clock.clone());
        Self { store: MemoryStore::default(), queue, clock }
    }

    /// The directory `corp`, whose first run is done.
    pub(crate) async fn with_corp() -> Self {
        let world = Self::empty();
        world.apply(&corp(), FirstRunWish::Apply).await.unwrap();
        world
    }

    /// Applies a file that must be valid.
    pub(crate) async fn apply(
        &self,
        text: &str,
        wish: FirstRunWish,
    ) -> Result<config::Applied, AdminError> {
        let config = service::directory::parse(text, CustomEndpoints::Refused).unwrap();
        let prepared = config::prepare(&self.store, text, &config, wish, &self.clock).await?;
        config::store(&self.store, prepared, &self.clock).await
    }

    pub(crate) async fn stored(&self, named: &str) -> ConfigRecord {
        self.store.config(&id(named)).await.unwrap().unwrap()
    }

    /// A person.
    pub(crate) async fn find(&self, key: &str) -> Result<Found, AdminError> {
        let stored = directory::choose(&self.store, None).await?;
        find(&self.store, &stored, Key::User(key.parse().unwrap())).await
    }

    pub(crate) async fn find_group(&self, key: &str) -> Result<Found, AdminError> {
        let stored = directory::choose(&self.store, None).await?;
        find(&self.store, &stored, Key::Group(key.parse().unwrap())).await
    }

    /// Takes a person's lease, which must be free.
    pub(crate) async fn acquire(&self, number: u32) -> Lease {
        self.acquire_subject(&subject(number)).await
    }

    /// Takes the lease, which must be free.
    pub(crate) async fn acquire_subject(&self, subject: &Subject) -> Lease {
        let brings = Brings::default();
        let acquired =
            self.store.acquire(&id("corp"), subject, &brings, self.terms()).await.unwrap();
        match acquired {
            Acquired::Taken(held) => held.lease,
            other => panic!("the lease is not free: {other:?}"),
        }
    }

    pub(crate) fn terms(&self) -> Terms {
        Terms {
            now: self.clock.now(),
            lease: Duration::from_secs(20),
            settle: Duration::from_secs(30),
        }
    }

    /// Commits a record as a sync would, with the claims of its binding.
    pub(crate) async fn commit(
        &self,
        number: u32,
        record: &UserRecord,
        due: Option<Timestamp>,
        audit: &[AuditEvent],
    ) {
        let lease = self.acquire(number).await;
        let claims: Vec<_> = record.binding.iter().flat_map(claims).collect();
        let terms = self.terms();
        let record = &Record::User(Box::new(record.clone()));
        let members = &Hints::default();
        let commit = Commit { record, heard: None, members, due, audit, claims: &claims };
        self.store.commit(&lease, terms, commit).await.unwrap();
    }
}

impl World {
    /// Commits a group's record as a sync would, with the claim of its binding.
    pub(crate) async fn commit_group(
        &self,
        number: u32,
        record: &GroupRecord,
        members: &Hints,
        due: Option<Timestamp>,
    ) {
        let lease = self.acquire_subject(&Subject::Group(group(number))).await;
        let claims: Vec<_> = record.binding.iter().map(group_claim).collect();
        let record = &Record::Group(Box::new(record.clone()));
        let commit = Commit { record, heard: None, members, due, audit: &[], claims: &claims };
        self.store.commit(&lease, self.terms(), commit).await.unwrap();
    }
}

/// A group's binding takes its object.
fn group_claim(binding: &GroupBinding) -> ClaimChange {
    let what = ClaimedThing::Object((&binding.object).into());
    ClaimChange::Take { key: Claimed { tenant: tenant(), what }, object: None }
}

/// A group bound an hour ago, whose sync was committed at the present of the story.
pub(crate) fn bound_group(number: u32, name: &str) -> GroupRecord {
    let bound_at = time("2026-05-01T07:00:00Z");
    GroupRecord {
        binding: Some(GroupBinding {
            object: group_object(number),
            name: name.into(),
            origin: Origin::Created,
            bound_at,
            created_at: Some(bound_at),
            written_at: Some(bound_at),
        }),
        listed_at: Some(time("2026-05-01T07:59:30Z")),
        size: Some(5),
        managed: 4,
        members_written_at: Some(time("2026-05-01T07:05:00Z")),
        upkeep: Upkeep {
            covered: Some(time("2026-05-01T07:59:30Z")),
            synced_at: Some(time("2026-05-01T08:00:00Z")),
            ..Upkeep::default()
        },
        ..GroupRecord::default()
    }
}

/// A binding takes its UPN and its object.
fn claims(binding: &Binding) -> [ClaimChange; 2] {
    let take = |what, object| ClaimChange::Take { key: Claimed { tenant: tenant(), what }, object };
    [
        take(ClaimedThing::Upn(binding.upn.clone()), Some(binding.object.clone())),
        take(ClaimedThing::Object((&binding.object).into()), None),
    ]
}

/// A person bound an hour ago, whose sync was committed at the present of the story.
pub(crate) fn bound(number: u32, upn: &str) -> UserRecord {
    let bound_at = time("2026-05-01T07:00:00Z");
    let applied = BTreeMap::from([
        (Attribute::DisplayName, Value::Text("Ada \u{202e}Lovelace".into())),
        (Attribute::AlternateEmail, Value::List(vec!["ada@home.example".into()])),
    ]);
    UserRecord {
        binding: Some(Binding {
            object: object(number),
            upn: Upn::parse(upn).unwrap(),
            origin: Origin::Created,
            bound_at,
            created_at: Some(bound_at),
            enabled: Some(Answered { value: true, at: bound_at }),
            disabled_by_us: false,
            applied,
            written_at: Some(bound_at),
            given_up: false,
            absent: false,
        }),
        upkeep: Upkeep {
            covered: Some(time("2026-05-01T07:59:30Z")),
            synced_at: Some(time("2026-05-01T08:00:00Z")),
            ..Upkeep::default()
        },
        ..UserRecord::default()
    }
}

/// A change of somebody's department.
pub(crate) fn changed(event: &str, at: &str, number: u32) -> AuditEvent {
    AuditEvent {
        id: event.into(),
        at: time(at),
        kind: AuditKind::Update,
        subject: subject(number),
        object: Some((&object(number)).into()),
        changes: vec![AuditChange {
            attribute: "department".into(),
            from: Some("Sales".into()),
            to: Some("Research\u{1b}[31m".into()),
        }],
        reason: None,
        error: None,
        initiated_by: "webhook user_update 65f0000000000000000000e1".into(),
    }
}
