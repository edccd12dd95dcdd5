//! G1 to G8: groups and their lives, told as stories over the simulated vendors.

use serde_json::{Value, json};
use simulators::{Effect, Fault};
use store::{AuditQuery, Store};
use sync_core::finding::FindingCode;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::policy::OnDisconnect;
use sync_core::record::GroupRecord;
use work_queue::{Cause, Source, WorkItem};

use crate::gate::Stop;
use crate::world::World;

const UPSERT: &str = "PATCH /groups(uniqueName='{uniqueName}')";

/// A message about the group that names nobody.
pub(crate) fn ring_group(world: &World, group: &str) -> WorkItem {
    let subject = Subject::Group(JumpCloudGroupId::parse(group).unwrap());
    WorkItem::new(world.directory.id.clone(), subject, Cause::of(Source::Operator))
}

pub(crate) async fn record(world: &World, group: &str) -> GroupRecord {
    let subject = Subject::Group(JumpCloudGroupId::parse(group).unwrap());
    let stored = world.table.peek(&world.directory.id, &subject).await.unwrap();
    stored.expect("it was rung").record.group().cloned().expect("a group's record")
}

pub(crate) async fn codes(world: &World, group: &str) -> Vec<FindingCode> {
    record(world, group).await.upkeep.findings.iter().map(|finding| finding.code).collect()
}

pub(crate) async fn object(world: &World, group: &str) -> String {
    record(world, group).await.binding.expect("it is bound").object.to_string()
}

/// The names of the members that the group has in Entra.
pub(crate) async fn members(world: &World, group: &str) -> Vec<String> {
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

pub(crate) fn groups(world: &World) -> Vec<Value> {
    world.entra.state(|state| state.groups())
}

/// A team whose group was connected and synced long ago.
pub(crate) async fn team(world: &mut World, size: usize) -> (String, Vec<JumpCloudUserId>) {
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
pub(crate) async fn at_rest(world: &World, group: &str) {
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

pub(crate) fn count(world: &World, route: &str) -> u64 {
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
    assert_eq!(codes(&world, &twins).await, [FindingCode::GroupAmbiguous]);
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
async fn g8_a_group_that_is_let_go_is_kept_emptied_or_deleted_and_comes_back_by_its_binding() {
    for on_disconnect in [OnDisconnect::Keep, OnDisconnect::Empty, OnDisconnect::Delete] {
        for deleted in [false, true] {
            let mut world = World::with(|policy| policy.groups.on_disconnect = on_disconnect).await;
            // Another group stays connected (S1).
            let (other, _) = world.team("other", 0);
            world.connect_group(&other);
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

/// A sweep reaches groups that were connected before anybody listened, and those that went unseen.
#[tokio::test]
async fn g1_a_sweep_reaches_groups_without_an_event() {
    let mut world = World::new().await;
    let (group, _) = world.team("team", 2);
    world.connect_group(&group);
    world.lose_events();
    let sweep =
        WorkItem::new(world.directory.id.clone(), Subject::Sweep, Cause::of(Source::Operator));
    world.work(&sweep).await;
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 2);
    world.advance(3600);
    world.disconnect_group(&group);
    world.lose_events();
    world.work(&sweep).await;
    world.settle().await;
    assert!(record(&world, &group).await.let_go_at.is_some());
    assert_eq!(world.headcount(), (2, 0));
    at_rest(&world, &group).await;
}

/// What a crashed creation owed is told once, by whoever syncs next.
#[tokio::test]
async fn r12_a_new_group_is_told_once() {
    let mut world = World::new().await;
    let (group, _) = world.team("team", 1);
    world.connect_group(&group);
    let mut creator = world.worker(&ring_group(&world, &group), &[Stop::After("record", 1)]);
    creator.reached().await;
    creator.crash().await;
    world.advance(21);
    world.deliver();
    world.settle().await;
    let subject = Subject::Group(JumpCloudGroupId::parse(&group).unwrap());
    let query = AuditQuery { subject: Some(subject), limit: 100, ..AuditQuery::default() };
    let told = world.table.audit(&world.directory.id, &query, world.clock.now()).await.unwrap();
    let mut kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["group_create_provision", "group_member_add_provision"]);
    at_rest(&world, &group).await;
}

/// Who comes to a group that is not ours is nobody's business: the vendors are not asked.
#[tokio::test]
async fn g9_members_of_other_groups_cost_nothing() {
    let mut world = World::new().await;
    let ada = world.employee("ada").await;
    let group = world.jumpcloud.state(|state| state.add_group(json!({"name": "Chess"})));
    world.lose_webhooks();
    world.jumpcloud.state(|state| state.add_member(&group, ada.as_str()));
    let events = world.events();
    let of_group = events.iter().find(|item| matches!(item.subject, Subject::Group(_)));
    world.clear_journals();
    world.work(of_group.unwrap()).await;
    let asked = [world.jumpcloud.control().journal(), world.entra.control().journal()];
    assert_eq!(asked.map(|journal| journal.len()), [0, 0]);
    world.settle().await;
    assert!(record(&world, &group).await.binding.is_none());
    assert_eq!(groups(&world).len(), 0);
}

/// JumpCloud answers 404 for a group that it still connects: nothing is let go, least of all deleted.
#[tokio::test]
async fn g8_a_404_alone_deletes_nothing() {
    let mut world = World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Delete).await;
    let (group, _) = team(&mut world, 2).await;
    let missing = Effect::Status { status: 404, retry_after: None, body: None };
    let record_of = "GET /api/v2/usergroups/{id}";
    world.jumpcloud.control().add_fault(Fault::new(record_of, missing).times(100));
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(codes(&world, &group).await, [FindingCode::DeletionUndecided]);
    assert_eq!((groups(&world).len(), members(&world, &group).await.len()), (1, 2));
    world.jumpcloud.control().clear_faults();
    // Deleted for good, and nobody says so but the scope's listing.
    world.jumpcloud.state(|state| state.delete_group(&group));
    world.lose_events();
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(groups(&world).len(), 0);
}
