//! R6 to R9: reversals, unanswered writes, writes left out, late effects.

use simulators::{Effect, Fault};
use sync_engine::{Outcome, SyncError};

use crate::gate::Stop;
use crate::world::{World, ring};

const SWITCH: &str = "PATCH /users/{id}";

/// A stale answer never switches somebody off again who was just switched on.
#[tokio::test]
async fn r6_a_stale_answer_reverses_nothing() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.disconnect(&ada);
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(false));
    world.advance(3600);
    world.reconnect(&ada);
    let event = world.events().remove(0);
    world.advance(2);
    world.work(&event).await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.clear_journals();
    world.advance(3);
    world.next_read_is_stale(10);
    world.work(&event).await;
    assert_eq!(world.writes(), Vec::<String>::new(), "disabled on a stale answer");
    world.at_rest(&ada).await;
    assert_eq!(world.enabled("ada"), Some(true));
}

/// A real leaver is not delayed: the item announces just what was read.
#[tokio::test]
async fn r6_an_announced_suspension_is_not_delayed() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    world.advance(3600);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.advance(2);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false), "the leaver had to wait");
    world.at_rest(&ada).await;
}

/// A disable whose commit never came is ours all the same, and is undone.
#[tokio::test]
async fn r7_a_disable_that_was_not_committed_counts_as_ours() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.advance(2);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.advance(2);
    let suspended = world.events().remove(0);
    world.next_read_is_stale(3);
    let mut slow = world.worker(&suspended, &[Stop::Before("commit", 1)]);
    slow.reached().await;
    assert_eq!(world.enabled("ada"), Some(false), "the stale read suspends");
    world.advance(60);
    assert_eq!(world.catch_up().await.due, 1);
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(true), "our own write was taken for somebody else's");
    assert!(matches!(slow.go_on().await, Err(SyncError::Store(_))));
    world.at_rest(&ada).await;
    assert_eq!(world.enabled("ada"), Some(true));
}

/// Suspend and unsuspend within seconds; the answer to the enabling write is lost.
#[tokio::test]
async fn r7_an_enabling_write_whose_answer_was_lost_is_sent_again() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    world.advance(3600);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.entra_fault(Fault::once(SWITCH, Effect::CutAfter));
    world.deliver();
    world.drain().await;
    world.advance(3);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.drain().await;
    world.at_rest(&ada).await;
    assert_eq!(world.enabled("ada"), Some(false));
}

/// A write is left out only for an answered one of that value: what Entra's replicas say is not enough.
#[tokio::test]
async fn r8_a_write_is_left_out_only_if_our_last_one_agrees() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.advance(2);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.advance(2);
    let suspended = world.events().remove(0);
    world.next_read_is_stale(3);
    world.work(&suspended).await;
    assert_eq!(world.enabled("ada"), Some(false));
    // Longer than `own_writes` later a replica still answers what was true before our write.
    world.advance(400);
    let stale = Effect::Stale { for_ms: 500_000 };
    world.entra_fault(Fault::once("GET /users/{id}", stale));
    world.catch_up().await;
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(true), "left out although our last write disabled her");
    world.at_rest(&ada).await;
}

/// Somebody whom another had disabled, and JumpCloud then suspends, becomes ours.
#[tokio::test]
async fn r8_a_suspension_makes_a_foreign_disable_ours() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    let object = world.object(&ada).await;
    world
        .entra
        .state(|state| state.patch_user(&object, serde_json::json!({"accountEnabled": false})));
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    world.advance(3600);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.at_rest(&ada).await;
}

/// A disable that was given up and lands late is found: the enabling write stays unanswered.
#[tokio::test]
async fn r9_a_late_effect_is_undone() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.advance(2);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.advance(2);
    let suspended = world.events().remove(0);
    world.next_read_is_stale(3);
    world.entra_fault(Fault::once(SWITCH, Effect::Late { ms: 45_000 }));
    assert!(matches!(world.work(&suspended).await, Outcome::Synced(r) if r.trouble.is_some()));
    // The reversal waits for R6, and goes out while the first write may still land.
    world.advance(34);
    world.work(&ring(&ada)).await;
    assert_eq!(world.writes().iter().filter(|route| *route == SWITCH).count(), 2);
    world.advance(20);
    assert_eq!(world.enabled("ada"), Some(false), "the late disable has landed");
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.at_rest(&ada).await;
}
