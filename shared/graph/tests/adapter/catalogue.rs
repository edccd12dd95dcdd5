//! Every documented error body of Graph, and what the client takes it for.
//!
//! The bodies are the simulator's fixture, so what the client was proved against and what the
//! simulator answers in every other test cannot drift apart. A new body fails here first.

use std::collections::BTreeMap;

use graph::GraphError;
use serde_json::{Value as Json, json};

use crate::world::*;

const FIXTURE: &str = include_str!("../../../../tests/simulators/fixtures/graph-errors.json");
const PATCH: &str = "PATCH /users/{id}";

/// As the table shows it: class, refusal if any, disposition, and whether the write stays open.
async fn classified(world: &World, status: u16, body: Json) -> String {
    // Twice, since a 401 is tried again with a fresh token.
    for _ in 0..if status == 401 { 2 } else { 1 } {
        world.fault(PATCH, answer(status, body.clone()));
    }
    let error = world.client.set_enabled(&ada(), false).await.unwrap_err();
    let refusal = match &error {
        GraphError::Refused { refusal, .. } => format!("{refusal:?} "),
        _ => String::new(),
    };
    format!("{refusal}{}", judged::<()>(Err(error)))
}

fn body(error: &Json) -> Json {
    let mut error = error.clone();
    error.as_object_mut().unwrap().remove("status");
    json!({ "error": error })
}

#[tokio::test]
async fn each_documented_body_is_classified() {
    let world = World::new().await;
    let fixture: BTreeMap<String, Json> = serde_json::from_str(FIXTURE).unwrap();
    let mut found = BTreeMap::new();
    for (name, error) in &fixture {
        let status = error["status"].as_u64().unwrap().try_into().unwrap();
        found.insert(name.as_str(), classified(&world, status, body(error)).await);
    }
    let expected = [
        ("400", "Other refused Fail"),
        ("401", "token_refused Fail stops"),
        ("403", "denied Fail"),
        ("404", "not_found Retry"),
        ("405", "Other refused Fail"),
        ("409", "passing Retry"),
        ("410", "resync Retry"),
        ("412", "passing Retry"),
        ("429", "throttled Retry unanswered"),
        ("500", "passing Retry unanswered"),
        ("502", "passing Retry unanswered"),
        ("503", "passing Retry unanswered"),
        ("504", "passing Retry unanswered"),
        ("batch_dependency", "passing Retry"),
        ("batch_invalid", "Other refused Fail"),
        ("body_invalid", "Other refused Fail"),
        ("denied", "denied Fail"),
        ("domain_invalid", "DomainNotVerified refused Fail"),
        ("filter_invalid", "Other refused Fail"),
        ("mail_enabled", "Other refused Fail"),
        ("member_twice", "Other refused Fail"),
        ("members_exist", "MemberExists refused Fail"),
        ("missing_property", "InvalidValue refused Fail"),
        ("not_found", "not_found Retry"),
        ("not_replicated", "passing Retry"),
        ("on_premises", "MasteredElsewhere refused Fail"),
        ("page_size", "Other refused Fail"),
        ("password_weak", "Password refused Fail"),
        ("proxy_taken", "ValueTaken refused Fail"),
        ("query_unsupported", "Other refused Fail"),
        ("quota", "throttled Retry unanswered"),
        ("read_only", "Other refused Fail"),
        ("skip_token", "Other refused Fail"),
        ("token_expired", "token_refused Fail stops"),
        ("token_invalid", "token_refused Fail stops"),
        ("token_missing", "token_refused Fail stops"),
        ("too_many_members", "Other refused Fail"),
        ("unknown_property", "Other refused Fail"),
        ("unknown_select", "Other refused Fail"),
        ("upn_invalid", "InvalidValue refused Fail"),
        ("upn_taken", "upn_taken Retry"),
        ("value_invalid", "InvalidValue refused Fail"),
        ("value_taken", "ValueTaken refused Fail"),
    ];
    assert_eq!(found, expected.map(|(name, judged)| (name, judged.to_owned())).into());
}

/// What the reference documents and the simulator has no reason to answer.
#[tokio::test]
async fn the_rest_of_the_catalogue_is_classified() {
    let world = World::new().await;
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    let external = "Unable to update the specified properties for objects that have originated \
                    within an external service.";
    for (status, code, message, expected) in [
        (400, "Request_BadRequest", external, "MasteredElsewhere refused Fail"),
        (403, "Directory_QuotaExceeded", "", "Quota refused Fail"),
        (400, "Directory_QuotaExceeded", "", "Quota refused Fail"),
        (410, "syncStateNotFound", "", "resync Retry"),
        (410, "resyncRequired", "", "resync Retry"),
        (500, "serviceNotAvailable", "", "passing Retry unanswered"),
        (408, "timeout", "", "passing Retry unanswered"),
        (423, "resourceLocked", "", "passing Retry"),
        (418, "", "", "Other refused Fail"),
    ] {
        let found = classified(&world, status, error(code, message)).await;
        assert_eq!(found, expected, "{status} {code}");
    }
}

#[tokio::test]
async fn what_is_not_graphs_own_word_proves_nothing() {
    let world = World::new().await;
    for body in [json!("<html>"), json!([]), json!({"error": "denied"}), json!({"message": "no"})] {
        assert_eq!(classified(&world, 404, body.clone()).await, "passing Retry", "{body}");
        assert_eq!(classified(&world, 403, body.clone()).await, "passing Retry", "{body}");
        assert_eq!(classified(&world, 503, body).await, "passing Retry unanswered");
    }
}
