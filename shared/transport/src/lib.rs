//! The one place that sends HTTP to a vendor.
//!
//! It bounds time and size, follows no redirect, talks to allowed origins only, and reports whether
//! a request that failed may have taken effect. What an answer means is decided by the clients.
#![warn(missing_docs)]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;
pub use url::Url;

mod credentials;
mod endpoint;
mod secret;
mod tally;
mod wait;

pub use credentials::{CredentialError, Credentials, Freshness};
pub use endpoint::{CustomEndpoints, EndpointError, endpoint, same_origin};
pub use secret::Secret;
pub use tally::counted;
pub use wait::retry_after;

/// The largest answer that is read. A full page of either vendor is far below it.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection came about: the request had no effect.
    #[error("{route}: the vendor cannot be reached")]
    NotSent {
        /// The route.
        route: &'static str,
        /// The client's error, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// The request was sent and its answer is lost: it may have taken effect, or still may.
    #[error("{route}: no answer")]
    Unanswered {
        /// The route.
        route: &'static str,
        /// The client's error, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is larger than anything the vendor sends.
    #[error("{route}: the answer is larger than {MAX_BODY} bytes")]
    TooLarge {
        /// The route.
        route: &'static str,
    },
}

impl TransportError {
    /// Whether the request may have taken effect.
    pub fn is_unanswered(&self) -> bool {
        !matches!(self, Self::NotSent { .. })
    }
}

/// A request to a vendor.
#[derive(Debug)]
pub struct Request {
    /// A name for logs: the path's template, never an id or an address.
    pub route: &'static str,
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers; those that hold a secret are marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// How long it may take from sending to the last byte of the answer.
    pub timeout: Duration,
}

/// The body of a request.
pub enum Body {
    /// None.
    Empty,
    /// JSON.
    Json(serde_json::Value),
    /// A form, as token endpoints take it.
    Form(Vec<(&'static str, String)>),
}

/// Bodies hold personal data and secrets, so only their kind is shown.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Json(_) => "Json(..)",
            Self::Form(_) => "Form(..)",
        })
    }
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The `Date` of the answer; without a readable one, our time before sending.
    pub date: Timestamp,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Response {
    /// A header, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A value and the `Date` of the answer it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// The value.
    pub value: T,
    /// The `Date`; of several answers, the earliest.
    pub date: Timestamp,
}

/// Sends requests. Clones share the connections and the count.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    clock: Clock,
    sent: Arc<AtomicU64>,
}

impl Http {
    /// A sender that takes its time from this clock.
    ///
    /// # Panics
    ///
    /// Never on a working machine: only if no TLS implementation could be set up.
    pub fn new(clock: Clock) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("entra-sync/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .build()
            .expect("the TLS library is linked in and its settings are fixed");
        Self { client, clock, sent: Arc::default() }
    }

    /// The clock of this sender.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let Request { route, method, url, headers, body, timeout } = request;
        let span = tracing::info_span!("http", otel.name = route, route, %method);
        let started = self.clock.now();
        self.sent.fetch_add(1, Ordering::Relaxed);
        tally::count();
        let builder = self.client.request(method, url).headers(headers).timeout(timeout);
        let builder = match body {
            Body::Empty => builder,
            Body::Json(json) => builder.json(&json),
            Body::Form(form) => builder.form(&form),
        };
        let answer = self.exchange(route, builder, started).instrument(span.clone()).await;
        let took = self.clock.now().duration_since(started);
        // A wider integer would not be a number in JSON.
        let duration_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        let _entered = span.enter();
        match &answer {
            Ok(response) => {
                let request_id = response.header("request-id").unwrap_or_default();
                tracing::debug!(status = response.status, request_id, duration_ms, "answered");
            }
            Err(error) => tracing::debug!(%error, duration_ms, "not answered"),
        }
        answer
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sends")]
    async fn exchange(
        &self,
        route: &'static str,
        builder: reqwest::RequestBuilder,
        started: Timestamp,
    ) -> Result<Response, TransportError> {
        let lost = |source: reqwest::Error| {
            let source = source.without_url();
            if source.is_connect() || source.is_builder() {
                TransportError::NotSent { route, source }
            } else {
                TransportError::Unanswered { route, source }
            }
        };
        let mut answer = builder.send().await.map_err(lost)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let date = headers
            .get(reqwest::header::DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(wait::http_date)
            .unwrap_or(started);
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(TransportError::TooLarge { route });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, date, body })
    }
}
