//! Entra ID: the token endpoint and Microsoft Graph v1.0, as far as a directory sync uses them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Control;
use crate::company::Company;
use crate::openapi::{Description, GRAPH};
use crate::server::{Call, Reply, Route, Server, Vendor, routes};

mod batch;
mod directory;
mod errors;
mod files;
mod filter;
mod groups;
mod members;
mod odata;
mod schema;
mod state;
mod token;
mod upn;
mod users;

use errors::{client_request_id, error, refused};
use schema::Properties;
pub use state::State;
use state::new_id;

/// A tenant of Entra ID that listens on loopback until it is dropped.
pub struct EntraSim {
    server: Server<State>,
}

impl EntraSim {
    /// Starts a server for this tenant; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn start(listen: SocketAddr, state: State) -> io::Result<Self> {
        Ok(Self { server: Server::start(listen, state).await? })
    }

    /// The server's root, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.server.base()
    }

    /// The root of Graph v1.0.
    pub fn graph_url(&self) -> String {
        format!("{}/v1.0", self.url())
    }

    /// The root of the token endpoint.
    pub fn login_url(&self) -> String {
        self.url().to_owned()
    }

    /// Clock, faults, lag, journal and problems.
    pub fn control(&self) -> &Control {
        self.server.control()
    }

    /// Looks at the tenant or changes it, as an administrator in the portal would.
    pub fn state<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        self.server.with(f)
    }
}

const TOKEN: &str = "/{tenant}/oauth2/v2.0/token";

type Handler = fn(&mut State, &Call<'_>) -> Result<Reply, Reply>;

routes! {
    "POST" "/{tenant}/oauth2/v2.0/token" => |state, call| Ok(token::issue(state, call));
    "POST" "/v1.0/$batch" => batch::answer;
    "GET" "/v1.0/organization" => |state, call| directory::organization(state, call);
    "GET" "/v1.0/organization/{id}" => |state, call| directory::one_organization(state, call);
    "GET" "/v1.0/domains" => |state, call| directory::domains(state, call);
    "GET" "/v1.0/domains/{id}" => |state, call| directory::one_domain(state, call);
    "GET" "/v1.0/users" => |state, call| users::list(state, call);
    "POST" "/v1.0/users" => users::create;
    "GET" "/v1.0/users/{id}" => |state, call| users::get(state, call);
    "PATCH" "/v1.0/users/{id}" => users::update;
    "DELETE" "/v1.0/users/{id}" => users::delete;
    "GET" "/v1.0/users/{id}/manager" => |state, call| users::get_manager(state, call);
    "GET" "/v1.0/users/{id}/manager/$ref" => |state, call| users::get_manager_ref(state, call);
    "PUT" "/v1.0/users/{id}/manager/$ref" => users::set_manager;
    "DELETE" "/v1.0/users/{id}/manager/$ref" => users::remove_manager;
    "POST" "/v1.0/users/{id}/revokeSignInSessions" => users::revoke_sessions;
    "GET" "/v1.0/users/{id}/memberOf" => |state, call| users::member_of(state, call);
    "GET" "/v1.0/groups" => |state, call| groups::list(state, call);
    "POST" "/v1.0/groups" => groups::create;
    "GET" "/v1.0/groups(uniqueName='{uniqueName}')" => |state, call| groups::get_by_name(state, call);
    "PATCH" "/v1.0/groups(uniqueName='{uniqueName}')" => groups::upsert;
    "GET" "/v1.0/groups/{id}" => |state, call| groups::get(state, call);
    "PATCH" "/v1.0/groups/{id}" => groups::update;
    "DELETE" "/v1.0/groups/{id}" => groups::delete;
    "GET" "/v1.0/groups/{id}/members" => |state, call| members::list(state, call);
    "POST" "/v1.0/groups/{id}/members/$ref" => members::add;
    "DELETE" "/v1.0/groups/{id}/members/{member}/$ref" => members::remove;
    "DELETE" "/v1.0/groups/{id}/members/{member}" => members::delete_object;
    "GET" "/v1.0/directory/deletedItems/microsoft.graph.user" => |state, call| directory::deleted_users(state, call);
    "GET" "/v1.0/directory/deletedItems/microsoft.graph.group" => |state, call| directory::deleted_groups(state, call);
    "GET" "/v1.0/directory/deletedItems/{id}" => |state, call| directory::get_deleted(state, call);
    "DELETE" "/v1.0/directory/deletedItems/{id}" => directory::purge;
    "POST" "/v1.0/directory/deletedItems/{id}/restore" => directory::restore;
}

impl State {
    fn is_token(call: &Call<'_>) -> bool {
        call.route.is_some_and(|route| route.path == TOKEN)
    }

    /// Counts a write; above the quota it is refused until enough old ones have left the window.
    fn charge(&mut self, call: &Call<'_>) -> Result<(), Reply> {
        let Some((most, window)) = self.write_quota else { return Ok(()) };
        let reads = call.request.method == "GET" || Self::is_token(call);
        if reads || call.route.is_some_and(|route| route.name() == "/$batch") {
            return Ok(());
        }
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        let start = call.now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        while self.writes.front().is_some_and(|write| *write <= start) {
            self.writes.pop_front();
        }
        if self.writes.len() < most as usize {
            self.writes.push_back(call.now);
            return Ok(());
        }
        let wait = self.writes.front().map_or(1, |first| first.duration_since(start).as_secs() + 1);
        Err(error(call, "quota", &[])
            .header("retry-after", wait.to_string())
            .header("x-ms-throttle-scope", "Tenant_Application/Write")
            .header("x-ms-throttle-information", "WriteLimitExceeded"))
    }
}

impl Vendor for State {
    const ROUTES: &'static [Route] = ROUTES;

    fn description(route: &Route) -> Option<&'static Description> {
        (route.path != TOKEN).then(|| &*GRAPH)
    }

    fn answer(&mut self, call: &Call<'_>) -> Reply {
        let allowed = |state: &mut Self| {
            if !Self::is_token(call) && !call.late {
                token::check(state, call)?;
            }
            state.charge(call)
        };
        if let Err(refusal) = allowed(self) {
            return refusal;
        }
        match call.route.and_then(handler) {
            Some(handler) => handler(self, call).unwrap_or_else(|refusal| refusal),
            None => self.failure(call, 404),
        }
    }

    fn failure(&self, call: &Call<'_>, status: u16) -> Reply {
        if Self::is_token(call) {
            return token::fault(call, status);
        }
        error(call, &status.to_string(), &[("path", &call.request.path)])
    }

    fn finish(&self, call: &Call<'_>, reply: &mut Reply) {
        if let Some((most, _)) = self.write_quota {
            let used = self.writes.len() as f64 / f64::from(most.max(1));
            if used >= 0.8 {
                let header = ("x-ms-throttle-limit-percentage".to_owned(), format!("{used:.2}"));
                reply.headers.push(header);
            }
        }
        if call.batch {
            return;
        }
        reply.headers.push(("request-id".to_owned(), call.id.clone()));
        let id = client_request_id(call).to_owned();
        reply.headers.push(("client-request-id".to_owned(), id));
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
        let id = body["id"].as_str().unwrap_or_default();
        let existed = |existed: bool| {
            if existed { Ok(json!({})) } else { Err(format!("there is no object {id:?}")) }
        };
        match (method, path) {
            ("POST", "entra/delete-user") => Some(existed(self.delete_user(id))),
            ("POST", "entra/delete-group") => Some(existed(self.delete_group(id))),
            ("POST", "entra/patch-user") => Some(existed(self.patch_user(id, body.clone()))),
            ("POST", "entra/revoke-tokens") => {
                self.revoke_tokens();
                Some(Ok(json!({})))
            }
            ("PUT", "entra/quota") => Some(self.set_quota(body)),
            _ => None,
        }
    }
}

