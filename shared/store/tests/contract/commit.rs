//! Storing a result and letting go, unless word was left (R3).

use store::{AuditQuery, Commit, Committed, Store, StoreError};
use sync_core::finding::{Finding, FindingCode};
use sync_core::record::{Brings, Mailbox, Upkeep};

use crate::world::*;

async fn audit_ids(store: &impl Store) -> Vec<String> {
    let query = AuditQuery { limit: 100, ..Default::default() };
    let events = store.audit(&corp(), &query, at(1000)).await.unwrap();
    events.into_iter().map(|event| event.id).collect()
}

pub(crate) async fn a_commit_stores_and_releases(store: impl Store) {
    let claim = upn_claim("a@corp.example");
    for (number, audited, claimed) in [(1, false, false), (2, true, false), (3, false, true)] {
        let (subject, id) = (user(number), format!("event-{number}"));
        let held = acquire(&store, &subject, event(5), terms(10)).await;
        let events = [audit(&id, 11, number)];
        let claims = [take(&claim, None)];
        let commit = Commit {
            record: &numbered(number),
            heard: Some(at(5)),
            members: &NOBODY,
            due: Some(at(36)),
            audit: if audited { &events } else { &[] },
            claims: if claimed { &claims } else { &[] },
        };
        let committed = store.commit(&held.lease, terms(11), commit).await.unwrap();
        assert_eq!(committed, Committed::Released);
        let stored = peek(&store, &subject).await;
        assert_eq!(stored.record, numbered(number));
        assert_eq!((stored.leased_until, stored.again), (None, false));
        assert_eq!((stored.mailbox.heard, stored.due), (Some(at(5)), Some(at(36))));
    }
    assert_eq!(audit_ids(&store).await, ["event-2"]);
    assert_eq!(store.claim(&claim).await.unwrap().unwrap().holder, holder(&user(3)));
    let due = store.due(&corp(), at(36), 10).await.unwrap();
    assert_eq!(due, [(user(1), at(36)), (user(2), at(36)), (user(3), at(36))]);
}

pub(crate) async fn a_step_stores_its_events_once(store: impl Store) {
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    let events = [audit("done", 11, 1)];
    let lease = store.record(&held.lease, terms(11), &numbered(1), &[], &events).await.unwrap();
    // Not told if it is not stored: another holds the claim.
    let other = acquire(&store, &user(2), event(5), terms(11)).await;
    let claims = [take(&upn_claim("a@corp.example"), None)];
    store.record(&other.lease, terms(11), &numbered(2), &claims, &[]).await.unwrap();
    let refused = [audit("never", 12, 1)];
    let stored = store.record(&lease, terms(12), &numbered(3), &claims, &refused).await;
    assert!(matches!(stored, Err(StoreError::ClaimHeld { .. })), "{stored:?}");
    store.record(&lease, terms(12), &numbered(1), &[], &events).await.unwrap();
    assert_eq!(peek(&store, &user(1)).await.record, numbered(1));
    assert_eq!(audit_ids(&store).await, ["done"]);
}

pub(crate) async fn a_commit_without_due_leaves_nothing_due(store: impl Store) {
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    store.commit(&held.lease, terms(11), result(&held.record)).await.unwrap();
    let stored = peek(&store, &user(1)).await;
    assert_eq!((stored.mailbox.heard, stored.due), (None, None));
    assert_eq!(store.due(&corp(), at(10_000), 10).await.unwrap(), []);
}

