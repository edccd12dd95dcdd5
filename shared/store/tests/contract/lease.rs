//! Acquire, leave word, renew: who holds the lease, and what the record has heard (R1, R2, R5).

use std::time::Duration;

use jiff::Timestamp;
use store::{Acquired, Commit, Committed, Store};
use sync_core::record::{Brings, Mailbox, Upkeep};

use crate::world::*;

pub(crate) async fn the_first_acquire_takes_an_empty_record(store: impl Store) {
    assert!(store.peek(&corp(), &user(1)).await.unwrap().is_none());
    let held = acquire(&store, &user(1), Brings::default(), terms(0)).await;
    assert_eq!((held.lease.directory, held.lease.subject), (corp(), user(1)));
    assert_eq!((held.lease.fence, held.lease.until), (1, at(20)));
    assert_eq!((held.mailbox, held.record), (Mailbox::default(), person(Upkeep::default())));
    let stored = peek(&store, &user(1)).await;
    assert_eq!((stored.subject, stored.again), (user(1), false));
    assert_eq!((stored.leased_until, stored.due), (Some(at(20)), Some(at(20))));
    let elsewhere = store.acquire(&directory("other"), &user(1), &event(0), terms(0)).await;
    assert!(matches!(elsewhere, Ok(Acquired::Taken(_))), "{elsewhere:?}");
}

pub(crate) async fn r2_a_held_lease_is_left_word(store: impl Store) {
    let held = acquire(&store, &user(1), event(0), terms(0)).await;
    leave_word(&store, &user(1), Brings::default(), terms(5)).await;
    let stored = peek(&store, &user(1)).await;
    assert!(stored.again);
    assert_eq!((stored.leased_until, stored.due), (Some(at(20)), Some(at(20))));
    let renewed = store.renew(&held.lease, terms(6)).await.unwrap();
    assert_eq!(renewed.fence, held.lease.fence);
}

pub(crate) async fn r1_an_expired_lease_is_free_and_one_that_ends_now_is_not(store: impl Store) {
    let first = acquire(&store, &user(1), Brings::default(), terms(0)).await;
    leave_word(&store, &user(1), Brings::default(), terms_at(first.lease.until)).await;
    let second = millis_later(first.lease.until, 1);
    let second = acquire(&store, &user(1), Brings::default(), terms_at(second)).await;
    assert_eq!(second.lease.fence, first.lease.fence + 1);
    assert_eq!(second.lease.until, millis_later(at(40), 1));
}

pub(crate) async fn r1_an_acquire_clears_again_and_keeps_what_messages_left(store: impl Store) {
    let first = acquire(&store, &user(1), event(1), terms(0)).await;
    store.record(&first.lease, terms(1), &numbered(7), &[], &[]).await.unwrap();
    leave_word(&store, &user(1), deletion(3), terms(4)).await;
    // The holder dies; its lease ends.
    let second = acquire(&store, &user(1), event(2), terms(30)).await;
    assert_eq!(
        second.mailbox,
        Mailbox { heard: Some(at(3)), deleted_seen: true, ..Mailbox::default() }
    );
    assert_eq!(second.record, numbered(7));
    assert!(!peek(&store, &user(1)).await.again);
    let committed = store.commit(&second.lease, terms(31), result(&second.record)).await;
    assert_eq!(committed.unwrap(), Committed::Released);
}

pub(crate) async fn r1_a_renewal_moves_the_end_and_due(store: impl Store) {
    let held = acquire(&store, &user(1), Brings::default(), terms(0)).await;
    let renewed = store.renew(&held.lease, terms(7)).await.unwrap();
    assert_eq!((renewed.fence, renewed.until), (1, at(27)));
    let stored = peek(&store, &user(1)).await;
    assert_eq!((stored.leased_until, stored.due), (Some(at(27)), Some(at(27))));
    assert_eq!(store.due(&corp(), at(27), 10).await.unwrap(), [(user(1), at(27))]);
    leave_word(&store, &user(1), Brings::default(), terms(25)).await;
}

