//! R7 to R9, `Retry-After`: what Entra answers is lost, old, or a refusal.

use std::time::Duration;

use e2e::{Setup, until};
use simulators::{Effect, Fault};

use crate::{enabled, lost};

const SWITCH: &str = "PATCH /users/{id}";

#[tokio::test]
async fn the_answers_to_creating_disabling_and_enabling_are_lost() {
    let world = Setup::new("answers-lost").deployed().await;
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
    let routes = ["POST /users", SWITCH, "POST /users/{id}/revokeSignInSessions"];
    assert_eq!(routes.map(|route| lost(&world, route)), [1, 2, 1]);
    world.prove(0).await;
}

/// What Entra answers is two seconds old: somebody is suspended, back, and suspended again within
/// seconds. For another the answer to the enabling write is lost, too.
#[tokio::test]
async fn entra_lags_behind_its_writes() {
    let world = Setup::new("answers-lag").deployed().await;
    world.entra.control().set_lag(Duration::from_secs(2));
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let on = |name| enabled(&world, name) == Some(true);
    let off = |name| enabled(&world, name) == Some(false);
    until("both are created", || on("ada") && on("bob")).await;
    world.jumpcloud.state(|state| state.suspend(&ada) && state.suspend(&bob));
    until("both are off", || off("ada") && off("bob")).await;

    let object = world.account("bob").expect("an account")["id"].clone();
    let object = object.as_str().expect("an id");
    world.entra.control().add_fault(Fault::once(SWITCH, Effect::CutAfter).contains(object));
    world.jumpcloud.state(|state| state.unsuspend(&ada) && state.unsuspend(&bob));
    until("both are on", || on("ada") && on("bob")).await;
    world.jumpcloud.state(|state| state.suspend(&ada));
    world.settle().await;
    assert_eq!((enabled(&world, "ada"), enabled(&world, "bob")), (Some(false), Some(true)));
    assert_eq!(lost(&world, SWITCH), 1);
    assert_eq!((world.accounts("ada"), world.accounts("bob")), (1, 1));
    world.entra.control().set_lag(Duration::ZERO);
    world.prove(0).await;
}

#[tokio::test]
async fn a_storm_of_429_delays_and_loses_nothing() {
    let world = Setup::new("answers-storm").deployed().await;
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
    let refused = world.writes().into_iter().filter(|write| write.status == 429);
    assert_eq!(refused.count(), 12, "all of the storm was met");
    world.prove(0).await;
}
