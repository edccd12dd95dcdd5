//! Entra refuses, throttles, fails or loses its answers: in the end there is one account for each
//! person, and it is right.

use std::time::Duration;

use e2e::events::batch;
use e2e::{Function, Setup, World};
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulators::{Effect, Fault};

use crate::{ALL_DONE, LEFT};

const CREATE: &str = "POST /users";
const CHANGE: &str = "PATCH /users/{id}";

fn status(status: u16, retry_after: Option<&str>) -> Effect {
    Effect::Status { status, retry_after: retry_after.map(str::to_owned), body: None }
}

async fn ring(world: &World, consumer: &Function, user: &str, event_type: &str) -> Value {
    let messages = [("m1", world.item(user, event_type))];
    let answer = consumer.invoke(&batch(messages), LEFT).await;
    assert_eq!(answer.response(), ALL_DONE, "the record remembers, so the message is finished");
    world.shown(user).await.expect("a record")
}

/// Runs a case for each of these, all at once: what takes their time is waiting.
async fn side_by_side<const N: usize>(effects: [Effect; N], case: impl AsyncFn(usize, Effect)) {
    join_all(effects.into_iter().enumerate().map(|(number, effect)| case(number, effect))).await;
}

/// Creates that took effect, whatever was answered.
fn created(world: &World) -> usize {
    world.entra.state(|state| state.users().len())
}

#[tokio::test]
async fn a_throttled_create_waits_as_long_as_entra_says() {
    let world = Setup::new("graph-429").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    world.entra.control().add_fault(Fault::once(CREATE, status(429, Some("3"))));
    let shown = ring(&world, &consumer, &ada, "user_create").await;
    assert!(shown["waits"]["vendor_wait"].is_string(), "{shown:#}");

    let asked = world.entra.control().journal().len();
    ring(&world, &consumer, &ada, "user_update").await;
    assert_eq!(world.entra.control().journal().len(), asked, "the wait is Entra's");
    world.prove(0).await;
    let creates: Vec<_> = world.writes().into_iter().filter(|w| w.route == CREATE).collect();
    let [refused, made] = creates.as_slice() else { panic!("{creates:?}") };
    assert_eq!((refused.status, made.status), (429, 201));
    let waited = made.at.duration_since(refused.at);
    assert!(waited >= jiff::SignedDuration::from_secs(3), "it waited only {waited}");
}

#[tokio::test]
async fn a_lost_answer_to_a_create_never_makes_a_second_account() {
    let effects = [
        Effect::CutAfter,
        Effect::StatusAfter { status: 500 },
        Effect::StatusAfter { status: 429 },
        Effect::Truncate,
    ];
    side_by_side(effects, async |number, effect| {
        let world = Setup::new(&format!("create-lost-{number}")).apart().await;
        let consumer = world.function("consumer").await;
        let ada = world.hire("ada");
        world.entra.control().add_fault(Fault::once(CREATE, effect.clone()));
        ring(&world, &consumer, &ada, "user_create").await;
        assert_eq!(created(&world), 1, "{effect:?}: it took effect");
        // The next event finds what was made.
        let shown = ring(&world, &consumer, &ada, "user_update").await;
        assert_eq!(shown["state"], "bound", "{effect:?}: {shown:#}");
        assert_eq!(shown["binding"]["origin"], "created", "{effect:?}");
        let creates = world.writes().iter().filter(|write| write.route == CREATE).count();
        assert_eq!((created(&world), creates), (1, 1), "{effect:?}");
        assert_eq!(world.account("ada").unwrap()["accountEnabled"], true);
        world.prove(0).await;
    })
    .await;
}

#[tokio::test]
async fn a_create_that_never_arrived_is_made_once() {
    let effects = [status(500, None), Effect::CutBefore, Effect::Html];
    side_by_side(effects, async |number, effect| {
        let world = Setup::new(&format!("create-fails-{number}")).apart().await;
        let consumer = world.function("consumer").await;
        let ada = world.hire("ada");
        world.entra.control().add_fault(Fault::once(CREATE, effect.clone()));
        ring(&world, &consumer, &ada, "user_create").await;
        assert_eq!(created(&world), 0, "{effect:?}");
        world.prove(0).await;
        assert_eq!(created(&world), 1, "{effect:?}");
    })
    .await;
}

