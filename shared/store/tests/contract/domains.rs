//! Which directory of a tenant holds which domain (U7), together with its configuration.

use store::{
    ConfigRecord, ConfigStored, DomainHeld, Domains, FirstRun, Holders, Holding, SharedDomain,
    Store,
};
use sync_core::ids::TenantId;

use crate::world::*;

pub(crate) fn listed(names: &[&str]) -> Domains {
    Domains::Listed(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(crate) fn of(name: &str, version: u64) -> ConfigRecord {
    ConfigRecord {
        directory: directory(name),
        text: format!("id = \"{name}\" # {version}"),
        first_run: FirstRun::Pending,
        active: true,
        version,
        applied_at: at(0),
    }
}

pub(crate) fn holding(tenant: &TenantId, domains: impl Into<Option<Domains>>) -> Holding {
    Holding { tenant: tenant.clone(), domains: domains.into() }
}

/// Applies a version of a directory that holds this.
async fn apply(store: &impl Store, name: &str, version: u64, holdings: &[Holding]) -> ConfigStored {
    store.apply_config(&of(name, version), version - 1, holdings).await.unwrap()
}

/// The same with these domains of the first tenant.
async fn take(store: &impl Store, name: &str, version: u64, domains: Domains) -> ConfigStored {
    apply(store, name, version, &[holding(&tenant(1), domains)]).await
}

async fn holders(store: &impl Store, number: u32) -> Holders {
    store.domain_holders(&tenant(number)).await.unwrap()
}

fn held(name: &str, domain: SharedDomain) -> ConfigStored {
    ConfigStored::Held(DomainHeld { holder: directory(name), domain })
}

fn named(domain: &str) -> SharedDomain {
    SharedDomain::Named(domain.into())
}

pub(crate) async fn u7_a_domain_has_one_holder_in_a_tenant(store: impl Store) {
    assert_eq!(holders(&store, 1).await, Holders::new());
    let (ours, theirs) = (listed(&["a.example", "b.example"]), listed(&["c.example", "b.example"]));
    assert_eq!(take(&store, "one", 1, ours.clone()).await, ConfigStored::Stored);
    assert_eq!(take(&store, "two", 1, theirs.clone()).await, held("one", named("b.example")));
    assert_eq!(store.config(&directory("two")).await.unwrap(), None);
    let other = [holding(&tenant(2), theirs.clone())];
    assert_eq!(apply(&store, "two", 1, &other).await, ConfigStored::Stored);
    assert_eq!(holders(&store, 1).await, Holders::from([(directory("one"), ours)]));
    assert_eq!(holders(&store, 2).await, Holders::from([(directory("two"), theirs)]));
    // What is stored already is stored, as a repeat whose answer was lost.
    assert_eq!(apply(&store, "two", 1, &other).await, ConfigStored::Stored);
}

pub(crate) async fn u7_who_lists_no_domains_holds_all(store: impl Store) {
    assert_eq!(take(&store, "one", 1, Domains::All).await, ConfigStored::Stored);
    let some = listed(&["a.example"]);
    assert_eq!(take(&store, "two", 1, some.clone()).await, held("one", SharedDomain::Every));
    assert_eq!(take(&store, "one", 2, listed(&["b.example"])).await, ConfigStored::Stored);
    assert_eq!(take(&store, "two", 1, some).await, ConfigStored::Stored);
    assert_eq!(take(&store, "one", 3, Domains::All).await, held("two", SharedDomain::Every));
}

pub(crate) async fn u7_what_is_no_longer_listed_is_free(store: impl Store) {
    let both = listed(&["a.example", "b.example"]);
    assert_eq!(take(&store, "one", 1, both).await, ConfigStored::Stored);
    let (first, second) = (listed(&["a.example"]), listed(&["b.example"]));
    assert_eq!(take(&store, "one", 2, first.clone()).await, ConfigStored::Stored);
    assert_eq!(take(&store, "two", 1, second.clone()).await, ConfigStored::Stored);
    let expected = Holders::from([(directory("one"), first), (directory("two"), second)]);
    assert_eq!(holders(&store, 1).await, expected);
}

pub(crate) async fn u7_a_directory_that_leaves_a_tenant_frees_its_domains(store: impl Store) {
    let some = listed(&["a.example"]);
    assert_eq!(take(&store, "one", 1, some.clone()).await, ConfigStored::Stored);
    let moves = [holding(&tenant(1), None), holding(&tenant(2), some.clone())];
    assert_eq!(apply(&store, "one", 2, &moves).await, ConfigStored::Stored);
    assert_eq!(holders(&store, 1).await, Holders::new());
    assert_eq!(holders(&store, 2).await, Holders::from([(directory("one"), some.clone())]));
    assert_eq!(take(&store, "two", 1, some).await, ConfigStored::Stored);
    // Back again it finds its place taken, and stays where it is with all it holds.
    let back = [holding(&tenant(1), Domains::All), holding(&tenant(2), None)];
    assert_eq!(apply(&store, "one", 3, &back).await, held("two", SharedDomain::Every));
    assert_eq!(holders(&store, 2).await.len(), 1);
    assert_eq!(store.config(&directory("one")).await.unwrap(), Some(of("one", 2)));
}

pub(crate) async fn u7_a_configuration_that_moved_changes_no_domains(store: impl Store) {
    let some = listed(&["a.example"]);
    assert_eq!(take(&store, "one", 1, some.clone()).await, ConfigStored::Stored);
    let late = ConfigRecord { text: "late".into(), ..of("one", 1) };
    let holdings = [holding(&tenant(1), Domains::All)];
    let stored = store.apply_config(&late, 0, &holdings).await.unwrap();
    assert_eq!(stored, ConfigStored::Moved);
    let early = store.apply_config(&of("one", 3), 2, &holdings).await.unwrap();
    assert_eq!(early, ConfigStored::Moved);
    assert_eq!(holders(&store, 1).await, Holders::from([(directory("one"), some)]));
}
