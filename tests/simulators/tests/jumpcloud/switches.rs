//! What is changed from outside: companies and the switches of the portal.

use serde_json::json;
use simulators::Company;
use simulators::jumpcloud::State;

use crate::World;

#[tokio::test]
async fn a_company_survives_dump_and_load() {
    let (world, ids) = World::with_users(3).await;
    world.sim.state(|state| {
        let group = state.add_group(json!({"name": "All"}));
        let nested = state.add_group(json!({"name": "Engineering"}));
        let app = state.add_application(json!({"name": "scim"}));
        let directory = state.add_office_365(json!({}));
        for (holder, held) in [
            (&group, &nested),
            (&nested, &ids[0]),
            (&app, &group),
            (&app, &ids[1]),
            (&directory, &ids[2]),
        ] {
            assert!(state.connect(holder, held));
        }
    });
    let dump = world.get("/_sim/dump").await.body;
    let members = dump.as_object().unwrap().keys().filter(|name| name.contains("members.json"));
    assert_eq!(members.count(), 2);
    let company = Company::from_json(dump.clone()).unwrap();
    assert_eq!(State::load(&company).unwrap().dump(), company);
    let other = World::empty().await;
    assert_eq!(other.post("/_sim/load", dump.clone()).await.status, 200);
    assert_eq!(other.get("/_sim/dump").await.body, dump);
    assert_eq!(other.get("/api/systemusers").await.body["totalCount"], 3);
    let bad = json!({"jumpcloud/systemusers.json": [{"username": "ada"}]});
    let refused = other.post("/_sim/load", bad).await;
    assert_eq!(refused.status, 400);
    let error = refused.body["error"].as_str().unwrap();
    assert!(error.starts_with("jumpcloud/systemusers: row 0"), "{error}");
}

#[tokio::test]
async fn the_switches_act_as_the_portal_does() {
    let (world, ids) = World::with_users(1).await;
    world.events();
    let id = json!({"id": ids[0]});
    for (switch, event_type) in [
        ("lock-user", "user_lockout"),
        ("unlock-user", "user_unlocked"),
        ("expire-password", "user_password_expired"),
        ("delete-user", "user_delete"),
    ] {
        let answer = world.post(&format!("/_sim/jumpcloud/{switch}"), id.clone()).await;
        assert_eq!(answer.status, 200, "{switch}");
        assert_eq!(world.events(), [event_type]);
    }
    assert_eq!(world.post("/_sim/jumpcloud/lock-user", id).await.status, 400);
    assert_eq!(world.post("/_sim/jumpcloud/nothing", json!({})).await.status, 404);
    world.put("/_sim/jumpcloud/key", json!({"key": "another"})).await;
    assert_eq!(world.get("/api/systemusers").await.status, 401);
}
