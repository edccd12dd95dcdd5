//! Messages that come twice, in any order, and while one is at it.

use e2e::{Setup, until};
use serde_json::Value;
use simulators::{Effect, Fault};

use crate::{enabled, post};

const SWITCH: &str = "PATCH /users/{id}";

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
