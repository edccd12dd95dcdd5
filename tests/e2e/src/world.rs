//! One directory, its two vendors, and a place where it is synced.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use clock::Clock;
use serde_json::{Value, json};
use simulators::jumpcloud::Webhook;
use simulators::{Company, EntraSim, Entry, JumpCloudSim, entra, jumpcloud};

use crate::built;
use crate::command_line::CommandLine;
use crate::proxy::Proxy;
use crate::runtime_api::Function;
use crate::stack::{Place, Stack};

const KEY: &str = "harness-jumpcloud-key";
const CLIENT: &str = "00000000-0000-4000-8000-0000000000c1";
const CLIENT_SECRET: &str = "harness-entra-secret";

/// The world that a test wants.
#[derive(Debug, Clone)]
pub struct Setup {
    directory: String,
    lease: f64,
    first_run: &'static str,
    company: Option<Company>,
    upn: &'static str,
    users: &'static str,
    tables: &'static str,
    created: f64,
}

impl Setup {
    /// An empty company, synced as a directory of this name; no other test may use the name.
    pub fn new(directory: &str) -> Self {
        let directory = directory.to_owned();
        Self {
            directory,
            lease: 20.0,
            first_run: "apply",
            company: None,
            upn: "",
            users: "",
            tables: "",
            created: 900.0,
        }
    }

    /// The same with a lease of so many seconds, for tests that wait for its end.
    #[must_use]
    pub fn lease(self, lease: f64) -> Self {
        Self { lease, ..self }
    }

    /// The same with these lines in `[upn]`.
    #[must_use]
    pub fn upn(self, upn: &'static str) -> Self {
        Self { upn, ..self }
    }

    /// The same with these lines in `[users]`.
    #[must_use]
    pub fn users(self, users: &'static str) -> Self {
        Self { users, ..self }
    }

    /// The same with these tables, such as `[groups]` and `[limits]`.
    #[must_use]
    pub fn tables(self, tables: &'static str) -> Self {
        Self { tables, ..self }
    }

    /// The same where a new account is young for so many seconds, for tests that delete one.
    #[must_use]
    pub fn created(self, created: f64) -> Self {
        Self { created, ..self }
    }

    /// The same, with a first run that nobody has approved.
    #[must_use]
    pub fn not_approved(self) -> Self {
        Self { first_run: "pending", ..self }
    }

    /// The same with the sample company of the local run.
    ///
    /// # Panics
    ///
    /// If its files cannot be read.
    #[must_use]
    pub fn sample_company(self) -> Self {
        let folder = built::repository().join("infra/local/company");
        Self { company: Some(read(&folder)), ..self }
    }

    /// On a table and queues of its own, which no function works on but those of the test.
    pub async fn apart(self) -> World {
        let place = Stack::shared().apart().await;
        World::start(self, place, false).await
    }

    /// On what the template deployed: JumpCloud's events go to ingest over HTTP from now on.
    pub async fn deployed(self) -> World {
        let world = World::start(self, Stack::shared().deployed(), true).await;
        let url = format!("{}{}", world.api(), world.events_path());
        let webhook =
            Webhook::new(&url).header("authorization", &format!("Bearer {}", World::TOKEN));
        world.jumpcloud.state(|state| state.set_webhook(Some(webhook)));
        world
    }

    fn vendors(&self, tenant: &str) -> (jumpcloud::State, entra::State) {
        let (people, accounts) = match &self.company {
            Some(company) => {
                let jumpcloud = jumpcloud::State::load(company);
                let entra = entra::State::load(company);
                (jumpcloud.expect("a company of JumpCloud"), entra.expect("a company of Entra"))
            }
            None => {
                let mut people = jumpcloud::State::new("65f0000000000000000000aa");
                people
                    .add_application(json!({ "_id": World::APPLICATION, "name": "Microsoft 365" }));
                (people, entra::State::new(tenant, &["corp.example"]))
            }
        };
        (people.with_key(KEY), accounts.with_client(CLIENT, CLIENT_SECRET))
    }
}

fn read(folder: &Path) -> Company {
    Company::read(folder).expect("the sample company can be read")
}

/// A directory, its vendors, and a place.
pub struct World {
    /// The name of the directory.
    pub directory: String,
    /// JumpCloud.
    pub jumpcloud: JumpCloudSim,
    /// Entra.
    pub entra: EntraSim,
    /// Where it is synced.
    pub place: Place,
    /// The command line, pointed at the directory.
    pub line: CommandLine,
    /// The system's time.
    pub clock: Clock,
    /// Whether the template's functions work here.
    pub(crate) deployed: bool,
}

impl World {
    /// The application whose people are connected to the directory.
    pub const APPLICATION: &str = "65f0000000000000000000c1";
    /// A token that ingest accepts.
    pub const TOKEN: &str = "harness-webhook-token";
    /// A key whose signatures ingest accepts.
    pub const SIGNING_KEY: &str = "harness-signing-key";

