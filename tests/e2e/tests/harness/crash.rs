//! A consumer is killed in the middle; `catch_up` finds whom it left behind once the lease is over.

use std::sync::Arc;

use e2e::events::batch;
use e2e::{Answer, Feed, Lane, Proxy, Setup, Spoilt, World};
use serde_json::json;
use simulators::{Effect, Fault};

use crate::{ALL_DONE, LEFT};

/// How long the leases of these tests are; a vendor may take half of one to answer.
const LEASE: f64 = 4.0;

/// Waits until somebody is due, catches up, and lets a consumer take what was rung for.
pub(crate) async fn catch_up_when_due(world: &World, user: &str) {
    let clock = &world.clock;
    let due = async {
        loop {
            let shown = world.shown(user).await.expect("a record");
            let due = shown["due"].as_str().expect("whoever crashed is due");
            let due: jiff::Timestamp = due.parse().expect("a time");
            if due <= clock.now() {
                return;
            }
            clock.sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(e2e::PATIENCE, due).await.expect("a lease ends");
    let reconciler = world.function("reconciler").await;
    let task = json!({ "task": "catch_up", "directory": world.directory });
    let run = reconciler.invoke(&task, LEFT).await.json();
    assert_eq!((&run["state"], &run["counts"]["due"]), (&json!("done"), &json!(1)), "{run:#}");
    let consumer = Arc::new(world.function("consumer").await);
    let _feed = Feed::start(&world.place, Lane::Events, consumer);
    world.settle().await;
}

/// Kills a consumer that is busy with an event about somebody, while Entra's answer to its write
/// is still on the way.
async fn killed_before_the_answer(world: &World, user: &str, event_type: &str, write: &str) {
    let consumer = world.function("consumer").await;
    world.entra.control().add_fault(Fault::once(write, Effect::Delay { ms: 1500 }));
    let seen = || world.writes().iter().filter(|entry| entry.route == write).count();
    let before = seen();
    let invocation = consumer.begin(&batch([("m1", world.item(user, event_type))]), LEFT);
    e2e::until("the write", || seen() > before).await;
    consumer.kill().await;
    assert_eq!(invocation.answer().await, Answer::Ended);
}

/// Kills a consumer after its write was answered: the table hears nothing of that.
async fn killed_before_the_commit(world: &World, user: &str, event_type: &str, write: &str) {
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    world.entra.control().add_fault(Fault::once(write, Effect::Delay { ms: 1000 }));
    let seen = || world.writes().iter().filter(|entry| entry.route == write).count();
    let before = seen();
    let invocation = consumer.begin(&batch([("m1", world.item(user, event_type))]), LEFT);
    e2e::until("the write", || seen() > before).await;
    proxy.spoil("DynamoDB", None, Spoilt::Held);
    proxy.until_met(1).await;
    consumer.kill().await;
    assert_eq!(invocation.answer().await, Answer::Ended);
}

#[tokio::test]
async fn a_create_whose_answer_nobody_waited_for_is_found_again() {
    let world = Setup::new("crash-create").lease(LEASE).apart().await;
    let ada = world.hire("ada");
    killed_before_the_answer(&world, &ada, "user_create", "POST /users").await;
    assert_eq!(world.accounts("ada"), 1);
    assert_eq!(world.shown(&ada).await.unwrap()["state"], "creating");
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    assert_eq!(world.accounts("ada"), 1);
    assert_eq!(world.shown(&ada).await.unwrap()["binding"]["origin"], "created");
}

#[tokio::test]
async fn a_create_that_was_never_noted_is_found_again() {
    let world = Setup::new("crash-bind").lease(LEASE).apart().await;
    let ada = world.hire("ada");
    killed_before_the_commit(&world, &ada, "user_create", "POST /users").await;
    assert_eq!(world.accounts("ada"), 1);
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    assert_eq!(world.accounts("ada"), 1);
    assert_eq!(world.shown(&ada).await.unwrap()["binding"]["origin"], "created");
}

#[tokio::test]
async fn a_leaver_is_off_and_signed_out_although_the_consumer_died_between() {
    let world = Setup::new("crash-off").lease(LEASE).apart().await;
    let ada = world.hire("ada");
    let consumer = world.function("consumer").await;
    let created = batch([("m1", world.item(&ada, "user_create"))]);
    assert_eq!(consumer.invoke(&created, LEFT).await.response(), ALL_DONE);

    world.jumpcloud.state(|state| state.suspend(&ada));
    killed_before_the_commit(&world, &ada, "user_suspended", "PATCH /users/{id}").await;
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    assert_eq!(world.account("ada").unwrap()["accountEnabled"], false);
    let revoked = world.entra.control().counts()["POST /users/{id}/revokeSignInSessions"];
    assert!(revoked >= 1);
    let shown = world.shown(&ada).await.unwrap();
    assert_eq!(shown["binding"]["disabled_by_us"], true, "so that she can come back: {shown:#}");

    world.jumpcloud.state(|state| state.unsuspend(&ada));
    let back = batch([("m2", world.item(&ada, "user_unsuspended"))]);
    assert_eq!(consumer.invoke(&back, LEFT).await.response(), ALL_DONE);
    world.prove(0).await;
    assert_eq!(world.account("ada").unwrap()["accountEnabled"], true);
}

#[tokio::test]
async fn an_adoption_that_was_interrupted_ends_as_one() {
    let world = Setup::new("crash-adopt").lease(LEASE).apart().await;
    let object = world.entra.state(|state| {
        state.add_user(json!({
            "userPrincipalName": "ada@corp.example", "displayName": "A", "department": "Old",
            "mailNickname": "ada",
        }))
    });
    let ada = world.hire("ada");
    killed_before_the_commit(&world, &ada, "user_create", "PATCH /users/{id}").await;
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    let shown = world.shown(&ada).await.unwrap();
    assert_eq!(shown["binding"]["object"], json!(object), "{shown:#}");
    assert_eq!(world.account("ada").unwrap()["department"], "R&D");
    assert_eq!(world.accounts("ada"), 1);
}

#[tokio::test]
async fn who_comes_while_a_dead_lease_lasts_leaves_word_and_is_finished() {
    let world = Setup::new("crash-word").lease(LEASE).apart().await;
    let ada = world.hire("ada");
    killed_before_the_commit(&world, &ada, "user_create", "POST /users").await;
    let asked = world.jumpcloud.control().journal().len();
    let consumer = world.function("consumer").await;
    let message = batch([("m1", world.item(&ada, "user_update"))]);
    assert_eq!(consumer.invoke(&message, LEFT).await.response(), ALL_DONE);
    assert_eq!(world.jumpcloud.control().journal().len(), asked, "nobody else was at it");
    assert_eq!(world.shown(&ada).await.unwrap()["lease"]["again"], true);
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    assert_eq!(world.accounts("ada"), 1);
}
