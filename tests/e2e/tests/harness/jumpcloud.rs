//! JumpCloud refuses, throttles or fails: nothing is lost, and nobody loses anything by it.

use e2e::events::batch;
use e2e::{Function, Setup, World};
use serde_json::{Value, json};
use simulators::{Effect, Fault};

use crate::{ALL_DONE, LEFT};

const READ: &str = "GET /api/systemusers/{id}";
const CONNECTION: &str = "GET /api/v2/users/{id}/applications";

fn status(status: u16, retry_after: Option<&str>) -> Effect {
    Effect::Status { status, retry_after: retry_after.map(str::to_owned), body: None }
}

async fn ring(world: &World, consumer: &Function, user: &str) -> Value {
    let messages = [("m1", world.item(user, "user_update"))];
    let answer = consumer.invoke(&batch(messages), LEFT).await;
    assert_eq!(answer.response(), ALL_DONE, "the record remembers, so the message is finished");
    world.shown(user).await.expect("a record")
}

/// A secret that was read less than a second ago is not read again, so that a crowd of refusals
/// causes one read.
async fn until_secrets_may_be_read_again(world: &World) {
    let now = || world.clock.now();
    let began = now();
    let passed = || now().duration_since(began) > jiff::SignedDuration::from_millis(1100);
    e2e::until("a second to pass", passed).await;
}

#[tokio::test]
async fn a_rotated_key_is_read_again_and_nobody_waits() {
    let world = Setup::new("key-rotated").apart().await;
    let consumer = world.function("consumer").await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    ring(&world, &consumer, &ada).await;
    until_secrets_may_be_read_again(&world).await;

    world.jumpcloud.state(|state| state.rotate_key("another-key"));
    let mut secret = World::right_secret();
    secret["jumpcloud"]["api_key"] = Value::from("another-key");
    world.put_secret(secret).await;
    ring(&world, &consumer, &bob).await;
    assert_eq!(world.account("bob").unwrap()["accountEnabled"], true);
    world.prove(0).await;
}

#[tokio::test]
async fn a_refused_key_stops_every_write_until_it_is_right() {
    let world = Setup::new("key-refused").apart().await;
    let ada = world.hire("ada");
    let consumer = world.function("consumer").await;
    world.jumpcloud.state(|state| state.rotate_key("another-key"));
    let shown = ring(&world, &consumer, &ada).await;
    assert_eq!(world.writes(), []);
    assert!(shown["due"].is_string(), "it is tried again by itself: {shown:#}");
    assert!(consumer.log().contains("jumpcloud_credentials_refused"), "{}", consumer.log());

    let mut secret = World::right_secret();
    secret["jumpcloud"]["api_key"] = Value::from("another-key");
    world.put_secret(secret).await;
    until_secrets_may_be_read_again(&world).await;
    let shown = ring(&world, &consumer, &ada).await;
    assert_eq!((world.accounts("ada"), &shown["state"]), (1, &json!("bound")));
}

#[tokio::test]
async fn a_named_wait_is_kept_even_when_a_new_event_comes() {
    let world = Setup::new("jumpcloud-429").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    let control = world.jumpcloud.control();
    control.add_fault(Fault::once(READ, status(429, Some("6"))));
    let shown = ring(&world, &consumer, &ada).await;
    assert!(shown["waits"]["vendor_wait"].is_string(), "{shown:#}");

    let (before, wait) = (control.counts(), shown["waits"]["vendor_wait"].clone());
    for _ in 0..3 {
        let shown = ring(&world, &consumer, &ada).await;
        assert_eq!(shown["waits"]["vendor_wait"], wait, "nobody who comes makes it longer");
    }
    assert_eq!(control.counts(), before, "nothing is asked before the wait is over");
    assert_eq!(world.writes(), []);
    world.prove(0).await;
    assert_eq!(world.accounts("ada"), 1);
}

#[tokio::test]
async fn a_passing_fault_is_tried_again_by_itself() {
    let world = Setup::new("jumpcloud-503").apart().await;
    let consumer = world.function("consumer").await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let control = world.jumpcloud.control();
    control.add_fault(Fault::once(READ, status(503, None)).contains(&ada));
    control.add_fault(Fault::once(CONNECTION, Effect::Html).contains(&bob));
    for user in [&ada, &bob] {
        let shown = ring(&world, &consumer, user).await;
        assert_eq!(shown["waits"]["retries"], 1, "{shown:#}");
    }
    assert_eq!(world.writes(), []);
    world.prove(0).await;
    assert_eq!((world.accounts("ada"), world.accounts("bob")), (1, 1));
}

#[tokio::test]
async fn no_fault_of_a_read_ever_disables_anybody() {
    let world = Setup::new("reads-fail").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    ring(&world, &consumer, &ada).await;
    let writes = world.writes().len();
    let control = world.jumpcloud.control();
    for route in [READ, CONNECTION] {
        for effect in [
            status(500, None),
            status(503, None),
            Effect::Html,
            Effect::Truncate,
            Effect::CutBefore,
        ] {
            control.add_fault(Fault::once(route, effect.clone()));
            ring(&world, &consumer, &ada).await;
            assert_eq!(world.writes().len(), writes, "{route}: {effect:?}");
            // A good look in between, since the waits grow with every fault in a row.
            ring(&world, &consumer, &ada).await;
        }
    }
    assert_eq!(world.account("ada").unwrap()["accountEnabled"], true);
    world.prove(0).await;
}

/// A 404 may be a deletion that nobody has announced, a 403 anything: both wait for longer than a
/// test does.
#[tokio::test]
async fn an_undecided_read_disables_nobody() {
    let world = Setup::new("undecided").apart().await;
    let consumer = world.function("consumer").await;
    let cases = [(READ, 404), (READ, 403), (CONNECTION, 404), (CONNECTION, 403)];
    for (number, (route, code)) in cases.into_iter().enumerate() {
        let name = format!("person{number}");
        let person = world.hire(&name);
        ring(&world, &consumer, &person).await;
        let writes = world.writes().len();
        let control = world.jumpcloud.control();
        control.add_fault(Fault::once(route, status(code, None)).contains(&person));
        let shown = ring(&world, &consumer, &person).await;
        assert_eq!(world.writes().len(), writes, "{route} {code}");
        assert_eq!(world.account(&name).unwrap()["accountEnabled"], true, "{route} {code}");
        assert!(shown["due"].is_string(), "{route} {code}: {shown:#}");
    }
}

#[tokio::test]
async fn another_organization_stops_every_write() {
    let world = Setup::new("organization").apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    world.jumpcloud.state(|state| state.set_organization("65f0000000000000000000ff"));
    ring(&world, &consumer, &ada).await;
    assert_eq!(world.writes(), []);
    assert!(consumer.log().contains("jumpcloud_wrong_organization"), "{}", consumer.log());
}
