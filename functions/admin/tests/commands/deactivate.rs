//! `config deactivate`.

use std::time::Duration;

use admin::config::{Deactivated, FirstRunWish, deactivate};
use admin::{AdminError, Answer, Exit};
use insta::assert_snapshot;
use store::{ConfigRecord, Holders, Store};

use crate::world::{TENANT, World, corp, file, id, tenant};

const LIFE: Duration = Duration::from_secs(60);

/// Deactivates what is stored of `corp`, and lets the minute pass.
async fn off(world: &World) -> Result<Deactivated, AdminError> {
    let deactivating = deactivate(&world.store, world.stored("corp").await).await?;
    let settled = deactivating.settle(&world.store, &world.clock);
    tokio::join!(settled, async { world.clock.advance(LIFE) }).0
}

#[tokio::test]
async fn s7_a_deactivated_directory_is_stored_as_such() {
    let world = World::with_corp().await;
    let before = world.stored("corp").await;
    let deactivated = off(&world).await.unwrap();
    assert_eq!(deactivated.exit(), Exit::Ok);
    assert_snapshot!(deactivated.human(None), @"directory corp is deactivated (version 3)");
    assert_snapshot!(deactivated.json(), @r#"
    {
      "active": false,
      "applied_at": "2026-05-01T08:00:00Z",
      "directory": "corp",
      "first_run": "done",
      "version": 3,
      "warnings": []
    }
    "#);
    let after = world.stored("corp").await;
    assert_eq!(after, ConfigRecord { active: false, version: 3, ..before });
    // Once more it is what it was.
    assert_eq!(off(&world).await.unwrap().record, after);
    assert_eq!(world.stored("corp").await, after);
}

#[tokio::test]
async fn u7_a_deactivated_directory_holds_no_domains_after_the_caches_life() {
    let world = World::with_corp().await;
    let other = file("other", TENANT, "");
    assert!(world.apply(&other, FirstRunWish::Pending).await.is_err());
    let deactivating = deactivate(&world.store, world.stored("corp").await).await.unwrap();
    assert!(!world.stored("corp").await.active);
    // A function may still know it as active, so nobody else gets its domains.
    assert!(world.apply(&other, FirstRunWish::Pending).await.is_err());
    let settled = deactivating.settle(&world.store, &world.clock);
    tokio::join!(settled, async { world.clock.advance(LIFE) }).0.unwrap();
    assert_eq!(world.store.domain_holders(&tenant()).await.unwrap(), Holders::new());
    world.apply(&other, FirstRunWish::Pending).await.unwrap();
    // Active again it would need what another holds by now.
    let back = world.apply(&corp(), FirstRunWish::Pending).await.unwrap_err();
    assert!(back.to_string().starts_with("directory other of the same tenant"), "{back}");
    assert!(!world.stored("corp").await.active);
}

#[tokio::test]
async fn a_deactivation_that_was_interrupted_is_finished_by_the_next() {
    let world = World::with_corp().await;
    deactivate(&world.store, world.stored("corp").await).await.unwrap();
    assert!(!world.store.domain_holders(&tenant()).await.unwrap().is_empty());
    off(&world).await.unwrap();
    assert!(world.store.domain_holders(&tenant()).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_a_configuration_that_cannot_be_read_the_domains_stay_held() {
    let world = World::with_corp().await;
    let stored = world.stored("corp").await;
    let newer = ConfigRecord { text: "id = 7".into(), version: 2, ..stored };
    assert!(world.store.put_config(&newer, 1).await.unwrap());
    let deactivated = off(&world).await.unwrap();
    assert!(!world.stored("corp").await.active);
    let human = deactivated.human(None);
    assert!(human.contains("warning: its domains stay held"), "{human}");
    assert!(world.store.domain_holders(&tenant()).await.unwrap().contains_key(&id("corp")));
}

#[tokio::test]
async fn of_two_operators_at_once_one_changes_nothing() {
    let world = World::with_corp().await;
    let slow = world.stored("corp").await;
    world.apply(&corp(), FirstRunWish::Pending).await.unwrap();
    let lost = deactivate(&world.store, slow).await.unwrap_err();
    assert_eq!(lost.exit(), Exit::Problem);
    assert!(world.stored("corp").await.active);

    // Who makes it active again while the other waits keeps its domains.
    let waiting = deactivate(&world.store, world.stored("corp").await).await.unwrap();
    world.apply(&corp(), FirstRunWish::Pending).await.unwrap();
    let settled = waiting.settle(&world.store, &world.clock);
    let lost = tokio::join!(settled, async { world.clock.advance(LIFE) }).0.unwrap_err();
    assert!(matches!(lost, AdminError::ConfigMoved { .. }));
    assert!(world.stored("corp").await.active);
    assert!(world.store.domain_holders(&tenant()).await.unwrap().contains_key(&id("corp")));
}
