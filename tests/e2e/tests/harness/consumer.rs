//! Batches of messages: which are handed back, and what became of the others.

use std::time::Duration;

use e2e::events::{batch, user_item};
use e2e::{Answer, Setup};
use serde_json::{Value, json};

use crate::{ALL_DONE, LEFT, handed_back};

#[tokio::test]
async fn a_batch_syncs_its_people_and_hands_nothing_back() {
    let world = Setup::new("batch").apart().await;
    let consumer = world.function("consumer").await;
    assert_eq!(consumer.invoke(&batch([]), LEFT).await.response(), ALL_DONE);

    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let messages = [
        ("m1", world.item(&ada, "user_create")),
        ("m2", world.item(&bob, "user_create")),
        ("m3", world.item(&ada, "user_update")),
    ];
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    for name in ["ada", "bob"] {
        assert_eq!(world.account(name).unwrap()["accountEnabled"], true);
    }
    assert_eq!(world.writes().len(), 2, "a create each, and nothing for the third message");
    world.prove(0).await;
}

#[tokio::test]
async fn what_is_no_work_item_is_parked_and_its_neighbours_go_on() {
    let world = Setup::new("malformed").apart().await;
    let consumer = world.function("consumer").await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let malformed = [
        "not JSON".to_owned(),
        "{\"v\":1".to_owned(),
        json!({ "v": 2, "directory": "malformed", "subject": { "user": ada } }).to_string(),
        json!({ "v": 1, "directory": "malformed", "subject": { "user": "65f0" } }).to_string(),
        user_item("nobody", &ada, "user_update", world.clock.now()).to_string(),
    ];
    let mut messages = vec![("m1", world.item(&ada, "user_create"))];
    messages.extend(["x1", "x2", "x3", "x4", "x5"].into_iter().zip(malformed.clone()));
    messages.push(("m2", world.item(&bob, "user_create")));
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    assert!(world.account("ada").is_some() && world.account("bob").is_some());

    world.prove(5).await;
    let mut parked = world.place.take(&world.place.parked).await;
    parked.sort();
    let mut expected = malformed.to_vec();
    expected.sort();
    assert_eq!(parked, expected, "parked as they came");
}

#[tokio::test]
async fn a_message_about_a_group_is_finished() {
    let world = Setup::new("groups").apart().await;
    let consumer = world.function("consumer").await;
    let item = json!({
        "v": 1, "directory": "groups", "subject": { "group": "65f0000000000000000000b1" },
        "cause": { "source": "webhook" },
    });
    let answer = consumer.invoke(&batch([("m1", item.to_string())]), LEFT).await;
    assert_eq!(answer.response(), ALL_DONE);
    world.prove(0).await;
}

#[tokio::test]
async fn too_late_a_batch_is_handed_back_untouched() {
    let world = Setup::new("late").apart().await;
    let consumer = world.function("consumer").await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let messages =
        [("m1", world.item(&ada, "user_create")), ("m2", world.item(&bob, "user_create"))];
    // Less than what a sync may need of its lease of twenty seconds.
    for left in [0, 500, 3_000] {
        let answer = consumer.invoke(&batch(messages.clone()), Duration::from_millis(left)).await;
        assert_eq!(answer.response(), handed_back(&["m1", "m2"]), "{left} ms");
    }
    assert_eq!(world.entra.control().journal(), []);
    assert_eq!(world.jumpcloud.control().journal(), []);
    assert!(world.shown(&ada).await.is_none(), "nobody took the lease");
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    world.prove(0).await;
}

#[tokio::test]
async fn nothing_happens_before_the_first_run_is_approved() {
    let world = Setup::new("pending").not_approved().apart().await;
    let consumer = world.function("consumer").await;
    let ada = world.hire("ada");
    let messages = [("m1", world.item(&ada, "user_create"))];
    assert_eq!(consumer.invoke(&batch(messages), LEFT).await.response(), ALL_DONE);
    assert_eq!(world.entra.control().journal(), []);
    assert_eq!(world.jumpcloud.control().journal(), []);
    assert!(world.shown(&ada).await.is_none());
}

#[tokio::test]
async fn an_event_that_is_no_batch_is_an_error_and_the_next_one_is_served() {
    let world = Setup::new("no-batch").apart().await;
    let consumer = world.function("consumer").await;
    for event in [json!("text"), json!({ "Records": 7 })] {
        let answer = consumer.invoke(&event, LEFT).await;
        let Answer::Error(error) = &answer else { panic!("{event} was answered: {answer:?}") };
        let error: Value = serde_json::from_str(error).unwrap();
        assert!(error["errorType"].is_string() && error["errorMessage"].is_string(), "{error}");
    }
    assert_eq!(consumer.invoke(&batch([]), LEFT).await.response(), ALL_DONE);
}
