//! Groups: hints about members, and records of each kind.

use store::{Commit, Committed, Store};
use sync_core::ids::Subject;
use sync_core::record::{Brings, Hints, Record};

use crate::world::*;

/// G9: hints gather until a commit has used them; ten of them are many, however they came.
pub(crate) async fn hints_gather_until_a_commit_has_used_them(store: impl Store) {
    let group: Subject = "group:65f0000000000000000000b1".parse().unwrap();
    let hints = |numbers: std::ops::Range<u32>| Hints::of(numbers.map(user_id));
    let brings = |numbers| Brings { members: hints(numbers), ..Brings::default() };
    let held = acquire(&store, &group, brings(1..3), terms(0)).await;
    assert_eq!(held.mailbox.members, hints(1..3));
    leave_word(&store, &group, brings(2..6), terms(1)).await;
    let commit = result(&held.record);
    let committed = store.commit(&held.lease, terms(2), commit.clone()).await.unwrap();
    assert_eq!(committed, Committed::Again);
    let held = store.reopen(&held.lease, terms(2)).await.unwrap();
    assert_eq!(held.mailbox.members, hints(1..6));
    // They wait for a later look.
    let left = Commit { members: &held.mailbox.members, ..commit.clone() };
    store.commit(&held.lease, terms(3), left).await.unwrap();
    assert_eq!(peek(&store, &group).await.mailbox.members, hints(1..6));
    let held = acquire(&store, &group, brings(6..10), terms(4)).await;
    assert_eq!(held.mailbox.members, hints(1..10));
    leave_word(&store, &group, brings(10..11), terms(5)).await;
    let held = store.reopen(&held.lease, terms(5)).await.unwrap();
    assert_eq!(held.mailbox.members, Hints::Many);
    let left = Commit { members: &Hints::Many, ..commit.clone() };
    store.commit(&held.lease, terms(6), left).await.unwrap();
    let held = acquire(&store, &group, brings(1..2), terms(7)).await;
    assert_eq!(held.mailbox.members, Hints::Many);
    store.commit(&held.lease, terms(8), commit).await.unwrap();
    let held = acquire(&store, &group, Brings::default(), terms(9)).await;
    assert_eq!(held.mailbox.members, Hints::default());
    leave_word(&store, &group, Brings { members: Hints::Many, ..Brings::default() }, terms(9))
        .await;
    assert_eq!(peek(&store, &group).await.mailbox.members, Hints::Many);
}

/// What is remembered is of the subject's own kind.
pub(crate) async fn a_record_is_what_its_subject_is(store: impl Store) {
    let group: Subject = "group:65f0000000000000000000b1".parse().unwrap();
    for subject in [user(1), group, Subject::Sweep] {
        let held = acquire(&store, &subject, Brings::default(), terms(0)).await;
        assert_eq!(held.record, Record::new(&subject));
        store.commit(&held.lease, terms(1), result(&held.record)).await.unwrap();
        assert_eq!(peek(&store, &subject).await.record, Record::new(&subject));
    }
}