pub(crate) async fn r1_a_holder_who_is_late_goes_on_while_nobody_acquires(store: impl Store) {
    let held = acquire(&store, &user(1), Brings::default(), terms(0)).await;
    let lease = store.record(&held.lease, terms(30), &numbered(1), &[], &[]).await.unwrap();
    assert_eq!(lease.until, at(50));
    let lease = store.renew(&lease, terms(60)).await.unwrap();
    assert_eq!(lease.until, at(80));
    let reopened = store.reopen(&lease, terms(90)).await.unwrap();
    assert_eq!((reopened.lease.until, reopened.record), (at(110), numbered(1)));
    let committed = store.commit(&reopened.lease, terms(200), result(&numbered(2))).await;
    assert_eq!(committed.unwrap(), Committed::Released);
    assert_eq!(peek(&store, &user(1)).await.record, numbered(2));
}

pub(crate) async fn r3_who_lost_the_fence_stores_nothing(store: impl Store) {
    let claim = object_claim(1);
    let lost = acquire(&store, &user(1), Brings::default(), terms(0)).await.lease;
    let next = acquire(&store, &user(1), Brings::default(), terms(30)).await.lease;
    let events = [audit("a", 31, 1)];
    let before = peek(&store, &user(1)).await;
    assert_lost(store.renew(&lost, terms(31)).await, &user(1));
    assert_lost(store.reopen(&lost, terms(31)).await, &user(1));
    assert_lost(store.record(&lost, terms(31), &numbered(1), &[], &[]).await, &user(1));
    let claims = [take(&claim, None)];
    assert_lost(store.record(&lost, terms(31), &numbered(1), &claims, &[]).await, &user(1));
    assert_lost(store.commit(&lost, terms(31), result(&numbered(1))).await, &user(1));
    let record = numbered(1);
    let whole = Commit {
        heard: Some(at(1)),
        due: Some(at(2)),
        audit: &events,
        claims: &claims,
        ..result(&record)
    };
    assert_lost(store.commit(&lost, terms(31), whole.clone()).await, &user(1));
    assert_same(&before, &peek(&store, &user(1)).await);
    leave_word(&store, &user(1), Brings::default(), terms(32)).await;
    assert_lost(store.commit(&lost, terms(33), whole).await, &user(1));
    assert!(peek(&store, &user(1)).await.again);
    assert_eq!(store.claim(&claim).await.unwrap(), None);
    let query = store::AuditQuery { limit: 10, ..Default::default() };
    assert_eq!(store.audit(&corp(), &query, at(40)).await.unwrap(), []);
    store.renew(&next, terms(34)).await.unwrap();
}

pub(crate) async fn a_released_lease_is_nobodys(store: impl Store) {
    let lease = released(&store, &user(1), &numbered(1)).await;
    let before = peek(&store, &user(1)).await;
    // A renewal that comes after the commit would lock the subject for a whole lease.
    assert_lost(store.renew(&lease, terms(2)).await, &user(1));
    assert_lost(store.reopen(&lease, terms(2)).await, &user(1));
    assert_lost(store.record(&lease, terms(2), &numbered(2), &[], &[]).await, &user(1));
    assert_same(&before, &peek(&store, &user(1)).await);
    assert_eq!((before.leased_until, before.due), (None, None));
    assert_eq!(acquire(&store, &user(1), Brings::default(), terms(2)).await.lease.fence, 2);
}

pub(crate) async fn r2_heard_is_the_youngest_event(store: impl Store) {
    let heard = async || peek(&store, &user(1)).await.mailbox.heard;
    let held = acquire(&store, &user(1), event(100), terms(200)).await;
    assert_eq!(held.mailbox.heard, Some(at(100)));
    leave_word(&store, &user(1), event(50), terms(201)).await;
    assert_eq!(heard().await, Some(at(100)));
    leave_word(&store, &user(1), Brings::default(), terms(201)).await;
    assert_eq!(heard().await, Some(at(100)));
    leave_word(&store, &user(1), event(150), terms(202)).await;
    assert_eq!(heard().await, Some(at(150)));
    leave_word(&store, &user(1), event(150), terms(202)).await;
    let lease = store.reopen(&held.lease, terms(203)).await.unwrap().lease;
    let keep = Commit { heard: Some(at(150)), ..result(&held.record) };
    store.commit(&lease, terms(204), keep).await.unwrap();
    // An older event takes the free lease, too, and does not make the record forget the younger.
    let held = acquire(&store, &user(1), event(120), terms(205)).await;
    assert_eq!(held.mailbox.heard, Some(at(150)));
    store.commit(&held.lease, terms(206), result(&held.record)).await.unwrap();
    assert_eq!(heard().await, None);
    let held = acquire(&store, &user(1), event(110), terms(207)).await;
    assert_eq!(held.mailbox.heard, Some(at(110)));
}

