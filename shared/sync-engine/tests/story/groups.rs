//! G1 to G10: groups and their members, told as stories over the simulated vendors.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::{Effect, Fault};
use store::Store;
use sync_core::finding::FindingCode;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::policy::OnDisconnect;
use sync_core::record::GroupRecord;
use work_queue::{Cause, Source, WorkItem};

use crate::gate::Stop;
use crate::world::World;

const MEMBERS: &str = "GET /api/v2/usergroups/{id}/membership";
const UPSERT: &str = "PATCH /groups(uniqueName='{uniqueName}')";
const ADD: &str = "PATCH /groups/{id}";
const REMOVE: &str = "DELETE /groups/{id}/members/{id}/$ref";

/// A message about the group that names nobody.
fn ring_group(world: &World, group: &str) -> WorkItem {
    let subject = Subject::Group(JumpCloudGroupId::parse(group).unwrap());
    WorkItem::new(world.directory.id.clone(), subject, Cause::of(Source::Operator))
}

async fn record(world: &World, group: &str) -> GroupRecord {
    let subject = Subject::Group(JumpCloudGroupId::parse(group).unwrap());
    let stored = world.table.peek(&world.directory.id, &subject).await.unwrap();
    stored.expect("it was rung").record.group().cloned().expect("a group's record")
}

async fn codes(world: &World, group: &str) -> Vec<FindingCode> {
    record(world, group).await.upkeep.findings.iter().map(|finding| finding.code).collect()
}

async fn object(world: &World, group: &str) -> String {
    record(world, group).await.binding.expect("it is bound").object.to_string()
}

/// The names of the members that the group has in Entra.
async fn members(world: &World, group: &str) -> Vec<String> {
    let object = object(world, group).await;
    let ids = world.entra.state(|state| state.members(&object));
    let name = |id: &String| {
        let user = world.entra.state(|state| state.user(id)).expect("a living member");
        user["userPrincipalName"].as_str().unwrap().trim_end_matches("@corp.example").to_owned()
    };
    let mut names: Vec<String> = ids.iter().map(name).collect();
    names.sort();
    names
}

fn groups(world: &World) -> Vec<Value> {
    world.entra.state(|state| state.groups())
}

/// A team whose group was connected and synced long ago.
async fn team(world: &mut World, size: usize) -> (String, Vec<JumpCloudUserId>) {
    let (group, people) = world.team("team", size);
    world.connect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(members(world, &group).await.len(), size);
    world.advance(3600);
    world.clear_journals();
    (group, people)
}

/// The end of a story: nothing is due, and syncing once more writes nothing.
async fn at_rest(world: &World, group: &str) {
    world.settle().await;
    let record = record(world, group).await;
    assert!(record.upkeep.failure.is_none() && record.owed.is_empty(), "{record:?}");
    world.advance(60);
    world.clear_journals();
    world.work(&ring_group(world, group)).await;
    assert_eq!(world.writes(), Vec::<String>::new(), "syncing again changes something");
    for control in [world.jumpcloud.control(), world.entra.control()] {
        assert_eq!(control.problems(), Vec::<String>::new());
    }
}

fn count(world: &World, route: &str) -> u64 {
    let counts = [world.jumpcloud.control().counts(), world.entra.control().counts()];
    counts.iter().filter_map(|counts| counts.get(route)).copied().sum()
}

#[tokio::test]
async fn g1_a_connected_group_becomes_a_security_group_with_its_members() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 45).await;
    let [entra] = &groups(&world)[..] else { panic!("one group") };
    assert_eq!(entra["displayName"], "team");
    assert_eq!(entra["uniqueName"], format!("jumpcloud-{group}"));
    assert_eq!((&entra["securityEnabled"], &entra["mailEnabled"]), (&json!(true), &json!(false)));
    at_rest(&world, &group).await;
    // Others come and go by their own events.
    let (more, people) = world.team("more", 1);
    world.jumpcloud.state(|state| {
        state.add_member(&group, people[0].as_str());
        let leaver = state.members(&group)[0].clone();
        state.remove_member(&group, &leaver)
    });
    world.deliver();
    world.settle().await;
    assert!(members(&world, &group).await.contains(&"more0".to_owned()));
    assert_eq!(members(&world, &group).await.len(), 45);
    at_rest(&world, &group).await;
    // A group that connects nobody has at most an empty record.
    let other = Subject::Group(JumpCloudGroupId::parse(&more).unwrap());
    let stored = world.table.peek(&world.directory.id, &other).await.unwrap();
    assert!(stored.is_none_or(|stored| stored.record.group().unwrap().binding.is_none()));
}