pub(crate) async fn r3_word_left_keeps_the_lease(store: impl Store) {
    let claim = upn_claim("a@corp.example");
    for (number, events) in [(1, vec![]), (2, vec![audit("kept", 12, 2)])] {
        let subject = user(number);
        let held = acquire(&store, &subject, event(5), terms(10)).await;
        leave_word(&store, &subject, deletion(6), terms(11)).await;
        let claims = [take(&claim, None)];
        let commit = Commit {
            record: &numbered(number),
            heard: None,
            members: &NOBODY,
            due: Some(at(5000)),
            audit: &events,
            claims: if events.is_empty() { &[] } else { &claims },
        };
        let committed = store.commit(&held.lease, terms(12), commit).await.unwrap();
        assert_eq!(committed, Committed::Again);
        let stored = peek(&store, &subject).await;
        assert_eq!(stored.record, numbered(number));
        assert!(stored.again);
        assert_eq!(
            stored.mailbox,
            Mailbox { heard: Some(at(6)), deleted_seen: true, ..Mailbox::default() }
        );
        // Whoever dies now is found by the next `catch_up`.
        assert!(stored.leased_until.is_some());
        assert_eq!(stored.due, stored.leased_until);
        let reopened = store.reopen(&held.lease, terms(15)).await.unwrap();
        assert_eq!(reopened.record, numbered(number));
        assert_eq!(
            reopened.mailbox,
            Mailbox { heard: Some(at(6)), deleted_seen: true, ..Mailbox::default() }
        );
        assert_eq!((reopened.lease.fence, reopened.lease.until), (1, at(35)));
        let stored = peek(&store, &subject).await;
        assert!(!stored.again);
        assert_eq!((stored.leased_until, stored.due), (Some(at(35)), Some(at(35))));
        let last = Commit { due: Some(at(37)), ..result(&reopened.record) };
        let committed = store.commit(&reopened.lease, terms(16), last).await.unwrap();
        assert_eq!(committed, Committed::Released);
        let stored = peek(&store, &subject).await;
        assert_eq!((stored.leased_until, stored.due), (None, Some(at(37))));
    }
    assert_eq!(audit_ids(&store).await, ["kept"]);
    assert_eq!(store.claim(&claim).await.unwrap().unwrap().holder, holder(&user(2)));
}

pub(crate) async fn r3_word_left_after_a_reopen_keeps_it_once_more(store: impl Store) {
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    leave_word(&store, &user(1), event(6), terms(11)).await;
    let commit = || result(&held.record);
    assert_eq!(store.commit(&held.lease, terms(12), commit()).await.unwrap(), Committed::Again);
    store.reopen(&held.lease, terms(13)).await.unwrap();
    leave_word(&store, &user(1), event(7), terms(14)).await;
    assert_eq!(store.commit(&held.lease, terms(15), commit()).await.unwrap(), Committed::Again);
    let reopened = store.reopen(&held.lease, terms(16)).await.unwrap();
    assert_eq!(reopened.mailbox.heard, Some(at(7)));
    assert_eq!(store.commit(&held.lease, terms(17), commit()).await.unwrap(), Committed::Released);
}

pub(crate) async fn r3_a_record_leaves_the_mailbox_alone(store: impl Store) {
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    leave_word(&store, &user(1), deletion(6), terms(11)).await;
    let claims = [take(&object_claim(1), None)];
    for claims in [&[][..], &claims[..]] {
        let lease = store.record(&held.lease, terms(12), &numbered(3), claims, &[]).await.unwrap();
        assert_eq!((lease.fence, lease.until), (1, at(32)));
        let stored = peek(&store, &user(1)).await;
        assert_eq!((stored.record, stored.again), (numbered(3), true));
        assert_eq!(
            stored.mailbox,
            Mailbox { heard: Some(at(6)), deleted_seen: true, ..Mailbox::default() }
        );
        assert_eq!((stored.leased_until, stored.due), (Some(at(32)), Some(at(32))));
    }
}

