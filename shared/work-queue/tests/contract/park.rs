//! Parking: what nobody could work on is kept whole, with the reason beside it.

use work_queue::{LARGEST_MESSAGE, WorkQueue};

use crate::queues::{Parked, Queues};
use crate::world::*;

/// Parks this for `corp` and answers what arrived.
async fn parked(queues: &impl Queues, body: &str, reason: &str) -> Parked {
    queues.queue().park(body, reason, Some(&directory("corp"))).await.unwrap();
    let mut parked = queues.parked().await;
    assert_eq!(parked.len(), 1);
    parked.remove(0)
}

pub(crate) async fn what_is_parked_keeps_its_text_and_says_why(queues: impl Queues) {
    let body = "{\"a\":\"é 日本 🙂 \\\" \t\r\n\"}";
    let parked = parked(&queues, body, "no event_type in é").await;
    let expected = Parked {
        body: body.to_owned(),
        reason: "no event_type in é".to_owned(),
        directory: Some("corp".to_owned()),
        cut_from: None,
    };
    assert_eq!(parked, expected);
}

pub(crate) async fn what_sqs_refuses_is_escaped(queues: impl Queues) {
    let parked = parked(&queues, "[\"\u{0}\u{1f}\u{ffff}\"]", "a \u{7}bell").await;
    assert_eq!(parked.body, "[\"\\u0000\\u001f\\uffff\"]");
    assert_eq!(parked.reason, "a \\u0007bell");
}

pub(crate) async fn without_a_directory_nothing_is_missing(queues: impl Queues) {
    queues.queue().park("not JSON", "not JSON", None).await.unwrap();
    let parked = queues.parked().await;
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].body.as_str(), &parked[0].directory), ("not JSON", &None));
}

pub(crate) async fn what_does_not_fit_is_cut_and_says_so(queues: impl Queues) {
    let body = "é".repeat(LARGEST_MESSAGE);
    let reason = "r".repeat(5000);
    let parked = parked(&queues, &body, &reason).await;
    assert!(body.starts_with(&parked.body));
    assert!(parked.body.len() > LARGEST_MESSAGE - 4096 && parked.body.len() < LARGEST_MESSAGE);
    assert_eq!(parked.cut_from, Some(body.len().to_string()));
    assert_eq!(parked.reason, reason[..512]);
}

pub(crate) async fn nothing_is_ever_empty(queues: impl Queues) {
    let parked = parked(&queues, "", "").await;
    assert_eq!((parked.body.as_str(), parked.reason.as_str()), (" ", "unknown"));
}
