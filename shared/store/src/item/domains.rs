//! The item of a tenant's domains (U7).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sync_core::ids::DirectoryId;

use super::{Malformed, VERSION, understood};
use crate::{Domains, Holders};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DomainsItem {
    v: u32,
    /// Grows with every change; guards against two directories at once.
    pub(crate) version: u64,
    holders: BTreeMap<String, HeldItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeldItem {
    All,
    Listed(BTreeSet<String>),
}

impl DomainsItem {
    pub(crate) fn new(holders: &Holders, version: u64) -> Self {
        let held = |domains: &Domains| match domains {
            Domains::All => HeldItem::All,
            Domains::Listed(names) => HeldItem::Listed(names.clone()),
        };
        let holders = holders.iter().map(|(id, domains)| (id.to_string(), held(domains)));
        Self { v: VERSION, version, holders: holders.collect() }
    }
}

impl TryFrom<DomainsItem> for Holders {
    type Error = Malformed;

    fn try_from(item: DomainsItem) -> Result<Self, Malformed> {
        let DomainsItem { v, version: _, holders } = item;
        understood(v)?;
        holders
            .into_iter()
            .map(|(id, held)| {
                let domains = match held {
                    HeldItem::All => Domains::All,
                    HeldItem::Listed(names) => Domains::Listed(names),
                };
                Ok((DirectoryId::parse(&id)?, domains))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_survive_their_item() {
        let id = |text| DirectoryId::parse(text).unwrap();
        let listed = Domains::Listed(["a.example".to_owned(), "b.example".to_owned()].into());
        for holders in [
            Holders::new(),
            Holders::from([(id("all"), Domains::All)]),
            Holders::from([(id("one"), listed), (id("two"), Domains::Listed(BTreeSet::new()))]),
        ] {
            let json = serde_json::to_string(&DomainsItem::new(&holders, 7)).unwrap();
            let item: DomainsItem = serde_json::from_str(&json).unwrap();
            assert_eq!(item.version, 7);
            assert_eq!(Holders::try_from(item), Ok(holders));
        }
    }
}
