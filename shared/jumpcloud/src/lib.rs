//! JumpCloud: how it is asked, and what its answers mean.
//!
//! The client answers in `sync-core`'s types; JumpCloud's JSON stays in this crate. It never waits
//! and never retries, but for one fresh credential after a 401: every wait is a record's `due`.
#![warn(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sync_core::ids::OrganizationId;
use tokio::sync::Mutex;
use transport::{
    Body, Credentials, Dated, HeaderMap, HeaderValue, Http, Method, Request, Response, Secret, Url,
};

mod auth;
mod connection;
mod error;
mod events;
mod groups;
mod organization;
mod pages;
mod scope;
mod users;
mod wire;

pub use error::JumpCloudError;
pub use events::{EventsPage, EventsQuery, SearchAfter};
pub use groups::{ConnectedGroups, Members};
pub use scope::Everybody;

/// Where JumpCloud's services are; an organization lives in one region.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// v1 and, below `/v2`, v2: such as `https://console.jumpcloud.com/api`.
    pub api_url: Url,
    /// Directory Insights, such as `https://api.jumpcloud.com/insights/directory/v1`.
    pub insights_url: Url,
    /// The token service of service accounts.
    pub token_url: Url,
    /// Sent as `x-org-id`; needed for keys that see several organizations.
    pub organization: Option<OrganizationId>,
}

/// How the caller proves itself.
#[derive(Debug, Clone)]
pub enum JumpCloudCredential {
    /// An administrator's key, as `x-api-key`.
    ApiKey(Secret),
    /// A service account, which gets tokens.
    ServiceAccount {
        /// The account.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
    },
}

/// A client of one organization. Clones share credentials and connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: Http,
    endpoints: Endpoints,
    credentials: Credentials<JumpCloudCredential>,
    timeout: Duration,
    auth: Mutex<Option<auth::Auth>>,
    verified_until: Mutex<Option<Timestamp>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoints", &self.0.endpoints).finish_non_exhaustive()
    }
}

/// Whether a call concerns one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scoped {
    /// It carries `x-org-id`, where configured.
    Organization,
    /// `/organizations` refuses that header.
    Everything,
}

impl Client {
    /// A client; `timeout` bounds each request.
    pub fn new(
        http: Http,
        endpoints: Endpoints,
        credentials: Credentials<JumpCloudCredential>,
        timeout: Duration,
    ) -> Self {
        Self(Arc::new(Inner {
            http,
            endpoints,
            credentials,
            timeout,
            auth: Mutex::default(),
            verified_until: Mutex::default(),
        }))
    }

    /// How many requests were sent, tokens among them.
    pub fn requests(&self) -> u64 {
        self.0.http.requests()
    }

    fn now(&self) -> Timestamp {
        self.0.http.clock().now()
    }

    /// An address below the API's root, its segments escaped.
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        below(&self.0.endpoints.api_url, segments, query)
    }

    async fn get(&self, route: &'static str, url: Url) -> Result<Response, JumpCloudError> {
        self.call(route, Method::GET, url, None, Scoped::Organization).await
    }

    /// An object's own record; `None` only for a 404 in JumpCloud's own words.
    async fn find(
        &self,
        route: &'static str,
        url: Url,
    ) -> Result<Dated<Option<Response>>, JumpCloudError> {
        let asked = self.now();
        match self.get(route, url).await {
            Ok(answer) => Ok(Dated { date: answer.date, value: Some(answer) }),
            // The error keeps no `Date`; when we asked is the safe side of it.
            Err(error) if error.is_not_found() => Ok(Dated { value: None, date: asked }),
            Err(error) => Err(error),
        }
    }

    /// Sends a call, and once more with a fresh credential after a 401.
    async fn call(
        &self,
        route: &'static str,
        method: Method,
        url: Url,
        body: Option<serde_json::Value>,
        scoped: Scoped,
    ) -> Result<Response, JumpCloudError> {
        let auth = self.auth().await?;
        let answer = self.send(route, &method, url.clone(), body.clone(), scoped, &auth).await?;
        if answer.status != 401 {
            return error::check(route, answer, self.now());
        }
        let Some(auth) = self.fresh(&auth).await? else {
            return Err(JumpCloudError::CredentialsRefused { route });
        };
        let answer = self.send(route, &method, url, body, scoped, &auth).await?;
        error::check(route, answer, self.now())
    }

    async fn send(
        &self,
        route: &'static str,
        method: &Method,
        url: Url,
        body: Option<serde_json::Value>,
        scoped: Scoped,
        auth: &auth::Auth,
    ) -> Result<Response, JumpCloudError> {
        let mut headers = HeaderMap::new();
        auth.insert_into(&mut headers);
        headers.insert("accept", HeaderValue::from_static("application/json"));
        if let (Scoped::Organization, Some(organization)) = (scoped, &self.0.endpoints.organization)
            && let Ok(value) = HeaderValue::from_str(organization.as_str())
        {
            headers.insert("x-org-id", value);
        }
        let body = body.map_or(Body::Empty, Body::Json);
        let timeout = self.0.timeout;
        let request = Request { route, method: method.clone(), url, headers, body, timeout };
        Ok(self.0.http.send(request).await?)
    }
}

fn below(root: &Url, segments: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