#[tokio::test]
async fn g2_the_one_group_of_that_name_is_adopted_and_of_two_neither() {
    let mut world = World::new().await;
    let add = |world: &World, name: &str, mail: bool| {
        world.entra.state(|state| {
            let types = if mail { json!(["Unified"]) } else { json!([]) };
            state.add_group(json!({
                "displayName": name, "mailNickname": "x", "groupTypes": types,
                "mailEnabled": mail, "securityEnabled": !mail,
            }))
        })
    };
    let one = add(&world, "O'Brien's team ", false);
    add(&world, "O'Brien's team ", true);
    let (first, second) = (add(&world, "twins", false), add(&world, "twins", false));
    let (lone, _) = world.team("O'Brien's team ", 0);
    let (twins, _) = world.team("twins", 0);
    for group in [&lone, &twins] {
        world.connect_group(group);
    }
    world.deliver();
    world.settle().await;
    assert_eq!(object(&world, &lone).await, one);
    let own = object(&world, &twins).await;
    assert!(own != first && own != second);
    assert_eq!(codes(&world, &twins).await, []);
    at_rest(&world, &lone).await;
    at_rest(&world, &twins).await;
}

#[tokio::test]
async fn g3_a_lost_answer_or_a_crash_after_any_step_ends_with_one_group() {
    for lost in [true, false] {
        for step in 1..=8 {
            let mut world = World::new().await;
            let (group, _) = world.team("team", 3);
            world.connect_group(&group);
            let events = world.events();
            let of_group = |item: &&WorkItem| {
                matches!(item.subject, Subject::Group(_)) && item.members.is_empty()
            };
            let event = events.iter().find(of_group).unwrap();
            if lost {
                let fault = Fault::once(UPSERT, Effect::CutAfter);
                world.entra.control().add_fault(fault);
            }
            let mut worker = world.worker(event, &[Stop::AfterAny(step)]);
            if worker.stopped().await {
                worker.crash().await;
            }
            world.advance(21);
            world.settle().await;
            assert_eq!(groups(&world).len(), 1, "step {step}");
            assert_eq!(members(&world, &group).await.len(), 3, "step {step}");
            at_rest(&world, &group).await;
        }
    }
}

