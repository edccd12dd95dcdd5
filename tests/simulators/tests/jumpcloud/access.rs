//! Who is let in, how often, and what nobody may ask.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use simulators::jumpcloud::State;

use crate::http;
use crate::{KEY, ORGANIZATION, World};

#[tokio::test]
async fn what_the_vendor_does_not_know_is_refused_and_listed() {
    let (world, ids) = World::with_users(1).await;
    let unknown = world.get("/api/v2/nothing").await;
    assert_eq!((unknown.status, &unknown.body["status"]), (404, &json!("NOT_FOUND")));
    assert_eq!(world.get("/api/systemusers?limit=101").await.status, 400);
    assert_eq!(world.get("/api/systemusers?filter=_id:gt:0").await.status, 400);
    assert_eq!(world.get("/api/systemusers?page=2").await.status, 400);
    let path = format!("/api/systemusers/{}", ids[0]);
    assert_eq!(world.put(&path, json!({"jobTittle": "x"})).await.status, 400);
    assert_eq!(world.put(&path, json!({"password_expired": true})).await.status, 400);
    assert_eq!(world.call(Method::PATCH, &path, Some(json!({}))).await.status, 405);
    let problems = world.sim.control().problems();
    assert_eq!(problems.len(), 7, "{problems:#?}");
    assert_eq!(problems[0], "GET /api/v2/nothing: unknown path");
    assert_eq!(problems[6], format!("PATCH {path}: unknown method"));
}

#[tokio::test]
async fn what_the_vendor_does_not_describe_is_listed() {
    let (world, ids) = World::with_users(1).await;
    let app = world.sim.state(|state| state.add_application(json!({"name": "scim"})));
    world.get(&format!("/api/v2/users/{}/applications?sort=id", ids[0])).await;
    let bind = json!({"op": "add", "type": "user", "id": ids[0], "attributes": 1});
    world.post(&format!("/api/v2/applications/{app}/associations"), bind).await;
    world.put(&format!("/api/systemusers/{}", ids[0]), json!({"jobTitle": null})).await;
    let events = json!({"service": ["all"], "start_time": "2026-01-10T12:00:00Z", "limit": "9"});
    world.post("/insights/directory/v1/events", events).await;
    assert_eq!(
        world.sim.control().problems(),
        [
            "GET /api/v2/users/{id}/applications: undescribed query option sort",
            "POST /api/v2/applications/{id}/associations: property attributes is no object",
            "PUT /api/systemusers/{id}: property jobTitle is null",
            "POST /insights/directory/v1/events: property limit is no integer",
        ]
    );
}

#[tokio::test]
async fn a_missing_object_is_told_in_the_words_of_each_generation() {
    let world = World::empty().await;
    let v1 = world.get("/api/systemusers/65f000000000000000000001").await;
    assert_eq!((v1.status, v1.body), (404, json!({"message": "Not Found"})));
    let v2 = world.get("/api/v2/usergroups/65f000000000000000000001").await;
    let expected =
        json!({"code": 404, "status": "NOT_FOUND", "message": "Not Found", "details": []});
    assert_eq!((v2.status, v2.body), (404, expected));
    world.assert_no_problems();
}

#[tokio::test]
async fn keys_tokens_and_organizations_are_checked() {
    let state = State::new(ORGANIZATION).with_client("an-account", "a-secret");
    let world = World::new(state).await;
    let with = |name: &str, value: &str, path: &str| {
        world.http.get(format!("{}{path}", world.sim.url())).header(name, value)
    };
    let status = async |request: reqwest::RequestBuilder| {
        http::send(request).await.expect("an answer").status
    };
    let users = "/api/systemusers";
    assert_eq!(status(with("x-api-key", "wrong", users)).await, 401);
    world.sim.state(|state| state.rotate_key("another"));
    assert_eq!(status(with("x-api-key", KEY, users)).await, 401);
    assert_eq!(status(with("x-api-key", "another", users)).await, 200);

    let token = |secret: &str| {
        let request = world.http.post(world.sim.token_url()).basic_auth("an-account", Some(secret));
        request.form(&[("grant_type", "client_credentials"), ("scope", "api")])
    };
    assert_eq!(status(token("wrong")).await, 401);
    let answer = http::send(token("a-secret")).await.unwrap();
    assert_eq!(answer.body["expires_in"], 3600);
    let bearer = format!("Bearer {}", answer.body["access_token"].as_str().unwrap());
    assert_eq!(status(with("authorization", &bearer, users)).await, 200);
    world.sim.control().advance(Duration::from_secs(3600));
    assert_eq!(status(with("authorization", &bearer, users)).await, 401);

    let of = |id: &str, path: &str| with("x-api-key", "another", path).header("x-org-id", id);
    assert_eq!(status(of(ORGANIZATION, users)).await, 200);
    assert_eq!(status(of("65f0000000000000000000ff", users)).await, 403);
    world.assert_no_problems();
    assert_eq!(status(of(ORGANIZATION, "/api/organizations")).await, 400);
    assert_eq!(world.sim.control().problems().len(), 1);
    world.sim.state(|state| state.several_organizations = true);
    assert_eq!(status(with("x-api-key", "another", users)).await, 403);
}

#[tokio::test]
async fn a_quota_answers_429_without_a_time() {
    let (world, _) = World::with_users(1).await;
    let control = world.sim.control();
    control.set_time(control.now());
    world.sim.state(|state| state.quota = Some((2, Duration::from_secs(1))));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(world.get("/api/systemusers").await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(world.get("/api/systemusers").await.header("retry-after"), "");
    control.advance(Duration::from_secs(2));
    assert_eq!(world.get("/api/systemusers").await.status, 200);
}
