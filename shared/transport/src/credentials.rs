//! Where a client's credential comes from.

use std::sync::Arc;

use futures_util::future::BoxFuture;

/// Whether a cached credential will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A cached one will do.
    Cached,
    /// The cached one was refused: read it again.
    Reread,
}

/// Why a credential could not be had.
#[derive(Debug, thiserror::Error)]
#[error("the credential cannot be read")]
pub struct CredentialError {
    /// Whether trying again may help; a secret without the needed key stays as it is.
    pub passing: bool,
    /// What the secret's store says.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Gives a client its credential `C` when it is needed.
pub type Credentials<C> =
    Arc<dyn Fn(Freshness) -> BoxFuture<'static, Result<C, CredentialError>> + Send + Sync>;
