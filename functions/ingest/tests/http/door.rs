//! Who gets in, and in which order the checks come.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::FirstRun;
use transport::Freshness;
use work_queue::Lane;

use crate::world::{NOW, TOKEN, USER, events, request, signature, user_event, with_headers, world};

const LARGEST: usize = 256 * 1024;

fn refused(status: u64, code: &str) -> (u64, String) {
    (status, format!(r#"{{"error":"{code}"}}"#))
}

fn taken(accepted: u64, ignored: u64, parked: u64) -> (u64, String) {
    let body = format!(r#"{{"accepted":{accepted},"ignored":{ignored},"parked":{parked}}}"#);
    (202, body)
}

fn user_update() -> String {
    user_event("user_update", USER).to_string()
}

/// JSON of exactly so many bytes that no event is made of.
fn padded(size: usize) -> String {
    let frame = json!({"event_type": "padding", "text": ""}).to_string().len();
    json!({"event_type": "padding", "text": "x".repeat(size - frame)}).to_string()
}

#[tokio::test]
async fn health_needs_nothing() {
    let world = world().await;
    world.vault.lose();
    let answer = world.answer(&with_headers(request("GET", "/health"), &[])).await;
    let body = format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION"));
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(answer["headers"], json!({"content-type": "application/json"}));
    assert_eq!(answer["body"], json!(body));
    assert_eq!(answer["isBase64Encoded"], json!(false));
    assert!(world.vault.reads().is_empty());
}

#[tokio::test]
async fn every_way_of_proof_opens_the_door() {
    let world = world().await;
    let body = user_update();
    let basic = format!("Basic {}", BASE64_STANDARD.encode("jumpcloud:previous"));
    let signed = signature(NOW, "/events/corp", &body);
    let ways: [&[(&str, &str)]; 6] = [
        &[("authorization", "Bearer current")],
        &[("Authorization", "Bearer previous")],
        &[("authorization", &basic)],
        &[("x-api-key", "current")],
        &[("X-API-Key", "current")],
        &[("x-signature-timestamp", "1777852800"), ("x-signature-256", &signed)],
    ];
    for way in ways {
        let answer = world.send(&with_headers(events("corp", &body), way)).await;
        assert_eq!(answer, taken(1, 0, 0), "{way:?}");
        assert_eq!(world.vault.reads(), [Freshness::Cached], "{way:?}");
    }
    assert_eq!(world.queue.items(Lane::Events).len(), ways.len());
}

#[tokio::test]
async fn a_wrong_proof_is_refused_after_one_more_look_at_the_secret() {
    let world = world().await;
    let body = user_update();
    let foreign = signature(NOW, "/events/corp", "{}");
    let old = signature(NOW - 241, "/events/corp", &body);
    let early = signature(NOW + 31, "/events/corp", &body);
    let (old_time, early_time) = ((NOW - 241).to_string(), (NOW + 31).to_string());
    let ways: [&[(&str, &str)]; 7] = [
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Bearer current,Bearer current")],
        &[("x-api-key", "current,current")],
        &[("x-api-key", "")],
        &[("x-signature-timestamp", "1777852800"), ("x-signature-256", &foreign)],
        &[("x-signature-timestamp", &old_time), ("x-signature-256", &old)],
        &[("x-signature-timestamp", &early_time), ("x-signature-256", &early)],
    ];
    for way in ways {
        let answer = world.send(&with_headers(events("corp", &body), way)).await;
        assert_eq!(answer, refused(401, "unauthorized"), "{way:?}");
        assert_eq!(world.vault.reads(), [Freshness::Cached, Freshness::Reread], "{way:?}");
    }
    assert!(world.queue.items(Lane::Events).is_empty());
}

#[tokio::test]
async fn who_brings_no_proof_is_refused_without_a_look_at_the_secret() {
    let world = world().await;
    let ways: [&[(&str, &str)]; 3] = [
        &[],
        &[("authorization", "Digest username=x")],
        &[("x-signature-256", "sha256=00"), ("x-signature-timestamp", "now")],
    ];
    for way in ways {
        let answer = world.send(&with_headers(events("corp", &user_update()), way)).await;
        assert_eq!(answer, refused(401, "unauthorized"), "{way:?}");
        assert!(world.vault.reads().is_empty(), "{way:?}");
    }
}

#[tokio::test]
async fn headers_may_hold_any_text() {
    let world = world().await;
    world.vault.rotate("schlüssel");
    let headers = [("x-api-key", "schlüssel"), ("x-sender", "Zoë ☂")];
    let answer = world.send(&with_headers(events("corp", &user_update()), &headers)).await;
    assert_eq!(answer, taken(1, 0, 0));
}

#[tokio::test]
async fn a_rotated_token_needs_no_deploy() {
    let world = world().await;
    world.vault.rotate("next");
    let next = [("authorization", "Bearer next")];
    let request = with_headers(events("corp", &user_update()), &next);
    assert_eq!(world.send(&request).await, taken(1, 0, 0));
    assert_eq!(world.vault.reads(), [Freshness::Cached, Freshness::Reread]);
    assert_eq!(world.send(&request).await, taken(1, 0, 0));
    assert_eq!(world.vault.reads(), [Freshness::Cached]);
    let old = world.send(&events("corp", &user_update())).await;
    assert_eq!(old, refused(401, "unauthorized"), "{TOKEN} is not valid any more");
}

#[tokio::test]
async fn a_signature_covers_the_raw_body_also_when_aws_encodes_it() {
    let world = world().await;
    let body = user_update();
    let signed = signature(NOW, "/events/corp", &body);
    let headers = [("x-signature-timestamp", "1777852800"), ("x-signature-256", signed.as_str())];
    let mut request = with_headers(events("corp", &body), &headers);
    request["isBase64Encoded"] = json!(true);
    request["body"] = json!(BASE64_STANDARD.encode(&body));
    assert_eq!(world.send(&request).await, taken(1, 0, 0));
    request["body"] = json!(BASE64_STANDARD.encode(body.replace("user_update", "user_delete")));
    assert_eq!(world.send(&request).await, refused(401, "unauthorized"));
}

#[tokio::test]
async fn a_named_stage_is_part_of_the_path_that_is_signed_and_of_no_route() {
    let world = world().await;
    let body = user_update();
    let staged = |path: &str| {
        let signed = signature(NOW, path, &body);
        let headers =
            [("x-signature-timestamp", "1777852800"), ("x-signature-256", signed.as_str())];
        let mut request = with_headers(events("corp", &body), &headers);
        request["requestContext"]["stage"] = json!("prod");
        request["rawPath"] = json!("/prod/events/corp");
        request
    };
    assert_eq!(world.send(&staged("/prod/events/corp")).await, taken(1, 0, 0));
    assert_eq!(world.send(&staged("/events/corp")).await, refused(401, "unauthorized"));
    let mut health = request("GET", "/prod/health");
    health["requestContext"]["stage"] = json!("prod");
    assert_eq!(world.send(&health).await.0, 200);
    health["rawPath"] = json!("/production/health");
    assert_eq!(world.send(&health).await.0, 404);
}

#[tokio::test]
async fn a_function_url_sends_the_same_form() {
    let world = world().await;
    let request = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/events/corp",
        "rawQueryString": "a=1&a=2",
        "cookies": ["a=1"],
        "headers": {"x-api-key": TOKEN, "content-type": "application/json"},
        "queryStringParameters": {"a": "1,2"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "urlid",
            "authentication": null,
            "authorizer": null,
            "domainName": "urlid.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "urlid",
            "http": {
                "method": "POST",
                "path": "/events/corp",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "JumpCloud",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/May/2026:00:00:00 +0000",
            "timeEpoch": NOW * 1000,
        },
        "body": user_update(),
        "pathParameters": null,
        "isBase64Encoded": false,
        "stageVariables": null,
    });
    assert_eq!(world.send(&request).await, taken(1, 0, 0));
}

#[tokio::test]
async fn what_is_not_there_is_not_found_whoever_asks() {
    let world = world().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/events/corp"),
        ("PUT", "/events/corp"),
        ("POST", "/events"),
        ("POST", "/events/"),
        ("POST", "/events/corp/"),
        ("POST", "/events/CORP"),
        ("POST", "/events/other"),
        ("POST", "/events/corp%2F"),
        ("POST", "/passwords/corp"),
        ("POST", "/health"),
    ] {
        let mut with_body = request(method, path);
        with_body["body"] = json!("x".repeat(LARGEST + 1));
        for request in [with_headers(with_body.clone(), &[]), with_body] {
            assert_eq!(world.send(&request).await, refused(404, "not_found"), "{method} {path}");
        }
    }
    assert!(world.vault.reads().is_empty());
}

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let world = world().await;
    let wrong = [("x-api-key", "wrong")];
    let large = "x".repeat(LARGEST + 1);
    let send = async |directory: &str, body: &str| {
        world.send(&with_headers(events(directory, body), &wrong)).await
    };
    assert_eq!(send("other", &large).await, refused(404, "not_found"));
    assert_eq!(send("corp", &large).await, refused(413, "too_large"));
    assert_eq!(send("corp", "not JSON").await, refused(401, "unauthorized"));
    assert_eq!(world.post("not JSON").await, refused(400, "not_json"));
}

