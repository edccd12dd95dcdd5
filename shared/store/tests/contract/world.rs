//! Names and times that the cases share.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use store::{
    Acquired, ClaimChange, Claimed, ClaimedThing, Commit, Committed, Held, Holder, Lease, Store,
    StoreError, StoredSubject, Terms, Tombstone,
};
use sync_core::audit::{AuditEvent, AuditKind};
use sync_core::ids::{DirectoryId, EntraUserId, JumpCloudUserId, Subject, TenantId, Upn};
use sync_core::record::{Brings, Hints, Record, Upkeep, UserRecord};

/// So many seconds into the story. It plays in the future, so that the local server, which removes
/// what has expired, finds nothing to remove.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(4_102_444_800 + second).unwrap()
}

pub(crate) fn millis_later(at: Timestamp, millis: u64) -> Timestamp {
    at + Duration::from_millis(millis)
}

/// The lease that begins at this second ends 20 s later.
pub(crate) fn terms(second: i64) -> Terms {
    terms_at(at(second))
}

pub(crate) fn terms_at(now: Timestamp) -> Terms {
    Terms { now, lease: Duration::from_secs(20), settle: Duration::from_secs(30) }
}

pub(crate) fn directory(name: &str) -> DirectoryId {
    DirectoryId::parse(name).unwrap()
}

pub(crate) fn corp() -> DirectoryId {
    directory("corp")
}

pub(crate) fn user_id(number: u32) -> JumpCloudUserId {
    JumpCloudUserId::parse(&format!("65f{number:021x}")).unwrap()
}

pub(crate) fn user(number: u32) -> Subject {
    Subject::User(user_id(number))
}

pub(crate) fn object(number: u32) -> EntraUserId {
    EntraUserId::parse(&format!("8d0b5a0e-2c0f-4d4b-9a1a-{number:012x}")).unwrap()
}

pub(crate) fn tenant(number: u32) -> TenantId {
    TenantId::parse(&format!("11111111-2222-3333-4444-{number:012x}")).unwrap()
}

pub(crate) fn upn(text: &str) -> Upn {
    Upn::parse(text).unwrap()
}

pub(crate) fn upn_claim(text: &str) -> Claimed {
    Claimed { tenant: tenant(1), what: ClaimedThing::Upn(upn(text)) }
}

pub(crate) fn object_claim(number: u32) -> Claimed {
    Claimed { tenant: tenant(1), what: ClaimedThing::Object((&object(number)).into()) }
}

pub(crate) fn take(key: &Claimed, object: Option<EntraUserId>) -> ClaimChange {
    ClaimChange::Take { key: key.clone(), object }
}

pub(crate) fn give_up(key: &Claimed, disabled_by_us: bool) -> ClaimChange {
    ClaimChange::GiveUp { key: key.clone(), tombstone: Tombstone { disabled_by_us } }
}

pub(crate) fn release(key: &Claimed) -> ClaimChange {
    ClaimChange::Release { key: key.clone() }
}

pub(crate) fn holder(subject: &Subject) -> Holder {
    Holder { directory: corp(), subject: subject.clone() }
}

pub(crate) fn event(second: i64) -> Brings {
    Brings { event_at: Some(at(second)), deleted: false, ..Brings::default() }
}

pub(crate) fn deletion(second: i64) -> Brings {
    Brings { event_at: Some(at(second)), deleted: true, ..Brings::default() }
}

/// A record that is told from others by its number.
pub(crate) fn numbered(number: u32) -> Record {
    person(Upkeep { retries: number, ..Upkeep::default() })
}

pub(crate) fn covering(second: i64) -> Record {
    person(Upkeep { covered: Some(at(second)), ..Upkeep::default() })
}

pub(crate) fn person(upkeep: Upkeep) -> Record {
    Record::User(Box::new(UserRecord { upkeep, ..UserRecord::default() }))
}

pub(crate) static NOBODY: Hints = Hints::Of(BTreeSet::new());

pub(crate) fn result(record: &Record) -> Commit<'_> {
    Commit { record, heard: None, members: &NOBODY, due: None, audit: &[], claims: &[] }
}

pub(crate) fn audit(id: &str, second: i64, number: u32) -> AuditEvent {
    AuditEvent {
        id: id.into(),
        at: at(second),
        kind: AuditKind::Update,
        subject: user(number),
        object: None,
        changes: vec![],
        reason: None,
        error: None,
        initiated_by: "operator".into(),
    }
}

/// Acquires what must be free.
pub(crate) async fn acquire(
    store: &impl Store,
    subject: &Subject,
    brings: Brings,
    terms: Terms,
) -> Held {
    match store.acquire(&corp(), subject, &brings, terms).await.unwrap() {
        Acquired::Taken(held) => *held,
        other => panic!("{subject} is not free: {other:?}"),
    }
}

/// Leaves word for whoever must hold it.
pub(crate) async fn leave_word(
    store: &impl Store,
    subject: &Subject,
    brings: Brings,
    terms: Terms,
) {
    let acquired = store.acquire(&corp(), subject, &brings, terms).await.unwrap();
    assert!(matches!(acquired, Acquired::WordLeft), "{acquired:?}");
}

/// A subject acquired at 0 and released again with this record.
pub(crate) async fn released(store: &impl Store, subject: &Subject, record: &Record) -> Lease {
    let held = acquire(store, subject, Brings::default(), terms(0)).await;
    let committed = store.commit(&held.lease, terms(1), result(record)).await.unwrap();
    assert_eq!(committed, Committed::Released);
    held.lease
}

pub(crate) async fn peek(store: &impl Store, subject: &Subject) -> StoredSubject {
    store.peek(&corp(), subject).await.unwrap().expect("somebody has acquired it")
}

pub(crate) fn assert_lost<T: std::fmt::Debug>(result: Result<T, StoreError>, subject: &Subject) {
    match result {
        Err(StoreError::LostLease { subject: of }) => assert_eq!(of, *subject),
        other => panic!("not lost: {other:?}"),
    }
}

pub(crate) fn assert_held_by<T: std::fmt::Debug>(
    result: Result<T, StoreError>,
    claim: &Claimed,
    by: &Subject,
) {
    match result {
        Err(StoreError::ClaimHeld { key, holder: of }) => {
            assert_eq!((&key, of), (claim, holder(by)));
        }
        other => panic!("not held: {other:?}"),
    }
}

/// What two looks at a subject have in common when nothing was stored between them.
pub(crate) fn assert_same(before: &StoredSubject, after: &StoredSubject) {
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}
