//! What `config apply` asks the tenant, and what it makes of the answer.

use std::net::{Ipv4Addr, SocketAddr};

use admin::Answer;
use admin::config::{self, Applied, FirstRunWish, Graph, TenantError, Tenants};
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use insta::assert_snapshot;
use serde_json::json;
use service::directory::DirectoryConfig;
use service::secrets::Secrets;
use simulators::{EntraSim, entra};
use sync_core::upn::Domain;
use transport::CustomEndpoints;

use crate::world::{TENANT, World, corp, file};

/// A tenant with these domains, or one that does not answer with any.
struct Tenant(Result<Vec<Domain>, fn() -> TenantError>);

impl Tenants for Tenant {
    async fn domains(&self, _: &DirectoryConfig) -> Result<Vec<Domain>, TenantError> {
        self.0.clone().map_err(|error| error())
    }
}

/// A tenant that never answers.
struct Silent;

impl Tenants for Silent {
    async fn domains(&self, _: &DirectoryConfig) -> Result<Vec<Domain>, TenantError> {
        std::future::pending().await
    }
}

fn domain(name: &str, verified: bool, federated: bool) -> Domain {
    Domain { name: name.into(), verified, federated }
}

async fn apply(world: &World, text: &str, tenants: &impl Tenants) -> Applied {
    let config = service::directory::parse(text, CustomEndpoints::Allowed).unwrap();
    let (store, clock) = (&world.store, &world.clock);
    let wish = FirstRunWish::Pending;
    let prepared = config::prepare(store, text, &config, wish, clock).await.unwrap();
    let prepared = prepared.compared(tenants, &config, clock).await;
    config::store(store, prepared, clock).await.unwrap()
}

/// The notes below the table.
fn notes(applied: &Applied) -> String {
    let human = applied.human(None);
    let notes = human.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    // The one that every directory gets says nothing here.
    notes.filter(|line| !line.contains("cannot sign in")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_domain_that_is_not_verified_is_a_finding_with_its_key() {
    let world = World::empty();
    let upn = "domains = [\"corp.example\", \"new.example\", \"typo.example\", \"fed.example\"]\n\
               default_domain = \"default.example\"";
    let tenant = Tenant(Ok(vec![
        domain("corp.example", true, false),
        domain("new.example", false, false),
        domain("fed.example", true, true),
        domain("default.example", false, false),
    ]));
    let applied = apply(&world, &file("corp", TENANT, upn), &tenant).await;
    assert_snapshot!(notes(&applied), @"
    finding: attributes.immutableId: fed.example is federated: without this its new people are left out
    finding: upn.domains: new.example is not verified in the tenant: its people are left out until it is
    finding: upn.domains: typo.example is not a domain of the tenant: its people are left out
    finding: upn.default_domain: default.example is not verified in the tenant: its people are left out until it is
    ");
    let json: serde_json::Value = serde_json::from_str(&applied.json()).unwrap();
    assert_snapshot!(format!("{:#}", json["findings"]), @r#"
    [
      {
        "key": "attributes.immutableId",
        "message": "fed.example is federated: without this its new people are left out"
      },
      {
        "key": "upn.domains",
        "message": "new.example is not verified in the tenant: its people are left out until it is"
      },
      {
        "key": "upn.domains",
        "message": "typo.example is not a domain of the tenant: its people are left out"
      },
      {
        "key": "upn.default_domain",
        "message": "default.example is not verified in the tenant: its people are left out until it is"
      }
    ]
    "#);
    assert_eq!(applied.exit(), admin::Exit::Ok, "it is stored all the same");
    assert_eq!(world.stored("corp").await.version, 1);

    let exported =
        format!("{}\n[attributes]\nimmutableId = \"export\"\n", file("corp", TENANT, upn));
    assert!(!notes(&apply(&world, &exported, &tenant).await).contains("immutableId"));
}

#[tokio::test]
async fn what_fits_the_tenant_is_told_nothing_about() {
    let world = World::empty();
    let tenant = Tenant(Ok(vec![domain("corp.example", true, false)]));
    assert_eq!(notes(&apply(&world, &corp(), &tenant).await), "");
    // Without listed domains whoever comes is looked at one by one (U1).
    let all = file("corp", TENANT, "");
    assert_eq!(notes(&apply(&world, &all, &Tenant(Ok(Vec::new()))).await), "");
}

#[tokio::test]
async fn what_cannot_be_compared_is_a_warning() {
    let world = World::empty();
    let unknown = Tenant(Err(|| TenantError::Unknown("refused\u{1b}[2J".into())));
    assert_snapshot!(notes(&apply(&world, &corp(), &unknown).await), @r"warning: the domains could not be compared with the tenant's: refused\u{1b}[2J");
    let another = Tenant(Err(|| TenantError::Another));
    assert_snapshot!(notes(&apply(&world, &corp(), &another).await), @"finding: entra.tenant_id: Entra answers for another tenant: nothing is written before this is right");
}

#[tokio::test]
async fn a_tenant_that_does_not_answer_is_not_waited_for_without_end() {
    let world = World::empty();
    let text = corp();
    let mut applied = std::pin::pin!(apply(&world, &text, &Silent));
    let applied = loop {
        tokio::select! {
            biased;
            applied = &mut applied => break applied,
            () = tokio::task::yield_now() => world.clock.advance(std::time::Duration::from_secs(1)),
        }
    };
    assert!(notes(&applied).ends_with("no answer in time"), "{}", notes(&applied));
    assert!(world.clock.now() <= crate::world::time("2026-05-01T08:00:40Z"));
}

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Secrets Manager, as far as reading the one secret goes.
async fn secrets(world: &World, client_secret: &str) -> Secrets {
    let secret = json!({"entra": {"client_secret": client_secret}});
    let answer = json!({"Name": "entra-sync/corp", "SecretString": secret.to_string()});
    let server = axum::Router::new().fallback(async move || axum::Json(answer.clone()));
    let listener = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, server).await });
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "local"))
        .endpoint_url(url)
        .retry_config(RetryConfig::disabled())
        .build();
    Secrets::new(aws_sdk_secretsmanager::Client::from_conf(config), world.clock.clone())
}