#[tokio::test]
async fn g4_a_bound_group_is_renamed_by_its_id_and_found_by_no_name() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 2).await;
    let ours = object(&world, &group).await;
    let name = "Ingénierie & \"x\"";
    world.jumpcloud.state(|state| state.patch_group(&group, json!({"name": name})));
    world.entra.state(|state| {
        state.add_group(json!({
            "displayName": name, "mailNickname": "x", "groupTypes": [],
            "mailEnabled": false, "securityEnabled": true,
        }))
    });
    world.deliver();
    world.settle().await;
    assert_eq!(object(&world, &group).await, ours);
    assert_eq!(world.entra.state(|state| state.group(&ours)).unwrap()["displayName"], name);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g4_a_group_that_is_gone_in_entra_is_restored_or_created_again() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 3).await;
    let ours = object(&world, &group).await;
    world.entra.state(|state| state.delete_group(&ours));
    world.work(&ring_group(&world, &group)).await;
    world.settle().await;
    assert_eq!(object(&world, &group).await, ours);
    assert_eq!(members(&world, &group).await.len(), 3);
    at_rest(&world, &group).await;
    world.advance(3600);
    world.entra.state(|state| state.delete_group(&ours) && state.purge(&ours));
    world.work(&ring_group(&world, &group)).await;
    world.settle().await;
    assert_ne!(object(&world, &group).await, ours);
    assert_eq!(members(&world, &group).await.len(), 3);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g5_one_who_is_refused_keeps_nobody_else_out() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 25).await;
    let ours = object(&world, &group).await;
    let account = world.object(&people[7]).await;
    // All are out again, and one of them cannot come back: gone in Entra.
    for member in world.entra.state(|state| state.members(&ours)) {
        world.entra.state(|state| state.remove_member(&ours, &member));
    }
    world.entra.state(|state| state.delete_user(&account));
    world.work(&ring_group(&world, &group)).await;
    let there = world.entra.state(|state| state.members(&ours));
    assert_eq!(there.len(), 24);
    // Once his own sync has restored the account he is in again.
    world.work(&crate::world::ring(&people[7])).await;
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 25);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g6_who_is_not_ours_is_left_alone_and_reported() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 3).await;
    let ours = object(&world, &group).await;
    let guest = world.entra.state(|state| {
        let guest = state.add_user(json!({
            "userPrincipalName": "guest@elsewhere.example", "displayName": "G",
            "accountEnabled": true, "userType": "Guest",
        }));
        let nested = state.add_group(json!({
            "displayName": "nested", "mailNickname": "n", "groupTypes": [],
            "mailEnabled": false, "securityEnabled": true,
        }));
        state.add_member(&ours, &guest);
        state.add_member(&ours, &nested);
        guest
    });
    world.jumpcloud.state(|state| state.remove_member(&group, people[0].as_str()));
    world.deliver();
    world.settle().await;
    let there = world.entra.state(|state| state.members(&ours));
    assert_eq!(there.len(), 4);
    assert!(there.contains(&guest));
    assert_eq!(codes(&world, &group).await, [FindingCode::MembersLeftAlone]);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g7_members_are_created_first_and_joined_as_soon_as_they_can_be() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 2).await;
    // A third one whose e-mail Entra refuses.
    let (_, more) = world.team("more", 1);
    let bad = json!({"email": "plus+more@corp.example"});
    world.jumpcloud.state(|state| {
        state.patch_user(more[0].as_str(), bad);
        state.add_member(&group, more[0].as_str())
    });
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), people.len());
    assert_eq!(codes(&world, &group).await, [FindingCode::MembersNotBound]);
    world.advance(24 * 3600);
    let good = json!({"email": "more@corp.example"});
    world.jumpcloud.state(|state| state.patch_user(more[0].as_str(), good));
    world.deliver();
    world.settle().await;
    assert!(members(&world, &group).await.contains(&"more".to_owned()));
    assert_eq!(codes(&world, &group).await, []);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g8_a_group_that_is_let_go_is_kept_emptied_or_deleted_and_comes_back_by_its_binding() {
    for on_disconnect in [OnDisconnect::Keep, OnDisconnect::Empty, OnDisconnect::Delete] {
        for deleted in [false, true] {
            let mut world = World::with(|policy| policy.groups.on_disconnect = on_disconnect).await;
            let (group, _) = team(&mut world, 3).await;
            let ours = object(&world, &group).await;
            if deleted {
                world.jumpcloud.state(|state| state.delete_group(&group));
            } else {
                world.disconnect_group(&group);
            }
            world.deliver();
            world.settle().await;
            let there = world.entra.state(|state| state.group(&ours));
            let left = world.entra.state(|state| state.members(&ours)).len();
            match on_disconnect {
                OnDisconnect::Keep => assert_eq!((there.is_some(), left), (true, 3)),
                OnDisconnect::Empty => assert_eq!((there.is_some(), left), (true, 0)),
                OnDisconnect::Delete => assert!(there.is_none()),
            }
            assert_eq!(world.headcount(), (3, 0), "{on_disconnect:?}");
            at_rest(&world, &group).await;
            if deleted {
                continue;
            }
            world.advance(3600);
            world.connect_group(&group);
            world.deliver();
            world.settle().await;
            assert_eq!(object(&world, &group).await, ours);
            assert_eq!(members(&world, &group).await.len(), 3);
            assert_eq!(world.headcount(), (3, 3));
            at_rest(&world, &group).await;
        }
    }
}

