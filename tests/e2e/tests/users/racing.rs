//! Two queues, each with a consumer of its own, bring the same person at the same time.

use std::sync::Arc;

use e2e::{Feed, Lane, Setup, World, until};
use simulators::{Effect, Fault};

use crate::enabled;

const READ: &str = "GET /api/systemusers/{id}";

#[tokio::test]
async fn two_queues_race_on_one_person() {
    let world = Setup::new("race").apart().await;
    let consumers = [world.function("consumer").await, world.function("consumer").await];
    let consumers = consumers.map(Arc::new);
    let lanes = [Lane::Events, Lane::Bulk];
    let feeds = [0, 1].map(|n| Feed::start(&world.place, lanes[n], consumers[n].clone()));

    let ada = world.hire("ada");
    // Each queue is once the first.
    race(&world, &ada, "user_create", lanes).await;
    assert_eq!((world.accounts("ada"), enabled(&world, "ada")), (1, Some(true)));
    world.jumpcloud.state(|state| state.suspend(&ada));
    race(&world, &ada, "user_suspended", [Lane::Bulk, Lane::Events]).await;
    assert_eq!(enabled(&world, "ada"), Some(false));
    world.jumpcloud.state(|state| state.unsuspend(&ada));
    race(&world, &ada, "user_unsuspended", lanes).await;
    assert_eq!(enabled(&world, "ada"), Some(true));

    let left_word = |n: usize| consumers[n].log().contains(r#""outcome":"word_left""#);
    assert_eq!([0, 1].map(left_word), [true; 2], "each came while the other was at it");
    let creates = world.writes().into_iter().filter(|write| write.route == "POST /users");
    assert_eq!(creates.count(), 1);
    drop(feeds);
    world.prove(0).await;
}

/// Sends an event on one queue, and on the other while its first read is under way.
async fn race(world: &World, user: &str, event_type: &str, lanes: [Lane; 2]) {
    let reads = || world.jumpcloud.control().counts().get(READ).copied().unwrap_or_default();
    let before = reads();
    world.jumpcloud.control().add_fault(Fault::once(READ, Effect::Delay { ms: 1500 }));
    let client = world.place.sqs();
    for (number, lane) in lanes.into_iter().enumerate() {
        let message = client.send_message().queue_url(lane.of(&world.place));
        let sent = message.message_body(world.item(user, event_type)).send().await;
        sent.expect("the queue takes messages");
        if number == 0 {
            until("the first to be at work", || reads() > before).await;
        }
    }
    world.settle().await;
}