pub(crate) async fn a_repeated_commit_is_stored_once(store: impl Store) {
    let claim = object_claim(1);
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    store.record(&held.lease, terms(10), &numbered(1), &[take(&claim, None)], &[]).await.unwrap();
    let events = [audit("once", 12, 1)];
    let claims = [release(&claim)];
    let record = numbered(2);
    let commit = || Commit {
        record: &record,
        heard: None,
        members: &NOBODY,
        due: Some(at(40)),
        audit: &events,
        claims: &claims,
    };
    let again = async || store.commit(&held.lease, terms(11), commit()).await;
    assert_eq!(again().await.unwrap(), Committed::Released);
    // The answer was lost: the caller repeats it, first while nobody else has come …
    assert!(store.defer_due(&corp(), &user(1), at(40), at(940)).await.unwrap());
    assert_eq!(again().await.unwrap(), Committed::Released);
    assert_eq!(peek(&store, &user(1)).await.due, Some(at(940)));
    // … then while another holds the lease, and another subject the claim …
    let next = acquire(&store, &user(1), event(50), terms(60)).await;
    let other = acquire(&store, &user(2), event(50), terms(60)).await;
    store.record(&other.lease, terms(60), &numbered(9), &[take(&claim, None)], &[]).await.unwrap();
    store.record(&next.lease, terms(61), &numbered(3), &[], &[]).await.unwrap();
    let before = peek(&store, &user(1)).await;
    assert_eq!(again().await.unwrap(), Committed::Released);
    assert_same(&before, &peek(&store, &user(1)).await);
    assert_eq!(store.claim(&claim).await.unwrap().unwrap().holder, holder(&user(2)));
    assert_eq!(audit_ids(&store).await, ["once"]);
    // … and at last when a later commit has forgotten it: handed back, and nothing is stored.
    store.commit(&next.lease, terms(62), result(&numbered(3))).await.unwrap();
    assert_lost(again().await, &user(1));
    assert_eq!(peek(&store, &user(1)).await.record, numbered(3));
}

pub(crate) async fn a_second_commit_under_one_lease_is_lost(store: impl Store) {
    let lease = released(&store, &user(1), &numbered(1)).await;
    let before = peek(&store, &user(1)).await;
    assert_lost(store.commit(&lease, terms(2), result(&numbered(2))).await, &user(1));
    let record = numbered(1);
    let due = Commit { due: Some(at(9)), ..result(&record) };
    assert_lost(store.commit(&lease, terms(2), due).await, &user(1));
    assert_same(&before, &peek(&store, &user(1)).await);
}

pub(crate) async fn a_commit_whose_claim_is_held_stores_nothing(store: impl Store) {
    let claim = upn_claim("a@corp.example");
    let other = acquire(&store, &user(2), Brings::default(), terms(0)).await;
    store.record(&other.lease, terms(0), &numbered(2), &[take(&claim, None)], &[]).await.unwrap();
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    let events = [audit("never", 11, 1)];
    let claims = [take(&claim, None)];
    let record = numbered(1);
    let commit = || Commit { audit: &events, claims: &claims, ..result(&record) };
    let before = peek(&store, &user(1)).await;
    assert_held_by(store.commit(&held.lease, terms(11), commit()).await, &claim, &user(2));
    assert_same(&before, &peek(&store, &user(1)).await);
    leave_word(&store, &user(1), event(6), terms(12)).await;
    assert_held_by(store.commit(&held.lease, terms(13), commit()).await, &claim, &user(2));
    assert_eq!(peek(&store, &user(1)).await.record, person(Upkeep::default()));
    assert_eq!(audit_ids(&store).await, [""; 0]);
}

pub(crate) async fn findings_are_cut(store: impl Store) {
    let finding = Finding::new(FindingCode::ValueRefused, "ü".repeat(9000));
    let record = person(Upkeep { findings: vec![finding; 200], ..Upkeep::default() });
    let held = acquire(&store, &user(1), event(5), terms(10)).await;
    store.commit(&held.lease, terms(11), result(&record)).await.unwrap();
    let stored = peek(&store, &user(1)).await;
    let findings = &stored.record.upkeep().findings;
    assert_eq!(findings.len(), 50);
    assert!(findings.iter().all(|finding| finding.message == "ü".repeat(500)));
}
