//! Everybody of a large company comes into one group at once.

use e2e::Setup;

use crate::{
    ADD, ALL_DONE, AT_ONCE, GRAPH_PAGE, JUMPCLOUD_PAGE, LEFT, LIST, MEMBERS, UPSERT, assert_right,
    begin, bell, clear_journals, connect, count,
};

const PEOPLE: usize = 2500;
/// Tokens and organization, twice the group itself and its connection, the lookups before it is
/// created, and the page that says that a list is over.
const BESIDE: usize = 10;

#[tokio::test]
async fn a_group_of_2500_is_created_with_all_of_them_and_then_left_alone() {
    let world = Setup::new("groups-large").apart().await;
    let people = world.staff("member", PEOPLE).await;
    let group = world.group_of("Everybody", &people);
    connect(&world, &group);
    world.jumpcloud.state(|state| state.clear_events());
    clear_journals(&world);
    let consumer = world.function("consumer").await;
    let (jumpcloud, entra) = (world.jumpcloud.control(), world.entra.control());

    let goes_on = begin(&world, &consumer, &group).await;
    assert_eq!(consumer.invoke(&goes_on, LEFT).await.response(), ALL_DONE);
    assert_right(&world, &group, &people).await;
    assert_eq!(world.members(&group).await.len(), PEOPLE);
    let (asked, graph) = (jumpcloud.journal().len(), entra.journal().len());
    println!("{PEOPLE} members: {graph} requests to Graph, {asked} to JumpCloud");
    let pages = |of: usize| PEOPLE.div_ceil(of);
    assert!(graph <= pages(AT_ONCE) + pages(GRAPH_PAGE) + BESIDE, "{:#?}", entra.counts());
    assert!(asked <= pages(JUMPCLOUD_PAGE) + BESIDE, "{:#?}", jumpcloud.counts());
    assert_eq!(count(entra, &[UPSERT]), 1);
    assert_eq!(count(entra, &[ADD]), pages(AT_ONCE));

    // The same state once more, asked for by an operator; by then it has its second look, too.
    let (writes, listed) = (world.writes(), count(jumpcloud, &[LIST]));
    world.place.put(&world.place.bulk, &[bell(&world, &group)]).await;
    world.prove_at_rest(0).await;
    assert!(count(jumpcloud, &[LIST]) > listed, "it was listed again");
    assert!(count(entra, &[MEMBERS]) > pages(GRAPH_PAGE), "and held against Entra");
    assert_eq!(world.writes()[writes.len()..], [], "syncing again writes");
    // The sweep that the connection asked for found everybody at home.
    assert_eq!(count(jumpcloud, &["GET /api/systemusers/{id}"]), 0);
}
