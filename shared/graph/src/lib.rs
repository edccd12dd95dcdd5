//! Microsoft Graph: how Entra is asked, and what its answers mean.
//!
//! The client answers in `sync-core`'s types; Graph's JSON stays in this crate. It never waits and
//! never retries, but for one fresh token after a 401: every wait is a record's `due`.
#![warn(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sync_core::ids::TenantId;
use tokio::sync::Mutex;
use transport::{
    Body, Credentials, HeaderMap, HeaderValue, Http, Method, Request, Response, Secret, Url,
};

mod batch;
mod deleted;
mod deletion;
mod error;
mod groups;
mod members;
mod pages;
mod tenant;
mod token;
mod users;
mod wire;

pub use batch::{Read, Wanted};
pub use error::{GraphError, Refusal};
pub use groups::NewGroup;
pub use members::MEMBERS_AT_ONCE;
pub use pages::Complete;
pub use users::{AttributeChange, NewUser};

/// Where Graph and its token service are.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Graph's root with its version, such as `https://graph.microsoft.com/v1.0`.
    pub graph_url: Url,
    /// The token service's root, such as `https://login.microsoftonline.com`.
    pub login_url: Url,
    /// The scope of the token, such as `https://graph.microsoft.com/.default`.
    pub scope: String,
    /// The tenant that every call is for.
    pub tenant: TenantId,
    /// The app registration.
    pub client_id: String,
}

/// How the app proves itself.
#[derive(Debug, Clone)]
pub enum EntraCredential {
    /// A client secret.
    ClientSecret(Secret),
}

/// A client of one tenant. Clones share token, caches and connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: Http,
    endpoints: Endpoints,
    credentials: Credentials<EntraCredential>,
    timeout: Duration,
    token: Mutex<Option<token::Token>>,
    tenant: Mutex<tenant::Known>,
}

/// A call that has no token yet.
struct Call {
    route: &'static str,
    method: Method,
    url: Url,
    body: Option<serde_json::Value>,
    /// What `Prefer` asks for.
    prefer: Option<&'static str>,
}

impl Call {
    fn new(route: &'static str, method: Method, url: Url, body: Option<serde_json::Value>) -> Self {
        Self { route, method, url, body, prefer: None }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoints", &self.0.endpoints).finish_non_exhaustive()
    }
}

impl Client {
    /// A client; `timeout` bounds each request (R1: a write times out within half a lease).
    pub fn new(
        http: Http,
        endpoints: Endpoints,
        credentials: Credentials<EntraCredential>,
        timeout: Duration,
    ) -> Self {
        Self(Arc::new(Inner {
            http,
            endpoints,
            credentials,
            timeout,
            token: Mutex::default(),
            tenant: Mutex::default(),
        }))
    }

    /// How many requests were sent, tokens among them.
    pub fn requests(&self) -> u64 {
        self.0.http.requests()
    }

    fn now(&self) -> Timestamp {
        self.0.http.clock().now()
    }

    /// An address below Graph's root, its segments escaped.
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.endpoints.graph_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Sends a call and judges its answer.
    async fn call(
        &self,
        route: &'static str,
        method: Method,
        url: Url,
        body: Option<serde_json::Value>,
    ) -> Result<Response, GraphError> {
        self.perform(Call::new(route, method, url, body)).await
    }

    async fn perform(&self, call: Call) -> Result<Response, GraphError> {
        let answer = self.exchange(&call).await?;
        error::check(call.route, &call.method, answer, self.now())
    }

    /// Sends a request with a token, and once more with a fresh one after a 401.
    ///
    /// All of it, the token's own requests included, takes no longer than one request may: a write
    /// is begun with no more of the lease left than that (R1).
    async fn exchange(&self, call: &Call) -> Result<Response, GraphError> {
        let begun = self.now();
        let token = self.token().await?;
        let left = self.left(begun, call.route)?;
        let answer = self.send(call, &token, left).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.forget(&token).await;
        let token = self.token().await?;
        let left = self.left(begun, call.route)?;
        self.send(call, &token, left).await
    }

    /// What is left of a request's time.
    fn left(&self, begun: Timestamp, route: &'static str) -> Result<Duration, GraphError> {
        let took = Duration::try_from(self.now().duration_since(begun)).unwrap_or_default();
        let left = self.0.timeout.saturating_sub(took);
        if left.is_zero() { Err(GraphError::OutOfTime { route }) } else { Ok(left) }
    }

    /// The one place that sends to Graph. A deletion that is none of ours is refused here.
    async fn send(
        &self,
        call: &Call,
        token: &token::Token,
        timeout: Duration,
    ) -> Result<Response, GraphError> {
        let route = call.route;
        if call.method == Method::DELETE
            && !deletion::is_ours(&self.0.endpoints.graph_url, &call.url)
        {
            return Err(GraphError::ForbiddenDeletion { route });
        }
        let mut headers = HeaderMap::new();
        headers.insert("authorization", token.header.clone());
        // Ours is echoed and logged on both sides, so that support can find an attempt.
        let request_id = uuid::Uuid::new_v4().to_string();
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            headers.insert("client-request-id", value);
        }
        if let Some(prefer) = call.prefer {
            headers.insert("prefer", HeaderValue::from_static(prefer));
        }
        let body = call.body.clone().map_or(Body::Empty, Body::Json);
        let (method, url) = (call.method.clone(), call.url.clone());
        let request = Request { route, method, url, headers, body, timeout };
        let write = call.method != Method::GET;
        self.0.http.send(request).await.map_err(|error| GraphError::transport(error, write))
    }
}
