//! Lag, lost answers and everything else that goes wrong on purpose.

use std::time::Duration;

use serde_json::json;
use simulators::{Effect, Fault};

use crate::http;
use crate::{KEY, World, user};

#[tokio::test]
async fn reads_lag_while_checks_of_writes_do_not() {
    let world = World::empty().await;
    let control = world.sim.control();
    control.set_lag(Duration::from_secs(60));
    let created = world.post("/api/systemusers", user("ada")).await;
    assert_eq!(created.status, 200);
    let path = format!("/api/systemusers/{}", created.body["_id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get("/api/systemusers").await.body["totalCount"], 0);
    let again = world.post("/api/systemusers", user("ada")).await;
    assert_eq!(again.status, 400, "the name is taken at once");
    control.advance(Duration::from_secs(61));
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn an_answer_may_be_lost_after_or_before_the_write() {
    let world = World::empty().await;
    let control = world.sim.control();
    let create = || {
        let url = format!("{}/systemusers", world.sim.api_url());
        world.http.post(url).header("x-api-key", KEY).json(&user("ada"))
    };
    control.add_fault(Fault::once("POST /api/systemusers", Effect::CutBefore));
    assert!(http::send(create()).await.is_none());
    assert_eq!(world.sim.state(|state| state.users().len()), 0);
    control.add_fault(Fault::once("POST /api/systemusers", Effect::CutAfter));
    assert!(http::send(create()).await.is_none());
    assert_eq!(world.sim.state(|state| state.users().len()), 1);
    let statuses: Vec<_> = control.journal().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [0, 0]);
}

#[tokio::test]
async fn faults_are_set_over_http_and_answer_like_the_vendor() {
    let (world, _) = World::with_users(3).await;
    let faults = json!([
        {"route": "GET /api/systemusers", "times": 1,
         "effect": {"kind": "status", "status": 429, "retry_after": "7"}},
        {"route": "GET /api/systemusers", "times": 1, "effect": {"kind": "html"}},
        {"route": "GET /api/systemusers", "times": 1, "effect": {"kind": "drop_row", "n": 1}},
    ]);
    assert_eq!(world.post("/_sim/faults", faults).await.status, 200);
    let throttled = world.get("/api/systemusers").await;
    assert_eq!(throttled.status, 429);
    assert_eq!(throttled.header("retry-after"), "7");
    assert_eq!(throttled.body, json!({"message": "Too Many Requests"}));
    let proxy = world.get("/api/systemusers").await;
    assert_eq!((proxy.status, proxy.header("content-type")), (502, "text/html"));
    let short = world.get("/api/systemusers").await;
    assert_eq!(short.body["results"].as_array().unwrap().len(), 2);
    assert_eq!(short.body["totalCount"], 3);
    let wrong = json!({"route": "GET /api/sistemusers", "effect": {"kind": "html"}});
    assert_eq!(world.post("/_sim/faults", wrong).await.status, 400);
    let journal = world.get("/_sim/journal").await;
    assert_eq!(journal.body["counts"]["GET /api/systemusers"], 3);
}
