//! What only SQS can show: batches taken in part, and queues out of reach.

use std::error::Error;
use std::time::Duration;

use clock::Clock;
use serde_json::{Value as Json, json};
use sync_core::disposition::Disposition;
use work_queue::sqs::{QueueUrls, SqsQueue};
use work_queue::{Lane, QueueError, WorkItem, WorkQueue};

use crate::queues::client;
use crate::scripted::Scripted;
use crate::world::*;

const AT_ONCE: Duration = Duration::ZERO;

fn queue(url: &str) -> SqsQueue {
    let named = |name: &str| format!("{url}/000000000000/{name}");
    let urls = QueueUrls { events: named("events"), bulk: named("bulk"), parked: named("parked") };
    SqsQueue::new(client(url), urls, Clock::system())
}

fn taken(id: usize) -> Json {
    json!({"Id": id.to_string(), "MessageId": "m", "MD5OfMessageBody": "-"})
}

fn failed(id: usize, code: &str, our_fault: bool) -> Json {
    json!({"Id": id.to_string(), "Code": code, "SenderFault": our_fault})
}

fn answer(successful: &[Json], failed: &[Json]) -> Json {
    json!({"Successful": successful, "Failed": failed})
}

/// The bodies of a request's entries.
fn bodies(request: &Json) -> Vec<String> {
    let entries = request["Entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned()).collect()
}

fn expected(items: &[&WorkItem]) -> Vec<String> {
    items.iter().map(|item| item.to_json()).collect()
}

#[tokio::test]
async fn only_what_was_not_taken_is_sent_again() {
    let (one, two, three) = (item(1), item(2), item(3));
    let busy = |id| failed(id, "InternalError", false);
    let sqs = Scripted::start([
        answer(&[taken(1)], &[busy(0), busy(2)]),
        answer(&[taken(0)], &[busy(1)]),
        answer(&[taken(0)], &[]),
    ])
    .await;
    let items = [one.clone(), two.clone(), three.clone()];
    queue(&sqs.url).send(Lane::Events, &items, AT_ONCE).await.unwrap();
    let requests: Vec<_> = sqs.requests().iter().map(bodies).collect();
    let all = [expected(&[&one, &two, &three]), expected(&[&one, &three]), expected(&[&three])];
    assert_eq!(requests, all);
}

#[tokio::test]
async fn what_sqs_does_not_mention_is_sent_again() {
    let sqs = Scripted::start([answer(&[taken(0)], &[]), answer(&[taken(0)], &[])]).await;
    queue(&sqs.url).send(Lane::Events, &[item(1), item(2)], AT_ONCE).await.unwrap();
    assert_eq!(bodies(&sqs.requests()[1]), expected(&[&item(2)]));
}

#[tokio::test]
async fn what_is_never_taken_is_an_error_after_four_attempts() {
    let busy = || answer(&[], &[failed(0, "InternalError", false)]);
    let sqs = Scripted::start([busy(), busy(), busy(), busy()]).await;
    let error = queue(&sqs.url).send(Lane::Events, &[item(1)], AT_ONCE).await.unwrap_err();
    assert!(matches!(error, QueueError::Unavailable { operation: "send", .. }), "{error:?}");
    assert_eq!(error.disposition(), Disposition::Retry);
    assert!(error.source().unwrap().to_string().contains("InternalError"));
    assert_eq!(sqs.requests().len(), 4);
}

#[tokio::test]
async fn what_sqs_blames_on_us_is_refused_for_good() {
    let fault = failed(1, "InvalidMessageContents", true);
    let sqs = Scripted::start([answer(&[taken(0)], &[fault])]).await;
    let error = queue(&sqs.url).send(Lane::Events, &[item(1), item(2)], AT_ONCE).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Fail);
    match error {
        QueueError::Refused { subject, code } => {
            assert_eq!(subject, item(2).subject.to_string());
            assert_eq!(code, "InvalidMessageContents");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(sqs.requests().len(), 1);
}

#[tokio::test]
async fn ten_messages_and_a_mebibyte_are_the_most_of_a_request() {
    let answers = (0..4).map(|_| answer(&(0..10).map(taken).collect::<Vec<_>>(), &[]));
    let sqs = Scripted::start(answers).await;
    let items: Vec<WorkItem> = (0..40).map(item).collect();
    queue(&sqs.url).send(Lane::Bulk, &items, Duration::from_secs(5)).await.unwrap();
    for request in sqs.requests() {
        let entries = request["Entries"].as_array().unwrap();
        assert_eq!(entries.len(), 10);
        assert!(entries.iter().all(|e| e["MessageGroupId"] == "corp" && e["DelaySeconds"] == 5));
    }
    let answers = (0..2).map(|_| answer(&[taken(0), taken(1)], &[]));
    let sqs = Scripted::start(answers).await;
    let items: Vec<WorkItem> = (0..4).map(|_| item_of(500_000)).collect();
    queue(&sqs.url).send(Lane::Bulk, &items, AT_ONCE).await.unwrap();
    assert!(sqs.requests().iter().all(|request| bodies(request).len() == 2));
}

#[tokio::test]
async fn a_depth_that_is_not_answered_is_an_error_never_zero() {
    let sqs = Scripted::start([json!({}), json!({}), json!({})]).await;
    let error = queue(&sqs.url).depth().await.unwrap_err();
    assert!(matches!(error, QueueError::Unavailable { operation: "depth", .. }), "{error:?}");
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_out_of_reach() {
    out_of_reach(&queue(&ministack::url())).await;
}

#[tokio::test]
async fn nobody_listening_is_out_of_reach() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    out_of_reach(&queue(&url)).await;
}

async fn out_of_reach(queue: &SqsQueue) {
    let sent = queue.send(Lane::Events, &[item(1)], AT_ONCE).await;
    let parked = queue.park("?", "not JSON", None).await;
    let depth = queue.depth().await.map(|_| ());
    for (result, of) in [(sent, "send"), (parked, "park"), (depth, "depth")] {
        let error = result.unwrap_err();
        assert_eq!(error.disposition(), Disposition::Retry);
        assert!(matches!(error, QueueError::Unavailable { operation, .. } if operation == of));
    }
}
