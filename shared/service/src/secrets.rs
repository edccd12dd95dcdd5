//! The secrets of a directory (design 4.3), read when needed and kept for at most 5 minutes.
//!
//! A secret's halves are read apart: people whose sync needs only one vendor are not held up by a
//! mistake in the other's half. No value ever gets into an error or a log line.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use clock::Clock;
use transport::{CredentialError, Freshness, Secret};

use crate::kept::Kept;

mod content;

pub use content::{
    DirectorySecret, EntraSecret, JumpCloudSecret, MalformedSecret, SecretId, WebhookSecret,
};

/// How long a secret is kept (design 4.3).
const LIFE: Duration = Duration::from_secs(300);
/// How long it is remembered that a secret does not exist, so that requests cannot ask without end.
const MISSING_LIFE: Duration = Duration::from_secs(30);
/// Wrong tokens cause at most one read in this time (design 4.4).
const WEBHOOK_CALM: Duration = Duration::from_secs(30);
/// A vendor's refusal always causes a read, but a crowd of refusals causes one.
const VENDOR_CALM: Duration = Duration::from_secs(1);

/// Why a secret cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager is out of reach, throttled, or does not permit the read.
    #[error("the secret {id} cannot be read")]
    Unavailable {
        /// The secret.
        id: SecretId,
        /// What the client says.
        #[source]
        source: ReadError,
    },
    /// There is no such secret, or it has no text.
    #[error("the secret {id} does not exist")]
    Missing {
        /// The secret.
        id: SecretId,
    },
    /// Its content lacks what is needed.
    #[error(transparent)]
    Malformed(#[from] MalformedSecret),
}

impl SecretError {
    /// Whether trying again may help without anybody changing the secret.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl From<SecretError> for CredentialError {
    fn from(error: SecretError) -> Self {
        Self { passing: error.is_passing(), source: Box::new(error) }
    }
}

/// What Secrets Manager's client says about a failed read: codes and reasons, no values.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(Arc<str>);

/// Reads and keeps secrets. Clones share what is kept.
#[derive(Clone)]
pub struct Secrets(Arc<Inner>);

/// The text of a secret; `None`: it does not exist.
type KeptText = Kept<Option<Secret>, SecretError>;

struct Inner {
    client: Client,
    clock: Clock,
    /// One for every secret that a configuration names.
    kept: Mutex<BTreeMap<SecretId, Arc<KeptText>>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Uses this client; nothing is called before the first secret is needed.
    pub fn new(client: Client, clock: Clock) -> Self {
        Self(Arc::new(Inner { client, clock, kept: Mutex::default() }))
    }

    /// What the vendors want to see.
    ///
    /// [`Freshness::Reread`] follows a vendor's refusal and reads again, unless the kept secret is
    /// younger than a second: then it was read after whatever was refused.
    pub async fn directory(
        &self,
        id: &SecretId,
        freshness: Freshness,
    ) -> Result<DirectorySecret, SecretError> {
        let text = self.text(id, freshness, VENDOR_CALM).await?;
        Ok(DirectorySecret::parse(id, &text)?)
    }

    /// What senders of events prove themselves with.
    ///
    /// [`Freshness::Reread`] follows a wrong proof. Since anybody can send one, it reads at most
    /// once in 30 s and answers what is kept otherwise.
    pub async fn webhook(
        &self,
        id: &SecretId,
        freshness: Freshness,
    ) -> Result<WebhookSecret, SecretError> {
        let text = self.text(id, freshness, WEBHOOK_CALM).await?;
        Ok(WebhookSecret::parse(id, &text)?)
    }

    async fn text(
        &self,
        id: &SecretId,
        freshness: Freshness,
        reread_calm: Duration,
    ) -> Result<Secret, SecretError> {
        let kept = {
            let mut all = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(id.clone()).or_default().clone()
        };
        let calm = match freshness {
            Freshness::Cached => Duration::ZERO,
            Freshness::Reread => reread_calm,
        };
        let life = |text: &Option<Secret>| match (freshness, text) {
            (Freshness::Reread, _) => reread_calm,
            (Freshness::Cached, Some(_)) => LIFE,
            (Freshness::Cached, None) => MISSING_LIFE,
        };
        let text = kept.get(&self.0.clock, life, calm, || self.read(id)).await?;
        text.ok_or_else(|| SecretError::Missing { id: id.clone() })
    }

    async fn read(&self, id: &SecretId) -> Result<Option<Secret>, SecretError> {
        let answer = self.0.client.get_secret_value().secret_id(id.as_str()).send().await;
        match answer {
            Ok(answer) => Ok(answer.secret_string.map(Secret::new)),
            Err(error) => {
                if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) {
                    return Ok(None);
                }
                let said = DisplayErrorContext(&error).to_string();
                Err(SecretError::Unavailable { id: id.clone(), source: ReadError(said.into()) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
