//! S2: lists of members that fail or lack somebody remove nobody.

use e2e::events::batch;
use e2e::{Function, Setup, World};
use simulators::{Effect, Fault};

use crate::{ALL_DONE, LEFT, LIST, MEMBER_OF, assert_right, bell, clear_journals, count};

const PEOPLE: usize = 252;
/// Three pages in JumpCloud.
const SIZE: usize = 250;

async fn ring(world: &World, consumer: &Function, group: &str) {
    let message = batch([("m1", bell(world, group))]);
    assert_eq!(consumer.invoke(&message, LEFT).await.response(), ALL_DONE);
}

async fn retries(world: &World, group: &str) -> u32 {
    world.group_record(group).await.expect("a record").record.upkeep().retries
}

#[tokio::test]
async fn a_list_that_fails_on_its_third_page_changes_nothing_until_it_is_whole() {
    let world = Setup::new("groups-third-page").apart().await;
    let people = world.staff("member", PEOPLE).await;
    let consumer = world.function("consumer").await;
    let broken = Effect::Status { status: 503, retry_after: None, body: None };
    let mut teams = Vec::new();
    for (number, effect) in
        [broken, Effect::Html, Effect::CutBefore, Effect::Truncate].into_iter().enumerate()
    {
        let group = world.team(&format!("Team {number}"), &people[..SIZE]).await;
        // One leaves and two come, and nobody tells.
        world.jumpcloud.state(|state| {
            assert!(state.remove_member(&group, &people[number].user));
            assert!(people[SIZE..].iter().all(|new| state.add_member(&group, &new.user)));
            state.clear_events();
        });
        world.jumpcloud.control().add_fault(Fault::once(LIST, effect).skip(2).contains(&group));
        teams.push(group);
    }
    clear_journals(&world);
    for group in &teams {
        let pages = count(world.jumpcloud.control(), &[LIST]);
        ring(&world, &consumer, group).await;
        assert_eq!(count(world.jumpcloud.control(), &[LIST]), pages + 3);
        assert_eq!((retries(&world, group).await, world.members(group).await.len()), (1, SIZE));
    }
    assert_eq!(world.member_writes(), [], "nothing is done on half a list");
    world.prove_at_rest(0).await;
    for group in &teams {
        assert_right(&world, group, &people).await;
    }
    let mut left: Vec<&str> = people[..teams.len()].iter().map(|p| p.object.as_str()).collect();
    let mut removed = world.removed();
    removed.sort();
    left.sort_unstable();
    assert_eq!(removed, left, "each who left, once, and nobody else");
}

#[tokio::test]
async fn a_list_that_silently_lacks_somebody_removes_nobody() {
    let world = Setup::new("groups-lacks").apart().await;
    let people = world.staff("member", SIZE).await;
    let (silent, counted) =
        (world.team("Silent", &people).await, world.team("Counted", &people).await);
    let consumer = world.function("consumer").await;
    let lack = |group: &str| {
        let fault = Fault::once(LIST, Effect::DropRow { n: 30 }).contains(group);
        world.jumpcloud.control().add_fault(fault);
    };
    clear_journals(&world);
    lack(&silent);
    ring(&world, &consumer, &silent).await;
    let nominated = count(world.jumpcloud.control(), &[MEMBER_OF]);
    assert_eq!(nominated, 1, "who was not listed was asked for, and that is all");
    assert_eq!(retries(&world, &silent).await, 0);
    // Where JumpCloud counts its rows, such a list is none.
    world.jumpcloud.state(|state| state.counted_traversals = true);
    lack(&counted);
    ring(&world, &consumer, &counted).await;
    assert_eq!((retries(&world, &counted).await, nominated), (1, 1));
    assert_eq!(world.writes(), []);

    // Listed once more, whole this time.
    let pages = count(world.jumpcloud.control(), &[LIST]);
    let bells = [&silent, &counted].map(|group| bell(&world, group));
    world.place.put(&world.place.bulk, &bells).await;
    world.prove_at_rest(0).await;
    assert!(count(world.jumpcloud.control(), &[LIST]) >= pages + 6, "both were listed again");
    for group in [&silent, &counted] {
        assert_right(&world, group, &people).await;
        assert_eq!(retries(&world, group).await, 0);
    }
    assert_eq!(world.writes(), []);
}
