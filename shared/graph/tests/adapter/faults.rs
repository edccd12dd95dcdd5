//! What the way to Entra and Entra's bad days may do: how long to wait, and whether a write that
//! has no answer may have taken effect.

use std::time::Duration;

use graph::GraphError;
use simulators::{Effect, Fault};

use crate::world::*;

const PATCH: &str = "PATCH /users/{id}";
const CREATE: &str = "POST /users";
const USER: &str = "GET /users/{id}";

fn waiting(status: u16, wait: &str) -> Effect {
    Effect::Status { status, retry_after: Some(wait.to_owned()), body: None }
}

#[tokio::test]
async fn a_named_wait_is_obeyed_in_every_form() {
    let world = World::new().await;
    for (wait, expected) in [
        ("17", "RetryAfter(17s)"),
        ("0", "RetryAfter(0ns)"),
        ("Fri, 01 May 2026 10:02:00 GMT", "RetryAfter(120s)"),
        ("Fri, 01 May 2026 09:00:00 GMT", "RetryAfter(0ns)"),
        ("86400", "RetryAfter(86400s)"),
        ("soon", "Retry"),
        ("-5", "Retry"),
        ("99999999999999999999999", "Retry"),
    ] {
        world.fault(USER, waiting(429, wait));
        let read = world.client.user(&ada()).await;
        assert_eq!(judged(read), format!("throttled {expected}"), "{wait}");
        world.fault(USER, waiting(503, wait));
        let read = world.client.user(&ada()).await;
        assert_eq!(judged(read), format!("passing {expected}"), "{wait}");
    }
    world.fault(USER, status(429));
    assert_eq!(judged(world.client.user(&ada()).await), "throttled Retry");
}

#[tokio::test]
async fn a_quota_that_is_used_up_names_its_wait() {
    let world = World::new().await;
    world.sim.state(|tenant| tenant.write_quota = Some((1, Duration::from_secs(150))));
    world.client.set_enabled(&ada(), false).await.unwrap();
    world.advance(10);
    let throttled = world.client.set_enabled(&bob(), false).await.unwrap_err();
    assert!(matches!(throttled, GraphError::Throttled { wait: Some(wait), .. }
        if (140..=141).contains(&wait.as_secs())));
    world.client.user(&ada()).await.unwrap();
}

#[tokio::test]
async fn the_client_never_tries_again_by_itself() {
    let world = World::new().await;
    for effect in [waiting(429, "1"), status(503), Effect::Html, Effect::CutBefore] {
        world.control().clear_journal();
        world.control().add_fault(Fault::new(PATCH, effect.clone()));
        world.client.set_enabled(&ada(), false).await.unwrap_err();
        assert_eq!(world.count(PATCH), 1, "{effect:?}");
        world.control().clear_faults();
    }
}

#[tokio::test]
async fn a_fault_leaves_a_write_open_and_a_read_closed() {
    let world = World::new().await;
    for fault in [500, 502, 503, 504] {
        world.fault(PATCH, status(fault));
        let written = world.client.set_enabled(&ada(), false).await;
        assert_eq!(judged(written), "passing Retry unanswered", "{fault}");
        world.fault(USER, status(fault));
        assert_eq!(judged(world.client.user(&ada()).await), "passing Retry", "{fault}");
    }
    world.fault(PATCH, Effect::Html);
    let written = world.client.set_enabled(&ada(), false).await;
    assert_eq!(judged(written), "passing Retry unanswered");
    // A 429 has been seen for writes that were performed.
    world.fault(PATCH, Effect::StatusAfter { status: 429 });
    let written = world.client.set_enabled(&ada(), false).await;
    assert_eq!(judged(written), "throttled Retry unanswered");
    assert_eq!(world.stored(&ada())["accountEnabled"], false);
}

#[tokio::test]
async fn a_conflict_is_an_answer_and_passes() {
    let world = World::new().await;
    for fault in [409, 412, 423, 424] {
        world.fault(PATCH, status(fault));
        assert_eq!(judged(world.client.set_enabled(&ada(), false).await), "passing Retry");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_every_write_open() {
    let world = World::new().await;
    for effect in [Effect::CutBefore, Effect::CutAfter, Effect::Late { ms: 1000 }] {
        world.fault(PATCH, effect.clone());
        let written = world.client.set_enabled(&ada(), false).await;
        assert_eq!(judged(written), "transport Retry unanswered", "{effect:?}");
        world.fault(USER, effect.clone());
        assert_eq!(judged(world.client.user(&ada()).await), "transport Retry", "{effect:?}");
        world.fault(CREATE, effect.clone());
        let created = world.client.create_user(&new_user("grace")).await;
        assert_eq!(judged(created), "transport Retry unanswered", "{effect:?}");
    }
    // From outside the three look the same; only the second had taken effect.
    assert_eq!(world.sim.state(|tenant| tenant.users().len()), 3);
    let found = world.client.user_by_upn(&upn("grace@corp.example")).await.unwrap();
    assert!(found.value.is_some());
}

#[tokio::test]
async fn a_creation_without_a_readable_answer_is_open() {
    let world = World::new().await;
    world.fault(CREATE, Effect::Truncate);
    let created = world.client.create_user(&new_user("grace")).await;
    assert_eq!(judged(created), "shape Retry unanswered");
    assert_eq!(world.sim.state(|tenant| tenant.users().len()), 3);
    for body in [serde_json::json!({}), serde_json::json!({"id": "not a GUID"})] {
        world.fault(CREATE, answer(201, body));
        let created = world.client.create_user(&new_user("grace")).await;
        assert_eq!(judged(created), "shape Retry unanswered");
    }
    world.fault(USER, Effect::Truncate);
    assert_eq!(judged(world.client.user(&ada()).await), "shape Retry");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_lost() {
    let world = World::with_timeout(Duration::from_millis(300)).await;
    world.client.user(&ada()).await.unwrap();
    world.fault(PATCH, Effect::Delay { ms: 60_000 });
    let written = world.client.set_enabled(&ada(), false).await;
    assert_eq!(judged(written), "transport Retry unanswered");
    assert_eq!(world.stored(&ada())["accountEnabled"], false, "and had taken effect");
}

#[tokio::test]
async fn nobody_listening_means_nothing_was_sent() {
    let world = World::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1.0", closed.local_addr().unwrap());
    drop(closed);
    let timeout = Duration::from_secs(10);
    let client = client(&world.clock, &world.vault, &url, &world.sim.login_url(), timeout);
    let written = client.set_enabled(&ada(), false).await;
    let shown = format!("{written:?}");
    assert_eq!(judged(written), "transport Retry");
    assert!(!shown.contains(ADA), "an address in an error: {shown}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    world.fault(PATCH, status(307));
    assert_eq!(judged(world.client.set_enabled(&ada(), false).await), "passing Retry");
    assert_eq!(world.count(PATCH), 1);
}
