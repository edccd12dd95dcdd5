//! One user's own record, and what an answer has to say to mean that there is none.

use std::time::Duration;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::attributes::{Attribute, Source};
use sync_core::desired::UserState;

use crate::world::*;

#[tokio::test]
async fn a_user_is_read_with_the_date_of_the_answer() {
    let world = World::new().await;
    world.sim.state(|organization| {
        organization.patch_user(
            ADA,
            json!({
                "firstname": "Ada", "lastname": "", "department": "Engines", "manager": BOB,
                "alternateEmail": "ada@home.example", "displayname": "Ada L.",
                "addresses": [{"type": "work", "locality": "London", "country": "GB"}],
                "phoneNumbers": [{"type": "mobile", "number": "+44 2"}],
            }),
        );
        organization.lock(ADA);
    });
    // The vendor's clock is what counts.
    world.control().advance(Duration::from_secs(3));
    let read = world.client.user(&ada()).await.unwrap();
    assert_eq!(read.date, now() + Duration::from_secs(3));
    let user = read.value.unwrap();
    let set = |text: &str| Source::Set(text.to_owned());
    assert_eq!((&user.id, user.state), (&ada(), UserState::Activated));
    assert_eq!((user.locked, user.password_expired), (true, false));
    assert_eq!(
        (user.email, user.alternate_email),
        (set("ada@corp.example"), set("ada@home.example"))
    );
    assert_eq!((user.display_name, user.manager), (set("Ada L."), Source::Set(bob())));
    let value = |attribute| user.attributes[&attribute].clone();
    assert_eq!(value(Attribute::GivenName), set("Ada"));
    assert_eq!(value(Attribute::Surname), Source::Empty);
    assert_eq!(value(Attribute::City), set("London"));
    assert_eq!(value(Attribute::MobilePhone), set("+44 2"));
    assert_eq!(value(Attribute::WorkPhone), Source::Empty);
}

#[tokio::test]
async fn each_state_is_read() {
    let world = World::new().await;
    let state = async || world.client.user(&ada()).await.unwrap().value.unwrap().state;
    assert_eq!(state().await, UserState::Activated);
    world.sim.state(|organization| organization.suspend(ADA));
    assert_eq!(state().await, UserState::Suspended);
    world.sim.state(|organization| organization.unsuspend(ADA));
    assert_eq!(state().await, UserState::Activated);
    world.sim.state(|organization| organization.patch_user(ADA, json!({"state": "STAGED"})));
    assert_eq!(state().await, UserState::Staged);
    world.sim.state(|organization| organization.expire_password(ADA));
    assert!(world.client.user(&ada()).await.unwrap().value.unwrap().password_expired);
}

#[tokio::test]
async fn p6_a_user_is_missing_only_in_jumpclouds_own_words() {
    let world = World::new().await;
    let missing = world.client.user(&nobody()).await.unwrap();
    assert_eq!((missing.value, missing.date), (None, now()));
    for body in [json!("no such host"), json!([]), json!({}), json!({"message": 404}), json!(null)]
    {
        world.fault(USER, answer(404, body.clone()));
        assert_eq!(judged(world.client.user(&ada()).await), "passing Retry", "{body}");
    }
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
    world.sim.state(|organization| organization.delete_user(ADA));
    assert_eq!(world.client.user(&ada()).await.unwrap().value, None);
}

#[tokio::test]
async fn another_user_than_asked_for_is_no_answer() {
    let world = World::new().await;
    for body in [
        json!({"_id": BOB, "state": "ACTIVATED"}),
        json!({"_id": ADA}),
        json!({"_id": ADA, "state": "RETIRED"}),
        json!({"state": "ACTIVATED"}),
        json!([]),
    ] {
        world.fault(USER, answer(200, body.clone()));
        assert_eq!(judged(world.client.user(&ada()).await), "shape Retry", "{body}");
    }
}

#[tokio::test]
async fn a_read_may_go_back_in_time() {
    let world = World::new().await;
    world.sim.state(|organization| organization.suspend(ADA));
    world.advance(2);
    world.control().add_fault(Fault::once(USER, Effect::Stale { for_ms: 1000 }));
    let first = world.client.user(&ada()).await.unwrap();
    assert_eq!(first.value.unwrap().state, UserState::Suspended);
    world.control().add_fault(Fault::once(USER, Effect::Stale { for_ms: 2500 }));
    let missing = world.client.user(&ada()).await.unwrap();
    assert_eq!((missing.value, missing.date), (None, now() + Duration::from_secs(2)));
}
