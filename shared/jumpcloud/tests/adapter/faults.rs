//! What JumpCloud's bad days and the way to it may do: whether to try again, and when.

use std::time::Duration;

use jumpcloud::{Client, Endpoints};
use serde_json::json;
use simulators::{Effect, Fault};
use transport::Url;

use crate::world::*;

const FIXTURE: &str = include_str!("../../../../tests/simulators/fixtures/jumpcloud-errors.json");
const GROUPS: &str = "GET /api/v2/users/{id}/memberof";

#[tokio::test]
async fn each_documented_status_is_classified_in_both_generations() {
    let world = World::new().await;
    let fixture: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(FIXTURE).unwrap();
    for (name, error) in &fixture {
        let status: u16 = error["status"].as_u64().unwrap().try_into().unwrap();
        let expected = match status {
            400 | 405 | 410 => "refused Fail",
            401 => "credentials_refused Fail stops",
            403 => "denied RetryAfter(30s)",
            404 => "not_found Retry",
            409 | 500..=504 => "passing Retry",
            429 => "throttled RetryAfter(30s)",
            other => panic!("{name}: say what {other} means"),
        };
        let message = &error["message"];
        let code = &error["code"];
        let v1 = json!({"message": message});
        let v2 = json!({"code": status, "status": code, "message": message, "details": []});
        for body in [v1, v2] {
            world.fault(GROUPS, answer(status, body));
            let read = world.client.connection(&ada(), &crate::connection::listed(&["b1"])).await;
            assert_eq!(judged(read), expected, "{name}");
        }
    }
}

/// What the vendor documents and the simulator has no reason to answer, with and without words.
#[tokio::test]
async fn the_rest_of_the_documented_statuses_is_classified() {
    let world = World::new().await;
    for (statuses, expected) in [
        (&[402, 406, 412, 415, 422, 428][..], "refused Fail"),
        (&[303, 408, 423, 500, 502, 503, 504], "passing Retry"),
        (&[403], "denied RetryAfter(30s)"),
        (&[429], "throttled RetryAfter(30s)"),
    ] {
        for status in statuses {
            for body in [json!({"message": "No"}), json!("<html>")] {
                world.fault(USER, answer(*status, body.clone()));
                let read = world.client.user(&ada()).await;
                assert_eq!(judged(read), expected, "{status} {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_named_wait_is_obeyed_in_every_form() {
    let world = World::new().await;
    for (wait, named) in [
        ("17", Some("17s")),
        ("0", Some("0ns")),
        ("Fri, 01 May 2026 10:02:00 GMT", Some("120s")),
        ("Fri, 01 May 2026 09:00:00 GMT", Some("0ns")),
        ("86400", Some("86400s")),
        ("soon", None),
        ("-5", None),
        ("99999999999999999999999", None),
    ] {
        for (status, class) in [(429, "throttled"), (403, "denied"), (503, "passing")] {
            let expected = match named {
                Some(wait) => format!("{class} RetryAfter({wait})"),
                None if class == "passing" => "passing Retry".to_owned(),
                // JumpCloud publishes no limits, so it is left alone for a while.
                None => format!("{class} RetryAfter(30s)"),
            };
            world.fault(USER, waiting(status, wait));
            assert_eq!(judged(world.client.user(&ada()).await), expected, "{status} {wait}");
        }
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_passes() {
    let world = World::new().await;
    world.sim.state(|organization| organization.quota = Some((2, Duration::from_secs(10))));
    world.client.user(&ada()).await.unwrap();
    world.client.user(&bob()).await.unwrap();
    assert_eq!(judged(world.client.user(&ada()).await), "throttled RetryAfter(30s)");
    world.advance(11);
    world.client.user(&ada()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_none_passes() {
    let world = World::new().await;
    for (effect, expected) in [
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutBefore, "transport Retry"),
        (Effect::CutAfter, "transport Retry"),
        (status(302), "passing Retry"),
        (status(408), "passing Retry"),
    ] {
        world.fault(USER, effect.clone());
        assert_eq!(judged(world.client.user(&ada()).await), expected, "{effect:?}");
    }
    assert!(world.client.user(&ada()).await.unwrap().value.is_some());
}

#[tokio::test]
async fn the_client_never_tries_again_by_itself() {
    let world = World::new().await;
    for effect in [waiting(429, "1"), status(503), status(403), Effect::Html, Effect::CutBefore] {
        world.control().clear_journal();
        world.control().add_fault(Fault::new(USER, effect.clone()));
        world.client.user(&ada()).await.unwrap_err();
        assert_eq!(world.count(USER), 1, "{effect:?}");
        world.control().clear_faults();
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_none() {
    let world = World::start(false, None, Duration::from_millis(300)).await;
    world.client.user(&ada()).await.unwrap();
    world.fault(USER, Effect::Delay { ms: 60_000 });
    assert_eq!(judged(world.client.user(&ada()).await), "transport Retry");
}

#[tokio::test]
async fn nobody_listening_is_a_passing_fault_that_names_nobody() {
    let world = World::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/api", closed.local_addr().unwrap())).unwrap();
    drop(closed);
    let endpoints = Endpoints {
        api_url: url.clone(),
        insights_url: url.clone(),
        token_url: url,
        organization: None,
    };
    let timeout = Duration::from_secs(10);
    let client: Client = client(&world.clock, &world.vault, endpoints, timeout);
    let read = client.user(&ada()).await;
    let shown = format!("{read:?}");
    assert_eq!(judged(read), "transport Retry");
    assert!(!shown.contains(ADA), "an address in an error: {shown}");
}
