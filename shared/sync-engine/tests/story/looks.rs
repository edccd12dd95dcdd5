//! R4 and R5: when a subject is looked at again, and what needs no look.

use std::time::Duration;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_engine::Outcome;
use work_queue::{Lane, Source};

use crate::gate::Stop;
use crate::world::{READS, World, ring};

/// A lost webhook and a stale first read heal: every event has its second look.
#[tokio::test]
async fn r4_a_lost_webhook_with_a_stale_first_read_heals() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.disconnect(&ada);
    world.lose_webhooks();
    world.advance(5);
    world.next_read_is_stale(20);
    assert_eq!(world.catch_up().await.rung, 1);
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(true), "the first read was stale");
    // Its second look is due, and a delayed message rings for it on time: no poll is needed.
    world.advance(31);
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// A sync that failed is looked at again, also when its plan asked for nothing.
#[tokio::test]
async fn r4_a_write_that_was_lost_is_looked_at_again() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    world.advance(60);
    world.entra_fault(Fault::once("PATCH /users/{id}", Effect::CutBefore));
    assert!(
        matches!(world.work(&event).await, Outcome::Synced(report) if report.trouble.is_some())
    );
    assert_eq!(world.enabled("ada"), Some(true));
    assert!(world.stored(&ada).await.due.is_some());
    world.at_rest(&ada).await;
    assert_eq!(world.enabled("ada"), Some(false));
}

/// A failed sync covers nothing: the same event asks the vendors again.
#[tokio::test]
async fn r5_a_failed_sync_covers_nothing() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    world.advance(60);
    world.entra_fault(Fault::once("PATCH /users/{id}", Effect::Html));
    assert!(matches!(world.work(&event).await, Outcome::Synced(_)));
    assert!(matches!(world.work(&event).await, Outcome::Synced(_)), "it was not covered");
    assert_eq!(world.enabled("ada"), Some(false));
    // Now it is, and costs no vendor request.
    world.clear_journals();
    assert!(matches!(world.work(&event).await, Outcome::Covered));
    assert_eq!(world.jumpcloud.control().journal(), []);
    assert_eq!(world.entra.control().journal(), []);
    world.at_rest(&ada).await;
}

/// Evidence that the record lacks is never covered, however late it comes.
#[tokio::test]
async fn r5_an_item_with_missing_evidence_is_never_covered() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| {
        state.patch_user(ada.as_str(), serde_json::json!({"department": "Sales"}));
        state.delete_user(ada.as_str())
    });
    let events = world.events();
    let deletion = events.last().unwrap();
    assert!(deletion.brings().deleted);
    // JumpCloud's answers go back further than they should, so a sync covers what it cannot know.
    world.advance(60);
    world.next_read_is_stale(90);
    assert!(matches!(world.work(&events[0]).await, Outcome::Synced(_)));
    assert!(matches!(world.work(&events[0]).await, Outcome::Covered));
    assert!(matches!(world.work(deletion).await, Outcome::Synced(_)));
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// A 404 without evidence decides nothing, and so covers nothing.
#[tokio::test]
async fn r5_an_undecided_read_covers_nothing() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| {
        state.patch_user(ada.as_str(), serde_json::json!({"department": "Sales"}));
        state.delete_user(ada.as_str())
    });
    let events = world.events();
    world.advance(60);
    for _ in 0..2 {
        assert!(matches!(world.work(&events[0]).await, Outcome::Synced(_)), "it was covered");
    }
    assert_eq!(world.enabled("ada"), Some(true));
    assert!(matches!(world.work(events.last().unwrap()).await, Outcome::Synced(_)));
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// A poll's copies of an event cost nothing once it is covered.
#[tokio::test]
async fn r5_the_polls_copies_of_a_covered_event_are_dropped() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    world.clear_journals();
    let counts = world.catch_up().await;
    assert_eq!((counts.rung, counts.covered), (0, 1), "{counts:?}");
    assert!(!world.jumpcloud.control().counts().contains_key(READS[0]));
    world.at_rest(&ada).await;
}