/// The directory `corp`, whose tenant is this server.
fn at(entra: &EntraSim, tenant: &str) -> String {
    let urls = format!(
        "client_id = \"client\"\ngraph_url = \"{}\"\nlogin_url = \"{}\"",
        entra.graph_url(),
        entra.login_url()
    );
    let text = file("corp", tenant, "domains = [\"corp.example\", \"new.example\"]");
    text.replace("client_id = \"6731de76-14a6-49ae-97bc-6eba6914391e\"", &urls)
}

#[tokio::test]
async fn the_tenant_is_asked_with_the_directorys_own_credentials() {
    let world = World::empty();
    let state = entra::State::new(TENANT, &["corp.example"]).with_client("client", "secret");
    let entra = EntraSim::start(LOOPBACK, state).await.unwrap();
    entra.control().set_time(world.clock.now());
    let graph = Graph::new(secrets(&world, "secret").await, world.clock.clone());
    let applied = apply(&world, &at(&entra, TENANT), &graph).await;
    assert_snapshot!(notes(&applied), @"finding: upn.domains: new.example is not a domain of the tenant: its people are left out");

    let other = "99999999-2222-3333-4444-555555555555";
    let wrong = apply(&world, &at(&entra, other), &graph).await;
    assert!(notes(&wrong).contains("warning: the tenant changes"), "{}", notes(&wrong));

    let graph = Graph::new(secrets(&world, "wrong").await, world.clock.clone());
    let refused = apply(&world, &at(&entra, TENANT), &graph).await;
    let told = "warning: the domains could not be compared with the tenant's: ";
    assert!(notes(&refused).contains(told), "{}", notes(&refused));
    assert_eq!(entra.control().problems(), Vec::<String>::new());
}
