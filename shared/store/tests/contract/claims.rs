//! What only one subject of a tenant may hold.

use std::collections::BTreeMap;

use store::{ClaimRecord, Claimed, Lease, Store, Tombstone};
use sync_core::ids::Subject;
use sync_core::record::{Brings, Upkeep};

use crate::world::*;

async fn lease(store: &impl Store, subject: &Subject) -> Lease {
    acquire(store, subject, Brings::default(), terms(0)).await.lease
}

async fn claim(store: &impl Store, key: &Claimed) -> Option<ClaimRecord> {
    store.claim(key).await.unwrap()
}

fn living(subject: &Subject, number: Option<u32>) -> Option<ClaimRecord> {
    Some(ClaimRecord { holder: holder(subject), object: number.map(object), tombstone: None })
}

pub(crate) async fn a_claim_is_taken_once_and_repeated_by_its_holder(store: impl Store) {
    let (upn, id) = (upn_claim("a@corp.example"), object_claim(1));
    let lease = lease(&store, &user(1)).await;
    assert_eq!(claim(&store, &upn).await, None);
    let changes = [take(&upn, None), take(&id, None)];
    for number in 1..=3 {
        store.record(&lease, terms(1), &numbered(number), &changes, &[]).await.unwrap();
        assert_eq!(claim(&store, &upn).await, living(&user(1), None));
        assert_eq!(claim(&store, &id).await, living(&user(1), None));
        assert_eq!(peek(&store, &user(1)).await.record, numbered(number));
    }
}

pub(crate) async fn a_held_claim_names_its_holder_and_stores_nothing(store: impl Store) {
    let id = object_claim(1);
    let first = lease(&store, &user(1)).await;
    store.record(&first, terms(1), &numbered(1), &[take(&id, None)], &[]).await.unwrap();
    let second = lease(&store, &user(2)).await;
    let before = peek(&store, &user(2)).await;
    let refused = store.record(&second, terms(5), &numbered(2), &[take(&id, None)], &[]).await;
    assert_held_by(refused, &id, &user(1));
    assert_same(&before, &peek(&store, &user(2)).await);
    assert_eq!(claim(&store, &id).await, living(&user(1), None));
    // The same person in another directory is somebody else.
    let elsewhere =
        store.acquire(&directory("other"), &user(1), &Brings::default(), terms(0)).await.unwrap();
    let store::Acquired::Taken(elsewhere) = elsewhere else { panic!("{elsewhere:?}") };
    let refused =
        store.record(&elsewhere.lease, terms(5), &numbered(2), &[take(&id, None)], &[]).await;
    assert_held_by(refused, &id, &user(1));
}

pub(crate) async fn a_repeat_keeps_the_known_object(store: impl Store) {
    let upn = upn_claim("a@corp.example");
    let lease = lease(&store, &user(1)).await;
    let mut number = 0;
    let mut record = async |changes: &[_]| {
        number += 1;
        store.record(&lease, terms(1), &numbered(number), changes, &[]).await.unwrap();
        assert_eq!(peek(&store, &user(1)).await.record, numbered(number));
        claim(&store, &upn).await
    };
    assert_eq!(record(&[take(&upn, None)]).await, living(&user(1), None));
    assert_eq!(record(&[take(&upn, Some(object(7)))]).await, living(&user(1), Some(7)));
    assert_eq!(record(&[take(&upn, None)]).await, living(&user(1), Some(7)));
    assert_eq!(record(&[take(&upn, Some(object(8)))]).await, living(&user(1), Some(8)));
}

pub(crate) async fn a_tombstone_is_inherited_by_whoever_takes_it(store: impl Store) {
    let upn = upn_claim("a@corp.example");
    let first = lease(&store, &user(1)).await;
    let taken = [take(&upn, Some(object(7)))];
    store.record(&first, terms(1), &numbered(1), &taken, &[]).await.unwrap();
    store.record(&first, terms(2), &numbered(2), &[give_up(&upn, false)], &[]).await.unwrap();
    store.record(&first, terms(2), &numbered(2), &[give_up(&upn, true)], &[]).await.unwrap();
    let left = claim(&store, &upn).await.unwrap();
    assert_eq!((left.holder, left.object), (holder(&user(1)), Some(object(7))));
    assert_eq!(left.tombstone, Some(Tombstone { disabled_by_us: true }));
    let second = lease(&store, &user(2)).await;
    store.record(&second, terms(3), &numbered(3), &[take(&upn, None)], &[]).await.unwrap();
    assert_eq!(claim(&store, &upn).await, living(&user(2), None));
    // Its former holder may also come back, before anybody else does.
    store.record(&second, terms(4), &numbered(3), &[give_up(&upn, true)], &[]).await.unwrap();
    store.record(&second, terms(5), &numbered(3), &[take(&upn, None)], &[]).await.unwrap();
    assert_eq!(claim(&store, &upn).await, living(&user(2), None));
}

