//! Which directory of a tenant holds which domain (U7): the rule that both stores keep.
//!
//! There is one record per tenant. It changes only together with the configuration of the directory
//! that it changes for, so what it says and what is configured cannot drift apart.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::ids::{DirectoryId, TenantId};

/// Domains of a tenant, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domains {
    /// Every domain there is or will be: the directory lists none.
    All,
    /// These.
    Listed(BTreeSet<String>),
}

impl Domains {
    /// What both hold.
    fn shared(&self, other: &Self) -> Option<SharedDomain> {
        match (self, other) {
            (Self::Listed(ours), Self::Listed(theirs)) => {
                ours.intersection(theirs).next().cloned().map(SharedDomain::Named)
            }
            (Self::All, _) | (_, Self::All) => Some(SharedDomain::Every),
        }
    }
}

/// What two directories of a tenant would both hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedDomain {
    /// This domain, the first of them.
    Named(String),
    /// One of the two lists no domains, and so holds all.
    Every,
}

/// What a directory holds in a tenant from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The tenant.
    pub tenant: TenantId,
    /// The domains; `None`: the directory gives up what it held there.
    pub domains: Option<Domains>,
}

/// The directories of a tenant, with the domains that each holds.
pub type Holders = BTreeMap<DirectoryId, Domains>;

/// The domain that another directory holds already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainHeld {
    /// The directory that holds it.
    pub holder: DirectoryId,
    /// What it holds.
    pub domain: SharedDomain,
}

/// What stands in the way of a directory holding these domains (U7).
pub fn held_by_another(
    holders: &Holders,
    directory: &DirectoryId,
    domains: &Domains,
) -> Option<DomainHeld> {
    holders.iter().filter(|(holder, _)| *holder != directory).find_map(|(holder, theirs)| {
        let domain = domains.shared(theirs)?;
        Some(DomainHeld { holder: holder.clone(), domain })
    })
}

/// The tenant's record once the directory holds this.
///
/// # Errors
/// Another directory holds one of the domains.
pub(crate) fn changed(
    mut holders: Holders,
    directory: &DirectoryId,
    holding: &Holding,
) -> Result<Holders, DomainHeld> {
    match &holding.domains {
        Some(domains) => {
            if let Some(held) = held_by_another(&holders, directory, domains) {
                return Err(held);
            }
            holders.insert(directory.clone(), domains.clone());
        }
        None => drop(holders.remove(directory)),
    }
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> Domains {
        Domains::Listed(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn u7_who_lists_no_domains_holds_all_of_them() {
        let shared = |one: &Domains, other: &Domains| {
            assert_eq!(one.shared(other), other.shared(one));
            one.shared(other)
        };
        let (a, b) = (listed(&["a.example"]), listed(&["b.example"]));
        assert_eq!(shared(&a, &b), None);
        let named = SharedDomain::Named("b.example".into());
        assert_eq!(shared(&listed(&["a.example", "b.example"]), &b), Some(named));
        assert_eq!(shared(&Domains::All, &b), Some(SharedDomain::Every));
        assert_eq!(shared(&Domains::All, &Domains::All), Some(SharedDomain::Every));
    }
}
