//! Both simulators as a program of their own: loads a company, listens on loopback, prints one
//! JSON line with the addresses when ready, and ends on SIGTERM, SIGINT or Ctrl-C.

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use serde_json::{Value, json};
use simulators::jumpcloud::Webhook;
use simulators::{Company, EntraSim, JumpCloudSim, entra, jumpcloud};
use tokio::signal::unix::{SignalKind, signal};

/// JumpCloud and Entra ID on loopback, with the objects of a company.
///
/// The switches of both are below `/_sim/`: `GET /_sim/dump` gives the present state as files.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Folder of the company's files; without it both directories are empty.
    #[arg(long, value_name = "DIR")]
    company: Option<PathBuf>,
    /// Port of the JumpCloud simulator; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    jumpcloud_port: u16,
    /// Port of the Entra simulator; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    entra_port: u16,
    /// Folder to which the state is written at the end, as a company.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The administrator's key that JumpCloud accepts.
    #[arg(long, value_name = "KEY", default_value = "local-jumpcloud-key")]
    jumpcloud_key: String,
    /// The service account that JumpCloud accepts.
    #[arg(long, value_name = "ID", default_value = "local-jumpcloud-client")]
    jumpcloud_client_id: String,
    /// Its secret.
    #[arg(long, value_name = "SECRET", default_value = "local-jumpcloud-secret")]
    jumpcloud_client_secret: String,
    /// The application that Entra accepts.
    #[arg(long, value_name = "ID", default_value = "00000000-0000-4000-8000-0000000000c1")]
    entra_client_id: String,
    /// Its secret.
    #[arg(long, value_name = "SECRET", default_value = "local-entra-secret")]
    entra_client_secret: String,
    /// Address that JumpCloud posts its events to.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Bearer token of these deliveries.
    #[arg(long, value_name = "TOKEN", requires = "webhook")]
    webhook_token: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    // Before the ready line: whoever reads it may end us at once.
    let mut terminated = signal(SignalKind::terminate())?;
    let company = match &options.company {
        Some(folder) => Company::read(folder)?,
        None => Company::default(),
    };
    let organization = jumpcloud::State::load(&company)?
        .with_key(&options.jumpcloud_key)
        .with_client(&options.jumpcloud_client_id, &options.jumpcloud_client_secret);
    let tenant = entra::State::load(&company)?
        .with_client(&options.entra_client_id, &options.entra_client_secret);
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let jumpcloud = JumpCloudSim::start(loopback(options.jumpcloud_port), organization).await?;
    let entra = EntraSim::start(loopback(options.entra_port), tenant).await?;
    if let Some(url) = &options.webhook {
        let mut webhook = Webhook::new(url);
        if let Some(token) = &options.webhook_token {
            webhook = webhook.header("authorization", &format!("Bearer {token}"));
        }
        jumpcloud.state(|state| state.set_webhook(Some(webhook)));
    }
    ready(&addresses(&jumpcloud, &entra))?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
    }
    if let Some(folder) = &options.state_dir {
        jumpcloud.state(|state| state.dump()).write(folder)?;
        entra.state(|state| state.dump()).write(folder)?;
    }
    Ok(())
}

fn addresses(jumpcloud: &JumpCloudSim, entra: &EntraSim) -> Value {
    json!({
        "jumpcloud": {
            "url": jumpcloud.url(), "api_url": jumpcloud.api_url(),
            "insights_url": jumpcloud.insights_url(), "token_url": jumpcloud.token_url(),
            "organization": jumpcloud.state(|state| state.organization()),
        },
        "entra": {
            "url": entra.url(), "graph_url": entra.graph_url(), "login_url": entra.login_url(),
            "tenant": entra.state(|state| state.tenant()),
        },
    })
}

fn ready(addresses: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{addresses}")?;
    out.flush()
}
