//! The table, the queue or the secrets fail under the consumer: handed back, never lost, never
//! done twice.

use std::time::Duration;

use e2e::events::batch;
use e2e::{Proxy, Setup, Spoilt};
use jiff::SignedDuration;
use simulators::{Effect, Fault};

use crate::crash::catch_up_when_due;
use crate::{ALL_DONE, LEFT, handed_back};

#[tokio::test]
async fn a_table_out_of_reach_hands_everything_back() {
    let world = Setup::new("no-table").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let messages =
        [("m2", world.item(&bob, "user_create")), ("m1", world.item(&ada, "user_create"))];
    for spoilt in [Spoilt::Cut, Spoilt::Refused(500, "InternalServerError")] {
        proxy.spoil("DynamoDB", None, spoilt.clone());
        let answer = consumer.invoke(&batch(messages.clone()), LEFT).await;
        assert_eq!(answer.response(), handed_back(&["m1", "m2"]), "{spoilt:?}");
        proxy.clear();
    }
    assert_eq!(world.entra.control().journal(), []);
    assert_eq!(world.jumpcloud.control().journal(), []);
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    world.prove(0).await;
    assert_eq!(world.entra.state(|state| state.users().len()), 2);
}

#[tokio::test]
async fn a_conflict_or_a_throttled_request_is_tried_again_at_once() {
    let conflict = r#"{"__type":"TransactionCanceledException","Message":"Transaction cancelled","CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]}"#;
    let throttled = "ProvisionedThroughputExceededException";
    let spoils = [
        // Somebody else took the lease in between, or so it seems.
        ("DynamoDB.UpdateItem", Spoilt::Refused(400, "ConditionalCheckFailedException")),
        ("DynamoDB.UpdateItem", Spoilt::Refused(400, throttled)),
        ("DynamoDB.UpdateItem", Spoilt::AnswerLost),
        ("DynamoDB.TransactWriteItems", Spoilt::Answered(400, conflict.to_owned())),
        ("DynamoDB.TransactWriteItems", Spoilt::Refused(400, throttled)),
        ("DynamoDB.TransactWriteItems", Spoilt::AnswerLost),
        ("DynamoDB.GetItem", Spoilt::Refused(400, throttled)),
        ("DynamoDB", Spoilt::Cut),
    ];
    let world = Setup::new("conflicts").apart().await;
    let proxy = Proxy::start(&world.place).await;
    for (number, (operation, spoilt)) in spoils.into_iter().enumerate() {
        let name = format!("person{number}");
        let person = world.hire(&name);
        let consumer = world.function_behind(&proxy, "consumer").await;
        let met = proxy.met();
        proxy.spoil(operation, Some(1), spoilt.clone());
        let messages = [("m1", world.item(&person, "user_create"))];
        let answer = consumer.invoke(&batch(messages), LEFT).await;
        assert_eq!(answer.response(), ALL_DONE, "{operation} {spoilt:?}: {}", consumer.log());
        assert_eq!(proxy.met(), met + 1, "{operation} was never asked for");
        assert_eq!(world.accounts(&name), 1, "{operation} {spoilt:?}");
        let shown = world.shown(&person).await.expect("a record");
        assert_eq!(shown["state"], "bound", "{operation} {spoilt:?}: {shown:#}");
    }
    world.prove(0).await;
}

#[tokio::test]
async fn a_commit_that_fails_for_good_is_handed_back_and_done_once() {
    let world = Setup::new("no-commit").lease(4.0).apart().await;
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    let ada = world.hire("ada");
    let first = [("m1", world.item(&ada, "user_create"))];
    assert_eq!(consumer.invoke(&batch(first), LEFT).await.response(), ALL_DONE);

    world.jumpcloud.state(|state| state.suspend(&ada));
    // What must be known before the write is stored; from the write on nothing is.
    world.entra.control().add_fault(Fault::once("PATCH /users/{id}", Effect::Delay { ms: 1000 }));
    let messages = [("m2", world.item(&ada, "user_suspended"))];
    let invocation = consumer.begin(&batch(messages.clone()), LEFT);
    let off = || world.account("ada").unwrap()["accountEnabled"] == false;
    e2e::until("the account to be off", off).await;
    proxy.spoil("DynamoDB", None, Spoilt::Refused(500, "InternalServerError"));
    assert_eq!(invocation.answer().await.response(), handed_back(&["m2"]));
    proxy.clear();
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    // Once the lease that nobody gave back is over.
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    assert!(off());
}

#[tokio::test]
async fn without_its_secrets_a_directory_waits_and_loses_nothing() {
    let world = Setup::new("no-secrets").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    let ada = world.hire("ada");
    proxy.spoil("secretsmanager", None, Spoilt::Refused(500, "InternalServiceError"));
    let messages = [("m1", world.item(&ada, "user_create"))];
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    let shown = world.shown(&ada).await.expect("a record");
    assert!(shown["due"].is_string(), "it is tried again by itself: {shown:#}");
    assert_eq!(world.writes(), []);
    proxy.clear();
    world.prove(0).await;
    assert_eq!(world.accounts("ada"), 1);
}

#[tokio::test]
async fn a_queue_that_refuses_a_follow_up_hands_the_message_back() {
    let world = Setup::new("no-queue").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    let ada = world.hire("ada");
    // What cannot be parked is not lost either.
    proxy.spoil("AmazonSQS", None, Spoilt::Refused(500, "InternalFailure"));
    let messages = [("m1", world.item(&ada, "user_create")), ("m2", "not JSON".to_owned())];
    let answer = consumer.invoke(&batch(messages.clone()), LEFT).await;
    assert_eq!(answer.response(), handed_back(&["m2"]), "the record knows when ada is due");
    proxy.clear();
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    world.prove(1).await;
    assert_eq!(world.accounts("ada"), 1);
}

#[tokio::test]
async fn a_commit_that_hangs_is_handed_back_before_the_deadline() {
    let world = Setup::new("hanging-commit").lease(4.0).apart().await;
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    let ada = world.hire("ada");
    let first = [("m1", world.item(&ada, "user_create"))];
    assert_eq!(consumer.invoke(&batch(first), LEFT).await.response(), ALL_DONE);
    world.jumpcloud.state(|state| state.suspend(&ada));
    world.entra.control().add_fault(Fault::once("PATCH /users/{id}", Effect::Delay { ms: 1000 }));
    // Four seconds: enough to begin, and a second of them is kept for the answer.
    let messages = [("m2", world.item(&ada, "user_suspended"))];
    let began = world.clock.now();
    let invocation = consumer.begin(&batch(messages.clone()), Duration::from_secs(4));
    let off = || world.account("ada").is_some_and(|account| account["accountEnabled"] == false);
    e2e::until("the account to be off", off).await;
    proxy.spoil("DynamoDB", None, Spoilt::Held);
    assert_eq!(invocation.answer().await.response(), handed_back(&["m2"]));
    let took = world.clock.now().duration_since(began);
    assert!(took < SignedDuration::from_secs(4), "it took {took}");
    proxy.clear();
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    catch_up_when_due(&world, &ada).await;
    world.prove(0).await;
    assert!(off());
}
