//! Directories with their clients, kept as long as their configuration stays the same.
//!
//! It decides which directories may be worked in now (S6, S7), and nothing about a subject. A
//! client keeps its token and what it verified (S4), so it lives as long as one version of the
//! configuration does; a change of the configuration starts afresh.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clock::Clock;
use futures_util::FutureExt;
use graph::EntraCredential;
use jumpcloud::JumpCloudCredential;
use service::directories::{Configured, DirectoriesError};
use service::directory::{CredentialKind, DirectoryConfig};
use service::secrets::{EntraSecret, JumpCloudSecret, SecretError, SecretId, Secrets};
use store::{FirstRun, Store};
use sync_core::ids::{DirectoryId, OrganizationId};
use transport::{CredentialError, Credentials, Freshness, Http};

use crate::Directory;

/// The directories, ready to be worked in. Clones share the clients.
#[derive(Debug, Clone)]
pub struct Directories<S> {
    configured: service::directories::Directories<S>,
    secrets: Secrets,
    clock: Clock,
    kept: Arc<Mutex<BTreeMap<DirectoryId, Kept>>>,
}

/// A directory's clients, and the version of the configuration they were made from.
#[derive(Debug)]
struct Kept {
    version: u64,
    directory: Arc<Directory>,
}

/// A directory, as it may be worked in now.
#[derive(Debug, Clone)]
pub enum Opened {
    /// Everything works; beside it its JumpCloud organization, if configured.
    Ready(Arc<Directory>, Option<OrganizationId>),
    /// Its first run has not been approved: only planning works (S6).
    FirstRunPending,
    /// It changes nothing any more (S7).
    Deactivated,
    /// None of this name is configured.
    Unknown,
}

impl<S: Store> Directories<S> {
    /// Opens directories of this configuration; nothing is called before one is asked for.
    pub fn new(
        configured: service::directories::Directories<S>,
        secrets: Secrets,
        clock: Clock,
    ) -> Self {
        Self { configured, secrets, clock, kept: Arc::default() }
    }

    /// A directory by the configuration as it is now, at most a minute old.
    pub async fn directory(&self, id: &DirectoryId) -> Result<Opened, DirectoriesError> {
        let Some(configured) = self.configured.get(id).await? else { return Ok(Opened::Unknown) };
        if !configured.active {
            return Ok(Opened::Deactivated);
        }
        if configured.first_run == FirstRun::Pending {
            return Ok(Opened::FirstRunPending);
        }
        let organization = configured.config.jumpcloud.organization.clone();
        Ok(Opened::Ready(self.clients(&configured), organization))
    }

    /// The name of every configured directory, whatever state it is in.
    pub async fn ids(&self) -> Result<Vec<DirectoryId>, DirectoriesError> {
        self.configured.ids().await
    }

    fn clients(&self, configured: &Configured) -> Arc<Directory> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = all.get(&configured.config.id)
            && kept.version == configured.version
        {
            return kept.directory.clone();
        }
        let directory = Arc::new(self.connect(&configured.config));
        let kept = Kept { version: configured.version, directory: directory.clone() };
        all.insert(configured.config.id.clone(), kept);
        directory
    }

    /// The clients of a configuration. Each counts its requests apart; nothing is called yet.
    fn connect(&self, config: &DirectoryConfig) -> Directory {
        // R1: a vendor write times out within half a lease.
        let timeout = config.policy.timing.vendor_timeout();
        let DirectoryConfig { jumpcloud, entra, .. } = config;
        Directory {
            id: config.id.clone(),
            tenant: entra.tenant.clone(),
            policy: config.policy.clone(),
            graph: graph::Client::new(
                Http::new(self.clock.clone()),
                graph::Endpoints {
                    graph_url: entra.graph_url.clone(),
                    login_url: entra.login_url.clone(),
                    scope: entra.token_scope.clone(),
                    tenant: entra.tenant.clone(),
                    client_id: entra.client_id.clone(),
                },
                match entra.credential {
                    CredentialKind::ClientSecret => client_secret(&self.secrets, &config.secret),
                },
                timeout,
            ),
            jumpcloud: jumpcloud::Client::new(
                Http::new(self.clock.clone()),
                jumpcloud::Endpoints {
                    api_url: jumpcloud.api_url.clone(),
                    insights_url: jumpcloud.insights_url.clone(),
                    token_url: jumpcloud.token_url.clone(),
                    organization: jumpcloud.organization.clone(),
                },
                jumpcloud_credentials(&self.secrets, &config.secret),
                timeout,
            ),
        }
    }
}

/// Entra's half of the secret, without regard to the other one.
fn client_secret(secrets: &Secrets, id: &SecretId) -> Credentials<EntraCredential> {
    credentials(secrets, id, |secrets, id, freshness| async move {
        let EntraSecret::ClientSecret(secret) = secrets.directory(&id, freshness).await?.entra?;
        Ok(EntraCredential::ClientSecret(secret))
    })
}

/// JumpCloud's half of the secret, without regard to the other one.
fn jumpcloud_credentials(secrets: &Secrets, id: &SecretId) -> Credentials<JumpCloudCredential> {
    credentials(secrets, id, |secrets, id, freshness| async move {
        Ok(match secrets.directory(&id, freshness).await?.jumpcloud? {
            JumpCloudSecret::ApiKey(key) => JumpCloudCredential::ApiKey(key),
            JumpCloudSecret::ServiceAccount { client_id, client_secret } => {
                JumpCloudCredential::ServiceAccount { client_id, client_secret }
            }
        })
    })
}

fn credentials<C, R>(
    secrets: &Secrets,
    id: &SecretId,
    half: impl Fn(Secrets, SecretId, Freshness) -> R + Send + Sync + 'static,
) -> Credentials<C>
where
    R: Future<Output = Result<C, SecretError>> + Send + 'static,
{
    let (secrets, id) = (secrets.clone(), id.clone());
    Arc::new(move |freshness| {
        let read = half(secrets.clone(), id.clone(), freshness);
        read.map(|read| read.map_err(CredentialError::from)).boxed()
    })
}
