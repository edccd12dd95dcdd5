//! What a directory may do within an hour (S1).

use jiff::Timestamp;
use store::{BudgetKind, Granted, Spending, Store};
use sync_core::ids::DirectoryId;

use crate::world::*;

pub(crate) const LIMIT: u32 = 10;

pub(crate) fn spending(grant: &str, wanted: u32) -> Spending {
    let grant = grant.to_owned();
    Spending { kind: BudgetKind::MemberRemovals, wanted, limit: LIMIT, grant }
}

async fn spend(
    store: &impl Store,
    of: &DirectoryId,
    grant: &str,
    wanted: u32,
    now: Timestamp,
) -> Granted {
    store.spend(of, &spending(grant, wanted), now).await.unwrap()
}

pub(crate) fn all(amount: u32) -> Granted {
    Granted { amount, more_at: None }
}

pub(crate) fn part(amount: u32, more_at: Timestamp) -> Granted {
    Granted { amount, more_at: Some(more_at) }
}

pub(crate) async fn s1_a_budget_is_spent_up_to_its_limit(store: impl Store) {
    assert_eq!(spend(&store, &corp(), "a", 0, at(0)).await, all(0));
    assert_eq!(spend(&store, &corp(), "a", 4, at(0)).await, all(4));
    assert_eq!(spend(&store, &corp(), "b", 5, at(1)).await, all(5));
    assert_eq!(spend(&store, &corp(), "c", 5, at(2)).await, part(1, at(3600)));
    assert_eq!(spend(&store, &corp(), "d", 1, at(3)).await, part(0, at(3600)));
    // The limit is the caller's; another one sees the same grants.
    let more = Spending { limit: 12, ..spending("e", 5) };
    assert_eq!(store.spend(&corp(), &more, at(4)).await.unwrap(), part(2, at(3600)));
    let none = Spending { limit: 0, ..spending("f", 5) };
    assert_eq!(store.spend(&corp(), &none, at(4)).await.unwrap(), part(0, at(3604)));
}

pub(crate) async fn s1_a_grant_leaves_the_hour_after_3600_seconds(store: impl Store) {
    let begin = millis_later(at(0), 1);
    assert_eq!(spend(&store, &corp(), "a", 6, begin).await, all(6));
    assert_eq!(spend(&store, &corp(), "b", 4, at(10)).await, all(4));
    let end = millis_later(at(3600), 1);
    assert_eq!(spend(&store, &corp(), "c", 1, at(3600)).await, part(0, end));
    assert_eq!(spend(&store, &corp(), "c", 7, end).await, part(6, at(3610)));
    assert_eq!(spend(&store, &corp(), "d", 4, at(3610)).await, all(4));
}

pub(crate) async fn s1_a_repeated_grant_takes_nothing_more(store: impl Store) {
    assert_eq!(spend(&store, &corp(), "a", 6, at(0)).await, all(6));
    assert_eq!(spend(&store, &corp(), "b", 6, at(1)).await, part(4, at(3600)));
    for now in [at(2), at(3599)] {
        assert_eq!(spend(&store, &corp(), "a", 6, now).await, all(6));
        assert_eq!(spend(&store, &corp(), "b", 6, now).await, part(4, at(3600)));
        // Never more than is wanted this time.
        assert_eq!(spend(&store, &corp(), "a", 2, now).await, all(2));
    }
    // Its own grant counts a second longer than that of the other.
    assert_eq!(spend(&store, &corp(), "b", 6, at(3600)).await, part(4, at(3601)));
    assert_eq!(spend(&store, &corp(), "c", 7, at(3600)).await, part(6, at(3601)));
    assert_eq!(spend(&store, &corp(), "b", 6, at(3601)).await, part(4, at(7200)));
}

pub(crate) async fn s1_directories_spend_apart(store: impl Store) {
    // Neither what was granted elsewhere counts, nor does its name.
    for (name, other) in [("corp", "b"), ("corp-2", "c"), ("cor", "d")] {
        let of = directory(name);
        assert_eq!(spend(&store, &of, other, 8, at(0)).await, all(8));
        assert_eq!(spend(&store, &of, "a", 8, at(0)).await, part(2, at(3600)));
    }
    assert_eq!(spend(&store, &directory("other"), "a", 5, at(0)).await, all(5));
}
