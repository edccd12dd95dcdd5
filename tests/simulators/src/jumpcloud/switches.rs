//! The switches of this server alone, below `/_sim/jumpcloud/`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::State;
use super::webhook::{Deliveries, Webhook, WebhookMode};

impl State {
    /// Posts every event from now on there; `None` ends that and forgets what waits.
    pub fn set_webhook(&mut self, webhook: Option<Webhook>) {
        self.hand_over();
        self.outbox.set_webhook(webhook);
    }

    /// Says what happens to the events for the webhook from now on.
    pub fn set_webhook_mode(&mut self, mode: WebhookMode) {
        self.hand_over();
        self.outbox.set_mode(mode);
    }

    /// What became of the events for the webhook.
    pub fn deliveries(&self) -> Deliveries {
        self.outbox.deliveries()
    }

    /// Posts stored events once more, from this time on, and answers how many.
    pub fn replay(&mut self, since: Timestamp) -> usize {
        self.hand_over();
        let events = self.events.iter().filter(|event| event.at >= since);
        let events: Vec<_> = events.map(|event| event.body.clone()).collect();
        let count = events.len();
        self.outbox.add(events.into_iter());
        count
    }

    /// Hands the events that are new to the webhook over to it.
    pub(super) fn hand_over(&mut self) {
        let new = self.events.get(self.posted..).unwrap_or_default();
        self.outbox.add(new.iter().map(|event| event.body.clone()));
        self.posted = self.events.len();
    }

    pub(super) fn switched(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Option<Result<Value, String>> {
        let name = path.strip_prefix("jumpcloud/")?;
        let field = |name: &str| body[name].as_str().unwrap_or_default();
        let id = field("id");
        let done = |done: bool| {
            if done { Ok(json!({})) } else { Err(format!("{name}: nothing like {body}")) }
        };
        let result = match (method, name) {
            ("POST", "add-user") => Ok(json!({"id": self.add_user(body.clone())})),
            ("POST", "patch-user") => done(self.patch_user(id, body["changes"].clone())),
            ("POST", "suspend-user") => done(self.suspend(id)),
            ("POST", "unsuspend-user") => done(self.unsuspend(id)),
            ("POST", "activate-user") => done(self.activate(id)),
            ("POST", "lock-user") => done(self.lock(id)),
            ("POST", "unlock-user") => done(self.unlock(id)),
            ("POST", "expire-password") => done(self.expire_password(id)),
            ("POST", "set-password") => done(self.set_password(id)),
            ("POST", "delete-user") => done(self.delete_user(id)),
            ("POST", "add-group") => Ok(json!({"id": self.add_group(body.clone())})),
            ("POST", "patch-group") => done(self.patch_group(id, body["changes"].clone())),
            ("POST", "delete-group") => done(self.delete_group(id)),
            ("POST", "connect") => done(self.connect(field("holder"), field("held"))),
            ("POST", "disconnect") => done(self.disconnect(field("holder"), field("held"))),
            ("POST", "delete-target") => done(self.delete_target(id)),
            ("POST", "add-event") => Ok(json!({"id": self.add_event(body.clone())})),
            ("POST", "announce") => Ok(json!({"events": self.announce()})),
            ("PUT", "key") if !field("key").is_empty() => {
                self.rotate_key(field("key"));
                Ok(json!({}))
            }
            ("POST", "revoke-tokens") => {
                self.revoke_tokens();
                Ok(json!({}))
            }
            ("PUT", "insights-delay") => self.delay_insights(body),
            ("PUT", "quota") => self.set_quota(body),
            ("GET", "webhook") => Ok(self.shown_webhook()),
            ("PUT", "webhook") => self.put_webhook(body),
            ("PUT", "webhook-mode") => self.put_webhook_mode(body),
            ("POST", "webhook-replay") => self.replay_since(body),
            _ => return None,
        };
        Some(result)
    }

    fn shown_webhook(&self) -> Value {
        json!({"webhook": self.outbox.webhook().map(|webhook| webhook.url),
            "mode": self.outbox.mode(), "deliveries": self.deliveries()})
    }

    fn put_webhook(&mut self, body: &Value) -> Result<Value, String> {
        let webhook: Option<Webhook> =
            serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
        self.set_webhook(webhook);
        Ok(json!({}))
    }

    fn put_webhook_mode(&mut self, body: &Value) -> Result<Value, String> {
        let mode = serde_json::from_value(body["mode"].clone());
        self.set_webhook_mode(mode.map_err(|error| error.to_string())?);
        Ok(json!({}))
    }

    fn replay_since(&mut self, body: &Value) -> Result<Value, String> {
        let since = match body["since"].as_str() {
            Some(since) => since.parse().map_err(|error| format!("since: {error}"))?,
            None => Timestamp::MIN,
        };
        Ok(json!({"events": self.replay(since)}))
    }

    fn delay_insights(&mut self, body: &Value) -> Result<Value, String> {
        let ms = body["ms"].as_u64().ok_or("expected {\"ms\": number}")?;
        self.insights_delay = Duration::from_millis(ms);
        Ok(json!({}))
    }

    fn set_quota(&mut self, body: &Value) -> Result<Value, String> {
        self.quota = match (body["requests"].as_u64(), body["per_ms"].as_u64()) {
            _ if body.is_null() => None,
            (Some(requests), Some(ms)) => {
                let requests = u32::try_from(requests).map_err(|error| error.to_string())?;
                Some((requests, Duration::from_millis(ms)))
            }
            _ => return Err("expected {\"requests\": n, \"per_ms\": n} or null".to_owned()),
        };
        self.requests.clear();
        Ok(json!({}))
    }
}
