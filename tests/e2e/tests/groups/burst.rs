//! A thousand memberships change at once, on what the template deploys.

use std::time::Duration;

use e2e::{Setup, World, post};
use serde_json::{Value, json};

use crate::{
    ADD, AT_ONCE, JUMPCLOUD_PAGE, LIST, MEMBER_OF, MEMBERS, about_groups, assert_right,
    clear_journals, count,
};

const PEOPLE: usize = 1000;
const LEAVERS: usize = 50;
/// How many events come in one body.
const IN_A_BODY: usize = 50;
/// The least time between two looks at members by name (G9); nine are looked at at most.
const LOOKED: Duration = Duration::from_secs(5);
const LOOKED_AT: usize = 9;
/// How often the group may be listed: once in 30 s, and anew for each part of the work where this
/// machine is so slow that an invocation is too short for it (G9).
const LISTINGS: usize = 12;

#[tokio::test]
async fn a_burst_of_1000_events_is_a_few_listings() {
    let world = Setup::new("groups-burst").deployed().await;
    // The events are delivered here, many in a body: one by one takes the stand-in long.
    world.jumpcloud.state(|state| state.set_webhook(None));
    let people = world.staff("member", PEOPLE).await;
    let (leavers, joiners) = people.split_at(LEAVERS);
    let group = world.team("Burst", leavers).await;
    let events = world.jumpcloud.state(|state| {
        assert!(joiners.iter().all(|person| state.add_member(&group, &person.user)));
        assert!(leavers.iter().all(|person| state.remove_member(&group, &person.user)));
        let events = state.events();
        state.clear_events();
        events
    });
    assert_eq!(events.len(), PEOPLE);
    clear_journals(&world);
    let began = world.clock.now();
    deliver(&world, &events).await;
    world.prove_at_rest(0).await;
    assert_right(&world, &group, &people).await;

    let took = Duration::try_from(world.clock.now().duration_since(began)).expect("a time");
    let (jumpcloud, entra) = (world.jumpcloud.control(), world.entra.control());
    let (asked, graph) = (about_groups(jumpcloud).len(), about_groups(entra).len());
    println!("{PEOPLE} events: {asked} requests to JumpCloud, {graph} to Graph, in {took:?}");
    let looks = usize::try_from(took.as_secs() / LOOKED.as_secs()).expect("few") + 2;
    let pages = PEOPLE / JUMPCLOUD_PAGE + 1;
    assert!(count(jumpcloud, &[LIST]) <= LISTINGS * pages, "{:#?}", jumpcloud.counts());
    assert!(count(entra, &[MEMBERS]) <= LISTINGS * 2, "{:#?}", entra.counts());
    assert!(count(entra, &[ADD]) <= PEOPLE / AT_ONCE + looks, "{:#?}", entra.counts());
    let read = count(jumpcloud, &[MEMBER_OF]);
    assert!(read <= LEAVERS + looks * LOOKED_AT, "{:#?}", jumpcloud.counts());
    assert!(asked < PEOPLE / 2, "far below one for each event");
    assert!(graph - LEAVERS < PEOPLE / 4, "far below one for each event");
    let mut removed = world.removed();
    removed.sort();
    let mut left: Vec<&str> = leavers.iter().map(|person| person.object.as_str()).collect();
    left.sort_unstable();
    assert_eq!(removed, left, "each who left, once");
}

/// Posts these events as somebody would who gathers them.
async fn deliver(world: &World, events: &[Value]) {
    let url = format!("{}{}", world.api(), world.events_path());
    let authorized = format!("Bearer {}", World::TOKEN);
    for part in events.chunks(IN_A_BODY) {
        let (status, answer) = post(&url, &authorized, &json!(part).to_string()).await;
        assert_eq!(status, 202, "{answer}");
    }
}
