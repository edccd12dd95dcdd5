//! U5, P4, P8: people who want what another has.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::ids::JumpCloudUserId;
use work_queue::Lane;

use crate::gate::Stop;
use crate::world::{World, ring};

fn email(world: &World, user: &JumpCloudUserId, name: &str) {
    let email = format!("{name}@corp.example");
    world.jumpcloud.state(|state| state.patch_user(user.as_str(), json!({ "email": email })));
}

async fn codes(world: &World, user: &JumpCloudUserId) -> Vec<FindingCode> {
    world.record(user).await.upkeep.findings.iter().map(|finding| finding.code).collect()
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

/// Whoever is rung and finds a third one faster waits for that one; the one that rang takes its
/// old note away, not the new one.
#[tokio::test]
async fn p4_whoever_waits_again_is_not_forgotten() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    let bob = world.employee("bob").await;
    let carol = world.employee("carol").await;
    email(&world, &bob, "ada");
    world.deliver();
    world.settle().await;
    assert_eq!(codes(&world, &bob).await, [FindingCode::UpnHeld]);
    world.advance(60);
    email(&world, &ada, "countess");
    world.lose_webhooks();
    world.work(&ring(&ada)).await;
    let mut freeing = world.worker(&ring(&ada), &[Stop::Before("stop_waiting", 1)]);
    freeing.reached().await;
    email(&world, &carol, "ada");
    world.lose_webhooks();
    world.work(&ring(&carol)).await;
    // What was rung is worked on before the note is removed.
    world.drain().await;
    assert_eq!(codes(&world, &bob).await, [FindingCode::UpnHeld]);
    freeing.go_on().await.unwrap();
    world.settle().await;
    email(&world, &carol, "caroline");
    world.deliver();
    world.settle().await;
    assert_eq!(codes(&world, &bob).await, []);
    assert!(world.entra.state(|state| state.user_by_upn("bob@corp.example")).is_none());
    assert_eq!(world.enabled("ada"), Some(true));
    world.at_rest(&bob).await;
}

/// The account that was found has gone to somebody else, under another name: look once more.
#[tokio::test]
async fn p4_who_lost_the_race_for_an_object_looks_again() {
    let mut world = World::new().await;
    let object = world.entra.state(|state| {
        state.add_user(json!({
            "userPrincipalName": "ada@corp.example", "displayName": "Ada",
            "accountEnabled": true, "userType": "Member",
        }))
    });
    let (ada, carol) = (world.hire("ada"), world.hire("carol"));
    world.lose_events();
    let mut late = world.worker(&ring(&ada), &[Stop::Before("record", 1)]);
    late.reached().await;
    let renamed = json!({ "userPrincipalName": "carol@corp.example" });
    world.entra.state(|state| state.patch_user(&object, renamed));
    world.work(&ring(&carol)).await;
    assert_eq!(world.object(&carol).await, object);
    late.go_on().await.unwrap();
    assert_eq!(codes(&world, &ada).await, [FindingCode::ObjectHeld]);
    world.settle().await;
    assert_eq!((world.accounts(), world.enabled("ada")), (2, Some(true)));
    world.at_rest(&ada).await;
    world.at_rest(&carol).await;
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
    assert_eq!(world.record(&ada).await.intent, None);
    email(&world, &ada, "ada.l");
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada.l"), Some(true));
    world.at_rest(&ada).await;
}

/// Deleted while the answer to a rename is missing: neither of the UPNs stays held by the dead.
#[tokio::test]
async fn p8_an_unanswered_rename_of_the_former_owner_is_inherited() {
    let mut world = World::new().await;
    let former = world.employee("ada").await;
    let object = world.object(&former).await;
    email(&world, &former, "countess");
    world.entra_fault(Fault::once("PATCH /users/{id}", Effect::CutAfter));
    let event = world.events().remove(0);
    world.work(&event).await;
    assert_eq!(world.enabled("countess"), Some(true), "the change has landed");
    world.jumpcloud.state(|state| state.delete_user(former.as_str()));
    world.deliver();
    world.settle().await;
    let heir = world.hire("countess");
    let other = world.hire("ada");
    world.deliver();
    world.settle().await;
    assert_eq!(world.object(&heir).await, object);
    assert_eq!((world.enabled("countess"), world.enabled("ada")), (Some(true), Some(true)));
    world.at_rest(&heir).await;
    world.at_rest(&other).await;
}

/// Two changes of the UPN in a row, both answers lost: every UPN but the last is free again.
#[tokio::test]
async fn u5_no_unanswered_rename_is_forgotten_by_the_next() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    for name in ["first", "second"] {
        email(&world, &ada, name);
        world.entra_fault(Fault::once("PATCH /users/{id}", Effect::CutAfter));
        let event = world.events().remove(0);
        world.work(&event).await;
    }
    assert_eq!(world.record(&ada).await.renaming.len(), 2);
    world.settle().await;
    assert_eq!(world.enabled("second"), Some(true));
    for name in ["first", "ada"] {
        let next = world.hire(name);
        world.deliver();
        world.settle().await;
        assert_eq!(world.enabled(name), Some(true), "{name} is held by nobody, for ever");
        world.at_rest(&next).await;
    }
    world.at_rest(&ada).await;
}

/// A change of the UPN whose answer is missing is settled although no UPN is allowed any more.
#[tokio::test]
async fn u6_an_unanswered_rename_is_settled_while_the_email_is_in_trouble() {
    for (effect, has, free) in
        [(Effect::CutAfter, "countess", "ada"), (Effect::CutBefore, "ada", "countess")]
    {
        let mut world = World::new().await;
        let ada = world.employee("ada").await;
        email(&world, &ada, "countess");
        world.entra_fault(Fault::once("PATCH /users/{id}", effect));
        let event = world.events().remove(0);
        world.work(&event).await;
        assert_eq!(world.record(&ada).await.renaming.len(), 1);
        email(&world, &ada, "not+allowed");
        world.deliver();
        world.settle().await;
        assert_eq!(world.enabled(has), Some(true));
        let next = world.hire(free);
        world.deliver();
        world.settle().await;
        assert_eq!(world.enabled(free), Some(true), "{free} is held by nobody, for ever");
        world.at_rest(&next).await;
        world.at_rest(&ada).await;
    }
}

/// An account of ours was given somebody's UPN by hand: when it has its own again, he comes in.
#[tokio::test]
async fn p4_whoever_waits_under_a_upn_that_was_changed_by_hand_is_rung() {
    for answered in [true, false] {
        let mut world = World::new().await;
        let ada = world.employee("ada").await;
        let object = world.object(&ada).await;
        let by_hand = json!({"userPrincipalName": "bob@corp.example"});
        world.entra.state(|state| state.patch_user(&object, by_hand));
        // Longer than bob's event is remembered.
        let busy = Effect::Status { status: 503, retry_after: None, body: None };
        world.entra_fault(Fault::new("PATCH /users/{id}", busy).times(6));
        if !answered {
            world.entra_fault(Fault::once("PATCH /users/{id}", Effect::CutAfter));
        }
        let bob = world.hire("bob");
        world.deliver();
        world.settle().await;
        assert_eq!((world.enabled("ada"), world.enabled("bob")), (Some(true), Some(true)));
        assert_eq!(world.object(&ada).await, object);
        world.at_rest(&ada).await;
        world.at_rest(&bob).await;
    }
}
