//! JumpCloud: REST v1 and v2, the token endpoint and Directory Insights, as far as a directory
//! sync uses them.
//!
//! What the vendor does not document is decided here once and may be switched: which events a
//! suspension writes ([`StateEvents`]), how long events take to be found, how the binding of an
//! application is directed (from the end whose collection was changed), the status of a taken
//! name (400).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::task::JoinHandle;

use crate::Control;
use crate::company::Company;
use crate::openapi::{Description, INSIGHTS as DESCRIBED_INSIGHTS, JUMPCLOUD_V1, JUMPCLOUD_V2};
use crate::server::{Call, Reply, Route, Server, Vendor, routes};

mod associations;
mod auth;
mod directory;
mod errors;
mod events;
mod files;
mod filter;
mod graph;
mod groups;
mod insights;
mod query;
mod schema;
mod state;
mod switches;
mod user_state;
mod users;
mod webhook;

use associations::{associate, traverse};
use errors::{error, refused};
use events::Actor;
pub use events::StateEvents;
use graph::Kind;
pub use state::State;
pub use webhook::{Deliveries, Webhook, WebhookMode};

/// The properties of one object.
type Object = Map<String, Value>;

/// An organization of JumpCloud that listens on loopback until it is dropped.
pub struct JumpCloudSim {
    server: Server<State>,
    courier: JoinHandle<()>,
}

impl JumpCloudSim {
    /// Starts a server for this organization; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn start(listen: SocketAddr, mut state: State) -> io::Result<Self> {
        state.hand_over();
        let courier = tokio::spawn(webhook::run(state.outbox.clone()));
        let server = Server::start(listen, state).await?;
        Ok(Self { server, courier })
    }

    /// The server's root, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.server.base()
    }

    /// The root of v1 and, below `/v2`, of v2.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.url())
    }

    /// The root of Directory Insights.
    pub fn insights_url(&self) -> String {
        format!("{}/insights/directory/v1", self.url())
    }

    /// The token endpoint of service accounts.
    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.url())
    }

    /// Clock, faults, lag, journal and problems.
    pub fn control(&self) -> &Control {
        self.server.control()
    }

    /// Looks at the organization or changes it, as an administrator in the portal would.
    pub fn state<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        self.server.with(f)
    }

    /// Waits until the webhook took every event, or so long. Answers whether it did.
    pub async fn delivered(&self, within: Duration) -> bool {
        let outbox = self.state(|state| state.outbox.clone());
        outbox.settled(within).await
    }
}

impl Drop for JumpCloudSim {
    fn drop(&mut self) {
        self.courier.abort();
    }
}

const TOKEN: &str = "/oauth2/token";
const INSIGHTS: &str = "/insights/";

