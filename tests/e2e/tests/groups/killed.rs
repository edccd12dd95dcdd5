//! A consumer is killed in the middle of a large group.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use e2e::{Answer, Feed, Lane, Setup, World, until};
use serde_json::json;
use store::{AuditQuery, Store};
use sync_core::audit::AuditKind;

use crate::{ADD, AT_ONCE, LEFT, assert_right, begin, clear_journals, connect, count};

const PEOPLE: usize = 5000;
/// How long a lease is here.
const LEASE: f64 = 4.0;
/// How many adds may be sent twice: those of the request that nobody waited for, and one more.
const REPEATED: usize = 2 * AT_ONCE;
/// How many adds may go untold: those since the record was last stored.
const UNTOLD: usize = 100 + REPEATED;

#[tokio::test]
async fn a_kill_amid_5000_adds_repeats_a_few_and_loses_nobody() {
    let world = Setup::new("groups-killed").lease(LEASE).apart().await;
    let people = world.staff("member", PEOPLE).await;
    let group = world.group_of("Everybody", &people);
    connect(&world, &group);
    world.jumpcloud.state(|state| state.clear_events());
    clear_journals(&world);

    let consumer = world.function("consumer").await;
    let goes_on = begin(&world, &consumer, &group).await;
    let invocation = consumer.begin(&goes_on, LEFT);
    let half = PEOPLE / AT_ONCE / 2;
    until("half of the adds", || count(world.entra.control(), &[ADD]) >= half).await;
    consumer.kill().await;
    assert_eq!(invocation.answer().await, Answer::Ended);
    let there = world.members(&group).await.len();
    assert!((PEOPLE / 2..PEOPLE).contains(&there), "{there} were there when it was killed");

    until_due(&world, &group).await;
    let reconciler = world.function("reconciler").await;
    let task = json!({ "task": "catch_up", "directory": world.directory });
    let run = reconciler.invoke(&task, LEFT).await.json();
    assert_eq!((&run["state"], &run["counts"]["due"]), (&json!("done"), &json!(1)), "{run:#}");
    let object = world.group_object(&group).await.expect("it was bound before its members");
    let began = world.clock.now();
    {
        let another = Arc::new(world.function("consumer").await);
        let _feeds =
            [Lane::Events, Lane::Bulk].map(|lane| Feed::start(&world.place, lane, another.clone()));
        let all = || world.entra.state(|state| state.members(&object).len()) == PEOPLE;
        until("everybody to be there", all).await;
    }
    println!("{there} before the kill, the rest {:?} after", world.clock.now() - began);
    world.prove_at_rest(0).await;
    assert_right(&world, &group, &people).await;
    let added = world.added();
    let once: BTreeSet<&String> = added.iter().collect();
    println!("{} of {} adds were repeated", added.len() - once.len(), once.len());
    assert!(added.len() - once.len() <= REPEATED);
    let query = AuditQuery { limit: PEOPLE, ..AuditQuery::default() };
    let store = world.place.store();
    let events = store.audit(&world.id(), &query, world.clock.now()).await.expect("a table");
    let came = events.iter().filter(|event| event.kind == AuditKind::MemberAdd);
    let told: usize = came.map(|event| event.changes.len()).sum();
    println!("{told} of {PEOPLE} are told of");
    assert!((PEOPLE - UNTOLD..=PEOPLE).contains(&told), "{told} are told of");
    assert_eq!(world.removed(), Vec::<String>::new());
    assert_eq!(world.entra.state(|state| state.groups().len()), 1);
}

/// Waits until the lease of whoever was at the group is over.
async fn until_due(world: &World, group: &str) {
    let due = async {
        loop {
            let stored = world.group_record(group).await.expect("a record");
            if stored.due.expect("whoever crashed is due") <= world.clock.now() {
                return;
            }
            world.clock.sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(e2e::PATIENCE, due).await.expect("a lease ends");
}
