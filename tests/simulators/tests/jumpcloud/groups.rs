//! Groups, associations, traversals.

use reqwest::Method;
use serde_json::json;
use simulators::{Effect, Fault};

use crate::World;

#[tokio::test]
async fn groups_and_associations_have_paths_and_events() {
    let (world, ids) = World::with_users(2).await;
    let app = world.sim.state(|state| state.add_application(json!({"name": "scim"})));
    let group = world.post("/api/v2/usergroups", json!({"name": "Engineering"})).await;
    assert_eq!(group.status, 201);
    let group = group.body["id"].as_str().unwrap().to_owned();
    world.events();
    let members = format!("/api/v2/usergroups/{group}/members");
    let add = json!({"op": "add", "type": "user", "id": ids[0]});
    assert_eq!(world.post(&members, add.clone()).await.status, 204);
    let again = world.post(&members, add).await;
    assert_eq!((again.status, &again.body["message"]), (409, &json!("Already Exists")));
    let event = world.sim.state(|state| state.events().remove(0));
    assert_eq!(event["association"]["op"], "add");
    let connection = json!({
        "from": {"type": "user_group", "object_id": group, "name": "Engineering"},
        "to": {"type": "user", "object_id": ids[0], "name": "u0"},
    });
    assert_eq!(event["association"]["connection"], connection);
    assert_eq!(world.events(), ["association_change"]);

    let associations = format!("/api/v2/applications/{app}/associations");
    let bind = json!({"op": "add", "type": "user_group", "id": group});
    assert_eq!(world.post(&associations, bind).await.status, 204);
    let direct = world.get(&format!("{associations}?targets=user_group")).await;
    assert_eq!(direct.body[0]["to"]["id"], json!(group));
    let direct = world.get(&format!("{associations}?targets=user")).await;
    assert_eq!(direct.body, json!([]));
    let users = world.get(&format!("/api/v2/applications/{app}/users")).await.body;
    assert_eq!(users.as_array().unwrap().len(), 1);
    assert_eq!(users[0]["id"], json!(ids[0]));
    assert_eq!(users[0]["paths"][0][0]["to"]["type"], "user_group");
    assert_eq!(users[0]["paths"][0][1]["to"]["id"], json!(ids[0]));
    let own = world.get(&format!("/api/v2/users/{}/applications?limit=100", ids[0])).await.body;
    assert_eq!(own[0]["id"], json!(app));
    let of_group = world.get(&format!("/api/v2/usergroups/{group}/membership")).await.body;
    assert_eq!(of_group[0]["id"], json!(ids[0]));
    let filtered = format!("/api/v2/users/{}/memberof?filter=object_id:eq:{group}", ids[0]);
    assert_eq!(world.get(&filtered).await.body.as_array().unwrap().len(), 1);

    let listed = world.get("/api/v2/usergroups?limit=1&filter=name:eq:Engineering").await;
    assert_eq!(listed.header("x-total-count"), "1");
    world.events();
    let renamed = json!({"name": "Builders"});
    world.put(&format!("/api/v2/usergroups/{group}"), renamed).await;
    let deleted = world.call(Method::DELETE, &format!("/api/v2/usergroups/{group}"), None).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(world.events(), ["group_update", "group_delete"]);
    let own = world.get(&format!("/api/v2/users/{}/applications", ids[0])).await;
    assert_eq!(own.body, json!([]));
    world.assert_no_problems();
}

#[tokio::test]
async fn nested_groups_are_traversed() {
    let (world, ids) = World::with_users(1).await;
    let (outer, inner, app) = world.sim.state(|state| {
        let outer = state.add_group(json!({"name": "All"}));
        let inner = state.add_group(json!({"name": "Engineering"}));
        let app = state.add_application(json!({"name": "scim"}));
        assert!(state.add_member(&outer, &inner));
        assert!(state.add_member(&inner, &ids[0]));
        assert!(state.connect(&app, &outer));
        (outer, inner, app)
    });
    let own = world.get(&format!("/api/v2/users/{}/applications", ids[0])).await.body;
    assert_eq!(own[0]["paths"][0].as_array().unwrap().len(), 3);
    let mut groups = world.get(&format!("/api/v2/users/{}/memberof", ids[0])).await.ids("", "id");
    groups.sort();
    assert_eq!(groups, [outer.clone(), inner]);
    assert_eq!(world.sim.state(|state| state.connected(&app)), ids);
    let in_outer = format!("/api/v2/usergroups/{outer}/membership?filter=type:eq:user");
    assert_eq!(world.get(&in_outer).await.ids("", "id"), ids);
}

/// The ids of a traversal of everybody, read as a client does: to the first page that is not full.
async fn traversed(world: &World, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = world.get(&format!("{path}?limit=100&skip={}", found.len())).await.ids("", "id");
        let last = page.len() < 100;
        found.extend(page);
        if last {
            return found;
        }
    }
}

#[tokio::test]
async fn a_traversal_of_ten_thousand_has_a_hundred_full_pages() {
    let (world, ids) = World::with_users(10_000).await;
    let app = world.sim.state(|state| {
        let group = state.add_group(json!({"name": "All"}));
        let app = state.add_application(json!({"name": "scim"}));
        assert!(ids.iter().all(|id| state.add_member(&group, id)));
        assert!(state.connect(&app, &group));
        app
    });
    let path = format!("/api/v2/applications/{app}/users");
    assert_eq!(traversed(&world, &path).await, ids);
    assert_eq!(world.sim.control().counts().values().sum::<u64>(), 101);
}

#[tokio::test]
async fn a_row_may_be_missing_from_a_traversal_without_a_trace() {
    let (world, ids) = World::with_users(250).await;
    let app = world.sim.state(|state| {
        let app = state.add_application(json!({"name": "scim"}));
        assert!(ids.iter().all(|id| state.connect(&app, id)));
        app
    });
    let path = format!("/api/v2/applications/{app}/users");
    let drop = Effect::DropRow { n: 120 };
    world.sim.control().add_fault(Fault::new("GET /api/v2/applications/{id}/users", drop));
    let found = traversed(&world, &path).await;
    let others: Vec<_> = ids.iter().filter(|id| **id != ids[120]).cloned().collect();
    assert_eq!(found, others);
    world.sim.control().clear_faults();
    assert_eq!(traversed(&world, &path).await, ids);
    world.assert_no_problems();
}