#[tokio::test]
async fn g9_a_burst_of_events_is_a_few_listings() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 5).await;
    let (_, people) = world.team("more", 300);
    world.jumpcloud.state(|state| {
        for person in &people {
            state.add_member(&group, person.as_str());
        }
    });
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 305);
    // 300 people come one by one; what is written is written by twenties.
    assert!(count(&world, ADD) <= 300 / 20 + 20, "{} requests", count(&world, ADD));
    assert!(count(&world, MEMBERS) <= 4 * 12, "{} pages", count(&world, MEMBERS));
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g9_a_large_group_goes_on_in_another_invocation() {
    let mut world = World::new().await;
    let (group, _) = world.team("team", 90);
    world.connect_group(&group);
    world.deliver();
    // Nothing but one request a time: less than 15 s are left from the start.
    world.invocation = Duration::from_secs(14);
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 90);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn s1_more_removals_than_the_limit_are_held_as_a_whole() {
    let mut world = World::with(|policy| policy.limits.member_removals.absolute = 10).await;
    let (group, people) = team(&mut world, 30).await;
    // One listing finds all of it.
    world.jumpcloud.state(|state| {
        for person in &people[..11] {
            state.remove_member(&group, person.as_str());
        }
    });
    world.lose_webhooks();
    world.jumpcloud.state(|state| state.clear_events());
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(members(&world, &group).await.len(), 30);
    assert_eq!(codes(&world, &group).await, [FindingCode::RemovalsHeld]);
    // One comes back: the other ten are within it.
    world.jumpcloud.state(|state| state.add_member(&group, people[0].as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 20);
    // Ten of this hour's ten are spent: an eleventh waits for the next hour.
    world.jumpcloud.state(|state| state.remove_member(&group, people[0].as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(members(&world, &group).await.len(), 20);
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 19);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn s2_a_list_that_fails_or_lacks_a_row_removes_nobody() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 250).await;
    let broken = Effect::Status { status: 503, retry_after: None, body: None };
    for effect in [broken, Effect::Html, Effect::DropRow { n: 230 }] {
        let fault = match effect {
            Effect::DropRow { .. } => Fault::once(MEMBERS, effect),
            effect => Fault::once(MEMBERS, effect).skip(2),
        };
        world.jumpcloud.control().add_fault(fault);
        world.work(&ring_group(&world, &group)).await;
        assert_eq!((count(&world, REMOVE), members(&world, &group).await.len()), (0, 250));
        world.settle().await;
        world.advance(3600);
        assert_eq!(count(&world, REMOVE), 0);
    }
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn g10_a_dynamic_group_is_listed_again_without_an_event() {
    let mut world = World::new().await;
    let (group, people) = world.team("team", 3);
    world
        .jumpcloud
        .state(|state| state.patch_group(&group, json!({"membershipMethod": "DYNAMIC_AUTOMATED"})));
    world.connect_group(&group);
    let (_, more) = world.team("more", 1);
    world.deliver();
    for _ in 0..40 {
        world.catch_up().await;
        world.drain().await;
        world.advance(30);
    }
    assert_eq!(members(&world, &group).await.len(), 3);
    world.jumpcloud.state(|state| {
        state.remove_member(&group, people[0].as_str());
        state.add_member(&group, more[0].as_str());
    });
    world.lose_webhooks();
    world.jumpcloud.state(|state| state.clear_events());
    for _ in 0..40 {
        world.catch_up().await;
        world.drain().await;
        world.advance(30);
    }
    assert_eq!(members(&world, &group).await, ["more0", "team1", "team2"]);
    // Whoever is in no connected group any more is switched off.
    assert_eq!(world.headcount(), (4, 3));
}
