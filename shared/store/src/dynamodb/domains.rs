//! A configuration together with the domains that its directory holds from then on (U7).

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use serde::Serialize;
use sync_core::ids::{DirectoryId, TenantId};

use super::DynamoStore;
use super::key::Key;
use super::request::{Refused, Together, names, read, still, unavailable, whole};
use crate::domains::changed;
use crate::item::config::ConfigItem;
use crate::item::domains::DomainsItem;
use crate::{ConfigRecord, ConfigStored, Holders, Holding, Result};

/// How often a change starts over when a tenant's record was changed under it.
const ATTEMPTS: u32 = 20;

impl DynamoStore {
    pub(super) async fn stored_holders(&self, tenant: &TenantId) -> Result<Holders> {
        Ok(self.holders("domain_holders", tenant).await?.0)
    }

    /// The record of a tenant with its version; 0: there is none.
    async fn holders(&self, operation: &'static str, tenant: &TenantId) -> Result<(Holders, u64)> {
        let Some(item) = self.get(operation, &Key::domains(tenant)).await? else {
            return Ok((Holders::new(), 0));
        };
        let item: DomainsItem = read("domains", item)?;
        let version = item.version;
        let holders = Holders::try_from(item).map_err(|malformed| malformed.of("domains"))?;
        Ok((holders, version))
    }

    /// One transaction, conditional on the configuration's version and on those of the tenants'
    /// records that were read for it.
    pub(super) async fn replace_config_holding(
        &self,
        config: &ConfigRecord,
        expected: u64,
        holdings: &[Holding],
    ) -> Result<ConfigStored> {
        let operation = "apply_config";
        let item = ConfigItem::from(config);
        for attempt in 1..=ATTEMPTS {
            let mut parts = vec![self.versioned(&Key::config(&config.directory), &item, expected)];
            for holding in holdings {
                match self.holding(operation, &config.directory, holding).await? {
                    Ok(part) => parts.push(part),
                    Err(held) => return Ok(ConfigStored::Held(held)),
                }
            }
            let refused = match self.transact(operation, parts).await? {
                Together::Done => return Ok(ConfigStored::Stored),
                Together::Refused(refused) => refused,
            };
            if let Some(Some(Refused(found))) = refused.into_iter().next() {
                // What is stored may be this very change, when its first answer was lost.
                let found = found.map(|found| read::<ConfigItem>("configuration", found));
                return Ok(match found.transpose()? {
                    Some(found) if found == item => ConfigStored::Stored,
                    _ => ConfigStored::Moved,
                });
            }
            self.pause(attempt.min(4)).await;
        }
        Err(unavailable(operation, "the tenant's domains are changed by others all the time"))
    }

    async fn holding(
        &self,
        operation: &'static str,
        directory: &DirectoryId,
        holding: &Holding,
    ) -> Result<Result<TransactWriteItem, crate::DomainHeld>> {
        let (holders, version) = self.holders(operation, &holding.tenant).await?;
        Ok(changed(holders, directory, holding).map(|holders| {
            let item = DomainsItem::new(&holders, version + 1);
            self.versioned(&Key::domains(&holding.tenant), &item, version)
        }))
    }

    /// Replaces an item that has this version; 0: that does not exist.
    fn versioned(&self, key: &Key, item: &impl Serialize, expected: u64) -> TransactWriteItem {
        let (condition, values) = still(expected);
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(whole(key, item)))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(&[condition])))
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("item and table are set");
        TransactWriteItem::builder().put(put).build()
    }
}
