//! G5 to G10: who comes into a group and who is looked at, told as stories over the simulated vendors.

use std::time::Duration;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId};
use sync_core::policy::{OnDeletedInEntra, Scope};
use work_queue::{Cause, Source, WorkItem};

use crate::groups::{at_rest, codes, count, members, object, ring_group, team};
use crate::world::{World, ring};

const MEMBERS: &str = "GET /api/v2/usergroups/{id}/membership";
const ADD: &str = "PATCH /groups/{id}";

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
    world.work(&ring(&people[7])).await;
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 25);
    at_rest(&world, &group).await;
}

/// Who was named is looked at again after a fault, and not only by the second look of the event.
#[tokio::test]
async fn g9_trouble_forgets_nobody_who_was_named() {
    let mut world = World::new().await;
    let more = world.employee("more").await;
    let (group, _) = team(&mut world, 2).await;
    let broken = Effect::Status { status: 503, retry_after: None, body: None };
    world.entra.control().add_fault(Fault::once("GET /users/{id}/memberOf", broken));
    world.jumpcloud.state(|state| state.add_member(&group, more.as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(members(&world, &group).await.len(), 2);
    world.advance(8);
    world.drain().await;
    assert_eq!(members(&world, &group).await.len(), 3);
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

/// Somebody comes while a large group is worked on, before the place that has been reached.
#[tokio::test]
async fn g9_who_comes_between_two_parts_is_not_left_out() {
    let mut world = World::new().await;
    let early = world.employee("early").await;
    let (group, _) = world.team("team", 60);
    world.connect_group(&group);
    world.deliver();
    world.settle().await;
    let ours = object(&world, &group).await;
    for member in world.entra.state(|state| state.members(&ours)) {
        world.entra.state(|state| state.remove_member(&ours, &member));
    }
    world.advance(3600);
    world.invocation = Duration::from_secs(14);
    let cause = Cause::of(Source::FollowUp);
    world.work(&WorkItem { cause, ..ring_group(&world, &group) }).await;
    assert_eq!(members(&world, &group).await.len(), 20);
    world.jumpcloud.state(|state| state.add_member(&group, early.as_str()));
    world.lose_events();
    world.live(10, 10).await;
    assert_eq!(members(&world, &group).await.len(), 61);
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
    world.live(40, 30).await;
    assert_eq!(members(&world, &group).await.len(), 3);
    world.jumpcloud.state(|state| {
        state.remove_member(&group, people[0].as_str());
        state.add_member(&group, more[0].as_str());
    });
    world.lose_events();
    world.live(40, 30).await;
    assert_eq!(members(&world, &group).await, ["more0", "team1", "team2"]);
    // Whoever is in no connected group any more is switched off.
    assert_eq!(world.headcount(), (4, 3));
}

/// Who is in a nested group is in the outer one, and events name the nested one alone.
#[tokio::test]
async fn g5_a_change_in_a_nested_group_reaches_the_outer_one() {
    let mut world = World::new().await;
    let (inner, people) = world.team("inner", 2);
    let (outer, _) = world.team("outer", 1);
    world.jumpcloud.state(|state| state.add_member(&outer, &inner));
    world.connect_group(&outer);
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &outer).await, ["inner0", "inner1", "outer0"]);
    world.advance(3600);
    world.jumpcloud.state(|state| state.remove_member(&inner, people[0].as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(members(&world, &outer).await, ["inner1", "outer0"]);
    world.settle().await;
    // The nested group is taken out as a whole.
    world.advance(3600);
    world.jumpcloud.state(|state| state.remove_member(&outer, &inner));
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &outer).await, ["outer0"]);
    at_rest(&world, &outer).await;
}

/// A directory that lists one group, in which another is nested that is therefore not ours.
async fn nested() -> (World, String, String, Vec<JumpCloudUserId>) {
    const OUTER: &str = "65f0000000000000000000b1";
    let groups = [JumpCloudGroupId::parse(OUTER).unwrap()].into();
    let scope = Scope::Listed { groups, users: Default::default() };
    let mut world = World::with(|policy| policy.scope = scope).await;
    let (inner, people) = world.team("inner", 2);
    world.jumpcloud.state(|state| {
        state.add_group(json!({"id": OUTER, "name": "outer"}));
        state.add_member(OUTER, &inner)
    });
    let bell = ring_group(&world, OUTER);
    for person in &people {
        world.work(&ring(person)).await;
    }
    world.work(&bell).await;
    world.lose_events();
    world.settle().await;
    assert_eq!(members(&world, OUTER).await, ["inner0", "inner1"]);
    world.advance(3600);
    (world, OUTER.to_owned(), inner, people)
}

/// The webhook of a change in a nested group that is not ours is lost: the poll brings it.
#[tokio::test]
async fn g5_the_poll_brings_what_happens_in_a_nested_group() {
    let (mut world, outer, inner, people) = nested().await;
    world.jumpcloud.state(|state| state.remove_member(&inner, people[0].as_str()));
    world.lose_webhooks();
    world.advance(60);
    world.catch_up().await;
    world.drain().await;
    assert_eq!(members(&world, &outer).await, ["inner1"]);
}

/// An account that is created again is another object: every group of the person takes it in.
#[tokio::test]
async fn g7_a_new_object_of_a_member_joins_his_groups() {
    let recreate = OnDeletedInEntra::Recreate;
    let mut world = World::with(|policy| policy.users.on_deleted_in_entra = recreate).await;
    let (group, people) = team(&mut world, 3).await;
    let object = world.object(&people[1]).await;
    world.entra.state(|state| state.delete_user(&object) && state.purge(&object));
    world.work(&ring(&people[1])).await;
    world.settle().await;
    assert_ne!(world.object(&people[1]).await, object);
    assert_eq!(members(&world, &group).await.len(), 3);
    at_rest(&world, &group).await;
}

/// An account that was in the group before it became ours leaves, if JumpCloud does not want it.
#[tokio::test]
async fn g5_an_adopted_account_leaves_a_group_that_it_does_not_belong_to() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 2).await;
    let ours = object(&world, &group).await;
    world.entra.state(|state| {
        let ada = state.add_user(json!({
            "userPrincipalName": "ada@corp.example", "displayName": "Ada",
            "accountEnabled": true, "userType": "Member",
        }));
        state.add_member(&ours, &ada);
    });
    world.work(&ring_group(&world, &group)).await;
    world.settle().await;
    assert_eq!(members(&world, &group).await, ["ada", "team0", "team1"]);
    assert_eq!(codes(&world, &group).await, [FindingCode::MembersLeftAlone]);
    world.advance(3600);
    world.hire("ada");
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &group).await, ["team0", "team1"]);
    at_rest(&world, &group).await;
}

