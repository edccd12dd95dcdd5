//! Delays: short waits ring on time, longer ones are the record's `due`.

use std::time::Duration;

use sync_core::disposition::Disposition;
use work_queue::{Depths, LONGEST_DELAY, Lane, QueueError, WorkQueue};

use crate::queues::Queues;
use crate::world::*;

pub(crate) async fn a_delayed_item_comes_later(queues: impl Queues) {
    let delay = Duration::from_secs(2);
    queues.queue().send(Lane::Events, &[item(1)], delay).await.unwrap();
    assert!(queues.receive(Lane::Events).await.is_empty());
    let depth = queues.queue().depth().await.unwrap().events;
    assert_eq!((depth.waiting, depth.in_flight, depth.delayed), (0, 0, 1));
    let taken = queues.take(Lane::Events, 1).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].body, item(1).to_json());
}

pub(crate) async fn the_longest_delay_is_taken(queues: impl Queues) {
    queues.queue().send(Lane::Bulk, &[item(1)], LONGEST_DELAY).await.unwrap();
    assert_eq!(queues.queue().depth().await.unwrap().bulk.delayed, 1);
}

pub(crate) async fn a_delay_that_is_too_long_sends_nothing(queues: impl Queues) {
    let delay = LONGEST_DELAY + Duration::from_secs(1);
    let error = queues.queue().send(Lane::Events, &[item(1)], delay).await.unwrap_err();
    assert!(matches!(error, QueueError::DelayTooLong { seconds: 901 }), "{error:?}");
    assert_eq!(error.disposition(), Disposition::Fail);
    assert_eq!(queues.queue().depth().await.unwrap(), Depths::default());
}

pub(crate) async fn a_fraction_of_a_second_is_no_delay(queues: impl Queues) {
    let delay = Duration::from_millis(999);
    queues.queue().send(Lane::Events, &[item(1)], delay).await.unwrap();
    assert_eq!(queues.receive(Lane::Events).await.len(), 1);
}
