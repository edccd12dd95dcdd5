//! The HTTP door: what it answers to whom, and what it puts into the queues.

use std::time::Duration;

use e2e::events::Request;
use e2e::{Answer, Proxy, Setup, Spoilt, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::LEFT;

const USER: &str = "65f0000000000000000000e1";

/// The answer, byte for byte.
fn answered(status: u16, body: &str) -> Answer {
    let body = Value::from(body);
    Answer::Response(format!(
        r#"{{"statusCode":{status},"headers":{{"content-type":"application/json"}},"multiValueHeaders":{{}},"body":{body},"isBase64Encoded":false,"cookies":[]}}"#
    ))
}

fn taken(accepted: u8, ignored: u8, parked: u8) -> Answer {
    let body = format!(r#"{{"accepted":{accepted},"ignored":{ignored},"parked":{parked}}}"#);
    answered(202, &body)
}

fn event(user: &str) -> String {
    json!({
        "event_type": "user_update", "id": "e1", "timestamp": "2026-05-01T00:21:09.162Z",
        "resource": { "type": "user", "id": user },
    })
    .to_string()
}

async fn items(world: &World) -> Vec<Value> {
    let bodies = world.place.take(&world.place.events).await;
    bodies.iter().map(|body| serde_json::from_str(body).expect("an item is JSON")).collect()
}

#[tokio::test]
async fn an_event_becomes_an_item_and_its_sender_is_told_so() {
    let world = Setup::new("taken").apart().await;
    let ingest = world.function("ingest").await;

    let health = ingest.invoke(&Request::get("/health").event(), LEFT).await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(health, answered(200, &format!(r#"{{"status":"ok","version":"{version}"}}"#)));

    let path = world.events_path();
    let good = Request::post(&path, event(USER)).bearer(World::TOKEN);
    assert_eq!(ingest.invoke(&good.event(), LEFT).await, taken(1, 0, 0));
    let expected = json!({
        "v": 1, "directory": "taken", "subject": { "user": USER },
        "cause": {
            "source": "webhook", "event_type": "user_update", "event_id": "e1",
            "at": "2026-05-01T00:21:09.162Z",
        },
    });
    assert_eq!(items(&world).await, [expected]);
}

#[tokio::test]
async fn every_proof_opens_the_door() {
    let world = Setup::new("proofs").apart().await;
    let ingest = world.function("ingest").await;
    let request = || Request::post(&world.events_path(), event(USER));
    let basic = "Basic YW55Ym9keTpoYXJuZXNzLXdlYmhvb2stdG9rZW4=";
    let now = world.clock.now();
    for proven in [
        request().bearer(World::TOKEN),
        request().header("authorization", basic),
        request().header("x-api-key", World::TOKEN),
        request().signed(World::SIGNING_KEY, now),
        request().signed(World::SIGNING_KEY, now - SignedDuration::from_secs(200)),
        request().signed(World::SIGNING_KEY, now).in_base64(),
    ] {
        assert_eq!(ingest.invoke(&proven.event(), LEFT).await, taken(1, 0, 0), "{proven:?}");
    }
    assert_eq!(items(&world).await.len(), 6);
}

#[tokio::test]
async fn what_is_refused_is_refused_without_detail_and_without_a_trace() {
    let world = Setup::new("refused").apart().await;
    let ingest = world.function("ingest").await;
    let path = world.events_path();
    let request = || Request::post(&path, event(USER));
    let now = world.clock.now();
    let ago = |seconds| now - SignedDuration::from_secs(seconds);
    let of_other_body = Request::post(&path, "{}").signed(World::SIGNING_KEY, now).event();
    let mut forged = of_other_body;
    forged["body"] = Value::from(event(USER));
    let large = "x".repeat(300 * 1024);
    let refusals = [
        (401, "unauthorized", request().event()),
        (401, "unauthorized", request().bearer("wrong").event()),
        (401, "unauthorized", request().bearer("").event()),
        (401, "unauthorized", request().signed(World::SIGNING_KEY, ago(241)).event()),
        (401, "unauthorized", request().signed(World::SIGNING_KEY, ago(-60)).event()),
        (401, "unauthorized", request().signed("wrong", now).event()),
        (401, "unauthorized", forged),
        // Nobody learns which directories there are.
        (404, "not_found", Request::post("/events/nobody", event(USER)).event()),
        (404, "not_found", Request::post("/events/", event(USER)).bearer(World::TOKEN).event()),
        (404, "not_found", Request::get(&path).bearer(World::TOKEN).event()),
        (400, "not_json", Request::post(&path, "not JSON").bearer(World::TOKEN).event()),
        // The size is looked at before the proof.
        (413, "too_large", Request::post(&path, large.clone()).event()),
        (413, "too_large", Request::post(&path, large).bearer(World::TOKEN).in_base64().event()),
    ];
    for (status, error, event) in refusals {
        let expected = answered(status, &format!(r#"{{"error":"{error}"}}"#));
        assert_eq!(ingest.invoke(&event, LEFT).await, expected);
    }
    assert_eq!(items(&world).await, Vec::<Value>::new());
    assert_eq!(world.place.take(&world.place.parked).await, Vec::<String>::new());
}

#[tokio::test]
async fn one_body_may_hold_events_of_every_kind() {
    let world = Setup::new("kinds").apart().await;
    let ingest = world.function("ingest").await;
    let post = |body: String| Request::post(&world.events_path(), body).bearer(World::TOKEN);

    let (one, two) = (event(USER), event("65f0000000000000000000e2"));
    let other = r#"{"event_type":"user_update","organization":"65f0000000000000000000ff","resource":{"id":"65f0000000000000000000e3"}}"#;
    let several = format!(r#"[{one},{two},{{"event_type":"admin_login_attempt"}},{other}]"#);
    assert_eq!(ingest.invoke(&post(several).event(), LEFT).await, taken(2, 2, 0));
    let wrapped = format!(r#"{{"events":[{one}]}}"#);
    assert_eq!(ingest.invoke(&post(wrapped).event(), LEFT).await, taken(1, 0, 0));
    let alert = format!(r#"{{"di_event":{one}}}"#);
    assert_eq!(ingest.invoke(&post(alert).event(), LEFT).await, taken(1, 0, 0));
    assert_eq!(items(&world).await.len(), 4);

    // What nobody understands is kept as it came, and what is understood beside it goes on.
    let unknown = format!(r#"[{one},{{"what":"is this"}}]"#);
    assert_eq!(ingest.invoke(&post(unknown.clone()).event(), LEFT).await, taken(1, 0, 1));
    assert_eq!(items(&world).await.len(), 1);
    assert_eq!(world.place.take(&world.place.parked).await, [unknown]);
}

#[tokio::test]
async fn a_sender_is_asked_to_try_again_while_the_queue_refuses() {
    let world = Setup::new("queue-refuses").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let ingest = world.function_behind(&proxy, "ingest").await;
    let good = Request::post(&world.events_path(), event(USER)).bearer(World::TOKEN).event();
    let unavailable = answered(503, r#"{"error":"unavailable"}"#);

    let not_taken =
        r#"{"Successful":[],"Failed":[{"Id":"0","SenderFault":false,"Code":"InternalError"}]}"#;
    for spoilt in [
        Spoilt::Refused(500, "InternalFailure"),
        Spoilt::Refused(403, "AccessDeniedException"),
        Spoilt::Refused(400, "RequestThrottled"),
        // SQS may also take the request and none of its messages.
        Spoilt::Answered(200, not_taken.to_owned()),
        Spoilt::Cut,
    ] {
        proxy.spoil("AmazonSQS", None, spoilt.clone());
        assert_eq!(ingest.invoke(&good, LEFT).await, unavailable, "{spoilt:?}");
        proxy.clear();
    }
    assert_eq!(items(&world).await, Vec::<Value>::new());
    assert_eq!(ingest.invoke(&good, LEFT).await, taken(1, 0, 0));
    assert_eq!(items(&world).await.len(), 1);
}

#[tokio::test]
async fn a_sender_is_asked_to_try_again_while_nothing_can_be_checked() {
    let world = Setup::new("unchecked").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let good = Request::post(&world.events_path(), event(USER)).bearer(World::TOKEN).event();
    let unavailable = answered(503, r#"{"error":"unavailable"}"#);
    for (service, spoilt) in [
        ("DynamoDB", Spoilt::Refused(400, "ProvisionedThroughputExceededException")),
        ("secretsmanager", Spoilt::Refused(500, "InternalServiceError")),
    ] {
        // A new one, since a function remembers what it once read.
        let ingest = world.function_behind(&proxy, "ingest").await;
        proxy.spoil(service, None, spoilt);
        assert_eq!(ingest.invoke(&good, LEFT).await, unavailable, "{service}");
        proxy.clear();
        assert_eq!(ingest.invoke(&good, LEFT).await, taken(1, 0, 0), "{service}");
    }
}

#[tokio::test]
async fn a_secret_without_tokens_lets_nobody_in_and_its_sender_try_again() {
    let world = Setup::new("no-tokens").apart().await;
    let id = world.webhook_secret_id();
    world.place.put_secret(&id, &json!({ "token": "misspelt" })).await;
    let ingest = world.function("ingest").await;
    let good = Request::post(&world.events_path(), event(USER)).bearer(World::TOKEN).event();
    let unavailable = answered(503, r#"{"error":"unavailable"}"#);
    assert_eq!(ingest.invoke(&good, LEFT).await, unavailable);
    assert!(ingest.log().contains("tokens"), "the log names the key: {}", ingest.log());
    assert!(!ingest.log().contains("misspelt"), "the log holds a value: {}", ingest.log());
}

#[tokio::test]
async fn an_answer_comes_before_the_deadline_whatever_hangs() {
    let world = Setup::new("hangs").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let ingest = world.function_behind(&proxy, "ingest").await;
    let good = Request::post(&world.events_path(), event(USER)).bearer(World::TOKEN).event();
    proxy.spoil("DynamoDB", None, Spoilt::Held);
    let (began, left) = (world.clock.now(), Duration::from_millis(1500));
    let answer = ingest.invoke(&good, left).await;
    assert_eq!(answer, answered(503, r#"{"error":"unavailable"}"#));
    let took = world.clock.now().duration_since(began);
    assert!(took < SignedDuration::try_from(left).unwrap(), "it took {took}");
    // And the next sender is served.
    proxy.clear();
    assert_eq!(ingest.invoke(&good, LEFT).await, taken(1, 0, 0));
}

#[tokio::test]
async fn an_event_that_is_no_request_is_an_error_and_the_next_one_is_served() {
    let world = Setup::new("no-request").apart().await;
    let ingest = world.function("ingest").await;
    for event in [json!("text"), json!({ "headers": 7 }), json!([])] {
        let answer = ingest.invoke(&event, LEFT).await;
        let Answer::Error(error) = &answer else { panic!("{event} was answered: {answer:?}") };
        let error: Value = serde_json::from_str(error).unwrap();
        assert!(error["errorType"].is_string() && error["errorMessage"].is_string(), "{error}");
    }
    let health = ingest.invoke(&Request::get("/health").event(), LEFT).await;
    assert!(health.response().starts_with(r#"{"statusCode":200,"#));
}