    async fn start(setup: Setup, place: Place, deployed: bool) -> Self {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // Claims are per tenant, and deployed directories share a table.
        let number = setup.directory.bytes().fold(7u64, |n, b| n.wrapping_mul(31) + u64::from(b));
        let tenant = format!("8d0b5a0e-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff);
        let (people, accounts) = setup.vendors(&tenant);
        let tenant = accounts.tenant();
        let jumpcloud = JumpCloudSim::start(local, people).await;
        let entra = EntraSim::start(local, accounts).await;
        let world = Self {
            line: CommandLine::new(&place, &setup.directory),
            directory: setup.directory.clone(),
            jumpcloud: jumpcloud.expect("a loopback port is free"),
            entra: entra.expect("a loopback port is free"),
            place,
            clock: Clock::system(),
            deployed,
        };
        world.put_secrets().await;
        let file = built::scratch_file(&format!("{}.toml", world.directory));
        std::fs::write(&file, world.configuration(&setup, &tenant))
            .expect("the target folder can be written to");
        let file = file.to_string_lossy();
        let first_run = format!("--first-run={}", setup.first_run);
        world.line.run(&["config", "apply", &file, &first_run, "--yes"]).await;
        // What an operator's command asked is not what a test counts.
        for control in [world.jumpcloud.control(), world.entra.control()] {
            control.clear_journal();
        }
        world
    }

    /// `settle` is a second, so that events are covered soon after their second look; leases are
    /// long unless a test waits for one, since a lease also bounds what a vendor's answer may take.
    fn configuration(
        &self,
        Setup { lease, upn, users, tables, created, .. }: &Setup,
        tenant: &str,
    ) -> String {
        let Self { directory, jumpcloud, entra, .. } = self;
        let organization = jumpcloud.state(|state| state.organization());
        format!(
            r#"
id = "{directory}"
name = "The {directory} directory"
secret = "{}"
webhook_secret = "{}"
[jumpcloud]
organization = "{organization}"
scope.application = "{}"
api_url = "{}"
insights_url = "{}"
token_url = "{}"
[entra]
tenant_id = "{tenant}"
client_id = "{CLIENT}"
credential = "client_secret"
graph_url = "{}"
login_url = "{}"
[upn]
source = "email"
{upn}

[users]
{users}
{tables}
[timing]
lease = {lease}
settle = 1
second_looks = [1, 2]
created = {created}
"#,
            self.secret_id(),
            self.webhook_secret_id(),
            Self::APPLICATION,
            jumpcloud.api_url(),
            jumpcloud.insights_url(),
            jumpcloud.token_url(),
            entra.graph_url(),
            entra.login_url(),
        )
    }

    async fn put_secrets(&self) {
        self.put_secret(Self::right_secret()).await;
        let webhook = json!({ "tokens": [Self::TOKEN], "signing_keys": [Self::SIGNING_KEY] });
        self.place.put_secret(&self.webhook_secret_id(), &webhook).await;
    }

    /// Gives the directory's secret another value; a world starts with the right one.
    pub async fn put_secret(&self, value: Value) {
        self.place.put_secret(&self.secret_id(), &value).await;
    }

    /// The right value of the directory's secret.
    pub fn right_secret() -> Value {
        json!({ "jumpcloud": { "api_key": KEY }, "entra": { "client_secret": CLIENT_SECRET } })
    }

    fn secret_id(&self) -> String {
        format!("entra-sync/{}", self.directory)
    }

    /// The id of the secret of those who send events.
    pub fn webhook_secret_id(&self) -> String {
        format!("{}/webhook", self.secret_id())
    }

    /// The address of the deployed HTTP API.
    pub fn api(&self) -> &'static str {
        Stack::shared().output("ApiUrl")
    }

    /// The path that takes events of the directory.
    pub fn events_path(&self) -> String {
        format!("/events/{}", self.directory)
    }

    /// A function that works here.
    pub async fn function(&self, binary: &str) -> Function {
        Function::start(binary, &self.place.environment()).await
    }

    /// A function that works here and reaches AWS through the proxy.
    pub async fn function_behind(&self, proxy: &Proxy, binary: &str) -> Function {
        Function::start(binary, &proxy.before(&self.place).environment()).await
    }

    /// Somebody new in JumpCloud, connected to the directory.
    pub fn hire(&self, name: &str) -> String {
        self.jumpcloud.state(|state| {
            let id = state.add_user(json!({
                "username": name, "email": upn(name), "firstname": name, "lastname": "Example",
                "displayname": "", "state": "ACTIVATED", "activated": true, "department": "R&D",
            }));
            assert!(state.connect(Self::APPLICATION, &id), "the application is there");
            id
        })
    }

    /// Connects somebody, or disconnects.
    pub fn set_connected(&self, user: &str, connected: bool) {
        self.jumpcloud.state(|state| match connected {
            true => state.connect(Self::APPLICATION, user),
            false => state.disconnect(Self::APPLICATION, user),
        });
    }

    /// The work item of an event about somebody that happens now.
    pub fn item(&self, user: &str, event_type: &str) -> String {
        let now = self.clock.now();
        crate::events::user_item(&self.directory, user, event_type, now).to_string()
    }

    /// The account in Entra of somebody who was hired by this name.
    pub fn account(&self, name: &str) -> Option<Value> {
        self.entra.state(|state| state.user_by_upn(&upn(name)))
    }

    /// Every account whose name begins so.
    pub fn accounts(&self, name: &str) -> usize {
        self.entra.state(|state| {
            let users = state.users();
            let named = |user: &&Value| {
                user["userPrincipalName"].as_str().is_some_and(|upn| upn.starts_with(name))
            };
            users.iter().filter(named).count()
        })
    }

    /// The changes that Entra was asked for, refused ones too.
    pub fn writes(&self) -> Vec<Entry> {
        let journal = self.entra.control().journal();
        journal.into_iter().filter(is_write).collect()
    }

    /// What the table remembers of somebody; `None` without a record.
    pub async fn shown(&self, user: &str) -> Option<Value> {
        match self.line.try_json(&["show", "user", user]).await {
            Ok(shown) => Some(shown),
            Err(said) if said.contains("has no record") => None,
            Err(said) => panic!("show user {user}: {said}"),
        }
    }
}

/// The name in Entra of somebody who was hired by this name.
pub(crate) fn upn(name: &str) -> String {
    format!("{name}@corp.example")
}

fn is_write(entry: &Entry) -> bool {
    let asks = entry.method == "GET" || entry.route.ends_with("$batch");
    !asks && !entry.route.contains("/oauth2/")
}