#[tokio::test]
async fn exactly_256_kib_are_read() {
    let world = world().await;
    assert_eq!(padded(LARGEST).len(), LARGEST);
    let encoded = |size: usize| {
        let mut request = events("corp", &BASE64_STANDARD.encode(padded(size)));
        request["isBase64Encoded"] = json!(true);
        request
    };
    assert_eq!(world.post(&padded(LARGEST)).await, taken(0, 1, 0));
    assert_eq!(world.send(&encoded(LARGEST)).await, taken(0, 1, 0));
    for more in [1, 2, 3, 4, 5, LARGEST] {
        let size = LARGEST + more;
        assert_eq!(world.post(&padded(size)).await, refused(413, "too_large"), "{size}");
        assert_eq!(world.send(&encoded(size)).await, refused(413, "too_large"), "{size} encoded");
    }
    // What counts is the size of what was sent, not of its encoding.
    let multibyte = format!("\"{}\"", "é".repeat(LARGEST / 2));
    assert_eq!(world.post(&multibyte).await, refused(413, "too_large"));
}

#[tokio::test]
async fn what_is_not_json_is_refused_and_not_parked() {
    let world = world().await;
    let deep = "[".repeat(200) + &"]".repeat(200);
    for body in ["", " ", "x", "{", "{}{}", "{'a':1}", "[1,]", "event_type=user_update", &deep] {
        assert_eq!(world.post(body).await, refused(400, "not_json"), "{body:?}");
    }
    let mut no_body = request("POST", "/events/corp");
    assert_eq!(world.send(&no_body).await, refused(400, "not_json"));
    no_body["body"] = Value::Null;
    assert_eq!(world.send(&no_body).await, refused(400, "not_json"));
    for encoded in ["not base64!", "/w==", &BASE64_STANDARD.encode([b'"', 0xff, b'"'])] {
        let mut request = events("corp", encoded);
        request["isBase64Encoded"] = json!(true);
        assert_eq!(world.send(&request).await, refused(400, "not_json"), "{encoded:?}");
    }
    assert!(world.queue.parked().is_empty());
}

