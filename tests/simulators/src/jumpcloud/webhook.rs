//! Posting events to a webhook, one after the other, in the background.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use crate::control::pause;

/// The first wait after a failed delivery, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where events are posted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// Headers of every delivery, such as `authorization`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// After so many attempts a delivery is given up; JumpCloud's own makes 4. `None`: it is
    /// tried until it is accepted, and everything behind it waits.
    #[serde(default)]
    pub attempts: Option<u32>,
}

impl Webhook {
    /// A webhook that is tried until it accepts.
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), headers: Vec::new(), attempts: None }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, given up after so many attempts.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: Some(attempts), ..self }
    }
}

/// What happens to new events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookMode {
    /// They are posted.
    #[default]
    Deliver,
    /// They wait until they may be posted.
    Hold,
    /// They are lost, as a delivery that nobody notices the loss of.
    Drop,
}

/// What became of the events so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Deliveries {
    /// Accepted with a 2xx.
    pub delivered: u64,
    /// Attempts that failed: another status, or no answer.
    pub failures: u64,
    /// Given up after their last attempt.
    pub given_up: u64,
    /// Lost on purpose.
    pub dropped: u64,
    /// Not accepted yet, the one under way included.
    pub waiting: usize,
}

#[derive(Debug, Default)]
struct Post {
    webhook: Option<Webhook>,
    mode: WebhookMode,
    queue: VecDeque<Value>,
    attempts: u32,
    counts: Deliveries,
}

/// The events that wait for the webhook.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    post: Mutex<Post>,
    changed: Notify,
}

impl Outbox {
    fn post(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_webhook(&self, webhook: Option<Webhook>) {
        let mut post = self.post();
        if webhook.is_none() {
            post.queue.clear();
        }
        post.webhook = webhook;
        drop(post);
        self.changed.notify_waiters();
    }

    pub(super) fn webhook(&self) -> Option<Webhook> {
        self.post().webhook.clone()
    }

    pub(super) fn set_mode(&self, mode: WebhookMode) {
        self.post().mode = mode;
        self.changed.notify_waiters();
    }

    pub(super) fn mode(&self) -> WebhookMode {
        self.post().mode
    }

    pub(super) fn deliveries(&self) -> Deliveries {
        let post = self.post();
        Deliveries { waiting: post.queue.len(), ..post.counts }
    }

    /// Takes new events, in the order in which they happened.
    pub(super) fn add(&self, events: impl ExactSizeIterator<Item = Value>) {
        if events.len() == 0 {
            return;
        }
        let mut post = self.post();
        match (&post.webhook, post.mode) {
            (None, _) => {}
            (Some(_), WebhookMode::Drop) => post.counts.dropped += events.len() as u64,
            (Some(_), _) => post.queue.extend(events),
        }
        drop(post);
        self.changed.notify_waiters();
    }

    /// The first event that may be posted now.
    fn next(&self) -> Option<(Webhook, Value)> {
        let post = self.post();
        let webhook = post.webhook.clone().filter(|_| post.mode == WebhookMode::Deliver)?;
        Some((webhook, post.queue.front()?.clone()))
    }

    /// Notes what became of the first event. Answers whether it is to be tried again.
    fn settle(&self, webhook: &Webhook, event: &Value, accepted: bool) -> bool {
        let mut post = self.post();
        post.attempts += 1;
        if accepted {
            post.counts.delivered += 1;
        } else {
            post.counts.failures += 1;
            if webhook.attempts.is_none_or(|most| post.attempts < most) {
                return true;
            }
            post.counts.given_up += 1;
        }
        post.attempts = 0;
        // Setting another webhook may have emptied the queue meanwhile.
        if post.queue.front() == Some(event) {
            post.queue.pop_front();
        }
        drop(post);
        self.changed.notify_waiters();
        false
    }

    /// Waits until nothing waits any more, or so long. Answers whether nothing waits.
    pub(super) async fn settled(&self, within: Duration) -> bool {
        let empty = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if self.post().queue.is_empty() {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(within, empty).await.is_ok()
    }
}

/// Posts what the outbox holds, for ever.
pub(super) async fn run(outbox: Arc<Outbox>) {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build() else { return };
    let mut wait = FIRST_WAIT;
    loop {
        let changed = outbox.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let Some((webhook, event)) = outbox.next() else {
            changed.await;
            continue;
        };
        let accepted = post(&client, &webhook, &event).await;
        if outbox.settle(&webhook, &event, accepted) {
            pause(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        } else {
            wait = FIRST_WAIT;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a server of its own, without our transport crate")]
async fn post(client: &reqwest::Client, webhook: &Webhook, event: &Value) -> bool {
    let mut request = client.post(&webhook.url).json(event);
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}