/// A list that lags behind our own write is looked at once more when the lag is over.
#[tokio::test]
async fn g5_a_group_is_listed_again_once_lists_have_caught_up() {
    let mut world = World::new().await;
    let more = world.employee("more").await;
    let (group, _) = team(&mut world, 2).await;
    world.jumpcloud.state(|state| state.add_member(&group, more.as_str()));
    world.deliver();
    world.drain().await;
    let written = world.clock.now();
    // Listed meanwhile, by the second look.
    world.advance(60);
    world.catch_up().await;
    world.drain().await;
    let due = world.due_of(&group).await.expect("it is looked at again");
    assert_eq!(due.duration_since(written).as_secs(), 300);
    at_rest(&world, &group).await;
}

/// While the scope cannot be read nothing is decided, and nobody who was named is forgotten.
#[tokio::test]
async fn g9_who_was_named_while_the_scope_was_unreadable_is_looked_at_later() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 3).await;
    let gone = |status| Effect::Status { status, retry_after: None, body: None };
    let traversal = "GET /api/v2/usergroups/{id}/applications";
    let none = Effect::Status { status: 200, retry_after: None, body: Some(json!([])) };
    world.jumpcloud.control().add_fault(Fault::new(traversal, none).times(100));
    let scope = Fault::new("GET /api/applications/{id}", gone(403)).times(100);
    world.jumpcloud.control().add_fault(scope);
    world.jumpcloud.state(|state| state.remove_member(&group, people[0].as_str()));
    world.deliver();
    // No poll brings it once more.
    world.jumpcloud.state(|state| state.clear_events());
    world.live(10, 10).await;
    assert_eq!(members(&world, &group).await.len(), 3);
    assert!(codes(&world, &group).await.contains(&FindingCode::ScopeUnreadable));
    world.jumpcloud.control().clear_faults();
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 2);
    at_rest(&world, &group).await;
}

/// Accounts that are gone, first in the order, keep nobody out: not two of them, nor a whole request.
#[tokio::test]
async fn g5_missing_accounts_keep_nobody_out() {
    for gone in [2, 20, 21] {
        let report = OnDeletedInEntra::Report;
        let mut world = World::with(|policy| policy.users.on_deleted_in_entra = report).await;
        let (group, people) = team(&mut world, 45).await;
        let ours = object(&world, &group).await;
        for member in world.entra.state(|state| state.members(&ours)) {
            world.entra.state(|state| state.remove_member(&ours, &member));
        }
        for person in &people[..gone] {
            let account = world.object(person).await;
            world.entra.state(|state| state.delete_user(&account));
        }
        world.work(&ring_group(&world, &group)).await;
        world.live(20, 10).await;
        let there = world.entra.state(|state| state.members(&ours));
        assert_eq!(there.len(), 45 - gone, "{gone} are gone");
    }
}

/// The members of a nested group follow from a query: the outer group is listed without an event.
#[tokio::test]
async fn g10_a_dynamic_group_that_is_nested_is_listed_with_the_outer_one() {
    let (mut world, outer, inner, people) = nested().await;
    let query = json!({"membershipMethod": "DYNAMIC_AUTOMATED"});
    world.jumpcloud.state(|state| state.patch_group(&inner, query));
    world.work(&ring_group(&world, &outer)).await;
    // A look at one who was named forgets nothing of that.
    let cause = Cause::of(Source::FollowUp);
    let named = vec![people[1].clone()];
    world.work(&WorkItem { cause, members: named, ..ring_group(&world, &outer) }).await;
    world.jumpcloud.state(|state| state.remove_member(&inner, people[0].as_str()));
    world.lose_events();
    world.live(40, 30).await;
    assert_eq!(members(&world, &outer).await, ["inner1"]);
}
