//! S5: permanent failures wait in the ledger, and delay nobody and nothing else.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;

use crate::world::World;

fn refused() -> Effect {
    Effect::Status {
        status: 400,
        retry_after: None,
        body: Some(
            json!({"error": {"code": "Request_BadRequest", "message": "Invalid value specified for property 'department' of resource 'User'."}}),
        ),
    }
}

/// One bad person never delays another, and is tried again by the ledger alone.
#[tokio::test]
async fn s5_a_permanent_failure_waits_by_itself() {
    let mut world = World::new().await;
    let (ada, bob) = (world.employee("ada").await, world.employee("bob").await);
    world.entra_fault(Fault::new("PATCH /users/{id}", refused()).contains("Bad"));
    for (user, department) in [(&ada, "Bad"), (&bob, "Good")] {
        world
            .jumpcloud
            .state(|state| state.patch_user(user.as_str(), json!({"department": department})));
    }
    world.deliver();
    world.drain().await;
    let failure = world.record(&ada).await.upkeep.failure.expect("it is in the ledger");
    assert_eq!((failure.class.as_str(), failure.attempts), ("graph_refused", 1));
    assert!(world.record(&bob).await.upkeep.failure.is_none());
    let department = |name: &str| {
        let upn = format!("{name}@corp.example");
        let user = world.entra.state(|state| state.user_by_upn(&upn)).unwrap();
        user["department"].clone()
    };
    assert_eq!((department("ada"), department("bob")), (json!("R&D"), json!("Good")));
    // The event's second look fails as well, as does the poll's copy of it; neither counts.
    for wait in [40, 1000] {
        world.advance(wait);
        world.catch_up().await;
        world.drain().await;
    }
    assert_eq!(world.record(&ada).await.upkeep.failure.map(|failure| failure.attempts), Some(1));
    // Half an hour later nothing was tried; after an hour it is, and counts.
    world.clear_journals();
    world.advance(800);
    world.catch_up().await;
    world.drain().await;
    assert_eq!(world.writes(), Vec::<String>::new());
    world.advance(1900);
    world.catch_up().await;
    world.drain().await;
    let record = world.record(&ada).await;
    assert_eq!(record.upkeep.failure.map(|failure| failure.attempts), Some(2));
    assert_eq!(record.upkeep.findings[0].code, FindingCode::Refused);
}

/// A new event always tries at once, and a leaver with a failure is switched off all the same.
#[tokio::test]
async fn s5_a_new_event_tries_at_once() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    world.entra_fault(Fault::new("PATCH /users/{id}", refused()).contains("Bad"));
    world.jumpcloud.state(|state| state.patch_user(ada.as_str(), json!({"department": "Bad"})));
    world.deliver();
    world.drain().await;
    assert!(world.record(&ada).await.upkeep.failure.is_some());
    world.advance(60);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(false), "a failure delayed a leaver");
    world.jumpcloud.state(|state| state.patch_user(ada.as_str(), json!({"department": "Sales"})));
    world.deliver();
    world.settle().await;
    assert!(world.record(&ada).await.upkeep.failure.is_none());
    world.at_rest(&ada).await;
}
