//! A person's life, end to end on what the template deploys: every way out and back, every way in,
//! and the same with answers lost, late, refused and out of order.

use e2e::World;
use serde_json::{Value, json};
use simulators::Entry;

mod adopting;
mod answers;
mod arriving;
mod leaving;
mod racing;
mod trouble;

/// The state of an account: enabled, disabled, or not there.
fn enabled(world: &World, name: &str) -> Option<bool> {
    world.account(name).and_then(|account| account["accountEnabled"].as_bool())
}

/// Changes properties of somebody in JumpCloud.
fn patch(world: &World, user: &str, changes: Value) {
    assert!(world.jumpcloud.state(|state| state.patch_user(user, changes)), "{user} is there");
}

/// Somebody new in JumpCloud who is connected to nothing.
fn stranger(world: &World, name: &str) -> String {
    world.jumpcloud.state(|state| {
        state.add_user(json!({
            "username": name, "email": format!("{name}@corp.example"), "firstname": name,
            "lastname": "Example", "displayname": "", "state": "ACTIVATED", "activated": true,
        }))
    })
}

/// A new group, connected to the directory.
fn connected_group(world: &World, name: &str) -> String {
    world.jumpcloud.state(|state| {
        let group = state.add_group(json!({ "name": name }));
        assert!(state.connect(World::APPLICATION, &group), "the application is there");
        group
    })
}

fn add_member(world: &World, group: &str, user: &str) {
    assert!(world.jumpcloud.state(|state| state.add_member(group, user)), "a new member");
}

/// The codes of what was found about somebody.
async fn codes(world: &World, user: &str) -> Vec<String> {
    let shown = world.shown(user).await.expect("a record");
    let findings = shown["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().filter_map(|finding| finding["code"].as_str().map(str::to_owned)).collect()
}

/// What was changed in the directory, as `entra-sync events` tells it.
async fn events(world: &World) -> Vec<Value> {
    let events = world.line.run(&["events", "--json"]).await;
    events.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect()
}

/// How many answers to such changes in Entra were lost. A fault that nothing meets proves nothing.
fn lost(world: &World, route: &str) -> usize {
    let cut = |write: &Entry| write.route == route && write.status == 0;
    world.writes().iter().filter(|write| cut(write)).count()
}

/// One event, as JumpCloud posts it.
async fn post(world: &World, event: &Value) {
    let url = format!("{}{}", world.api(), world.events_path());
    let authorization = format!("Bearer {}", World::TOKEN);
    let (status, answer) = e2e::post(&url, &authorization, &event.to_string()).await;
    assert_eq!(status, 202, "{answer}");
}
