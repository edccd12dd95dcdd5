//! Users' own records, and what an answer has to say to mean that there is none.

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

const SEARCH: &str = "POST /api/search/systemusers";

#[tokio::test]
async fn a_search_reads_several_users_as_they_are_read_one_by_one() {
    let world = World::new().await;
    world.sim.state(|organization| {
        organization.patch_user(
            ADA,
            json!({"lastname": "", "department": "Engines", "manager": BOB,
                "phoneNumbers": [{"type": "work", "number": "1"}]}),
        );
        organization.suspend(BOB);
        for number in 0..30 {
            organization.add_user(json!({"username": format!("other{number}"),
                "email": format!("other{number}@corp.example")}));
        }
    });
    world.control().advance(Duration::from_secs(3));
    let found = world.client.search_users(&[bob(), nobody(), ada()]).await.unwrap();
    assert_eq!(found.date, now() + Duration::from_secs(3));
    assert_eq!(found.value.keys().collect::<Vec<_>>(), [&ada(), &bob()]);
    for (id, searched) in found.value {
        assert_eq!(world.client.user(&id).await.unwrap().value, Some(searched));
    }
    assert_eq!(world.count(SEARCH), 1);
}

#[tokio::test]
async fn a_search_asks_for_a_hundred_at_once() {
    let world = World::new().await;
    let ids: Vec<_> = world.sim.state(|organization| {
        (0..101)
            .map(|number| {
                let email = format!("user{number}@corp.example");
                organization.add_user(json!({"username": format!("user{number}"), "email": email}))
            })
            .map(|id| sync_core::ids::JumpCloudUserId::parse(&id).unwrap())
            .collect()
    });
    let found = world.client.search_users(&ids).await.unwrap();
    assert_eq!((found.value.len(), world.count(SEARCH)), (101, 2));
    assert_eq!(world.client.search_users(&[]).await.unwrap().value.len(), 0);
    assert_eq!(world.count(SEARCH), 2);
}

#[tokio::test]
async fn who_is_missing_from_a_search_is_missing_from_its_answer() {
    let world = World::new().await;
    let search = async || world.client.search_users(&[ada(), bob()]).await;
    let names = async || search().await.unwrap().value.into_keys().collect::<Vec<_>>();
    world.fault(SEARCH, Effect::DropRow { n: 0 });
    assert_eq!(names().await, [bob()]);
    // A row that nobody asked for, and rows that cannot be read.
    let row = |id: &str, state: &str| json!({"_id": id, "state": state});
    let rows = [row(ADA, "RETIRED"), row("65f0000000000000000000ee", "ACTIVATED"), json!({})];
    for odd in rows {
        let body = json!({"totalCount": 2, "results": [odd, row(BOB, "ACTIVATED")]});
        world.fault(SEARCH, answer(200, body));
        assert_eq!(names().await, [bob()]);
    }
    for (effect, expected) in [
        (status(429), "throttled RetryAfter(30s)"),
        (status(503), "passing Retry"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (answer(200, json!([])), "shape Retry"),
        (answer(400, json!({"message": "Bad Request"})), "refused Fail"),
    ] {
        world.fault(SEARCH, effect.clone());
        assert_eq!(judged(search().await), expected, "{effect:?}");
    }
}
