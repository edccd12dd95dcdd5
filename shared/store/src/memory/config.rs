//! Configurations, and the domains that their directories hold (U7).

use super::Tables;
use crate::domains::changed;
use crate::item::as_stored;
use crate::{ConfigRecord, ConfigStored, Holding};

impl Tables {
    pub(super) fn replace_config(
        &mut self,
        config: &ConfigRecord,
        expected: u64,
        holdings: &[Holding],
    ) -> ConfigStored {
        let config = ConfigRecord { applied_at: as_stored(config.applied_at), ..config.clone() };
        let stored = self.configs.get(&config.directory);
        if stored == Some(&config) {
            return ConfigStored::Stored;
        }
        let version = stored.map_or(0, |stored| stored.version);
        let mut after = Vec::with_capacity(holdings.len());
        for holding in holdings {
            let holders = self.domains.get(&holding.tenant).cloned().unwrap_or_default();
            match changed(holders, &config.directory, holding) {
                Ok(holders) => after.push((holding.tenant.clone(), holders)),
                Err(held) => return ConfigStored::Held(held),
            }
        }
        if version != expected {
            return ConfigStored::Moved;
        }
        self.domains.extend(after);
        self.configs.insert(config.directory.clone(), config);
        ConfigStored::Stored
    }
}
