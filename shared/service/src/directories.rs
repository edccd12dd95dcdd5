//! The directories' configuration as stored in the table, kept for at most 60 s.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use store::{ConfigRecord, FirstRun, Store, StoreError};
use sync_core::ids::DirectoryId;
use transport::CustomEndpoints;

use crate::directory::{self, ConfigErrors, DirectoryConfig};
use crate::kept::Kept;

/// How long a configuration, or that there is none, is remembered (design 4.2, 4.4): after that
/// no function knows an older one (S7).
pub const LIFE: Duration = Duration::from_secs(60);
/// How many directories are remembered. Anybody can ask for unknown ones, so those are forgotten
/// when it are more.
const REMEMBERED: usize = 1024;

/// A directory as stored.
#[derive(Debug)]
pub struct Configured {
    /// What the operator chose.
    pub config: DirectoryConfig,
    /// S6: whether the first run has been approved.
    pub first_run: FirstRun,
    /// S7: a deactivated directory changes nothing.
    pub active: bool,
    /// Grows with every change.
    pub version: u64,
}

/// Why a directory's configuration cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DirectoriesError {
    /// The table did not answer, or not in a way this version understands.
    #[error("the configuration cannot be read")]
    Store(#[source] Arc<StoreError>),
    /// What is stored is not a configuration that this version takes.
    #[error("the stored configuration of {directory} is not usable")]
    Invalid {
        /// The directory.
        directory: DirectoryId,
        /// What is wrong with it.
        #[source]
        errors: ConfigErrors,
    },
}

impl DirectoriesError {
    /// Whether trying again may help without anybody changing the configuration.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.disposition() != sync_core::disposition::Disposition::Fail,
            Self::Invalid { .. } => false,
        }
    }
}

/// Reads and keeps the configuration of directories. Clones share what is kept.
#[derive(Clone)]
pub struct Directories<S>(Arc<Inner<S>>);

/// A directory; `None`: nothing is stored.
type KeptDirectory = Kept<Option<Arc<Configured>>, DirectoriesError>;

struct Inner<S> {
    store: S,
    custom: CustomEndpoints,
    clock: Clock,
    kept: Mutex<BTreeMap<DirectoryId, Arc<KeptDirectory>>>,
}

impl<S> fmt::Debug for Directories<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directories(..)")
    }
}

impl<S: Store> Directories<S> {
    /// Uses this table; nothing is called before the first directory is asked for.
    pub fn new(store: S, custom: CustomEndpoints, clock: Clock) -> Self {
        Self(Arc::new(Inner { store, custom, clock, kept: Mutex::default() }))
    }

    /// A directory, at most 60 s old; `None` if there is none of this name.
    pub async fn get(&self, id: &DirectoryId) -> Result<Option<Arc<Configured>>, DirectoriesError> {
        let kept = self.kept(id);
        kept.get(
            &self.0.clock,
            |_| LIFE,
            Duration::ZERO,
            || async {
                let record = self.0.store.config(id).await;
                match record.map_err(|error| DirectoriesError::Store(Arc::new(error)))? {
                    Some(record) => self.configured(record).map(Some),
                    None => Ok(None),
                }
            },
        )
        .await
    }

    /// Every directory, read now. One that is not usable fails all: see [`Self::ids`].
    pub async fn all(&self) -> Result<Vec<Arc<Configured>>, DirectoriesError> {
        self.records().await?.into_iter().map(|record| self.configured(record)).collect()
    }

    /// The name of every directory, for whoever must not let one hold up the others.
    pub async fn ids(&self) -> Result<Vec<DirectoryId>, DirectoriesError> {
        Ok(self.records().await?.into_iter().map(|record| record.directory).collect())
    }

    async fn records(&self) -> Result<Vec<ConfigRecord>, DirectoriesError> {
        let records = self.0.store.configs().await;
        records.map_err(|error| DirectoriesError::Store(Arc::new(error)))
    }

    fn kept(&self, id: &DirectoryId) -> Arc<KeptDirectory> {
        let mut all = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = all.get(id) {
            return kept.clone();
        }
        if all.len() >= REMEMBERED {
            all.retain(|_, kept| !kept.is_idle(Option::is_some));
        }
        all.entry(id.clone()).or_default().clone()
    }

    fn configured(&self, record: ConfigRecord) -> Result<Arc<Configured>, DirectoriesError> {
        let ConfigRecord { directory, text, first_run, active, version, applied_at: _ } = record;
        let invalid = |errors| DirectoriesError::Invalid { directory: directory.clone(), errors };
        let config = directory::parse(&text, self.0.custom).map_err(invalid)?;
        if config.id != directory {
            return Err(invalid(ConfigErrors::of(
                "id",
                "is another than the one it is stored under",
            )));
        }
        Ok(Arc::new(Configured { config, first_run, active, version }))
    }
}

#[cfg(test)]
mod tests;
