//! Who is looked at next: due subjects, pages of subjects, looks without a lease.

use store::{Commit, Store};
use sync_core::ids::{JumpCloudGroupId, Subject};
use sync_core::record::Brings;

use crate::world::*;

async fn due_at(store: &impl Store, subject: &Subject, second: i64) {
    let held = acquire(store, subject, Brings::default(), terms(0)).await;
    let commit = Commit { due: Some(at(second)), ..result(&held.record) };
    store.commit(&held.lease, terms(1), commit).await.unwrap();
}

pub(crate) async fn the_longest_due_comes_first(store: impl Store) {
    for (number, second) in [(1, 300), (2, 100), (3, 200), (4, 400)] {
        due_at(&store, &user(number), second).await;
    }
    let elsewhere =
        store.acquire(&directory("corp-2"), &user(5), &Brings::default(), terms(0)).await.unwrap();
    assert!(matches!(elsewhere, store::Acquired::Taken(_)));
    let due = async |second, limit| store.due(&corp(), at(second), limit).await.unwrap();
    assert_eq!(due(99, 10).await, []);
    assert_eq!(due(100, 10).await, [(user(2), at(100))]);
    let all = [(user(2), at(100)), (user(3), at(200)), (user(1), at(300))];
    assert_eq!(due(399, 10).await, all);
    assert_eq!(due(399, 2).await, all[..2]);
    assert_eq!(due(399, 0).await, []);
    // Who took a lease and died is due when it ends.
    acquire(&store, &user(6), Brings::default(), terms(30)).await;
    assert_eq!(due(50, 10).await, [(user(6), at(50))]);
}

pub(crate) async fn a_deferral_needs_what_was_seen(store: impl Store) {
    due_at(&store, &user(1), 100).await;
    let before = peek(&store, &user(1)).await;
    assert!(!store.defer_due(&corp(), &user(1), at(99), at(1000)).await.unwrap());
    assert_same(&before, &peek(&store, &user(1)).await);
    assert!(store.defer_due(&corp(), &user(1), at(100), at(1000)).await.unwrap());
    assert!(!store.defer_due(&corp(), &user(1), at(100), at(1000)).await.unwrap());
    assert_eq!(store.due(&corp(), at(999), 10).await.unwrap(), []);
    assert_eq!(store.due(&corp(), at(1000), 10).await.unwrap(), [(user(1), at(1000))]);
    let after = peek(&store, &user(1)).await;
    assert_eq!((after.leased_until, after.due), (None, Some(at(1000))));
    // Only a commit clears it.
    let held = acquire(&store, &user(1), Brings::default(), terms(1001)).await;
    store.commit(&held.lease, terms(1002), result(&held.record)).await.unwrap();
    assert!(!store.defer_due(&corp(), &user(1), at(1000), at(2000)).await.unwrap());
    assert_eq!(store.due(&corp(), at(9999), 10).await.unwrap(), []);
}

pub(crate) async fn a_leased_subject_may_be_deferred(store: impl Store) {
    let held = acquire(&store, &user(1), Brings::default(), terms(0)).await;
    assert!(store.defer_due(&corp(), &user(1), at(20), at(920)).await.unwrap());
    let stored = peek(&store, &user(1)).await;
    assert_eq!((stored.leased_until, stored.due), (Some(at(20)), Some(at(920))));
    store.renew(&held.lease, terms(7)).await.unwrap();
    assert_eq!(store.due(&corp(), at(27), 10).await.unwrap(), [(user(1), at(27))]);
}

pub(crate) async fn nobody_defers_a_subject_that_never_was(store: impl Store) {
    assert!(!store.defer_due(&corp(), &user(1), at(0), at(900)).await.unwrap());
    assert!(store.peek(&corp(), &user(1)).await.unwrap().is_none());
}

pub(crate) async fn subjects_come_in_pages(store: impl Store) {
    let group = Subject::Group(JumpCloudGroupId::parse("65f0000000000000000000b1").unwrap());
    let mut all: Vec<Subject> = (1..=7).map(user).collect();
    all.extend([group, Subject::Sweep]);
    for subject in &all {
        released(&store, subject, &numbered(1)).await;
    }
    store.acquire(&directory("corp-2"), &user(8), &Brings::default(), terms(0)).await.unwrap();
    store.acquire(&directory("cor"), &user(9), &Brings::default(), terms(0)).await.unwrap();
    all.sort_by_key(ToString::to_string);
    let mut found = Vec::new();
    loop {
        let page = store.subjects(&corp(), found.last(), 4).await.unwrap();
        assert!(page.len() <= 4);
        assert!(page.iter().all(|stored| stored.record.upkeep().retries == 1));
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(|stored| stored.subject));
    }
    assert_eq!(found, all);
}

pub(crate) async fn many_records_are_peeked_at_once(store: impl Store) {
    for number in 1..=130 {
        acquire(&store, &user(number), Brings::default(), terms(0)).await;
    }
    // Some never were, and some are asked for twice.
    let wanted: Vec<Subject> = (101..=250).chain(1..=130).chain(5..=9).map(user).collect();
    let mut found = store.peek_many(&corp(), &wanted).await.unwrap();
    found.sort_by_key(|stored| stored.subject.clone());
    let found: Vec<Subject> = found.into_iter().map(|stored| stored.subject).collect();
    assert_eq!(found, (1..=130).map(user).collect::<Vec<_>>());
    assert!(store.peek_many(&corp(), &[]).await.unwrap().is_empty());
    assert!(store.peek_many(&directory("other"), &wanted).await.unwrap().is_empty());
}