pub(crate) async fn a_claim_of_others_is_left_alone(store: impl Store) {
    let (theirs, free, ours) = (object_claim(1), object_claim(2), object_claim(3));
    let first = lease(&store, &user(1)).await;
    store.record(&first, terms(1), &numbered(1), &[take(&theirs, None)], &[]).await.unwrap();
    let second = lease(&store, &user(2)).await;
    for changes in [
        vec![release(&theirs)],
        vec![give_up(&theirs, true)],
        vec![give_up(&free, true), release(&theirs)],
        vec![release(&free), take(&ours, None), give_up(&theirs, true)],
    ] {
        store.record(&second, terms(2), &numbered(2), &changes, &[]).await.unwrap();
        assert_eq!(peek(&store, &user(2)).await.record, numbered(2));
        assert_eq!(claim(&store, &theirs).await, living(&user(1), None));
        assert_eq!(claim(&store, &free).await, None);
    }
    assert_eq!(claim(&store, &ours).await, living(&user(2), None));
}

pub(crate) async fn a_released_claim_is_free(store: impl Store) {
    let (upn, id) = (upn_claim("a@corp.example"), object_claim(1));
    let first = lease(&store, &user(1)).await;
    let changes = [take(&upn, Some(object(1))), take(&id, None)];
    store.record(&first, terms(1), &numbered(1), &changes, &[]).await.unwrap();
    let changes = [give_up(&upn, true), release(&id)];
    store.record(&first, terms(2), &numbered(1), &changes, &[]).await.unwrap();
    store.record(&first, terms(2), &numbered(1), &[release(&upn)], &[]).await.unwrap();
    assert_eq!((claim(&store, &upn).await, claim(&store, &id).await), (None, None));
    let second = lease(&store, &user(2)).await;
    store.record(&second, terms(3), &numbered(2), &[take(&id, None)], &[]).await.unwrap();
    assert_eq!(claim(&store, &id).await, living(&user(2), None));
}

pub(crate) async fn claims_are_taken_together_or_not_at_all(store: impl Store) {
    let (theirs, free) = (object_claim(1), upn_claim("a@corp.example"));
    let first = lease(&store, &user(1)).await;
    store.record(&first, terms(1), &numbered(1), &[take(&theirs, None)], &[]).await.unwrap();
    let second = lease(&store, &user(2)).await;
    for changes in [
        [take(&free, None), release(&object_claim(9)), take(&theirs, None)],
        [take(&theirs, None), give_up(&object_claim(9), true), take(&free, None)],
    ] {
        let refused = store.record(&second, terms(2), &numbered(2), &changes, &[]).await;
        assert_held_by(refused, &theirs, &user(1));
        assert_eq!(claim(&store, &free).await, None);
    }
    assert_eq!(peek(&store, &user(2)).await.record, person(Upkeep::default()));
}

pub(crate) async fn of_several_changes_of_one_claim_the_last_counts(store: impl Store) {
    let upn = upn_claim("a@corp.example");
    let lease = lease(&store, &user(1)).await;
    let changes = [release(&upn), take(&upn, None), take(&upn, Some(object(1)))];
    store.record(&lease, terms(1), &numbered(1), &changes, &[]).await.unwrap();
    assert_eq!(claim(&store, &upn).await, living(&user(1), Some(1)));
    let changes = [take(&upn, None), release(&upn)];
    store.record(&lease, terms(1), &numbered(1), &changes, &[]).await.unwrap();
    assert_eq!(claim(&store, &upn).await, None);
}

pub(crate) async fn tenants_and_kinds_are_apart(store: impl Store) {
    let here = object_claim(1);
    let there = Claimed { tenant: tenant(2), ..here.clone() };
    let first = lease(&store, &user(1)).await;
    store.record(&first, terms(1), &numbered(1), &[take(&here, None)], &[]).await.unwrap();
    assert_eq!(claim(&store, &there).await, None);
    let second = lease(&store, &user(2)).await;
    store.record(&second, terms(1), &numbered(2), &[take(&there, None)], &[]).await.unwrap();
    assert_eq!(claim(&store, &here).await, living(&user(1), None));
    assert_eq!(claim(&store, &there).await, living(&user(2), None));
}

pub(crate) async fn many_claims_are_looked_up_at_once(store: impl Store) {
    let lease = lease(&store, &user(1)).await;
    let upns = (1..=65).map(|number| upn_claim(&format!("u{number}@corp.example")));
    let stored: Vec<Claimed> = upns.chain((1..=65).map(object_claim)).collect();
    for some in stored.chunks(20) {
        let changes: Vec<_> = some.iter().map(|key| take(key, Some(object(7)))).collect();
        store.record(&lease, terms(1), &numbered(1), &changes, &[]).await.unwrap();
    }
    let changes = [give_up(&stored[0], true), release(&stored[1])];
    store.record(&lease, terms(1), &numbered(1), &changes, &[]).await.unwrap();
    // Some never were, and some are asked for twice.
    let unknown = (66..=90).map(object_claim).chain([upn_claim("nobody@corp.example")]);
    let elsewhere = Claimed { tenant: tenant(2), ..stored[2].clone() };
    let wanted: Vec<Claimed> =
        unknown.chain(stored.clone()).chain(stored[5..9].to_vec()).chain([elsewhere]).collect();
    let mut expected = BTreeMap::new();
    for key in &stored {
        if let Some(held) = claim(&store, key).await {
            expected.insert(key.clone(), held);
        }
    }
    assert_eq!(expected.len(), 129);
    assert_eq!(store.claims(&wanted).await.unwrap(), expected);
    assert_eq!(store.claims(&[]).await.unwrap(), BTreeMap::new());
}
