//! How users are listed, searched, written, and what each change leaves behind.

use reqwest::Method;
use serde_json::json;
use simulators::jumpcloud::StateEvents;

use crate::{ORGANIZATION, World, user};

#[tokio::test]
async fn users_are_paged_by_skip_and_by_id() {
    let (world, ids) = World::with_users(25).await;
    let mut found = Vec::new();
    while found.len() < 25 {
        let path = format!("/api/systemusers?limit=10&skip={}&sort=_id", found.len());
        let page = world.get(&path).await;
        assert_eq!(page.body["totalCount"], 25);
        assert_eq!(page.body["results"][0]["id"], page.body["results"][0]["_id"]);
        found.extend(page.ids("results", "_id"));
    }
    assert_eq!(found, ids);
    let after = format!("/api/systemusers?limit=100&sort=_id&filter=_id:$gt:{}", ids[19]);
    assert_eq!(world.get(&after).await.ids("results", "_id"), ids[20..]);
    let down = world.get("/api/systemusers?sort=-username&fields=username&limit=1").await;
    assert_eq!(down.body["results"][0]["username"], "u9");
    assert!(down.body["results"][0].get("email").is_none());
    world.assert_no_problems();
}

#[tokio::test]
async fn a_search_finds_any_of_several_ids() {
    let (world, ids) = World::with_users(5).await;
    let query = json!({"filter": {"or": [{"_id": ids[3]}, {"_id": ids[1]}, {"_id": "none"}]},
        "fields": "email", "limit": 100, "sort": "_id"});
    let found = world.post("/api/search/systemusers", query).await;
    assert_eq!(found.ids("results", "_id"), [ids[1].clone(), ids[3].clone()]);
    let text = json!({"searchFilter": {"searchTerm": "U4@", "fields": ["email"]}});
    let found = world.post("/api/search/systemusers", text).await;
    assert_eq!(found.ids("results", "_id"), [ids[4].clone()]);
    world.assert_no_problems();
}

#[tokio::test]
async fn every_change_of_a_user_is_an_event() {
    let world = World::empty().await;
    let created = world.post("/api/systemusers", user("ada")).await.body;
    let id = created["_id"].as_str().unwrap().to_owned();
    let event = world.sim.state(|state| state.events().remove(0));
    assert_eq!(event["resource"], json!({"id": id, "type": "user", "username": "ada"}));
    assert_eq!(event["auth_method"], "api key");
    assert_eq!(event["organization"], ORGANIZATION);
    assert!(event["changes"][0].get("from").is_none());
    assert_eq!(world.events(), ["user_create"]);

    let path = format!("/api/systemusers/{id}");
    let titled = world.put(&path, json!({"jobTitle": "Engineer"})).await;
    assert_eq!(titled.body["jobTitle"], "Engineer");
    let event = world.sim.state(|state| state.events().remove(0));
    let change = json!({"field": "jobTitle", "from": "", "to": "Engineer"});
    assert_eq!(event["changes"], json!([change]));
    assert_eq!(world.events(), ["user_update"]);

    world.put(&path, json!({"jobTitle": "Engineer"})).await;
    assert_eq!(world.events(), Vec::<String>::new());
    world.put(&path, json!({"suspended": true})).await;
    assert_eq!(world.events(), ["user_update", "user_suspended"]);
    world.put(&path, json!({"state": "ACTIVATED"})).await;
    assert_eq!(world.events(), ["user_update", "user_unsuspended"]);
    world.sim.state(|state| state.state_events = StateEvents::Own);
    world.post(&format!("{path}/state/suspend"), json!({})).await;
    assert_eq!(world.events(), ["user_suspended"]);
    world.sim.state(|state| state.lock(&id));
    assert_eq!(world.events(), ["user_lockout"]);
    world.post(&format!("{path}/expire"), json!({})).await;
    assert_eq!(world.events(), ["user_password_expired"]);
    world.post(&format!("{path}/unlock"), json!({})).await;
    assert_eq!(world.events(), ["user_unlocked"]);
    let user = world.get(&path).await.body;
    assert_eq!((&user["account_locked"], &user["password_expired"]), (&json!(false), &json!(true)));
    world.put(&path, json!({"password": "correct horse"})).await;
    assert_eq!(world.events(), ["user_password_change"]);
    assert_eq!(world.call(Method::DELETE, &path, None).await.body["username"], "ada");
    assert_eq!(world.events(), ["user_delete"]);
    let journal = serde_json::to_string(&world.sim.control().journal()).unwrap();
    assert!(!journal.contains("correct horse"));
    world.assert_no_problems();
}

#[tokio::test]
async fn a_staged_user_is_activated_once() {
    let world = World::empty().await;
    let mut staged = user("ada");
    staged["state"] = json!("STAGED");
    let id = world.post("/api/systemusers", staged).await.body["_id"].as_str().unwrap().to_owned();
    world.events();
    let path = format!("/api/systemusers/{id}/state/activate");
    assert_eq!(world.post(&path, json!({"email": false})).await.status, 200);
    assert_eq!(world.events(), ["user_update", "user_activated"]);
    assert_eq!(world.post(&path, json!({})).await.status, 400);
    let conflict = json!({"state": "ACTIVATED", "suspended": true});
    let conflict = world.put(&format!("/api/systemusers/{id}"), conflict).await;
    let message = "Cannot save conflicting state and suspended fields";
    assert_eq!((conflict.status, &conflict.body["message"]), (400, &json!(message)));
    world.assert_no_problems();
}

#[tokio::test]
async fn addresses_get_new_ids_with_every_write() {
    let (world, ids) = World::with_users(1).await;
    let path = format!("/api/systemusers/{}", ids[0]);
    let addresses = json!({"addresses": [{"type": "work", "locality": "London"}]});
    let first = world.put(&path, addresses.clone()).await.body["addresses"][0].clone();
    assert_eq!((&first["locality"], &first["region"]), (&json!("London"), &json!("")));
    world.events();
    let second = world.put(&path, addresses).await.body["addresses"][0].clone();
    assert_ne!(first["id"], second["id"]);
    let change = world.sim.state(|state| state.events().remove(0)["changes"][0].clone());
    assert_eq!(change["field"], "addresses");
    assert_eq!(change["to"][0]["_id"], second["id"]);
}
