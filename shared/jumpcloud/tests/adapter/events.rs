//! Directory Insights: windows and pages of events.

use std::time::Duration;

use jiff::Timestamp;
use jumpcloud::EventsQuery;
use serde_json::{Value as Json, json};
use simulators::Effect;

use crate::world::*;

const EVENTS: &str = "POST /insights/directory/v1/events";

/// An organization with so many events, a second apart, the first one at the start of the window.
async fn world(events: u64) -> World {
    let world = World::new().await;
    world.sim.state(|organization| {
        for number in 0..events {
            organization.add_event(json!({
                "id": format!("event {number}"), "event_type": "user_update",
                "timestamp": at(number).to_string(), "resource": {"id": ADA, "type": "user"},
            }));
        }
    });
    world.advance(86_400);
    world
}

fn at(second: u64) -> Timestamp {
    now() + Duration::from_secs(second)
}

fn window(from: u64, until: u64) -> EventsQuery {
    EventsQuery {
        services: vec!["directory".to_owned(), "access_management".to_owned()],
        from: at(from),
        until: at(until),
        search_after: None,
    }
}

/// The ids of every page, page by page.
async fn pages(world: &World, mut query: EventsQuery) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let page = world.client.events(&query).await.unwrap();
        let id = |event: &Json| event["id"].as_str().unwrap().to_owned();
        pages.push(page.events.iter().map(id).collect());
        let Some(next) = page.next else { return pages };
        query.search_after = Some(next);
    }
}

#[tokio::test]
async fn a_window_is_read_page_by_page_oldest_first() {
    let world = world(2500).await;
    let pages = pages(&world, window(0, 80_000)).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 500]);
    let ids: Vec<String> = (0..2500).map(|number| format!("event {number}")).collect();
    assert_eq!(pages.concat(), ids);
    assert_eq!(world.count(EVENTS), 3);
}

#[tokio::test]
async fn a_page_that_is_just_full_has_an_empty_successor() {
    let world = world(1000).await;
    let pages = pages(&world, window(0, 80_000)).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 0]);
}

#[tokio::test]
async fn a_window_holds_its_own_events_alone() {
    let world = world(30).await;
    world.sim.state(|organization| {
        organization.add_event(json!({
            "id": "elsewhere", "service": "sso", "event_type": "sso_auth",
            "timestamp": at(15).to_string(),
        }));
    });
    let pages = pages(&world, window(10, 19)).await;
    let expected: Vec<String> = (10..=19).map(|number| format!("event {number}")).collect();
    assert_eq!(pages, [expected]);
    assert_eq!(pages_of_nothing(&world).await, [Vec::<String>::new()]);
}

async fn pages_of_nothing(world: &World) -> Vec<Vec<String>> {
    pages(world, window(70_000, 80_000)).await
}

#[tokio::test]
async fn an_event_comes_as_jumpcloud_wrote_it() {
    let world = World::new().await;
    world.sim.state(|organization| organization.suspend(ADA));
    let written = world.sim.state(|organization| organization.events());
    assert!(!written.is_empty());
    let page = world.client.events(&window(0, 10)).await.unwrap();
    assert_eq!(page.events, written);
    assert!(page.next.is_none());
}

#[tokio::test]
async fn a_page_that_fails_is_no_end() {
    let world = world(3).await;
    for (effect, expected) in [
        (status(503), "passing Retry"),
        (waiting(429, "8"), "throttled RetryAfter(8s)"),
        (status(403), "denied RetryAfter(30s)"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutAfter, "transport Retry"),
        (answer(200, json!({"results": []})), "shape Retry"),
    ] {
        world.fault(EVENTS, effect.clone());
        let page = world.client.events(&window(0, 10)).await;
        assert_eq!(judged(page), expected, "{effect:?}");
    }
    assert_eq!(pages(&world, window(0, 10)).await[0].len(), 3);
}

#[tokio::test]
async fn a_full_page_that_does_not_say_where_it_ended_is_an_error() {
    let world = World::new().await;
    let events: Vec<Json> = (0..1000).map(|number| json!({"id": number})).collect();
    world.fault(EVENTS, answer(200, events.into()));
    assert_eq!(judged(world.client.events(&window(0, 10)).await), "shape Retry");
}

#[tokio::test]
async fn the_poll_proves_itself_and_names_its_organization() {
    let world = World::with_account().await;
    world.sim.state(|organization| organization.several_organizations = true);
    world.client.events(&window(0, 10)).await.unwrap();
    world.sim.state(|organization| organization.revoke_tokens());
    world.client.events(&window(0, 10)).await.unwrap();
    assert_eq!((world.count("POST /oauth2/token"), world.count(EVENTS)), (2, 3));
}
