//! The parked queue as operators see it: looking hides, returning shows again, deleting ends.

use std::time::Duration;

use work_queue::{Lane, ParkedMessage, ParkedQueue, WorkQueue};

use crate::queues::Queues;
use crate::world::*;

/// Longer than any case takes.
const HIDDEN: Duration = Duration::from_secs(600);

async fn receive(queues: &impl Queues) -> Vec<ParkedMessage> {
    queues.queue().receive_parked(HIDDEN).await.unwrap()
}

pub(crate) async fn what_was_parked_is_received_with_all_that_is_known(queues: impl Queues) {
    queues.queue().park("{\"a\":\"é\"}", "no event_type", Some(&directory("corp"))).await.unwrap();
    let [message] = &receive(&queues).await[..] else { panic!("not one") };
    assert_eq!(message.body, "{\"a\":\"é\"}");
    assert_eq!(message.reason.as_deref(), Some("no event_type"));
    assert_eq!(message.directory, Some(directory("corp")));
    assert_eq!((message.from, message.cut_from), (None, None));
    assert!(!message.id.is_empty());
}

pub(crate) async fn a_received_parked_message_is_hidden_until_it_is_returned(queues: impl Queues) {
    queues.queue().park("x", "not JSON", None).await.unwrap();
    let first = receive(&queues).await;
    assert_eq!((first.len(), &first[0].directory), (1, &None));
    assert!(receive(&queues).await.is_empty());
    let depth = queues.queue().depth().await.unwrap().parked;
    assert_eq!((depth.waiting, depth.in_flight), (0, 1));
    queues.queue().return_parked(&first).await.unwrap();
    let second = receive(&queues).await;
    assert_eq!(second.len(), 1);
    assert_eq!((&second[0].id, second[0].sent_at), (&first[0].id, first[0].sent_at));
    assert_eq!(second[0].body, "x");
}

pub(crate) async fn a_deleted_parked_message_is_gone(queues: impl Queues) {
    for body in ["x", "y"] {
        queues.queue().park(body, "not JSON", None).await.unwrap();
    }
    let messages = receive(&queues).await;
    let (gone, kept): (Vec<_>, Vec<_>) = messages.into_iter().partition(|m| m.body == "x");
    assert_eq!((gone.len(), kept.len()), (1, 1));
    queues.queue().delete_parked(&gone).await.unwrap();
    queues.queue().return_parked(&kept).await.unwrap();
    let left: Vec<_> = receive(&queues).await.into_iter().map(|message| message.body).collect();
    assert_eq!(left, ["y"]);
}

pub(crate) async fn more_than_ten_parked_messages_are_all_found(queues: impl Queues) {
    for number in 0..23 {
        queues.queue().park(&format!("body {number:02}"), "why", None).await.unwrap();
    }
    let mut found = Vec::new();
    loop {
        let batch = receive(&queues).await;
        assert!(batch.len() <= 10);
        if batch.is_empty() {
            break;
        }
        found.extend(batch);
    }
    let bodies = sorted(found.iter().map(|message| message.body.as_str()));
    assert_eq!(bodies, (0..23).map(|number| format!("body {number:02}")).collect::<Vec<_>>());
    // More than one request's worth at once.
    queues.queue().return_parked(&found).await.unwrap();
    assert_eq!(queues.queue().depth().await.unwrap().parked.waiting, 23);
    let again = receive(&queues).await;
    queues.queue().delete_parked(&again).await.unwrap();
    let depth = queues.queue().depth().await.unwrap().parked;
    assert_eq!(depth.waiting, 23 - again.len() as u64);
}

pub(crate) async fn what_was_delivered_too_often_names_its_queue_and_no_reason(
    queues: impl Queues,
) {
    for (lane, item) in [(Lane::Events, item(1)), (Lane::Bulk, item(2))] {
        let send = queues.queue().send(lane, std::slice::from_ref(&item), Duration::ZERO);
        send.await.unwrap();
        queues.wear_out(lane).await;
        let [message] = &receive(&queues).await[..] else { panic!("not one") };
        assert_eq!((message.from, &message.reason), (Some(lane), &None));
        assert_eq!(message.body, item.to_json());
        assert_eq!(message.directory, Some(directory("corp")));
        queues.queue().delete_parked(std::slice::from_ref(message)).await.unwrap();
    }
}
