//! Events that are posted.

use std::time::Duration;

use serde_json::json;
use simulators::jumpcloud::{Webhook, WebhookMode};

use crate::receiver::Receiver;
use crate::{World, user};

#[tokio::test]
async fn events_are_posted_in_order_until_they_are_accepted() {
    let receiver = Receiver::start().await;
    let world = World::empty().await;
    let webhook = json!({"url": receiver.url(), "headers": [["authorization", "Bearer t"]]});
    assert_eq!(world.put("/_sim/jumpcloud/webhook", webhook).await.status, 200);
    receiver.refuse(2);
    world.post("/api/systemusers", user("ada")).await;
    world.post("/api/systemusers", user("bob")).await;
    assert!(world.sim.delivered(Duration::from_secs(10)).await);
    let names: Vec<_> =
        receiver.bodies().iter().map(|event| event["resource"]["username"].clone()).collect();
    assert_eq!(names, ["ada", "bob"]);
    assert_eq!(receiver.authorization(), Some("Bearer t".to_owned()));
    let shown = world.get("/_sim/jumpcloud/webhook").await.body["deliveries"].clone();
    assert_eq!((&shown["delivered"], &shown["failures"]), (&json!(2), &json!(2)));

    world.sim.state(|state| state.set_webhook_mode(WebhookMode::Drop));
    world.post("/api/systemusers", user("cid")).await;
    world.sim.state(|state| state.set_webhook_mode(WebhookMode::Hold));
    world.post("/api/systemusers", user("dan")).await;
    let deliveries = world.sim.state(|state| state.deliveries());
    assert_eq!((deliveries.dropped, deliveries.waiting), (1, 1));
    let mode = json!({"mode": "deliver"});
    assert_eq!(world.put("/_sim/jumpcloud/webhook-mode", mode).await.status, 200);
    assert!(world.sim.delivered(Duration::from_secs(10)).await);
    assert_eq!(receiver.bodies().last().unwrap()["resource"]["username"], "dan");
    assert_eq!(receiver.bodies().len(), 3);
    let replayed = world.post("/_sim/jumpcloud/webhook-replay", json!({})).await;
    assert_eq!(replayed.body["events"], 4);
    assert!(world.sim.delivered(Duration::from_secs(10)).await);
    assert_eq!(receiver.bodies().len(), 7);
}

#[tokio::test]
async fn a_delivery_can_be_given_up() {
    let receiver = Receiver::start().await;
    let world = World::empty().await;
    receiver.refuse(3);
    world.sim.state(|state| {
        let webhook = Webhook::new(&receiver.url()).attempts(3);
        state.set_webhook(Some(webhook));
        state.add_user(user("ada"));
        state.add_user(user("bob"));
    });
    assert!(world.sim.delivered(Duration::from_secs(10)).await);
    assert_eq!(receiver.bodies().len(), 1);
    let deliveries = world.sim.state(|state| state.deliveries());
    assert_eq!((deliveries.delivered, deliveries.failures, deliveries.given_up), (1, 3, 1));
}
