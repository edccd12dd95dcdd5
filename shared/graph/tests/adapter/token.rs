//! The token: fetched once, renewed in time, replaced when refused; the secret read again when it
//! was rotated.

use std::time::Duration;

use futures_util::future::join_all;
use graph::GraphError;
use serde_json::json;
use simulators::{Effect, Fault};
use transport::Freshness::{Cached, Reread};

use crate::world::*;

const TOKEN: &str = "POST /{tenant}/oauth2/v2.0/token";
const USER: &str = "GET /users/{id}";

#[tokio::test]
async fn one_token_serves_many_calls() {
    let world = World::new().await;
    let ada = ada();
    let calls = (0..20).map(|_| world.client.user(&ada));
    for answer in join_all(calls).await {
        assert!(answer.unwrap().is_some());
    }
    assert_eq!((world.count(TOKEN), world.count(USER)), (1, 20));
    assert_eq!(world.client.requests(), 21);
    assert_eq!(world.asked(), [Cached]);
}

#[tokio::test]
async fn a_token_is_renewed_three_minutes_before_its_end() {
    let world = World::new().await;
    world.client.user(&ada()).await.unwrap();
    world.advance(3599 - 181);
    world.client.user(&ada()).await.unwrap();
    assert_eq!(world.count(TOKEN), 1);
    world.advance(1);
    world.client.user(&ada()).await.unwrap();
    assert_eq!((world.count(TOKEN), world.count(USER)), (2, 3));
}

#[tokio::test]
async fn a_short_token_is_used_for_half_its_life() {
    let world = World::new().await;
    world.sim.state(|tenant| tenant.token_lifetime = Duration::from_secs(100));
    for (pause, tokens) in [(0, 1), (49, 1), (1, 2)] {
        world.advance(pause);
        world.client.user(&ada()).await.unwrap();
        assert_eq!(world.count(TOKEN), tokens);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = World::new().await;
    world.client.user(&ada()).await.unwrap();
    world.sim.state(|tenant| tenant.revoke_tokens());
    assert!(world.client.user(&ada()).await.unwrap().is_some());
    assert_eq!((world.count(TOKEN), world.count(USER)), (2, 3));
    // The write that meets the 401 takes effect once.
    world.sim.state(|tenant| tenant.revoke_tokens());
    world.client.set_enabled(&ada(), false).await.unwrap();
    assert_eq!(world.stored(&ada())["accountEnabled"], false);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_stops_the_directory() {
    let world = World::new().await;
    world.control().add_fault(Fault::new(USER, status(401)));
    assert_eq!(judged(world.client.user(&ada()).await), "token_refused Fail stops");
    assert_eq!((world.count(TOKEN), world.count(USER)), (2, 2));
}

#[tokio::test]
async fn of_many_who_meet_a_401_one_fetches_the_new_token() {
    let world = World::new().await;
    world.client.user(&ada()).await.unwrap();
    world.sim.state(|tenant| tenant.revoke_tokens());
    let (ada, bob) = (ada(), bob());
    let calls = (0..10).flat_map(|_| [&ada, &bob]).map(|id| world.client.user(id));
    for answer in join_all(calls).await {
        assert!(answer.unwrap().is_some());
    }
    assert_eq!(world.count(TOKEN), 2);
}

#[tokio::test]
async fn a_rotated_secret_is_read_again() {
    let world = World::new().await;
    world.client.verify_tenant().await.unwrap();
    world.sim.state(|tenant| {
        tenant.revoke_tokens();
        tenant.clients[0].1 = "second secret".to_owned();
    });
    world.vault.lock().unwrap().current = "second secret".to_owned();
    assert!(world.client.user(&ada()).await.unwrap().is_some());
    assert_eq!(world.asked(), [Cached, Cached, Reread]);
    // S4: after a change of credentials the tenant is verified again.
    world.client.verify_tenant().await.unwrap();
    assert_eq!(world.count("GET /organization"), 2);
    assert_eq!(world.asked().len(), 3);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_after_one_re_read() {
    for status in [400, 401] {
        let world = World::new().await;
        world.sim.state(|tenant| tenant.invalid_client_status = status);
        world.vault.lock().unwrap().cached = "wrong".to_owned();
        world.vault.lock().unwrap().current = "wrong, too".to_owned();
        let error = world.client.user(&ada()).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("wrong"), "{error:?}");
        match &error {
            GraphError::CredentialsRefused { error, codes } => {
                assert_eq!(
                    (error.as_str(), codes.as_slice()),
                    ("invalid_client", &[7_000_215][..])
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(judged::<()>(Err(error)), "credentials_refused Fail stops");
        assert_eq!(world.asked(), [Cached, Reread]);
        assert_eq!((world.count(TOKEN), world.count(USER)), (2, 0));
    }
}

#[tokio::test]
async fn an_unknown_app_or_tenant_is_refused() {
    let world = World::new().await;
    world.sim.state(|tenant| tenant.clients.clear());
    assert_eq!(judged(world.client.user(&ada()).await), "credentials_refused Fail stops");
    let world = World::new().await;
    world.sim.state(|tenant| tenant.set_tenant(BOB));
    assert_eq!(judged(world.client.user(&ada()).await), "credentials_refused Fail stops");
}

#[tokio::test]
async fn trouble_of_the_token_service_passes_and_leaves_nothing_open() {
    let world = World::new().await;
    let wait = |status, wait: &str| Effect::Status {
        status,
        retry_after: Some(wait.to_owned()),
        body: None,
    };
    for (effect, expected) in [
        (status(503), "passing Retry"),
        (wait(503, "9"), "passing RetryAfter(9s)"),
        (wait(429, "4"), "throttled RetryAfter(4s)"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutBefore, "transport Retry"),
        (Effect::CutAfter, "transport Retry"),
        (answer(200, json!({"token_type": "Bearer"})), "shape Retry"),
        (answer(200, json!({"access_token": "a\nb"})), "shape Retry"),
    ] {
        world.fault(TOKEN, effect.clone());
        // Nothing was written, whatever became of the token.
        let written = world.client.set_enabled(&ada(), false).await;
        assert_eq!(judged(written), expected, "{effect:?}");
    }
    assert_eq!(world.count("PATCH /users/{id}"), 0);
    world.client.set_enabled(&ada(), false).await.unwrap();
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
    assert!(world.client.user(&ada()).await.unwrap().is_some());
}

#[tokio::test]
async fn r1_a_token_that_takes_all_the_time_leaves_none_for_a_write() {
    let world = World::new().await;
    world.control().add_fault(Fault::once(TOKEN, Effect::Delay { ms: 100 }));
    let ada = ada();
    let time_passes = async {
        while world.count(TOKEN) == 0 {
            tokio::task::yield_now().await;
        }
        world.clock.advance(Duration::from_secs(10));
    };
    let write = world.client.set_enabled(&ada, false);
    let (answer, ()) = futures_util::future::join(write, time_passes).await;
    assert!(matches!(answer, Err(GraphError::OutOfTime { .. })), "{answer:?}");
    assert_eq!(world.count("PATCH /users/{id}"), 0);
}
