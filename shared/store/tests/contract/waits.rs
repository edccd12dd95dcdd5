//! Who waits for a UPN or a binding.

use store::{Awaited, Holder, Store, Waiter};
use sync_core::ids::JumpCloudGroupId;

use crate::world::*;

async fn waiters(store: &impl Store, awaited: &Awaited) -> Vec<String> {
    let waiters: Vec<_> = store.waiters(awaited).await.unwrap();
    names(&waiters.into_iter().map(|waiter| waiter.holder).collect::<Vec<_>>())
}

/// The notes of these, as they are now.
async fn notes(store: &impl Store, awaited: &Awaited, of: &[Holder]) -> Vec<Waiter> {
    let waiters = store.waiters(awaited).await.unwrap();
    waiters.into_iter().filter(|waiter| of.contains(&waiter.holder)).collect()
}

fn names(waiters: &[Holder]) -> Vec<String> {
    let mut names: Vec<_> = waiters.iter().map(ToString::to_string).collect();
    names.sort();
    names
}

pub(crate) async fn a_wait_is_noted_once(store: impl Store) {
    let awaited = Awaited::Upn(tenant(1), upn("a@corp.example"));
    assert_eq!(waiters(&store, &awaited).await, [""; 0]);
    let elsewhere = Holder { directory: directory("other"), subject: user(1) };
    for _ in 0..3 {
        store.wait_for(&awaited, &holder(&user(1)), at(0)).await.unwrap();
        store.wait_for(&awaited, &elsewhere, at(1)).await.unwrap();
    }
    let noted = [holder(&user(1)), elsewhere];
    assert_eq!(waiters(&store, &awaited).await, names(&noted));
}

pub(crate) async fn only_the_named_stop_waiting(store: impl Store) {
    let by_upn = Awaited::Upn(tenant(1), upn("a@corp.example"));
    let by_user = Awaited::User(corp(), user_id(9));
    let others = [
        Awaited::Upn(tenant(2), upn("a@corp.example")),
        Awaited::Upn(tenant(1), upn("b@corp.example")),
        Awaited::User(directory("other"), user_id(9)),
        Awaited::User(corp(), user_id(8)),
        Awaited::Members(corp(), JumpCloudGroupId::parse(user_id(9).as_str()).unwrap()),
    ];
    for awaited in [&by_upn, &by_user].into_iter().chain(&others) {
        for number in 1..=3 {
            store.wait_for(awaited, &holder(&user(number)), at(0)).await.unwrap();
        }
    }
    let gone = [holder(&user(1)), holder(&user(3)), holder(&user(4))];
    for awaited in [&by_upn, &by_user] {
        let gone = notes(&store, awaited, &gone).await;
        store.stop_waiting(awaited, &gone).await.unwrap();
        assert_eq!(waiters(&store, awaited).await, names(&[holder(&user(2))]));
    }
    for awaited in &others {
        assert_eq!(waiters(&store, awaited).await.len(), 3, "{awaited:?}");
    }
    store.stop_waiting(&by_upn, &[]).await.unwrap();
    assert_eq!(waiters(&store, &by_upn).await.len(), 1);
}

pub(crate) async fn many_stop_waiting_at_once(store: impl Store) {
    let awaited = Awaited::User(corp(), user_id(9));
    let many: Vec<Holder> = (1..=60).map(|number| holder(&user(number))).collect();
    for waiter in &many {
        store.wait_for(&awaited, waiter, at(0)).await.unwrap();
    }
    assert_eq!(waiters(&store, &awaited).await, names(&many));
    let gone = notes(&store, &awaited, &many[..59]).await;
    for _ in 0..2 {
        store.stop_waiting(&awaited, &gone).await.unwrap();
        assert_eq!(waiters(&store, &awaited).await, names(&many[59..]));
    }
}

/// Whoever was rung and waits again is not forgotten by the one that rang.
pub(crate) async fn a_note_that_was_left_again_stays(store: impl Store) {
    let awaited = Awaited::Upn(tenant(1), upn("a@corp.example"));
    let waiter = holder(&user(1));
    assert!(store.wait_for(&awaited, &waiter, at(0)).await.unwrap());
    let seen = store.waiters(&awaited).await.unwrap();
    assert!(!store.wait_for(&awaited, &waiter, at(0)).await.unwrap());
    store.stop_waiting(&awaited, &seen).await.unwrap();
    let again = store.waiters(&awaited).await.unwrap();
    assert_eq!(again.len(), 1);
    store.stop_waiting(&awaited, &again).await.unwrap();
    assert_eq!(store.waiters(&awaited).await.unwrap(), []);
    // The first name is no name of a later note either.
    assert!(store.wait_for(&awaited, &waiter, at(0)).await.unwrap());
    store.stop_waiting(&awaited, &seen).await.unwrap();
    assert_eq!(waiters(&store, &awaited).await, names(&[waiter]));
}