impl State {
    fn set_quota(&mut self, body: &Value) -> Result<Value, String> {
        self.write_quota = match (body["writes"].as_u64(), body["per_ms"].as_u64()) {
            _ if body.is_null() => None,
            (Some(writes), Some(ms)) => {
                let writes = u32::try_from(writes).map_err(|error| error.to_string())?;
                Some((writes, Duration::from_millis(ms)))
            }
            _ => return Err("expected {\"writes\": n, \"per_ms\": n} or null".to_owned()),
        };
        self.writes.clear();
        Ok(json!({}))
    }
}

/// The properties that are simulated, by the kind of object.
#[cfg(test)]
pub(crate) fn property_names() -> Vec<(&'static str, Vec<&'static str>)> {
    let names = |resource: &schema::Resource| {
        resource.properties.iter().map(|property| property.name).collect()
    };
    vec![("user", names(&schema::USER)), ("group", names(&schema::GROUP))]
}

/// The JSON object a write carries.
fn body(call: &Call<'_>) -> Result<Properties, Reply> {
    let typed = call.request.header("content-type").is_some_and(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json")
    });
    match call.request.json() {
        Ok(Some(Value::Object(body))) if typed => Ok(body),
        _ => Err(refused(call, "body_invalid", &[], "the body is no JSON object".to_owned())),
    }
}

/// The object a body refers to by `@odata.id`, its one property.
fn referenced(call: &Call<'_>, body: &Properties) -> Result<String, Reply> {
    if let Some(name) = body.keys().find(|name| *name != "@odata.id") {
        let why = format!("unknown property {name}");
        return Err(refused(call, "unknown_property", &[("property", name)], why));
    }
    link_target(call, body.get("@odata.id").unwrap_or(&Value::Null))
}

/// The id at the end of a link to an object of this Graph.
fn link_target(call: &Call<'_>, link: &Value) -> Result<String, Reply> {
    let id = link.as_str().and_then(|link| {
        let own = format!("{}/v1.0/", call.base);
        let path = link
            .strip_prefix(&own)
            .or_else(|| link.strip_prefix("https://graph.microsoft.com/v1.0/"))?;
        let (kind, id) = path.split_once('/')?;
        let known = ["directoryObjects", "users", "groups"].contains(&kind);
        (known && !id.is_empty() && !id.contains('/')).then(|| id.to_owned())
    });
    id.ok_or_else(|| {
        let why = format!("{link} is no link to an object");
        refused(call, "body_invalid", &[], why)
    })
}
