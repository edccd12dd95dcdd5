//! `config deactivate`: a directory that changes nothing any more (S7).

use clock::Clock;
use serde_json::json;
use service::directories::LIFE;
use store::{ConfigRecord, ConfigStored, Holding, Store};
use sync_core::ids::DirectoryId;

use super::facts;
use crate::answer::{Answer, pretty};
use crate::directory;
use crate::error::AdminError;
use crate::shown::{escape, rough};

/// The question to ask before, without the question mark.
pub fn deactivation_question(directory: &DirectoryId) -> String {
    format!(
        "Deactivate directory {directory}: nothing of it syncs any more, not even leavers, and its \
         domains are free for others"
    )
}

/// A directory that is stored as deactivated, while functions may still know it as active.
#[derive(Debug)]
pub struct Deactivating {
    /// What is stored now.
    pub record: ConfigRecord,
}

/// A directory that was deactivated.
#[derive(Debug)]
pub struct Deactivated {
    /// What is stored now.
    pub record: ConfigRecord,
    warnings: Vec<String>,
}

/// Stores that a directory is deactivated; one that is already stays as it is.
pub async fn deactivate(
    store: &impl Store,
    record: ConfigRecord,
) -> Result<Deactivating, AdminError> {
    if !record.active {
        return Ok(Deactivating { record });
    }
    let expected = record.version;
    let record = ConfigRecord { active: false, version: expected + 1, ..record };
    if !store.put_config(&record, expected).await? {
        return Err(AdminError::ConfigMoved { directory: record.directory });
    }
    Ok(Deactivating { record })
}

impl Deactivating {
    /// What to say while [`Self::settle`] waits.
    pub fn waiting(&self) -> String {
        format!("stored; waiting {} until no function knows it as active", rough(LIFE))
    }

    /// Waits until no function knows an older configuration, and gives up the domains (U7).
    ///
    /// In this order, so that never two directories work on one domain. Whoever is interrupted
    /// here asks again.
    pub async fn settle(
        self,
        store: &impl Store,
        clock: &Clock,
    ) -> Result<Deactivated, AdminError> {
        clock.sleep(LIFE).await;
        let Self { record } = self;
        let tenant = match directory::read(&record) {
            Ok(config) => config.entra.tenant,
            Err(error) => {
                let warnings = vec![format!("its domains stay held, since {error}")];
                return Ok(Deactivated { record, warnings });
            }
        };
        let warnings = Vec::new();
        if !store.domain_holders(&tenant).await?.contains_key(&record.directory) {
            return Ok(Deactivated { record, warnings });
        }
        let expected = record.version;
        let record = ConfigRecord { version: expected + 1, ..record };
        let gives_up = [Holding { tenant, domains: None }];
        match store.apply_config(&record, expected, &gives_up).await? {
            ConfigStored::Stored => Ok(Deactivated { record, warnings }),
            // Giving up is in nobody's way.
            ConfigStored::Moved | ConfigStored::Held(_) => {
                Err(AdminError::ConfigMoved { directory: record.directory })
            }
        }
    }
}

impl Answer for Deactivated {
    fn human(&self, _: Option<u16>) -> String {
        let ConfigRecord { directory, version, .. } = &self.record;
        let mut text = format!("directory {directory} is deactivated (version {version})");
        for warning in &self.warnings {
            text.push_str(&format!("\nwarning: {}", escape(warning)));
        }
        text
    }

    fn json(&self) -> String {
        let mut deactivated = facts(&self.record);
        deactivated["warnings"] = json!(self.warnings);
        pretty(&deactivated)
    }
}
