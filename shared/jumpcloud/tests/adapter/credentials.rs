//! Keys and service accounts: used, replaced when refused, read again when rotated.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use simulators::{Effect, Fault};
use transport::Freshness::{Cached, Reread};

use crate::world::*;

const TOKEN: &str = "POST /oauth2/token";

#[tokio::test]
async fn a_key_is_read_once() {
    let world = World::new().await;
    for _ in 0..3 {
        assert!(world.client.user(&ada()).await.unwrap().value.is_some());
    }
    assert_eq!(world.asked(), [Cached]);
    assert_eq!((world.count(USER), world.count(TOKEN)), (3, 0));
    assert_eq!(world.client.requests(), 3);
}

#[tokio::test]
async fn a_rotated_key_is_read_again_after_the_401() {
    let world = World::new().await;
    world.client.verify_organization().await.unwrap();
    world.sim.state(|organization| organization.rotate_key("second secret"));
    world.rotate_to("second secret");
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
    assert_eq!(world.asked(), [Cached, Reread]);
    assert_eq!(world.count(USER), 2);
    // S4: after a change of credentials the organization is verified again.
    world.client.verify_organization().await.unwrap();
    assert_eq!(world.count("GET /api/organizations"), 2);
}

#[tokio::test]
async fn a_key_that_stays_refused_stops_the_directory() {
    let world = World::new().await;
    world.sim.state(|organization| organization.rotate_key("unknown to us"));
    assert_eq!(judged(world.client.user(&ada()).await), "credentials_refused Fail stops");
    assert_eq!(world.asked(), [Cached, Reread]);
    assert_eq!(world.count(USER), 1, "the same key is not tried twice");
    world.rotate_to("another wrong one");
    let error = world.client.user(&ada()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("wrong one"), "{error:?}");
    assert_eq!(judged::<()>(Err(error)), "credentials_refused Fail stops");
    // Once the right one is stored, a probe finds it.
    world.rotate_to("unknown to us");
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
}

#[tokio::test]
async fn a_key_ends() {
    let world = World::new().await;
    let end = now() + Duration::from_secs(60);
    world.sim.state(|organization| organization.expire_key("first secret", end));
    world.client.user(&ada()).await.unwrap();
    world.advance(60);
    assert_eq!(judged(world.client.user(&ada()).await), "credentials_refused Fail stops");
}

#[tokio::test]
async fn a_key_that_fits_no_header_is_refused_unsent() {
    let world = World::new().await;
    world.vault.lock().unwrap().cached = "a\nb".to_owned();
    world.rotate_to("c\nd");
    assert_eq!(judged(world.client.user(&ada()).await), "credentials_refused Fail stops");
    assert_eq!(world.client.requests(), 0);
    assert_eq!(world.asked(), [Cached, Reread]);
    world.rotate_to("first secret");
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
}

#[tokio::test]
async fn a_service_accounts_token_serves_many_calls() {
    let world = World::with_account().await;
    let ada = ada();
    for read in join_all((0..20).map(|_| world.client.user(&ada))).await {
        assert!(read.unwrap().value.is_some());
    }
    assert_eq!((world.count(TOKEN), world.count(USER)), (1, 20));
    assert_eq!(world.asked(), [Cached]);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let world = World::with_account().await;
    for (pause, tokens) in [(0, 1), (3569, 1), (1, 2)] {
        world.advance(pause);
        world.client.user(&ada()).await.unwrap();
        assert_eq!(world.count(TOKEN), tokens);
    }
    assert_eq!(world.count(USER), 3, "no call met a 401");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = World::with_account().await;
    world.client.user(&ada()).await.unwrap();
    world.sim.state(|organization| organization.revoke_tokens());
    let (ada, bob) = (ada(), bob());
    let reads = [&ada, &bob, &ada, &bob].map(|id| world.client.user(id));
    for read in join_all(reads).await {
        assert!(read.unwrap().value.is_some());
    }
    assert_eq!(world.count(TOKEN), 2);
    world.control().add_fault(Fault::new(USER, status(401)));
    assert_eq!(judged(world.client.user(&ada).await), "credentials_refused Fail stops");
}

#[tokio::test]
async fn a_rotated_secret_of_a_service_account_is_read_again() {
    let world = World::with_account().await;
    world.client.verify_organization().await.unwrap();
    world.sim.state(|organization| organization.clients[0].1 = "second secret".to_owned());
    world.rotate_to("second secret");
    // The token lives on; its successor is what the old secret no longer gets.
    world.client.user(&ada()).await.unwrap();
    world.advance(3600);
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
    assert_eq!(world.asked(), [Cached, Cached, Reread]);
    world.client.verify_organization().await.unwrap();
    assert_eq!(world.count("GET /api/organizations"), 2);
}

#[tokio::test]
async fn a_service_account_that_is_refused_stops_the_directory() {
    let world = World::with_account().await;
    world.sim.state(|organization| organization.clients.clear());
    assert_eq!(judged(world.client.user(&ada()).await), "credentials_refused Fail stops");
    assert_eq!(world.asked(), [Cached, Reread]);
    assert_eq!((world.count(TOKEN), world.count(USER)), (2, 0));
}

#[tokio::test]
async fn trouble_of_the_token_service_passes() {
    let world = World::with_account().await;
    for (effect, expected) in [
        (status(503), "passing Retry"),
        (waiting(503, "9"), "passing RetryAfter(9s)"),
        (waiting(429, "4"), "throttled RetryAfter(4s)"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutBefore, "transport Retry"),
        (answer(200, json!({"token_type": "bearer"})), "shape Retry"),
        (answer(200, json!({"access_token": "a\nb"})), "shape Retry"),
    ] {
        world.fault(TOKEN, effect.clone());
        assert_eq!(judged(world.client.user(&ada()).await), expected, "{effect:?}");
    }
    assert_eq!(world.count(USER), 0);
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
    assert!(!world.asked().contains(&Reread), "the secret was never in doubt");
}

#[tokio::test]
async fn a_secret_that_cannot_be_read() {
    let world = World::new().await;
    world.vault.lock().unwrap().broken = Some(true);
    assert_eq!(judged(world.client.user(&ada()).await), "credential Retry");
    world.vault.lock().unwrap().broken = Some(false);
    assert_eq!(judged(world.client.user(&ada()).await), "credential Fail stops");
    assert_eq!(world.client.requests(), 0);
    world.vault.lock().unwrap().broken = None;
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
}
