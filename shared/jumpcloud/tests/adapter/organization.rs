//! That the credential belongs to the configured organization (S4).

use std::time::Duration;

use serde_json::json;

use crate::world::*;

const ORGANIZATIONS: &str = "GET /api/organizations";
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn s4_the_organization_is_verified_once_an_hour() {
    let world = World::new().await;
    for (pause, asked) in [(0, 1), (0, 1), (3599, 1), (1, 2)] {
        world.advance(pause);
        world.client.verify_organization().await.unwrap();
        assert_eq!(world.count(ORGANIZATIONS), asked);
    }
}

#[tokio::test]
async fn s4_another_organization_stops_the_directory() {
    let world = World::new().await;
    world.sim.state(|organization| organization.set_organization(BOB));
    for _ in 0..2 {
        let verified = world.client.verify_organization().await;
        assert_eq!(judged(verified), "wrong_organization Fail stops");
    }
    assert_eq!(world.count(ORGANIZATIONS), 2, "a wrong one is not remembered");
    world.sim.state(|organization| organization.set_organization(ORGANIZATION));
    world.client.verify_organization().await.unwrap();
}

#[tokio::test]
async fn a_list_that_fails_verifies_nothing() {
    let world = World::new().await;
    for (effect, expected) in [
        (status(503), "passing Retry"),
        (answer(200, json!([])), "shape Retry"),
        (answer(200, json!({"results": []})), "wrong_organization Fail stops"),
    ] {
        world.fault(ORGANIZATIONS, effect);
        assert_eq!(judged(world.client.verify_organization().await), expected);
    }
}

#[tokio::test]
async fn a_key_of_several_organizations_says_which_one_is_meant() {
    let world = World::new().await;
    world.sim.state(|organization| organization.several_organizations = true);
    world.client.verify_organization().await.unwrap();
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
    let silent = World::start(false, None, TIMEOUT).await;
    silent.sim.state(|organization| organization.several_organizations = true);
    assert_eq!(judged(silent.client.user(&ada()).await), "denied RetryAfter(30s)");
}

#[tokio::test]
async fn without_a_configured_organization_nothing_is_asked() {
    let world = World::start(false, None, TIMEOUT).await;
    world.client.verify_organization().await.unwrap();
    assert_eq!(world.client.requests(), 0);
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
}
