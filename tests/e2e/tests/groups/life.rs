//! One person's life with groups, on what the template deploys.

use e2e::{Setup, World, until};
use serde_json::{Value, json};

use crate::connect;

/// Somebody new who is connected to nothing.
fn stranger(world: &World, name: &str) -> String {
    world.jumpcloud.state(|state| {
        state.add_user(json!({
            "username": name, "email": format!("{name}@corp.example"), "firstname": name,
            "lastname": "Example", "displayname": "", "state": "ACTIVATED", "activated": true,
        }))
    })
}

/// The group of this name in Entra.
fn group(world: &World, name: &str) -> Option<Value> {
    let groups = world.entra.state(|state| state.groups());
    groups.into_iter().find(|group| group["displayName"] == name)
}

/// Whether somebody may sign in, and is in the one group that is in Entra.
fn state(world: &World, name: &str) -> (Option<bool>, bool) {
    let account = world.account(name);
    let enabled = account.as_ref().and_then(|account| account["accountEnabled"].as_bool());
    let member = world.entra.state(|state| {
        let groups = state.groups();
        let members = groups.first().and_then(|group| Some(state.members(group["id"].as_str()?)));
        let id = account.as_ref().and_then(|account| account["id"].as_str());
        id.zip(members).is_some_and(|(id, members)| members.iter().any(|member| member == id))
    });
    (enabled, member)
}

async fn until_is(world: &World, name: &str, enabled: bool, member: bool) {
    let what = format!("{name} to be on: {enabled}, in the group: {member}");
    until(&what, || state(world, name) == (Some(enabled), member)).await;
}

#[tokio::test]
async fn a_person_comes_into_a_group_leaves_it_and_the_group_goes_and_comes_back() {
    let world = Setup::new("groups-life").tables("[groups]\non_disconnect = \"keep\"");
    let world = world.deployed().await;
    let change = |group: &str, user: &str, comes: bool| {
        assert!(world.jumpcloud.state(|state| match comes {
            true => state.add_member(group, user),
            false => state.remove_member(group, user),
        }));
    };
    let (ada, bob) = (stranger(&world, "ada"), stranger(&world, "bob"));
    let team = world.jumpcloud.state(|state| state.add_group(json!({ "name": "Engines" })));
    connect(&world, &team);
    until("the group", || group(&world, "Engines").is_some()).await;
    let object = group(&world, "Engines").expect("it is there")["id"].clone();

    // Hired into a connected group: an account, then a member.
    for user in [&ada, &bob] {
        change(&team, user, true);
    }
    until_is(&world, "ada", true, true).await;
    until_is(&world, "bob", true, true).await;

    // Out of the group, and so connected by nothing.
    change(&team, &ada, false);
    until_is(&world, "ada", false, false).await;
    change(&team, &ada, true);
    until_is(&world, "ada", true, true).await;

    let renamed = json!({ "name": "Analytical Engines" });
    assert!(world.jumpcloud.state(|state| state.patch_group(&team, renamed)));
    until("the new name", || group(&world, "Analytical Engines").is_some()).await;
    assert_eq!(group(&world, "Analytical Engines").expect("renamed")["id"], object);

    // Let go: the group stays with its members, who are connected by nothing.
    assert!(world.jumpcloud.state(|state| state.disconnect(World::APPLICATION, &team)));
    until_is(&world, "ada", false, true).await;
    until_is(&world, "bob", false, true).await;
    assert_eq!(group(&world, "Analytical Engines").expect("kept")["id"], object);

    // One of them leaves meanwhile, and is found gone when the group is back.
    change(&team, &bob, false);
    connect(&world, &team);
    until_is(&world, "ada", true, true).await;
    until_is(&world, "bob", false, false).await;
    assert_eq!(group(&world, "Analytical Engines").expect("the same")["id"], object);
    assert_eq!(world.entra.state(|state| state.groups().len()), 1);
    world.prove(0).await;
    assert_eq!(
        (state(&world, "ada"), state(&world, "bob")),
        ((Some(true), true), (Some(false), false))
    );
}
