//! P9: a bound object that somebody deleted in Entra.

use simulators::{Effect, Fault};
use sync_core::policy::OnDeletedInEntra;

use crate::world::{World, ring};

const RESTORE: &str = "POST /directory/deletedItems/{id}/restore";

/// Ada's account is deleted in the portal, and her record is rung.
async fn deleted(world: &mut World) -> (sync_core::ids::JumpCloudUserId, String) {
    let ada = world.employee("ada").await;
    let object = world.object(&ada).await;
    world.advance(3600);
    assert!(world.entra.state(|state| state.delete_user(&object)));
    world.advance(60);
    (ada, object)
}

#[tokio::test]
async fn p9_a_deleted_object_is_restored_with_its_id() {
    let mut world = World::new().await;
    let (ada, object) = deleted(&mut world).await;
    world.work(&ring(&ada)).await;
    assert_eq!(world.enabled("ada"), Some(true));
    assert_eq!(world.object(&ada).await, object);
    world.at_rest(&ada).await;
}

/// A restored object may answer 404 for a while; that is neither "gone" nor restored twice.
#[tokio::test]
async fn p9_a_restored_object_is_young_again() {
    let mut world = World::new().await;
    let (ada, _) = deleted(&mut world).await;
    world.work(&ring(&ada)).await;
    world.advance(5);
    world.entra_fault(Fault::new("GET /users/{id}", Effect::Stale { for_ms: 60_000 }).times(2));
    world.clear_journals();
    world.work(&ring(&ada)).await;
    assert_eq!(world.writes(), Vec::<String>::new());
    assert!(world.record(&ada).await.upkeep.findings.is_empty());
    world.at_rest(&ada).await;
}

#[tokio::test]
async fn p9_a_restore_whose_answer_was_lost_is_found_done() {
    let mut world = World::new().await;
    let (ada, object) = deleted(&mut world).await;
    world.entra_fault(Fault::once(RESTORE, Effect::CutAfter));
    world.work(&ring(&ada)).await;
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true));
    assert_eq!(world.object(&ada).await, object);
    world.at_rest(&ada).await;
}

/// Somebody who is to be off stays deleted, also with a write that was never answered.
#[tokio::test]
async fn p9_nobody_who_is_to_be_off_is_restored() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    let object = world.object(&ada).await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.entra_fault(Fault::once("PATCH /users/{id}", Effect::CutBefore));
    world.deliver();
    world.drain().await;
    assert!(world.entra.state(|state| state.delete_user(&object)));
    world.advance(1000);
    world.clear_journals();
    world.settle().await;
    assert_eq!(world.writes(), Vec::<String>::new());
    let record = world.record(&ada).await;
    assert_eq!((record.unanswered, record.revoke_pending), (None, false));
    // Back in JumpCloud, back in Entra: the same object.
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.at_rest(&ada).await;
}

async fn recreating() -> World {
    World::with(|policy| policy.users.on_deleted_in_entra = OnDeletedInEntra::Recreate).await
}

/// Gone for good, and gone from JumpCloud before it is made again: the UPN is nobody's.
#[tokio::test]
async fn p9_whoever_leaves_before_being_created_again_holds_no_upn() {
    let mut world = recreating().await;
    let (ada, object) = deleted(&mut world).await;
    assert!(world.entra.state(|state| state.purge(&object)));
    world.work(&ring(&ada)).await;
    assert!(world.record(&ada).await.binding.is_none());
    world.disconnect(&ada);
    world.deliver();
    world.settle().await;
    let heir = world.hire("ada");
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true), "the UPN is held by nobody, for ever");
    world.at_rest(&heir).await;
}

/// The answer to the restore is lost and Entra lags: it is the same object still, and ours.
#[tokio::test]
async fn p9_a_lost_answer_and_lag_make_no_restored_object_gone() {
    let mut world = recreating().await;
    let (ada, object) = deleted(&mut world).await;
    let before = world.record(&ada).await.binding.unwrap();
    world.entra_fault(Fault::once(RESTORE, Effect::CutAfter));
    world.work(&ring(&ada)).await;
    world.advance(5);
    world.entra_fault(Fault::once("GET /users/{id}", Effect::Stale { for_ms: 30_000 }));
    world.work(&ring(&ada)).await;
    world.settle().await;
    let binding = world.record(&ada).await.binding.unwrap();
    assert_eq!((binding.object.as_str(), binding.origin), (object.as_str(), before.origin));
    assert_eq!(binding.bound_at, before.bound_at, "it was taken for a stranger's");
    world.at_rest(&ada).await;
}