type Handler = fn(&mut State, &Call<'_>) -> Result<Reply, Reply>;

const USERS: &[Kind] = &[Kind::User];
const GROUPS: &[Kind] = &[Kind::Group];
const EVERYBODY: &[Kind] = &[Kind::User, Kind::Group];
const APPLICATIONS: &[Kind] = &[Kind::Application];
const OFFICE_365S: &[Kind] = &[Kind::Office365];

routes! {
    "POST" "/oauth2/token" => |state, call| Ok(auth::issue(state, call));
    "GET" "/api/organizations" => |state, call| directory::organizations(state, call);
    "GET" "/api/organizations/{id}" => |state, call| directory::organization(state, call);
    "GET" "/api/applications" => |state, call| directory::applications(state, call);
    "GET" "/api/applications/{id}" => |state, call| directory::application(state, call);
    "POST" "/api/search/systemusers" => |state, call| users::search(state, call);
    "GET" "/api/systemusers" => |state, call| users::list(state, call);
    "POST" "/api/systemusers" => users::create;
    "GET" "/api/systemusers/{id}" => |state, call| users::get(state, call);
    "PUT" "/api/systemusers/{id}" => users::update;
    "DELETE" "/api/systemusers/{id}" => users::delete;
    "POST" "/api/systemusers/{id}/state/activate" => users::activate;
    "POST" "/api/systemusers/{id}/state/suspend" => users::suspend;
    "POST" "/api/systemusers/{id}/unlock" => users::unlock;
    "POST" "/api/systemusers/{id}/expire" => users::expire;
    "GET" "/api/v2/usergroups" => |state, call| groups::list(state, call);
    "POST" "/api/v2/usergroups" => groups::create;
    "GET" "/api/v2/usergroups/{id}" => |state, call| groups::get(state, call);
    "PUT" "/api/v2/usergroups/{id}" => groups::update;
    "DELETE" "/api/v2/usergroups/{id}" => groups::delete;
    "GET" "/api/v2/usergroups/{id}/members" => |state, call| associations::members(state, call);
    "POST" "/api/v2/usergroups/{id}/members" => |state, call| associations::change(state, call, Kind::Group, USERS);
    "GET" "/api/v2/usergroups/{id}/membership" => |state, call| traverse(state, call, Kind::Group, EVERYBODY);
    "GET" "/api/v2/usergroups/{id}/associations" => |state, call| associations::list(state, call, Kind::Group);
    "POST" "/api/v2/usergroups/{id}/associations" => |state, call| associate(state, call, Kind::Group);
    "GET" "/api/v2/usergroups/{id}/applications" => |state, call| traverse(state, call, Kind::Group, APPLICATIONS);
    "GET" "/api/v2/usergroups/{id}/office365s" => |state, call| traverse(state, call, Kind::Group, OFFICE_365S);
    "GET" "/api/v2/users/{id}/memberof" => |state, call| traverse(state, call, Kind::User, GROUPS);
    "GET" "/api/v2/users/{id}/associations" => |state, call| associations::list(state, call, Kind::User);
    "POST" "/api/v2/users/{id}/associations" => |state, call| associate(state, call, Kind::User);
    "GET" "/api/v2/users/{id}/applications" => |state, call| traverse(state, call, Kind::User, APPLICATIONS);
    "GET" "/api/v2/users/{id}/office365s" => |state, call| traverse(state, call, Kind::User, OFFICE_365S);
    "GET" "/api/v2/applications/{id}/associations" => |state, call| associations::list(state, call, Kind::Application);
    "POST" "/api/v2/applications/{id}/associations" => |state, call| associate(state, call, Kind::Application);
    "GET" "/api/v2/applications/{id}/users" => |state, call| traverse(state, call, Kind::Application, USERS);
    "GET" "/api/v2/applications/{id}/usergroups" => |state, call| traverse(state, call, Kind::Application, GROUPS);
    "GET" "/api/v2/directories" => |state, call| directory::directories(state, call);
    "GET" "/api/v2/office365s/{id}" => |state, call| directory::office_365(state, call);
    "PATCH" "/api/v2/office365s/{id}" => directory::update_office_365;
    "GET" "/api/v2/office365s/{id}/associations" => |state, call| associations::list(state, call, Kind::Office365);
    "POST" "/api/v2/office365s/{id}/associations" => |state, call| associate(state, call, Kind::Office365);
    "GET" "/api/v2/office365s/{id}/users" => |state, call| traverse(state, call, Kind::Office365, USERS);
    "GET" "/api/v2/office365s/{id}/usergroups" => |state, call| traverse(state, call, Kind::Office365, GROUPS);
    "POST" "/insights/directory/v1/events" => |state, call| insights::events(state, call);
    "POST" "/insights/directory/v1/events/count" => |state, call| insights::count(state, call);
}

impl State {
    fn is_token(call: &Call<'_>) -> bool {
        call.route.is_some_and(|route| route.path == TOKEN)
    }

    /// Counts a request; above the quota it is refused. JumpCloud names no time to wait.
    fn charge(&mut self, call: &Call<'_>) -> Result<(), Reply> {
        let Some((most, window)) = self.quota else { return Ok(()) };
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        let start = call.now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        while self.requests.front().is_some_and(|request| *request <= start) {
            self.requests.pop_front();
        }
        if self.requests.len() >= most as usize {
            return Err(error(call, "429", ""));
        }
        self.requests.push_back(call.now);
        Ok(())
    }
}

impl Vendor for State {
    const ROUTES: &'static [Route] = ROUTES;

    fn description(route: &Route) -> Option<&'static Description> {
        match route.path {
            TOKEN => None,
            path if path.starts_with(INSIGHTS) => Some(&DESCRIBED_INSIGHTS),
            path if path.starts_with("/api/v2/") => Some(&JUMPCLOUD_V2),
            _ => Some(&JUMPCLOUD_V1),
        }
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        if !Self::is_token(call) {
            let allowed = if call.late { Ok(()) } else { auth::check(self, call) };
            if let Err(refusal) = allowed.and_then(|()| self.charge(call)) {
                return refusal;
            }
        }
        let Some(handler) = call.route.and_then(handler) else { return self.failure(call, 404) };
        self.actor = Actor::Api;
        let reply = handler(self, call).unwrap_or_else(|refusal| refusal);
        self.actor = Actor::Portal;
        reply
    }

    fn failure(&self, call: &Call<'_>, status: u16) -> Reply {
        if Self::is_token(call) {
            let name = match status {
                401 => "invalid_client",
                400..=428 => "invalid_request",
                _ => "temporarily_unavailable",
            };
            return auth::failure(status, name);
        }
        error(call, &status.to_string(), "")
    }

    fn finish(&self, call: &Call<'_>, reply: &mut Reply) {
        if call.request.path.starts_with(INSIGHTS) {
            reply.headers.push(("x-request-id".to_owned(), call.id.clone()));
        }
    }

    fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    fn dump(&self) -> Company {
        State::dump(self)
    }

    fn load(&mut self, company: &Company) -> Result<(), String> {
        self.read(company)
    }

    fn switch(&mut self, method: &str, path: &str, body: &Value) -> Option<Result<Value, String>> {
        self.switched(method, path, body)
    }

    fn deliver(&mut self) {
        self.hand_over();
    }
}

#[cfg(test)]
pub(crate) use schema::property_names;

/// The JSON object a write carries.
fn body(call: &Call<'_>) -> Result<Object, Reply> {
    let typed = call.request.header("content-type").is_some_and(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json")
    });
    match call.request.json() {
        Ok(Some(Value::Object(body))) if typed => Ok(body),
        _ => Err(refused(call, "body", "", "the body is no JSON object")),
    }
}
