//! The HTTP door: who sends, what is an event, and onto which queue it goes (design 4.4).
//!
//! Nothing is decided here about a person or a group; an event only rings. An answer of 202 is
//! given when the queues took everything, so a sender that retries on anything else loses nothing.
#![warn(missing_docs)]

use std::future::Future;
use std::time::Duration;

use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use clock::Clock;
use jiff::Timestamp;
use service::directories::{Configured, Directories};
use service::secrets::{SecretError, SecretId, Secrets, WebhookSecret};
use service::telemetry::chain;
use store::Store;
use sync_core::ids::DirectoryId;
use transport::Freshness;
use work_queue::WorkQueue;

mod answer;
mod auth;
mod intake;
mod request;

use answer::{Answer, Counts};
use auth::{Proof, Signed};
use request::{Body, Route};

/// How long before Lambda ends the function a request is answered as it stands.
const MARGIN: Duration = Duration::from_millis(500);

/// Gives the secret of a directory's senders.
pub trait WebhookSecrets: Send + Sync + 'static {
    /// The secret; see [`Secrets::webhook`].
    fn webhook(
        &self,
        id: &SecretId,
        freshness: Freshness,
    ) -> impl Future<Output = Result<WebhookSecret, SecretError>> + Send;
}

impl WebhookSecrets for Secrets {
    async fn webhook(
        &self,
        id: &SecretId,
        freshness: Freshness,
    ) -> Result<WebhookSecret, SecretError> {
        Secrets::webhook(self, id, freshness).await
    }
}

/// Answers requests.
#[derive(Debug, Clone)]
pub struct Ingest<S, Q, W> {
    directories: Directories<S>,
    queue: Q,
    secrets: W,
    clock: Clock,
}

impl<S: Store, Q: WorkQueue, W: WebhookSecrets> Ingest<S, Q, W> {
    /// Uses these; nothing is called before the first request needs it.
    pub fn new(directories: Directories<S>, queue: Q, secrets: W, clock: Clock) -> Self {
        Self { directories, queue, secrets, clock }
    }

    /// Answers one request before Lambda ends the function at `deadline`.
    pub async fn handle(
        &self,
        event: ApiGatewayV2httpRequest,
        deadline: Timestamp,
    ) -> ApiGatewayV2httpResponse {
        let started = self.clock.now();
        let route = Route::of(&event);
        let left = Duration::try_from(deadline.duration_since(started)).unwrap_or_default();
        // On the heap: the AWS clients' futures are large, and nested deeper than the compiler likes.
        let answer = Box::pin(self.answer(&route, &event));
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            () = self.clock.sleep(left.saturating_sub(MARGIN)) => {
                Answer::Unavailable("no time is left".to_owned())
            }
        };
        let duration_ms = self.clock.now().as_millisecond() - started.as_millisecond();
        log(&route, &answer, duration_ms);
        answer.response()
    }

    async fn answer(&self, route: &Route, event: &ApiGatewayV2httpRequest) -> Answer {
        match route {
            Route::Health => Answer::Healthy,
            Route::Events(directory) => {
                self.events(directory, event).await.unwrap_or_else(|refusal| refusal)
            }
            Route::Unknown => Answer::NotFound,
        }
    }

    /// The checks in the order of design 4.4: directory, size, proof, form.
    async fn events(
        &self,
        directory: &DirectoryId,
        event: &ApiGatewayV2httpRequest,
    ) -> Result<Answer, Answer> {
        let found = self.directories.get(directory).await;
        let found = found.map_err(|error| Answer::Unavailable(chain(&error)))?;
        let configured = found.ok_or(Answer::NotFound)?;
        let body = Body::of(event);
        if body.is_too_large() {
            return Err(Answer::TooLarge);
        }
        self.prove(&configured, event, &body).await?;
        let json = body.json().ok_or(Answer::NotJson)?;
        let sorted = intake::sort(&json, &configured);
        let text = String::from_utf8_lossy(body.bytes());
        let sent = intake::send(&self.queue, directory, sorted, &text).await;
        sent.map(Answer::Taken).map_err(|error| Answer::Unavailable(chain(&error)))
    }

    /// A refused proof is looked at once more with the secret as it is now, for a rotation.
    async fn prove(
        &self,
        configured: &Configured,
        event: &ApiGatewayV2httpRequest,
        body: &Body,
    ) -> Result<(), Answer> {
        let proof = Proof::of(|name| request::header(event, name));
        if proof.is_empty() {
            return Err(Answer::Unauthorized);
        }
        let signed = Signed { path: request::path(event), body: body.bytes() };
        for freshness in [Freshness::Cached, Freshness::Reread] {
            let secret = self.secrets.webhook(&configured.config.webhook_secret, freshness).await;
            let secret = secret.map_err(|error| Answer::Unavailable(chain(&error)))?;
            if proof.holds(&secret, &signed, self.clock.now()) {
                return Ok(());
            }
        }
        Err(Answer::Unauthorized)
    }
}

/// The one line of a request: never a body, a token or a name.
fn log(route: &Route, answer: &Answer, duration_ms: i64) {
    let (directory, status) = (route.directory().map(DirectoryId::as_str), answer.status());
    match answer {
        Answer::Taken(Counts { accepted, ignored, parked, ignored_by, ignored_types }) => {
            let told = |empty: bool, counts: String| if empty { String::new() } else { counts };
            let by = told(ignored_by.is_empty(), format!("{ignored_by:?}"));
            let types = told(ignored_types.is_empty(), ignored_types.to_string());
            tracing::info!(
                directory,
                status,
                accepted,
                ignored,
                parked,
                ignored_by = by,
                ignored_types = types,
                duration_ms,
                "answered"
            );
        }
        Answer::Unavailable(error) => {
            tracing::error!(directory, status, error, duration_ms, "answered");
        }
        _ => tracing::info!(directory, status, duration_ms, "answered"),
    }
}
