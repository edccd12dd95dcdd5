//! Sending: what arrives, where, and what is refused before anything is sent.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::disposition::Disposition;
use sync_core::ids::Subject;
use sync_core::record::Expect;
use work_queue::{Cause, Depths, LARGEST_MESSAGE, Lane, QueueError, Source, WorkItem, WorkQueue};

use crate::queues::Queues;
use crate::world::*;

const AT_ONCE: Duration = Duration::ZERO;

async fn send(queues: &impl Queues, lane: Lane, items: &[WorkItem]) {
    queues.queue().send(lane, items, AT_ONCE).await.unwrap();
}

pub(crate) async fn a_body_arrives_byte_for_byte(queues: impl Queues) {
    let at: Timestamp = "2026-05-01T00:21:09.162Z".parse().unwrap();
    let odd = "é ü 日本 🙂 \" \\ \t\n\r <>&'{}\u{0} \u{7f} \u{200b} \u{fffd}";
    let item = WorkItem {
        cause: Cause {
            source: Source::Webhook,
            event_type: Some("user_delete".to_owned()),
            event_id: Some(odd.to_owned()),
            at: Some(at),
        },
        expect: Some(Expect::Deleted),
        members: vec![user_id(1), user_id(2)],
        listed_at: Some(at),
        plan: Some(odd.to_owned()),
        ..item(7)
    };
    let sweep = WorkItem { subject: Subject::Sweep, ..item.clone() };
    send(&queues, Lane::Events, &[item.clone(), sweep.clone()]).await;
    let taken = queues.take(Lane::Events, 2).await;
    let bodies = [item.to_json(), sweep.to_json()];
    let expected = sorted(bodies.iter().map(String::as_str));
    assert_eq!(sorted(taken.iter().map(|message| message.body.as_str())), expected);
    for message in &taken {
        let parsed = WorkItem::parse(&message.body).unwrap();
        assert!(parsed == item || parsed == sweep, "{parsed:?}");
    }
}

pub(crate) async fn each_lane_is_a_queue_of_its_own(queues: impl Queues) {
    send(&queues, Lane::Events, &[item(1)]).await;
    send(&queues, Lane::Bulk, &[item(2)]).await;
    let events = queues.take(Lane::Events, 1).await;
    let bulk = queues.take(Lane::Bulk, 1).await;
    assert_eq!((&events[0].body, &bulk[0].body), (&item(1).to_json(), &item(2).to_json()));
    assert!(queues.queue().depth().await.unwrap() == Depths::default());
}

pub(crate) async fn a_message_is_of_its_directorys_group(queues: impl Queues) {
    send(&queues, Lane::Events, &[of("corp", 1), of("other", 2), of("corp", 3)]).await;
    let taken = queues.take(Lane::Events, 3).await;
    assert_eq!(taken.len(), 3);
    for message in taken {
        let item = WorkItem::parse(&message.body).unwrap();
        assert_eq!(message.group, item.directory.as_str());
    }
}

pub(crate) async fn more_than_ten_items_all_arrive(queues: impl Queues) {
    let items: Vec<WorkItem> = (0..97).map(item).collect();
    send(&queues, Lane::Bulk, &items).await;
    let taken = queues.take(Lane::Bulk, 97).await;
    let bodies: Vec<String> = items.iter().map(WorkItem::to_json).collect();
    let expected = sorted(bodies.iter().map(String::as_str));
    assert_eq!(sorted(taken.iter().map(|message| message.body.as_str())), expected);
}

pub(crate) async fn more_than_a_mebibyte_arrives_in_several_requests(queues: impl Queues) {
    let sizes = [300_000, 900_000, 200_000, 524_000, 524_000, 700_000, 1_000, 1_040_000];
    let items: Vec<WorkItem> = sizes.into_iter().map(item_of).collect();
    send(&queues, Lane::Bulk, &items).await;
    let taken = queues.take(Lane::Bulk, sizes.len()).await;
    let mut arrived: Vec<usize> = taken.iter().map(|message| message.body.len()).collect();
    let mut sent = sizes.to_vec();
    arrived.sort_unstable();
    sent.sort_unstable();
    assert_eq!(arrived, sent);
}

pub(crate) async fn the_largest_item_arrives(queues: impl Queues) {
    let item = item_of(LARGEST_MESSAGE);
    send(&queues, Lane::Events, std::slice::from_ref(&item)).await;
    let taken = queues.take(Lane::Events, 1).await;
    assert!(taken.len() == 1 && taken[0].body == item.to_json());
}

pub(crate) async fn an_item_that_is_too_large_sends_nothing(queues: impl Queues) {
    let items = [item(1), item_of(LARGEST_MESSAGE + 1), item(3)];
    let error = queues.queue().send(Lane::Events, &items, AT_ONCE).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Fail);
    match error {
        QueueError::TooLarge { subject } => assert_eq!(subject, items[1].subject.to_string()),
        other => panic!("{other:?}"),
    }
    assert_eq!(queues.queue().depth().await.unwrap(), Depths::default());
}

pub(crate) async fn nothing_to_send_is_no_request(queues: impl Queues) {
    send(&queues, Lane::Events, &[]).await;
    assert!(queues.receive(Lane::Events).await.is_empty());
}
