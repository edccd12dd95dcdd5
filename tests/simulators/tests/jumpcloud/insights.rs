//! Queries of events.

use std::time::Duration;

use serde_json::json;

use crate::{World, user};

#[tokio::test]
async fn events_are_paged_by_search_after() {
    let world = World::empty().await;
    let start = world.sim.control().now();
    for n in 0..5 {
        world.sim.state(|state| state.add_user(user(&format!("u{n}"))));
    }
    let mut query = json!({"service": ["directory"], "start_time": start.to_string(), "limit": 2,
        "search_term": {"and": [{"event_type": ["user_create", "user_delete"]}]}});
    let mut found = Vec::new();
    loop {
        let page = world.post("/insights/directory/v1/events", query.clone()).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        assert_eq!(page.header("x-limit"), "2");
        assert_eq!(page.header("x-sort"), "ASC");
        found.extend(page.ids("", "id"));
        query["search_after"] = serde_json::from_str(page.header("x-search_after")).unwrap();
        if page.header("x-result-count") != "2" {
            break;
        }
    }
    let written = world.sim.state(|state| state.events());
    let written: Vec<_> = written.iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, written);
    query.as_object_mut().unwrap().remove("search_after");
    let count = world.post("/insights/directory/v1/events/count", query.clone()).await;
    assert_eq!(count.body, json!({"count": 5}));
    query["service"] = json!(["sso"]);
    let other = world.post("/insights/directory/v1/events", query.clone()).await;
    assert_eq!(other.body, json!([]));
    world.assert_no_problems();
    query["service"] = json!(["nonsense"]);
    assert_eq!(world.post("/insights/directory/v1/events", query).await.status, 400);
}

#[tokio::test]
async fn events_can_be_late_and_have_an_end() {
    let world = World::empty().await;
    let control = world.sim.control();
    let start = control.now();
    world.sim.state(|state| {
        state.insights_delay = Duration::from_secs(60);
        state.add_user(user("ada"));
    });
    let query = json!({"service": ["all"], "start_time": start.to_string()});
    let found =
        async || world.post("/insights/directory/v1/events", query.clone()).await.ids("", "id");
    assert_eq!(found().await.len(), 0);
    control.advance(Duration::from_secs(61));
    assert_eq!(found().await.len(), 1);
    control.advance(Duration::from_secs(91 * 24 * 3600));
    assert_eq!(found().await.len(), 0, "events are kept for 90 days");
}