#[tokio::test]
async fn a_deactivated_directory_ignores_everything_and_still_wants_proof() {
    let world = world().await;
    world.configure(false, FirstRun::Done).await;
    let body = json!([user_event("user_update", USER), {"shape": "unknown"}]).to_string();
    assert_eq!(world.post(&body).await, taken(0, 2, 0));
    let wrong = with_headers(events("corp", &body), &[("x-api-key", "wrong")]);
    assert_eq!(world.send(&wrong).await, refused(401, "unauthorized"));
    assert!(world.queue.items(Lane::Events).is_empty() && world.queue.parked().is_empty());
}

#[tokio::test]
async fn before_the_first_run_the_consumer_decides() {
    let world = world().await;
    world.configure(true, FirstRun::Pending).await;
    assert_eq!(world.post(&user_update()).await, taken(1, 0, 0));
}

#[tokio::test]
async fn what_needs_no_waiting_is_answered_even_when_no_time_is_left() {
    let world = world().await;
    let event = serde_json::from_value(events("corp", &user_update())).unwrap();
    let deadline = world.clock.now();
    let answer = world.ingest.handle(event, deadline).await;
    assert_eq!(answer.status_code, 202);
    let event = serde_json::from_value(events("corp", "x")).unwrap();
    assert_eq!(world.ingest.handle(event, Timestamp::MIN).await.status_code, 400);
}
