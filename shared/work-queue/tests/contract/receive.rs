//! Receiving: at least once, hidden while somebody works on it, gone when it is deleted.

use std::time::Duration;

use work_queue::{Depth, Lane, WorkItem, WorkQueue};

use crate::queues::Queues;
use crate::world::*;

const AT_ONCE: Duration = Duration::ZERO;

pub(crate) async fn a_received_message_is_hidden_until_it_is_handed_back(queues: impl Queues) {
    queues.queue().send(Lane::Events, &[item(1)], AT_ONCE).await.unwrap();
    let first = queues.receive(Lane::Events).await;
    assert_eq!((first.len(), first[0].receive_count), (1, 1));
    assert!(queues.receive(Lane::Events).await.is_empty());
    queues.hand_back(Lane::Events, &first[0]).await;
    let second = queues.receive(Lane::Events).await;
    assert_eq!((second.len(), second[0].receive_count), (1, 2));
    assert_eq!(second[0].body, first[0].body);
}

pub(crate) async fn a_deleted_message_is_gone(queues: impl Queues) {
    queues.queue().send(Lane::Events, &[item(1), item(2)], AT_ONCE).await.unwrap();
    let taken = queues.take(Lane::Events, 2).await;
    assert_eq!(taken.len(), 2);
    assert!(queues.receive(Lane::Events).await.is_empty());
    assert!(queues.queue().depth().await.unwrap().events.is_empty());
}

pub(crate) async fn what_nobody_understands_is_received_as_it_is(queues: impl Queues) {
    for body in ["not JSON", "{\"v\":2}"] {
        queues.put(Lane::Events, body).await;
        let taken = queues.take(Lane::Events, 1).await;
        assert_eq!(taken[0].body, body);
        assert!(WorkItem::parse(&taken[0].body).is_err());
    }
}

pub(crate) async fn the_depths_tell_ready_from_received_and_delayed(queues: impl Queues) {
    queues.queue().send(Lane::Bulk, &[item(1)], AT_ONCE).await.unwrap();
    assert_eq!(queues.receive(Lane::Bulk).await.len(), 1);
    queues.queue().send(Lane::Bulk, &[item(2), item(3)], AT_ONCE).await.unwrap();
    let long = Duration::from_secs(600);
    queues.queue().send(Lane::Bulk, &[item(4), item(5), item(6)], long).await.unwrap();
    queues.queue().park("?", "not JSON", None).await.unwrap();
    let depths = queues.queue().depth().await.unwrap();
    assert_eq!(depths.bulk, Depth { waiting: 2, in_flight: 1, delayed: 3 });
    assert_eq!(depths.events, Depth::default());
    assert_eq!(depths.parked, Depth { waiting: 1, in_flight: 0, delayed: 0 });
    assert!(!depths.bulk.is_empty() && depths.events.is_empty());
}
