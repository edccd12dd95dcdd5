//! U5, P4, P8: people who want what another has.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::ids::JumpCloudUserId;
use work_queue::Lane;

use crate::world::{World, ring};

fn email(world: &World, user: &JumpCloudUserId, name: &str) {
    let email = format!("{name}@corp.example");
    world.jumpcloud.state(|state| state.patch_user(user.as_str(), json!({ "email": email })));
}

async fn codes(world: &World, user: &JumpCloudUserId) -> Vec<FindingCode> {
    world.stored(user).await.record.findings.iter().map(|finding| finding.code).collect()
}

/// The successor of somebody who is deleted much later gets the UPN then, without an event.
#[tokio::test]
async fn p8_a_blocked_successor_is_rung_when_the_former_owner_is_gone() {
    let mut world = World::new().await;
    let former = world.employee("ada").await;
    let object = world.object(&former).await;
    // JumpCloud lets the address go to somebody new; the former owner keeps an account for now.
    email(&world, &former, "ada.old+archive");
    world.deliver();
    world.settle().await;
    let heir = world.hire("ada");
    world.deliver();
    world.settle().await;
    assert_eq!(codes(&world, &heir).await, [FindingCode::ObjectHeld]);
    world.advance(24 * 3600);
    world.jumpcloud.state(|state| state.delete_user(former.as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(world.object(&heir).await, object, "the tombstone is inherited");
    assert_eq!(world.enabled("ada"), Some(true));
    world.at_rest(&heir).await;
}

/// Two people who swap their addresses cannot both be first: findings, and no endless ringing.
#[tokio::test]
async fn u5_a_swap_of_upns_is_reported_and_comes_to_rest() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    let bob = world.employee("bob").await;
    email(&world, &ada, "swap");
    email(&world, &bob, "ada");
    email(&world, &ada, "bob");
    world.lose_webhooks();
    world.work(&ring(&ada)).await;
    world.work(&ring(&bob)).await;
    world.settle().await;
    assert_eq!(codes(&world, &ada).await, [FindingCode::UpnHeld]);
    assert_eq!(codes(&world, &bob).await, [FindingCode::UpnHeld]);
    assert!(world.queue.items(Lane::Bulk).is_empty());
    // Once one of them has another address, both get what they want.
    email(&world, &ada, "countess");
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("countess"), Some(true));
    assert_eq!(world.enabled("ada"), Some(true));
    assert_eq!(world.accounts(), 2);
    world.at_rest(&ada).await;
    world.at_rest(&bob).await;
}

/// A UPN that Entra refused is given up, so that whoever it belongs to can have it.
#[tokio::test]
async fn u5_a_refused_upn_is_given_up() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    email(&world, &ada, "bob");
    let refused = Effect::Status {
        status: 400,
        retry_after: None,
        body: Some(
            json!({"error": {"code": "Request_BadRequest", "message": "Invalid value specified for property 'userPrincipalName' of resource 'User'."}}),
        ),
    };
    world.entra_fault(Fault::once("PATCH /users/{id}", refused));
    world.deliver();
    world.drain().await;
    email(&world, &ada, "ada2");
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada2"), Some(true));
    let bob = world.hire("bob");
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("bob"), Some(true));
    world.at_rest(&bob).await;
}

/// A creation that Entra refused leaves nothing open: under a corrected address it is made at once.
#[tokio::test]
async fn r10_a_refused_creation_leaves_no_intent() {
    let mut world = World::new().await;
    let refused = Effect::Status {
        status: 400,
        retry_after: None,
        body: Some(
            json!({"error": {"code": "Request_BadRequest", "message": "Invalid value specified for property 'department' of resource 'User'."}}),
        ),
    };
    world.entra_fault(Fault::once("POST /users", refused));
    let ada = world.hire("ada");
    world.deliver();
    world.drain().await;
    assert_eq!(world.stored(&ada).await.record.intent, None);
    email(&world, &ada, "ada.l");
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada.l"), Some(true));
    world.at_rest(&ada).await;
}