#[tokio::test]
async fn a_leaver_is_off_however_the_switch_is_answered() {
    let effects = [
        status(500, None),
        status(429, Some("1")),
        Effect::CutBefore,
        Effect::CutAfter,
        Effect::StatusAfter { status: 503 },
    ];
    side_by_side(effects, async |number, effect| {
        let world = Setup::new(&format!("switch-{number}")).apart().await;
        let consumer = world.function("consumer").await;
        let ada = world.hire("ada");
        ring(&world, &consumer, &ada, "user_create").await;
        world.entra.control().add_fault(Fault::once(CHANGE, effect.clone()));
        world.jumpcloud.state(|state| state.suspend(&ada));
        ring(&world, &consumer, &ada, "user_suspended").await;
        world.prove(0).await;
        assert_eq!(world.account("ada").unwrap()["accountEnabled"], false, "{effect:?}");
        let revoked = world.entra.control().counts();
        assert!(
            revoked.get("POST /users/{id}/revokeSignInSessions").is_some_and(|n| *n > 0),
            "{effect:?}: {revoked:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn another_tenant_is_never_written_to() {
    let world = Setup::new("tenant").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    // The token is given, but what it opens is somebody else's.
    let other = json!({ "value": [{ "id": "8d0b5a0e-ffff-4000-8000-0000000000ff" }] });
    let other = Effect::Status { status: 200, retry_after: None, body: Some(other) };
    world.entra.control().add_fault(Fault::new("GET /organization", other));
    for event_type in ["user_create", "user_update"] {
        let shown = ring(&world, &consumer, &ada, event_type).await;
        assert!(shown["due"].is_string(), "it is looked at again: {shown:#}");
    }
    // A process that starts anew asks anew.
    let other = world.function("consumer").await;
    world.jumpcloud.state(|state| state.suspend(&ada));
    ring(&world, &other, &ada, "user_suspended").await;
    assert_eq!(world.writes(), []);
    assert_eq!(created(&world), 0);
    assert!(other.log().contains("graph_wrong_tenant"), "{}", other.log());
}

#[tokio::test]
async fn a_tenant_that_gives_no_token_is_never_written_to_either() {
    let world = Setup::new("no-token").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    world.entra.state(|state| state.set_tenant("8d0b5a0e-ffff-4000-8000-0000000000ff"));
    let shown = ring(&world, &consumer, &ada, "user_create").await;
    assert!(shown["due"].is_string(), "it is looked at again: {shown:#}");
    assert_eq!(world.writes(), []);
    assert!(consumer.log().contains("graph_credentials_refused"), "{}", consumer.log());
}

#[tokio::test]
async fn a_secret_without_the_needed_key_is_told_and_costs_no_write() {
    let world = Setup::new("secret-key").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    let mut secret = World::right_secret();
    secret["entra"] = json!({ "client_secrets": "misspelt-value" });
    world.put_secret(secret).await;
    ring(&world, &consumer, &ada, "user_create").await;
    assert_eq!(world.entra.control().journal(), [], "nothing to ask with");
    let log = consumer.log();
    assert!(log.contains("entra.client_secret"), "the log names the key: {log}");
    assert!(!log.contains("misspelt-value"), "the log holds a value: {log}");

    world.put_secret(World::right_secret()).await;
    let other = world.function("consumer").await;
    let shown = ring(&world, &other, &ada, "user_update").await;
    assert_eq!((world.accounts("ada"), &shown["state"]), (1, &json!("bound")));
}

#[tokio::test]
async fn a_token_that_ends_early_is_replaced_at_once() {
    let world = Setup::new("token").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    ring(&world, &consumer, &ada, "user_create").await;
    world.entra.state(|state| state.revoke_tokens());
    world.jumpcloud.state(|state| state.patch_user(&ada, json!({ "department": "Sales" })));
    ring(&world, &consumer, &ada, "user_update").await;
    assert_eq!(world.account("ada").unwrap()["department"], "Sales");
    world.prove(0).await;
}

#[tokio::test]
async fn a_slow_entra_is_no_reason_to_create_twice() {
    // A lease of four seconds lets an answer take two.
    let world = Setup::new("slow").lease(4.0).apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    let slow = Duration::from_secs(3).as_millis() as u64;
    world.entra.control().add_fault(Fault::once(CREATE, Effect::Delay { ms: slow }));
    ring(&world, &consumer, &ada, "user_create").await;
    world.prove(0).await;
    let creates = world.writes().iter().filter(|write| write.route == CREATE).count();
    assert_eq!((created(&world), creates), (1, 1));
}
