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
        let directory = Arc::new(connect(&configured.config, &self.secrets, &self.clock));
        let kept = Kept { version: configured.version, directory: directory.clone() };
        all.insert(configured.config.id.clone(), kept);
        directory
    }
}

/// The clients of a configuration. Each counts its requests apart; nothing is called yet.
pub fn connect(config: &DirectoryConfig, secrets: &Secrets, clock: &Clock) -> Directory {
    // R1: a vendor write times out within half a lease.
    let timeout = config.policy.timing.vendor_timeout();
    let DirectoryConfig { jumpcloud, entra, .. } = config;
    Directory {
        id: config.id.clone(),
        tenant: entra.tenant.clone(),
        policy: config.policy.clone(),
        graph: graph::Client::new(
            Http::new(clock.clone()),
            graph::Endpoints {
                graph_url: entra.graph_url.clone(),
                login_url: entra.login_url.clone(),
                scope: entra.token_scope.clone(),
                tenant: entra.tenant.clone(),
                client_id: entra.client_id.clone(),
            },
            match entra.credential {
                CredentialKind::ClientSecret => client_secret(secrets, &config.secret),
            },
            timeout,
        ),
        jumpcloud: jumpcloud::Client::new(
            Http::new(clock.clone()),
            jumpcloud::Endpoints {
                api_url: jumpcloud.api_url.clone(),
                insights_url: jumpcloud.insights_url.clone(),
                token_url: jumpcloud.token_url.clone(),
                organization: jumpcloud.organization.clone(),
            },
            jumpcloud_credentials(secrets, &config.secret),
            timeout,
        ),
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_secretsmanager::config::BehaviorVersion;
    use store::ConfigRecord;
    use store::memory::MemoryStore;
    use transport::CustomEndpoints;

    use super::*;

    const TEXT: &str = r#"
        id = "corp"
        name = "Corp"
        secret = "entra-sync/corp"
        webhook_secret = "entra-sync/corp/webhook"
        [jumpcloud]
        organization = "65f0000000000000000000aa"
        scope.application = "65f0000000000000000000c1"
        [entra]
        tenant_id = "8d0b5a0e-0000-4000-8000-0000000000aa"
        client_id = "client"
    "#;

    /// Directories that have not asked anybody for anything, and their table.
    fn directories() -> (Directories<MemoryStore>, MemoryStore, Clock) {
        let clock = Clock::starting_at("2026-05-04T08:00:00Z".parse().unwrap());
        let table = MemoryStore::new();
        let nobody = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .build();
        let nobody = aws_sdk_secretsmanager::Client::from_conf(nobody);
        let configured = service::directories::Directories::new(
            table.clone(),
            CustomEndpoints::Refused,
            clock.clone(),
        );
        let secrets = Secrets::new(nobody, clock.clone());
        (Directories::new(configured, secrets, clock.clone()), table, clock)
    }

    #[tokio::test]
    async fn clients_live_as_long_as_a_version_of_the_configuration() {
        let (directories, table, clock) = directories();
        let id = DirectoryId::parse("corp").unwrap();
        let opened = async || {
            // What is known of the configuration is a minute old at most.
            clock.advance(Duration::from_secs(61));
            directories.directory(&id).await.unwrap()
        };
        assert!(matches!(opened().await, Opened::Unknown));
        let mut record = ConfigRecord {
            directory: id.clone(),
            text: TEXT.to_owned(),
            first_run: FirstRun::Pending,
            active: true,
            version: 1,
            applied_at: clock.now(),
        };
        assert!(table.put_config(&record, 0).await.unwrap());
        assert!(matches!(opened().await, Opened::FirstRunPending));

        record = ConfigRecord { first_run: FirstRun::Done, version: 2, ..record };
        assert!(table.put_config(&record, 1).await.unwrap());
        let ready = async || {
            let Opened::Ready(directory, organization) = opened().await else {
                panic!("it is not ready")
            };
            assert_eq!(organization, OrganizationId::parse("65f0000000000000000000aa").ok());
            directory
        };
        let first = ready().await;
        assert!(Arc::ptr_eq(&first, &ready().await));

        record = ConfigRecord { version: 3, ..record };
        assert!(table.put_config(&record, 2).await.unwrap());
        let second = ready().await;
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &ready().await));

        record = ConfigRecord { active: false, version: 4, ..record };
        assert!(table.put_config(&record, 3).await.unwrap());
        assert!(matches!(opened().await, Opened::Deactivated));
        assert_eq!(directories.ids().await.unwrap(), std::slice::from_ref(&id));
    }
}
