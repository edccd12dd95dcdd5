//! P6 and P7: each cause that switches somebody off, alone and combined, and its way back.

use e2e::{Setup, World};
use serde_json::json;

use crate::{add_member, connected_group, enabled, events, patch, stranger};

const SUSPEND: &str = "on_password_expired = \"suspend\"\non_lockout = \"suspend\"";

#[tokio::test]
async fn each_cause_switches_off_and_has_its_way_back() {
    let world = Setup::new("leave-causes").users(SUSPEND).deployed().await;
    let [suspended, disconnected, expired, locked, deleted] =
        ["suspended", "disconnected", "expired", "locked", "deleted"].map(|name| world.hire(name));
    let (one, other) = (connected_group(&world, "one"), connected_group(&world, "other"));
    let member = stranger(&world, "member");
    add_member(&world, &one, &member);
    add_member(&world, &other, &member);
    world.settle().await;
    let everybody = ["suspended", "disconnected", "expired", "locked", "deleted", "member"];
    let states = || everybody.map(|name| enabled(&world, name).expect("an account"));
    assert_eq!(states(), [true; 6]);

    world.jumpcloud.state(|state| {
        state.suspend(&suspended);
        state.expire_password(&expired);
        state.lock(&locked);
        state.delete_user(&deleted);
        state.remove_member(&one, &member);
    });
    world.set_connected(&disconnected, false);
    world.settle().await;
    assert_eq!(states(), [false, false, false, false, false, true], "one path of two is left");
    world.jumpcloud.state(|state| state.remove_member(&other, &member));
    world.settle().await;
    assert_eq!(states(), [false; 6], "the last path is gone");
    let revoked = world.entra.control().counts()["POST /users/{id}/revokeSignInSessions"];
    assert_eq!(revoked, 6, "everybody is signed out");

    world.jumpcloud.state(|state| {
        state.unsuspend(&suspended);
        state.set_password(&expired);
        state.unlock(&locked);
        state.add_member(&one, &member);
    });
    world.set_connected(&disconnected, true);
    world.settle().await;
    assert_eq!(states(), [true, true, true, true, false, true], "nobody comes back from deletion");
    world.prove(0).await;

    let mut reasons: Vec<String> = reasons(&world).await;
    reasons.sort();
    let expected = [
        "deleted",
        "locked_out",
        "not_connected",
        "not_connected",
        "password_expired",
        "suspended",
    ];
    assert_eq!(reasons, expected);
}

/// The reasons of all deactivations.
async fn reasons(world: &World) -> Vec<String> {
    let events = events(world).await.into_iter();
    events
        .filter(|event| event["event_type"] == "user_deprovision")
        .map(|event| event["reason"].as_str().expect("a reason").to_owned())
        .collect()
}

#[tokio::test]
async fn causes_add_up_and_each_must_end() {
    let world = Setup::new("leave-combined").users(SUSPEND).deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    world.jumpcloud.state(|state| {
        state.suspend(&ada);
        state.expire_password(&ada);
    });
    world.set_connected(&ada, false);
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(false));
    world.jumpcloud.state(|state| state.unsuspend(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(false), "she is not connected");
    world.set_connected(&ada, true);
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(false), "her password is still expired");
    world.jumpcloud.state(|state| state.set_password(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(true));
    world.prove(0).await;
}

/// Disconnecting a group, and deleting one, reaches everybody it concerns and nobody else.
#[tokio::test]
async fn a_group_that_goes_takes_its_members_along() {
    let world = Setup::new("leave-group").deployed().await;
    let (sales, support) = (connected_group(&world, "sales"), connected_group(&world, "support"));
    let names: Vec<String> = (0..12).map(|number| format!("member{number}")).collect();
    let members: Vec<String> = names.iter().map(|name| stranger(&world, name)).collect();
    for (number, member) in members.iter().enumerate() {
        // The first four are in sales, the last four in support, the others in both.
        if number < 8 {
            add_member(&world, &sales, member);
        }
        if number >= 4 {
            add_member(&world, &support, member);
        }
    }
    world.settle().await;
    let on = || names.iter().filter(|name| enabled(&world, name) == Some(true)).count();
    assert_eq!(on(), 12);
    world.jumpcloud.state(|state| state.disconnect(World::APPLICATION, &sales));
    world.settle().await;
    assert_eq!(on(), 8);
    world.jumpcloud.state(|state| state.delete_group(&support));
    world.settle().await;
    assert_eq!(on(), 0);
    world.jumpcloud.state(|state| state.connect(World::APPLICATION, &sales));
    world.settle().await;
    assert_eq!(on(), 8);
    world.prove(0).await;
}

/// Whoever leaves the listed domains keeps the account, and is switched off like anybody else.
#[tokio::test]
async fn whoever_left_the_listed_domains_is_switched_off_all_the_same() {
    let world = Setup::new("leave-domains").upn("domains = [\"corp.example\"]").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    patch(&world, &ada, json!({ "email": "ada@private.example" }));
    world.settle().await;
    assert_eq!(crate::codes(&world, &ada).await, ["domain_not_listed"]);
    assert_eq!(enabled(&world, "ada"), Some(true));
    world.jumpcloud.state(|state| state.suspend(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(false));
    world.prove(0).await;
}
