//! A tenant, a client of it, and one clock for both.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use futures_util::FutureExt;
use graph::{Client, Endpoints, EntraCredential, GraphError, NewUser, Refusal};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use simulators::{Control, Effect, EntraSim, Fault, entra};
use sync_core::ids::{EntraGroupId, EntraUserId, TenantId, Upn};
use transport::{CredentialError, Freshness, Http, Secret, Url};

pub(crate) const TENANT: &str = "8d0b5a0e-0000-4000-8000-0000000000aa";
pub(crate) const ADA: &str = "8d0b5a0e-0000-4000-8000-000000000001";
pub(crate) const BOB: &str = "8d0b5a0e-0000-4000-8000-000000000002";
const APP: &str = "7c1f0000-0000-4000-8000-0000000000ff";

/// What the secret's store answers.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    /// The answer while a cached secret will do.
    pub(crate) cached: String,
    /// The answer when it is read again.
    pub(crate) current: String,
    /// Instead of any secret: an error, and whether it is a passing one.
    pub(crate) broken: Option<bool>,
    /// How the secret was asked for.
    pub(crate) asked: Vec<Freshness>,
}

/// A tenant with Ada and Bob, and a client of it. Both live on a clock that only tests advance.
pub(crate) struct World {
    pub(crate) sim: EntraSim,
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) vault: Arc<Mutex<Vault>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_timeout(Duration::from_secs(10)).await
    }

    pub(crate) async fn with_timeout(timeout: Duration) -> Self {
        let start = now();
        let state = entra::State::new(TENANT, &["corp.example"]).with_client(APP, "first secret");
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sim = EntraSim::start(listen, state).await.unwrap();
        sim.control().set_time(start);
        sim.state(|tenant| {
            tenant.add_user(json!({
                "id": ADA, "userPrincipalName": "Ada@corp.example", "displayName": "Ada",
                "mailNickname": "ada", "department": "Engines", "jobTitle": "Analyst",
            }));
            tenant.add_user(json!({
                "id": BOB, "userPrincipalName": "bob@corp.example", "displayName": "Bob",
                "mailNickname": "bob",
            }));
        });
        let secret = || "first secret".to_owned();
        let vault = Vault { cached: secret(), current: secret(), ..Vault::default() };
        let vault = Arc::new(Mutex::new(vault));
        let clock = Clock::starting_at(start);
        let client = client(&clock, &vault, &sim.graph_url(), &sim.login_url(), timeout);
        Self { sim, client, clock, vault }
    }

    pub(crate) fn control(&self) -> &Control {
        self.sim.control()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.control().advance(Duration::from_secs(seconds));
    }

    pub(crate) fn fault(&self, route: &str, effect: Effect) {
        self.control().add_fault(Fault::once(route, effect));
    }

    /// How many requests came to this route.
    pub(crate) fn count(&self, route: &str) -> u64 {
        self.control().counts().get(route).copied().unwrap_or_default()
    }

    /// A user as the tenant stores it.
    pub(crate) fn stored(&self, id: &EntraUserId) -> Json {
        self.sim.state(|tenant| tenant.user(id.as_str())).expect("the user exists")
    }

    /// Puts a group into the tenant, a security group unless it says otherwise.
    pub(crate) fn group(&self, group: Json) -> EntraGroupId {
        EntraGroupId::parse(&self.sim.state(|tenant| tenant.add_group(group))).unwrap()
    }

    /// The ids of the members that the tenant stores.
    pub(crate) fn members(&self, group: &EntraGroupId) -> Vec<String> {
        self.sim.state(|tenant| tenant.members(group.as_str()))
    }

    /// The requests since the last clearing but those for a token, each with its answer's status.
    pub(crate) fn asked_of_graph(&self) -> Vec<(String, u16)> {
        let journal = self.control().journal().into_iter();
        let graph = journal.filter(|entry| !entry.route.contains("/oauth2/"));
        graph.map(|entry| (entry.route, entry.status)).collect()
    }

    /// The body of the last request.
    pub(crate) fn last_body(&self) -> Json {
        let entry = self.control().journal().pop().expect("something was asked");
        entry.body.expect("the last request had a body")
    }

    pub(crate) fn asked(&self) -> Vec<Freshness> {
        self.vault.lock().unwrap().asked.clone()
    }
}

/// No case may send what no client of Graph may send.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.control().problems(), Vec::<String>::new());
        }
    }
}

pub(crate) fn client(
    clock: &Clock,
    vault: &Arc<Mutex<Vault>>,
    graph_url: &str,
    login_url: &str,
    timeout: Duration,
) -> Client {
    let vault = Arc::clone(vault);
    let credentials = Arc::new(move |freshness| {
        let mut vault = vault.lock().unwrap();
        vault.asked.push(freshness);
        if freshness == Freshness::Reread {
            vault.cached = vault.current.clone();
        }
        let answer = match vault.broken {
            Some(passing) => Err(CredentialError { passing, source: "no such secret".into() }),
            None => Ok(EntraCredential::ClientSecret(Secret::new(&vault.cached))),
        };
        std::future::ready(answer).boxed()
    });
    let endpoints = Endpoints {
        graph_url: Url::parse(graph_url).unwrap(),
        login_url: Url::parse(login_url).unwrap(),
        scope: "https://graph.microsoft.com/.default".to_owned(),
        tenant: TenantId::parse(TENANT).unwrap(),
        client_id: APP.to_owned(),
    };
    Client::new(Http::new(clock.clone()), endpoints, credentials, timeout)
}

pub(crate) fn now() -> Timestamp {
    "2026-05-01T10:00:00Z".parse().unwrap()
}

pub(crate) fn object(id: &str) -> EntraUserId {
    EntraUserId::parse(id).unwrap()
}

pub(crate) fn ada() -> EntraUserId {
    object(ADA)
}

pub(crate) fn bob() -> EntraUserId {
    object(BOB)
}

pub(crate) fn group_id(id: &str) -> EntraGroupId {
    EntraGroupId::parse(id).unwrap()
}

/// Nobody's id.
pub(crate) fn nobody() -> EntraUserId {
    object("8d0b5a0e-0000-4000-8000-0000000000ee")
}

pub(crate) fn upn(text: &str) -> Upn {
    Upn::parse(text).unwrap()
}

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        upn: upn(&format!("{name}@corp.example")),
        enabled: true,
        display_name: name.to_owned(),
        mail_nickname: name.to_owned(),
        attributes: Default::default(),
        password: Secret::new("Correct-Horse-7-Battery"),
    }
}

/// The refusal in an answer.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, GraphError>) -> Refusal {
    match result {
        Err(GraphError::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// An answer of this status without `Retry-After`; the body is the vendor's own.
pub(crate) fn status(status: u16) -> Effect {
    Effect::Status { status, retry_after: None, body: None }
}

/// An answer of this status with this body.
pub(crate) fn answer(status: u16, body: Json) -> Effect {
    Effect::Status { status, retry_after: None, body: Some(body) }
}

/// Class, disposition and whether a write may have taken effect, in one line.
pub(crate) fn judged<T: std::fmt::Debug>(result: Result<T, GraphError>) -> String {
    let error = result.expect_err("an error");
    let unanswered = if error.is_unanswered() { " unanswered" } else { "" };
    let stops = if error.stops_directory() { " stops" } else { "" };
    format!("{} {:?}{unanswered}{stops}", error.class(), error.disposition())
}
