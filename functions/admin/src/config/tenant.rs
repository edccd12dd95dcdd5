//! Whether a configuration fits the tenant that it names: asked once, when it is applied.
//!
//! What does not fit is a finding, not a refusal: everybody else syncs, the rules for people leave
//! out whom it concerns (U1), and a domain may be verified a minute later.

use std::collections::BTreeSet;
use std::time::Duration;

use clock::Clock;
use graph::GraphError;
use service::directory::{DirectoryConfig, Problem};
use service::secrets::Secrets;
use service::telemetry::chain;
use sync_core::attributes::Attribute;
use sync_core::upn::Domain;

/// How long an operator waits for the tenant's answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the domains of a tenant are not known.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// Entra answers for another tenant than the configured one (S4).
    #[error("Entra answers for another tenant")]
    Another,
    /// It was not answered, or not with what was asked for: a secret, a permission, a network.
    #[error("{0}")]
    Unknown(String),
}

/// Asks tenants for their domains, with the credentials of the directory.
pub trait Tenants {
    /// The domains of the tenant that a configuration names, verified or not.
    fn domains(
        &self,
        config: &DirectoryConfig,
    ) -> impl Future<Output = Result<Vec<Domain>, TenantError>> + Send;
}

/// The tenants as Graph shows them.
#[derive(Debug, Clone)]
pub struct Graph {
    secrets: Secrets,
    clock: Clock,
}

impl Graph {
    /// Reads credentials from there; nothing is called before it is asked.
    pub fn new(secrets: Secrets, clock: Clock) -> Self {
        Self { secrets, clock }
    }
}

impl Tenants for Graph {
    async fn domains(&self, config: &DirectoryConfig) -> Result<Vec<Domain>, TenantError> {
        let directory = sync_engine::directories::connect(config, &self.secrets, &self.clock);
        let asked = async {
            directory.graph.verify_tenant().await?;
            directory.graph.domains().await
        };
        asked.await.map_err(|error| match error {
            GraphError::WrongTenant { .. } => TenantError::Another,
            error => TenantError::Unknown(chain(&error)),
        })
    }
}

/// What a look at the tenant came to.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What does not fit, by the key of the configuration.
    pub(super) findings: Vec<Problem>,
    /// Why it could not be seen.
    pub(super) warning: Option<String>,
}

/// Compares a configuration with its tenant.
pub(super) async fn look(
    tenants: &impl Tenants,
    config: &DirectoryConfig,
    clock: &Clock,
) -> Looked {
    let answer = tokio::select! {
        biased;
        answer = tenants.domains(config) => answer,
        () = clock.sleep(PATIENCE) => Err(TenantError::Unknown("no answer in time".to_owned())),
    };
    match answer {
        Ok(domains) => Looked { findings: findings(config, &domains), warning: None },
        Err(error @ TenantError::Another) => {
            let why = format!("{error}: nothing is written before this is right");
            let finding = Problem { key: "entra.tenant_id".to_owned(), why };
            Looked { findings: vec![finding], warning: None }
        }
        Err(TenantError::Unknown(why)) => {
            let warning = format!("the domains could not be compared with the tenant's: {why}");
            Looked { findings: Vec::new(), warning: Some(warning) }
        }
    }
}

fn findings(config: &DirectoryConfig, domains: &[Domain]) -> Vec<Problem> {
    let upn = &config.policy.upn;
    let exported =
        config.policy.attributes.get(&Attribute::ImmutableId).is_some_and(|m| m.exports());
    let listed = upn.domains.iter().map(|name| ("upn.domains", name));
    let default = upn.default_domain.iter().map(|name| ("upn.default_domain", name));
    let mut told = BTreeSet::new();
    listed
        .chain(default)
        .filter(|(_, name)| told.insert(name.as_str()))
        .filter_map(|(key, name)| {
            let (key, why) = match domains.iter().find(|domain| domain.name == *name) {
                Some(domain) if domain.verified && domain.federated && !exported => (
                    "attributes.immutableId",
                    "is federated: without this its new people are left out",
                ),
                Some(domain) if domain.verified => return None,
                Some(_) => {
                    (key, "is not verified in the tenant: its people are left out until it is")
                }
                None => (key, "is not a domain of the tenant: its people are left out"),
            };
            Some(Problem { key: key.to_owned(), why: format!("{name} {why}") })
        })
        .collect()
}
