//! An organization, a client of it, and one clock for both.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use futures_util::FutureExt;
use jiff::Timestamp;
use jumpcloud::{Client, Endpoints, JumpCloudCredential, JumpCloudError};
use serde_json::{Value as Json, json};
use simulators::{Control, Effect, Fault, JumpCloudSim, jumpcloud as organization};
use sync_core::ids::{JumpCloudUserId, OrganizationId};
use transport::{CredentialError, Freshness, Http, Secret, Url};

pub(crate) const ORGANIZATION: &str = "65f0000000000000000000aa";
pub(crate) const ADA: &str = "65f000000000000000000001";
pub(crate) const BOB: &str = "65f000000000000000000002";
pub(crate) const ACCOUNT: &str = "service-account";

pub(crate) const USER: &str = "GET /api/systemusers/{id}";

/// What the secret's store answers: a key or a service account's secret.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    /// The answer while a cached secret will do.
    pub(crate) cached: String,
    /// The answer when it is read again.
    pub(crate) current: String,
    /// It is the secret of a service account, not a key.
    pub(crate) of_account: bool,
    /// Instead of any secret: an error, and whether it is a passing one.
    pub(crate) broken: Option<bool>,
    /// How the secret was asked for.
    pub(crate) asked: Vec<Freshness>,
}

/// An organization with Ada and Bob, and a client of it. Both live on a clock that only tests
/// advance.
pub(crate) struct World {
    pub(crate) sim: JumpCloudSim,
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) vault: Arc<Mutex<Vault>>,
}

impl World {
    /// With an administrator's key.
    pub(crate) async fn new() -> Self {
        Self::start(false, Some(ORGANIZATION), Duration::from_secs(10)).await
    }

    pub(crate) async fn with_account() -> Self {
        Self::start(true, Some(ORGANIZATION), Duration::from_secs(10)).await
    }

    pub(crate) async fn start(
        of_account: bool,
        configured: Option<&str>,
        timeout: Duration,
    ) -> Self {
        let start = now();
        let state = organization::State::new(ORGANIZATION)
            .with_key("first secret")
            .with_client(ACCOUNT, "first secret");
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sim = JumpCloudSim::start(listen, state).await.unwrap();
        sim.control().set_time(start);
        sim.state(|organization| {
            for (id, name) in [(ADA, "ada"), (BOB, "bob")] {
                let email = format!("{name}@corp.example");
                organization.add_user(json!({
                    "_id": id, "username": name, "email": email, "state": "ACTIVATED",
                }));
            }
            organization.clear_events();
        });
        let secret = || "first secret".to_owned();
        let vault = Vault { cached: secret(), current: secret(), of_account, ..Vault::default() };
        let vault = Arc::new(Mutex::new(vault));
        let clock = Clock::starting_at(start);
        let endpoints = Endpoints {
            api_url: Url::parse(&sim.api_url()).unwrap(),
            insights_url: Url::parse(&sim.insights_url()).unwrap(),
            token_url: Url::parse(&sim.token_url()).unwrap(),
            organization: configured.map(|id| OrganizationId::parse(id).unwrap()),
        };
        let client = client(&clock, &vault, endpoints, timeout);
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

    pub(crate) fn asked(&self) -> Vec<Freshness> {
        self.vault.lock().unwrap().asked.clone()
    }

    /// The secret that is read again is this one from now on.
    pub(crate) fn rotate_to(&self, secret: &str) {
        self.vault.lock().unwrap().current = secret.to_owned();
    }
}

/// No case may send what no client of JumpCloud may send.
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
    endpoints: Endpoints,
    timeout: Duration,
) -> Client {
    let vault = Arc::clone(vault);
    let credentials = Arc::new(move |freshness| {
        let mut vault = vault.lock().unwrap();
        vault.asked.push(freshness);
        if freshness == Freshness::Reread {
            vault.cached = vault.current.clone();
        }
        let secret = Secret::new(&vault.cached);
        let answer = match (vault.broken, vault.of_account) {
            (Some(passing), _) => Err(CredentialError { passing, source: "no secret".into() }),
            (None, false) => Ok(JumpCloudCredential::ApiKey(secret)),
            (None, true) => Ok(JumpCloudCredential::ServiceAccount {
                client_id: ACCOUNT.to_owned(),
                client_secret: secret,
            }),
        };
        std::future::ready(answer).boxed()
    });
    Client::new(Http::new(clock.clone()), endpoints, credentials, timeout)
}

pub(crate) fn now() -> Timestamp {
    "2026-05-01T10:00:00Z".parse().unwrap()
}

pub(crate) fn ada() -> JumpCloudUserId {
    JumpCloudUserId::parse(ADA).unwrap()
}

pub(crate) fn bob() -> JumpCloudUserId {
    JumpCloudUserId::parse(BOB).unwrap()
}

/// Nobody's id.
pub(crate) fn nobody() -> JumpCloudUserId {
    JumpCloudUserId::parse("65f0000000000000000000ee").unwrap()
}

/// An answer of this status without `Retry-After`; the body is the vendor's own.
pub(crate) fn status(status: u16) -> Effect {
    Effect::Status { status, retry_after: None, body: None }
}

/// An answer of this status that names a wait.
pub(crate) fn waiting(status: u16, wait: &str) -> Effect {
    Effect::Status { status, retry_after: Some(wait.to_owned()), body: None }
}

/// An answer of this status with this body.
pub(crate) fn answer(status: u16, body: Json) -> Effect {
    Effect::Status { status, retry_after: None, body: Some(body) }
}

/// Class and disposition in one line, and whether the whole directory has to stop.
pub(crate) fn judged<T: std::fmt::Debug>(result: Result<T, JumpCloudError>) -> String {
    let error = result.expect_err("an error");
    let stops = if error.stops_directory() { " stops" } else { "" };
    format!("{} {:?}{stops}", error.class(), error.disposition())
}