pub(crate) async fn r2_evidence_is_never_cleared(store: impl Store) {
    let held = acquire(&store, &user(1), deletion(1), terms(0)).await;
    assert!(held.mailbox.deleted_seen);
    store.commit(&held.lease, terms(1), result(&held.record)).await.unwrap();
    let held = acquire(&store, &user(1), event(2), terms(2)).await;
    assert!(held.mailbox.deleted_seen);
    let held = acquire(&store, &user(2), event(1), terms(0)).await;
    assert!(!held.mailbox.deleted_seen);
    leave_word(
        &store,
        &user(2),
        Brings { event_at: None, deleted: true, ..Brings::default() },
        terms(1),
    )
    .await;
    let reopened = store.reopen(&held.lease, terms(2)).await.unwrap();
    assert_eq!(
        reopened.mailbox,
        Mailbox { heard: Some(at(1)), deleted_seen: true, ..Mailbox::default() }
    );
}

pub(crate) async fn r5_covered_needs_thirty_seconds(store: impl Store) {
    released(&store, &user(1), &covering(100)).await;
    let before = peek(&store, &user(1)).await;
    let just = Brings {
        event_at: Some(at(70) - Duration::from_millis(1)),
        deleted: false,
        ..Brings::default()
    };
    let acquired = store.acquire(&corp(), &user(1), &just, terms(110)).await.unwrap();
    assert!(matches!(acquired, Acquired::Covered), "{acquired:?}");
    assert_same(&before, &peek(&store, &user(1)).await);
    let held = acquire(&store, &user(1), event(70), terms(110)).await;
    assert_eq!(held.mailbox.heard, Some(at(70)));
    store.commit(&held.lease, terms(111), result(&covering(100))).await.unwrap();
    // Without a time nothing is covered.
    acquire(&store, &user(1), Brings::default(), terms(112)).await;
}

pub(crate) async fn r5_covered_is_answered_while_another_holds_the_lease(store: impl Store) {
    released(&store, &user(1), &covering(100)).await;
    acquire(&store, &user(1), event(90), terms(110)).await;
    let before = peek(&store, &user(1)).await;
    let acquired = store.acquire(&corp(), &user(1), &event(60), terms(111)).await.unwrap();
    assert!(matches!(acquired, Acquired::Covered), "{acquired:?}");
    assert_same(&before, &peek(&store, &user(1)).await);
    leave_word(&store, &user(1), event(70), terms(111)).await;
}

pub(crate) async fn r5_missing_evidence_is_never_covered(store: impl Store) {
    released(&store, &user(1), &covering(100)).await;
    let held = acquire(&store, &user(1), deletion(10), terms(110)).await;
    assert!(held.mailbox.deleted_seen);
    let acquired = store.acquire(&corp(), &user(1), &deletion(10), terms(111)).await.unwrap();
    assert!(matches!(acquired, Acquired::Covered), "{acquired:?}");
    released(&store, &user(2), &covering(100)).await;
    acquire(&store, &user(2), Brings::default(), terms(110)).await;
    leave_word(&store, &user(2), deletion(10), terms(111)).await;
    assert!(peek(&store, &user(2)).await.mailbox.deleted_seen);
    let acquired = store.acquire(&corp(), &user(2), &deletion(10), terms(112)).await.unwrap();
    assert!(matches!(acquired, Acquired::Covered), "{acquired:?}");
}

pub(crate) async fn times_are_kept_in_milliseconds(store: impl Store) {
    let exact = at(1) + Duration::from_nanos(1_999_999);
    let stored = at(1) + Duration::from_millis(1);
    let brings = Brings { event_at: Some(exact), deleted: false, ..Brings::default() };
    let held = acquire(&store, &user(1), brings.clone(), terms_at(exact)).await;
    assert_eq!(held.lease.until, stored + Duration::from_secs(20));
    assert_eq!(held.mailbox.heard, Some(stored));
    let record = person(Upkeep { synced_at: Some(exact), ..Upkeep::default() });
    let far = Commit { due: Some(Timestamp::MAX), ..result(&record) };
    store.commit(&held.lease, terms(2), far).await.unwrap();
    let after = peek(&store, &user(1)).await;
    assert_eq!(after.record.upkeep().synced_at, Some(stored));
    assert_eq!(after.due, Some(Timestamp::MAX));
    assert_eq!(store.due(&corp(), at(1_000_000), 9).await.unwrap(), []);
}
