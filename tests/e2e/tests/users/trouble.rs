//! Lost answers, lag, storms of 429, and messages that come twice, late, and while one is at it.

use std::time::Duration;

use e2e::{Setup, World, until};
use serde_json::Value;
use simulators::{Effect, Fault};

use crate::enabled;

const SWITCH: &str = "PATCH /users/{id}";

#[tokio::test]
async fn the_answers_to_creating_disabling_and_enabling_are_lost() {
    let world = Setup::new("trouble-lost").deployed().await;
    let faults = |route| world.entra.control().add_fault(Fault::once(route, Effect::CutAfter));
    faults("POST /users");
    let ada = world.hire("ada");
    world.settle().await;
    assert_eq!((world.accounts("ada"), enabled(&world, "ada")), (1, Some(true)));
    faults(SWITCH);
    faults("POST /users/{id}/revokeSignInSessions");
    world.jumpcloud.state(|state| state.suspend(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(false));
    faults(SWITCH);
    world.jumpcloud.state(|state| state.unsuspend(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(true), "our own write was taken for somebody else's");
    world.prove(0).await;
}

/// Everything Entra answers is two seconds old; suspended, back and suspended again within seconds.
#[tokio::test]
async fn entra_lags_behind_its_writes() {
    let world = Setup::new("trouble-lag").deployed().await;
    world.entra.control().set_lag(Duration::from_secs(2));
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    world.settle().await;
    for _ in 0..2 {
        world.jumpcloud.state(|state| {
            state.suspend(&ada);
            state.suspend(&bob);
            state.unsuspend(&ada);
        });
    }
    world.settle().await;
    assert_eq!((enabled(&world, "ada"), enabled(&world, "bob")), (Some(true), Some(false)));
    assert_eq!((world.accounts("ada"), world.accounts("bob")), (1, 1));
    world.entra.control().set_lag(Duration::ZERO);
    world.prove(0).await;
}

#[tokio::test]
async fn a_storm_of_429_delays_and_loses_nothing() {
    let world = Setup::new("trouble-storm").deployed().await;
    let throttled = || Effect::Status { status: 429, retry_after: Some("1".into()), body: None };
    for route in ["POST /users", SWITCH] {
        world.entra.control().add_fault(Fault::new(route, throttled()).times(6));
    }
    let people: Vec<String> = (0..6).map(|number| world.hire(&format!("person{number}"))).collect();
    world.settle().await;
    world.jumpcloud.state(|state| {
        assert!(people.iter().all(|id| state.suspend(id)));
    });
    world.settle().await;
    for number in 0..6 {
        let name = format!("person{number}@");
        assert_eq!(world.accounts(&name), 1, "{name}");
        assert_eq!(enabled(&world, &format!("person{number}")), Some(false), "{name}");
    }
    world.prove(0).await;
}

/// Every event of a busy day comes three times, youngest first, and some while one is at it.
#[tokio::test]
async fn events_come_repeated_and_in_any_order() {
    let world = Setup::new("trouble-order").deployed().await;
    world.jumpcloud.state(|state| state.set_webhook(None));
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    world.jumpcloud.state(|state| {
        state.suspend(&ada);
        state.unsuspend(&ada);
        state.suspend(&bob);
    });
    let mut events: Vec<Value> = world.jumpcloud.state(|state| state.events());
    events.reverse();
    // The first read takes so long that the later messages come while it is under way.
    let slow = Fault::once("GET /api/systemusers/{id}", Effect::Delay { ms: 1500 });
    world.jumpcloud.control().add_fault(slow);
    for _ in 0..3 {
        for event in &events {
            post(&world, event).await;
        }
    }
    world.settle().await;
    assert_eq!((enabled(&world, "ada"), enabled(&world, "bob")), (Some(true), None), "P15");
    assert_eq!(world.accounts("ada"), 1);
    world.prove(0).await;
}

/// A change that happens while its subject is being synced is not lost to it.
#[tokio::test]
async fn a_change_while_the_subject_is_synced_is_heard() {
    let world = Setup::new("trouble-during").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    let slow = Fault::once(SWITCH, Effect::Delay { ms: 1500 });
    world.entra.control().add_fault(slow);
    world.jumpcloud.state(|state| state.suspend(&ada));
    let asked = || world.writes().iter().any(|write| write.route == SWITCH);
    until("she is being switched off", asked).await;
    world.jumpcloud.state(|state| state.unsuspend(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(true));
    world.prove(0).await;
}

/// One event, as JumpCloud posts it.
async fn post(world: &World, event: &Value) {
    let url = format!("{}{}", world.api(), world.events_path());
    let authorization = format!("Bearer {}", World::TOKEN);
    let (status, answer) = e2e::post(&url, &authorization, &event.to_string()).await;
    assert_eq!(status, 202, "{answer}");
}