/// A sender whose clock is an hour ahead does not put off the second looks of everybody else.
#[tokio::test]
async fn r4_an_event_from_the_future_puts_off_no_second_look() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    let mut future = ring(&ada);
    future.cause.source = Source::Webhook;
    future.cause.at = Some(sync_core::record::after(world.clock.now(), Duration::from_secs(3600)));
    world.work(&future).await;
    world.disconnect(&ada);
    world.lose_webhooks();
    world.advance(5);
    world.next_read_is_stale(20);
    world.catch_up().await;
    world.drain().await;
    world.advance(31);
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// An operator's bell in one batch with a covered copy of an event is heard all the same.
#[tokio::test]
async fn r5_a_covered_event_does_not_swallow_what_asks_for_a_sync() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    world.advance(60);
    world.work(&event).await;
    assert!(matches!(world.work(&event).await, Outcome::Covered));
    let together = world.work_together(&[event, ring(&ada)]).await;
    assert!(matches!(together, Outcome::Synced(_)));
    world.at_rest(&ada).await;
}

/// A bell for a `due` that has moved on is void, so that bells never multiply.
#[tokio::test]
async fn r4_a_bell_for_a_due_that_has_moved_on_is_void() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    for _ in 0..5 {
        let event = world.events().pop().unwrap_or_else(|| ring(&ada));
        world.work(&event).await;
        world.advance(1);
    }
    let bells = world.queue.items(Lane::Events);
    assert_eq!(bells.len(), 5, "each commit rang for its own look");
    world.advance(60);
    world.clear_journals();
    for bell in bells {
        world.work(&bell).await;
    }
    assert_eq!(world.jumpcloud.control().counts()[READS[0]], 1);
    world.at_rest(&ada).await;
}

/// Trouble after a read keeps the event in mind: an older listing is no evidence of connection then.
#[tokio::test]
async fn r3_trouble_forgets_no_event_so_an_older_listing_connects_nobody() {
    let mut world = World::new().await;
    let ada = world.hire("ada");
    let listed = world.clock.now();
    world.lose_webhooks();
    world.advance(5);
    world.disconnect(&ada);
    let event = world.events().remove(0);
    world.advance(40);
    let unavailable = Effect::Status { status: 503, retry_after: None, body: None };
    world.entra_fault(Fault::once("GET /domains", unavailable));
    assert!(
        matches!(world.work(&event).await, Outcome::Synced(report) if report.trouble.is_some())
    );
    let mut nominated = ring(&ada);
    nominated.cause.source = Source::Sweep;
    nominated.listed_at = Some(listed);
    world.work(&nominated).await;
    assert_eq!(world.accounts(), 0, "connected by a listing older than what was heard");
    world.at_rest(&ada).await;
}

/// An announced suspension stays announced when the first pass fails before it could plan.
#[tokio::test]
async fn r3_trouble_before_the_plan_keeps_what_was_announced() {
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
    let event = world.events().remove(0);
    world.jumpcloud.control().add_fault(Fault::once(READS[0], Effect::Html));
    assert!(
        matches!(world.work(&event).await, Outcome::Synced(report) if report.trouble.is_some())
    );
    // The retry is a few seconds away, and reverses at once: the suspension was announced (R6).
    world.advance(8);
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false), "the leaver had to wait");
    world.at_rest(&ada).await;
}

/// A leaver is switched off whatever Entra says of its domains, alone and together with others.
#[tokio::test]
async fn u6_domains_that_cannot_be_read_delay_no_deactivation() {
    let mut world = World::new().await;
    let (ada, bob) = (world.employee("ada").await, world.employee("bob").await);
    let denied = Effect::Status { status: 403, retry_after: None, body: None };
    world.entra_fault(Fault::new("GET /domains", denied).times(100));
    world.jumpcloud.state(|state| {
        state.suspend(ada.as_str());
        state.patch_user(bob.as_str(), json!({"email": "robert@corp.example"}))
    });
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false));
    assert_eq!(world.writes(), ["PATCH /users/{id}", "POST /users/{id}/revokeSignInSessions"]);
    assert!(world.record(&bob).await.upkeep.failure.is_some(), "nobody is told");
    world.entra.control().clear_faults();
    world.settle().await;
    assert_eq!((world.enabled("bob"), world.enabled("robert")), (None, Some(true)));
    world.at_rest(&ada).await;
    world.at_rest(&bob).await;
}

/// Whoever waits for a time is rung although the poll is slow.
#[tokio::test]
async fn due_subjects_are_rung_before_the_poll() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    let event = world.events().remove(0);
    let mut worker = world.worker(&event, &[Stop::After("record", 1)]);
    worker.reached().await;
    worker.crash().await;
    world.advance(21);
    let slow = Effect::Delay { ms: 9_000 };
    world.jumpcloud.control().add_fault(Fault::once("POST /insights/directory/v1/events", slow));
    let catch_up = world.catch_up();
    let rung = async {
        while world.queue.items(Lane::Events).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = rung => {}
        _ = catch_up => panic!("the poll came first"),
    }
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false));
}
