//! Audit events: stored with a commit, read newest first, kept for 90 days.

use store::{AUDIT_DAYS, AuditQuery, Commit, Store};
use sync_core::audit::{AuditChange, AuditEvent, AuditKind};
use sync_core::record::Brings;

use crate::world::*;

const DAY: i64 = 24 * 3600;

async fn store_events(store: &impl Store, events: &[AuditEvent]) {
    let held = acquire(store, &user(1), Brings::default(), terms(0)).await;
    let commit = Commit { audit: events, ..result(&held.record) };
    store.commit(&held.lease, terms(1), commit).await.unwrap();
}

async fn ids(store: &impl Store, query: AuditQuery, now: i64) -> Vec<String> {
    let events = store.audit(&corp(), &query, at(now)).await.unwrap();
    events.into_iter().map(|event| event.id).collect()
}

pub(crate) async fn events_come_newest_first(store: impl Store) {
    let events = [audit("b", 20, 1), audit("d", 40, 2), audit("a", 10, 1), audit("c", 30, 2)];
    store_events(&store, &events).await;
    let of = |limit| AuditQuery { limit, ..Default::default() };
    assert_eq!(ids(&store, of(10), 50).await, ["d", "c", "b", "a"]);
    assert_eq!(ids(&store, of(2), 50).await, ["d", "c"]);
    assert_eq!(ids(&store, of(0), 50).await, [""; 0]);
    let elsewhere = store.audit(&directory("corp-2"), &of(10), at(50)).await.unwrap();
    assert_eq!(elsewhere, []);
    // The same event once more, as a repeated commit brings it, is the same event.
    store_events(&store, &[audit("c", 30, 2), audit("c", 30, 2)]).await;
    assert_eq!(ids(&store, of(10), 50).await, ["d", "c", "b", "a"]);
}

pub(crate) async fn events_are_chosen_by_time_and_person(store: impl Store) {
    let events: Vec<_> =
        (0..60).map(|n| audit(&format!("{n:02}"), i64::from(n) * 10, n % 20)).collect();
    store_events(&store, &events).await;
    let between =
        AuditQuery { since: Some(at(100)), until: Some(at(130)), limit: 10, ..Default::default() };
    assert_eq!(ids(&store, between.clone(), 1000).await, ["13", "12", "11", "10"]);
    let of = |limit| AuditQuery { subject: Some(user(7)), limit, ..Default::default() };
    assert_eq!(ids(&store, of(10), 1000).await, ["47", "27", "07"]);
    assert_eq!(ids(&store, of(2), 1000).await, ["47", "27"]);
    let both = AuditQuery { subject: Some(user(11)), ..between };
    assert_eq!(ids(&store, both, 1000).await, ["11"]);
}

pub(crate) async fn old_events_are_not_read(store: impl Store) {
    let kept = i64::try_from(AUDIT_DAYS).unwrap() * DAY;
    store_events(&store, &[audit("old", 0, 1), audit("new", 10, 1)]).await;
    let all = AuditQuery { limit: 10, ..Default::default() };
    assert_eq!(ids(&store, all.clone(), kept).await, ["new", "old"]);
    assert_eq!(ids(&store, all.clone(), kept + 1).await, ["new"]);
    let since = AuditQuery { since: Some(at(-5)), ..all.clone() };
    assert_eq!(ids(&store, since, kept + 1).await, ["new"]);
    assert_eq!(ids(&store, all, kept + 11).await, [""; 0]);
}

pub(crate) async fn an_event_is_kept_as_it_was(store: impl Store) {
    let change = |from: Option<&str>, to: Option<&str>| AuditChange {
        attribute: "displayName".into(),
        from: from.map(Into::into),
        to: to.map(Into::into),
    };
    let event = AuditEvent {
        kind: AuditKind::Deprovision,
        object: Some((&object(3)).into()),
        changes: vec![change(None, Some("Zoë \u{202e}")), change(Some(""), None)],
        reason: Some("suspended".into()),
        error: Some("Forbidden: no".into()),
        ..audit("0f", 10, 1)
    };
    store_events(&store, std::slice::from_ref(&event)).await;
    let query = AuditQuery { limit: 1, ..Default::default() };
    assert_eq!(store.audit(&corp(), &query, at(20)).await.unwrap(), [event]);
}
