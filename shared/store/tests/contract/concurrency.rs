//! Many at once: one wins, and nothing that anybody left is lost.

use store::{
    Acquired, Commit, Committed, ConfigRecord, ConfigStored, DomainHeld, FirstRun, Holders,
    SharedDomain, Store, StoreError, TaskLock,
};
use sync_core::record::{Brings, Upkeep};

use crate::budget::{LIMIT, spending};
use crate::domains::{holding, listed, of};
use crate::world::*;

/// What these tasks come to when they all run at once.
async fn all<F>(tasks: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut outputs = Vec::new();
    for task in tasks {
        outputs.push(task.await.unwrap());
    }
    outputs
}

fn wins(outputs: &[bool]) -> usize {
    outputs.iter().filter(|won| **won).count()
}

pub(crate) async fn r1_a_hundred_acquires_take_one_lease(store: impl Store) {
    let acquires = (0..100).map(|number| {
        let store = store.clone();
        let brings =
            Brings { event_at: Some(at(number)), deleted: number == 42, ..Brings::default() };
        async move { store.acquire(&corp(), &user(1), &brings, terms(200)).await.unwrap() }
    });
    let outputs = all(acquires).await;
    let taken = outputs.iter().filter(|acquired| matches!(acquired, Acquired::Taken(_))).count();
    let words = outputs.iter().filter(|acquired| matches!(acquired, Acquired::WordLeft)).count();
    assert_eq!((taken, words), (1, 99));
    let stored = peek(&store, &user(1)).await;
    assert!(stored.again);
    assert_eq!((stored.mailbox.heard, stored.mailbox.deleted_seen), (Some(at(99)), true));
}

pub(crate) async fn words_of_a_hundred_leave_the_youngest_event(store: impl Store) {
    let held = acquire(&store, &user(1), event(500), terms(1000)).await;
    let words = (0..100).map(|number| {
        let store = store.clone();
        // Neither in order nor all younger than what the record has heard.
        let brings = event(400 + (number * 37) % 200);
        async move { store.acquire(&corp(), &user(1), &brings, terms(1001)).await.unwrap() }
    });
    for acquired in all(words).await {
        assert!(matches!(acquired, Acquired::WordLeft), "{acquired:?}");
    }
    let reopened = store.reopen(&held.lease, terms(1002)).await.unwrap();
    let youngest = (0..100).map(|number| 400 + (number * 37) % 200).max().unwrap();
    assert_eq!(reopened.mailbox.heard, Some(at(youngest)));
}

pub(crate) async fn one_object_is_never_bound_twice(store: impl Store) {
    let (id, upn) = (object_claim(1), upn_claim("a@corp.example"));
    let binders = (1..=40).map(|number| {
        let (store, changes) = (store.clone(), [take(&upn, Some(object(1))), take(&id, None)]);
        async move {
            let held = acquire(&store, &user(number), Brings::default(), terms(0)).await;
            match store.record(&held.lease, terms(1), &numbered(number), &changes, &[]).await {
                Ok(_) => Ok(number),
                Err(StoreError::ClaimHeld { holder, .. }) => Err(holder),
                Err(other) => panic!("{other}"),
            }
        }
    });
    let outputs = all(binders).await;
    let winners: Vec<u32> = outputs.iter().filter_map(|output| output.clone().ok()).collect();
    assert_eq!(winners.len(), 1);
    let winner = holder(&user(winners[0]));
    assert!(outputs.iter().all(|output| output.as_ref().err().is_none_or(|held| *held == winner)));
    for claim in [&id, &upn] {
        assert_eq!(store.claim(claim).await.unwrap().unwrap().holder, winner);
    }
    for number in 1..=40 {
        let bound = peek(&store, &user(number)).await.record != person(Upkeep::default());
        assert_eq!(bound, number == winners[0]);
    }
}

/// Whoever is told that word was left must be heard: by the holder before it lets go, or by the
/// next one. Each round races a word with a commit.
pub(crate) async fn no_word_is_missed_by_a_commit(store: impl Store) {
    let (mut kept, mut taken) = (0, 0);
    for round in 0..60 {
        let subject = user(round);
        let held = acquire(&store, &subject, event(1), terms(10)).await;
        let word = {
            let (store, subject) = (store.clone(), subject.clone());
            tokio::spawn(async move {
                store.acquire(&corp(), &subject, &deletion(2), terms(11)).await.unwrap()
            })
        };
        let commit = Commit { heard: None, ..result(&held.record) };
        let committed = store.commit(&held.lease, terms(11), commit).await.unwrap();
        match (committed, word.await.unwrap()) {
            (Committed::Again, Acquired::WordLeft) => {
                kept += 1;
                let reopened = store.reopen(&held.lease, terms(12)).await.unwrap();
                assert_eq!(reopened.mailbox.heard, Some(at(2)));
                assert!(reopened.mailbox.deleted_seen);
            }
            (Committed::Released, Acquired::Taken(next)) => {
                taken += 1;
                assert_eq!(next.lease.fence, held.lease.fence + 1);
                assert_eq!(next.mailbox.heard, Some(at(2)));
                assert!(next.mailbox.deleted_seen);
            }
            missed => panic!("{missed:?}"),
        }
    }
    assert_eq!(kept + taken, 60);
}

