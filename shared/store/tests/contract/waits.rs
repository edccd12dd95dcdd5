//! Who waits for a UPN or a binding.

use store::{Awaited, Holder, Store};

use crate::world::*;

async fn waiters(store: &impl Store, awaited: &Awaited) -> Vec<String> {
    let mut waiters: Vec<_> =
        store.waiters(awaited).await.unwrap().iter().map(ToString::to_string).collect();
    waiters.sort();
    waiters
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
    ];
    for awaited in [&by_upn, &by_user].into_iter().chain(&others) {
        for number in 1..=3 {
            store.wait_for(awaited, &holder(&user(number)), at(0)).await.unwrap();
        }
    }
    let gone = [holder(&user(1)), holder(&user(3)), holder(&user(4))];
    for awaited in [&by_upn, &by_user] {
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
    let twice: Vec<Holder> = many.iter().take(59).chain(many.iter().take(59)).cloned().collect();
    store.stop_waiting(&awaited, &twice).await.unwrap();
    assert_eq!(waiters(&store, &awaited).await, names(&many[59..]));
}
