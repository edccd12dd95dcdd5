//! R1 to R3: the lease, the word that is left, the commit.

use serde_json::json;
use simulators::{Effect, Fault};
use store::StoreError;
use sync_engine::{Outcome, SyncError};

use crate::gate::Stop;
use crate::world::{READS, World};

/// An expired lease is free, whatever else the record says, and who crashed is found by itself.
#[tokio::test]
async fn r1_the_lease_of_a_crashed_holder_is_free_once_it_is_over() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    let mut worker = world.worker(&event, &[Stop::After("record", 1)]);
    worker.reached().await;
    worker.crash().await;
    // The message comes again while the dead holder's lease lasts, and once more after it.
    assert!(matches!(world.work(&event).await, Outcome::WordLeft));
    world.advance(21);
    assert_eq!(world.catch_up().await.due, 1);
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// `due` moves with each renewal: nobody rings for a subject whose holder is alive.
#[tokio::test]
async fn r1_a_renewal_moves_due_while_work_goes_on() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    let mut holder = world.worker(&event, &[Stop::After("acquire", 1), Stop::After("renew", 1)]);
    holder.reached().await;
    world.advance(10);
    holder.resume();
    holder.reached().await;
    // The lease would have ended after 20 s; half of it had passed when it was renewed.
    world.advance(15);
    assert_eq!(world.catch_up().await.due, 0);
    assert!(matches!(world.work(&event).await, Outcome::WordLeft));
    holder.go_on().await.unwrap();
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// A read that takes longer than a third of the lease is no reason to lose it.
#[tokio::test]
async fn r1_the_lease_is_renewed_while_a_vendor_is_slow() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    let slow = Fault::once(READS[0], Effect::Delay { ms: 500 });
    world.jumpcloud.control().add_fault(slow);
    let mut holder = world.worker(&event, &[Stop::After("renew", 1)]);
    world.until_asked(READS[0]).await;
    world.advance(7);
    holder.reached().await;
    holder.go_on().await.unwrap();
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// Word that is left while somebody else holds the lease is heard by that holder.
#[tokio::test]
async fn r2_word_left_is_heard_by_the_holder() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.patch_user(ada.as_str(), json!({"department": "Sales"})));
    let update = world.events().remove(0);
    let mut holder = world.worker(&update, &[Stop::Before("commit", 1)]);
    holder.reached().await;
    // The holder has read already; the deletion and its evidence reach it by the record alone.
    world.jumpcloud.state(|state| state.delete_user(ada.as_str()));
    for event in world.events() {
        assert!(matches!(world.work(&event).await, Outcome::WordLeft));
    }
    assert!(matches!(holder.go_on().await.unwrap(), Outcome::Synced(_)));
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// Word is left only for a holder who will hear it: between its commit and the word, acquire again.
#[tokio::test]
async fn r2_no_word_is_left_for_a_holder_who_has_gone() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    let mut holder = world.worker(&event, &[Stop::After("commit", 1)]);
    holder.reached().await;
    // Committed, though its process is still at it: the lease is free.
    assert!(matches!(world.work(&event).await, Outcome::Synced(_)));
    holder.go_on().await.unwrap();
    assert!(!world.stored(&ada).await.again);
    world.at_rest(&ada).await;
}

/// Who has lost the fence stores nothing and hands the message back.
#[tokio::test]
async fn r3_who_lost_the_fence_stores_nothing() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.drain().await;
    world.advance(60);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    let back = world.events().remove(0);
    let mut slow = world.worker(&back, &[Stop::Before("commit", 1)]);
    slow.reached().await;
    // The slow holder has enabled her; its lease ends, and she is suspended again meanwhile.
    world.advance(40);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let again = world.events().remove(0);
    assert!(matches!(world.work(&again).await, Outcome::Synced(_)));
    let before = world.record(&ada).await;
    let lost = slow.go_on().await.unwrap_err();
    assert!(matches!(lost, SyncError::Store(StoreError::LostLease { .. })), "{lost}");
    assert_eq!(world.record(&ada).await, before);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.advance(60);
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true), "our own write was taken for somebody else's");
    world.at_rest(&ada).await;
}

/// A commit that keeps the lease sets `due` to its end, so that a crash right after it is found.
#[tokio::test]
async fn r3_a_commit_that_keeps_the_lease_stays_due() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| {
        state.suspend(ada.as_str());
        state.unsuspend(ada.as_str())
    });
    let events = world.events();
    world.advance(60);
    let mut holder =
        world.worker(&events[1], &[Stop::Before("commit", 1), Stop::Before("reopen", 1)]);
    holder.reached().await;
    assert!(matches!(world.work(&events[0]).await, Outcome::WordLeft));
    holder.resume();
    holder.reached().await;
    let stored = world.stored(&ada).await;
    assert!(stored.leased_until.is_some() && stored.due == stored.leased_until, "{stored:?}");
    holder.crash().await;
    world.advance(21);
    assert_eq!(world.catch_up().await.due, 1);
    world.drain().await;
    world.at_rest(&ada).await;
    assert_eq!(world.enabled("ada"), Some(true));
}