pub(crate) async fn a_due_subject_is_deferred_by_one(store: impl Store) {
    let held = acquire(&store, &user(1), Brings::default(), terms(0)).await;
    let commit = Commit { due: Some(at(50)), ..result(&held.record) };
    store.commit(&held.lease, terms(1), commit).await.unwrap();
    let deferrals = (0..20).map(|_| {
        let store = store.clone();
        async move { store.defer_due(&corp(), &user(1), at(50), at(950)).await.unwrap() }
    });
    assert_eq!(wins(&all(deferrals).await), 1);
    assert_eq!(peek(&store, &user(1)).await.due, Some(at(950)));
}

pub(crate) async fn a_configuration_is_replaced_by_one(store: impl Store) {
    for expected in 0..2 {
        let operators = (0..20).map(|operator| {
            let store = store.clone();
            let config = ConfigRecord {
                directory: corp(),
                text: format!("operator {operator}"),
                first_run: FirstRun::Pending,
                active: true,
                version: expected + 1,
                applied_at: at(0),
            };
            async move { store.put_config(&config, expected).await.unwrap() }
        });
        let outputs = all(operators).await;
        assert_eq!(wins(&outputs), 1);
        let winner = outputs.iter().position(|won| *won).unwrap();
        let stored = store.config(&corp()).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.text), (expected + 1, format!("operator {winner}")));
    }
}

pub(crate) async fn u7_of_two_directories_at_once_one_holds_the_domain(store: impl Store) {
    for round in 0..10 {
        let tenant = tenant(round);
        let domain = listed(&["a.example"]);
        let applies = ["one", "two"].map(|name| {
            let name = format!("{name}-{round}");
            let (store, holdings) = (store.clone(), [holding(&tenant, domain.clone())]);
            async move { store.apply_config(&of(&name, 1), 0, &holdings).await.unwrap() }
        });
        let outputs = all(applies.into_iter()).await;
        let winner = outputs.iter().position(|output| *output == ConfigStored::Stored).unwrap();
        let names = ["one", "two"].map(|name| directory(&format!("{name}-{round}")));
        let held = DomainHeld {
            holder: names[winner].clone(),
            domain: SharedDomain::Named("a.example".into()),
        };
        assert_eq!(outputs[1 - winner], ConfigStored::Held(held));
        assert_eq!(store.config(&names[1 - winner]).await.unwrap(), None);
        let holders = store.domain_holders(&tenant).await.unwrap();
        assert_eq!(holders, Holders::from([(names[winner].clone(), domain)]));
    }
}

pub(crate) async fn u7_directories_without_a_common_domain_all_get_theirs(store: impl Store) {
    let applies = (0..8).map(|number| {
        let domains = listed(&[&format!("{number}.example")]);
        let (store, holdings) = (store.clone(), [holding(&tenant(1), domains)]);
        async move {
            store.apply_config(&of(&format!("d{number}"), 1), 0, &holdings).await.unwrap()
        }
    });
    let outputs = all(applies).await;
    assert!(outputs.iter().all(|output| *output == ConfigStored::Stored), "{outputs:?}");
    assert_eq!(store.domain_holders(&tenant(1)).await.unwrap().len(), 8);
}

pub(crate) async fn a_cursor_is_moved_by_one(store: impl Store) {
    for (seen, to) in [(None, "one"), (Some("one"), "two")] {
        let moves = (0..20).map(|_| {
            let store = store.clone();
            async move { store.move_cursor(&corp(), "insights", seen, to).await.unwrap() }
        });
        assert_eq!(wins(&all(moves).await), 1);
        assert_eq!(store.cursor(&corp(), "insights").await.unwrap().as_deref(), Some(to));
    }
}

pub(crate) async fn a_lock_is_taken_by_one(store: impl Store) {
    for round in 0..2 {
        let now = at(round * 100);
        let runs = (0..20).map(|run| {
            let store = store.clone();
            let run = format!("{round}-{run}");
            let lock = TaskLock { directory: corp(), task: "catch_up".into(), run };
            async move { store.lock(&lock, now, at(round * 100 + 60)).await.unwrap() }
        });
        assert_eq!(wins(&all(runs).await), 1);
    }
}

pub(crate) async fn s1_ten_at_once_never_spend_more_than_the_limit(store: impl Store) {
    for (round, wanted) in [(0, 3), (1, 1), (2, LIMIT)] {
        let now = at(round * 3600);
        let spenders = (0..10).map(|number| {
            let (store, spending) = (store.clone(), spending(&format!("{round}-{number}"), wanted));
            async move { store.spend(&corp(), &spending, now).await.unwrap() }
        });
        let outputs = all(spenders).await;
        assert_eq!(outputs.iter().map(|granted| granted.amount).sum::<u32>(), LIMIT);
        for granted in outputs {
            let more_at = (granted.amount < wanted).then(|| at((round + 1) * 3600));
            assert_eq!(granted.more_at, more_at, "{granted:?}");
        }
    }
}
