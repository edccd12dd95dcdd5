//! S1, S2, S5: who leaves a group, on which proof, within which budget, and what goes on failing.

use std::time::Duration;

use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use work_queue::{Cause, Source, WorkItem};

use crate::groups::{at_rest, codes, count, members, object, ring_group, team};
use crate::world::World;

const MEMBERS: &str = "GET /api/v2/usergroups/{id}/membership";
const ADD: &str = "PATCH /groups/{id}";
const REMOVE: &str = "DELETE /groups/{id}/members/{member}/$ref";

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
    world.lose_events();
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
            // On every page, since rows are counted over all of them.
            Effect::DropRow { .. } => Fault::new(MEMBERS, effect).times(3),
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
async fn g9_many_removals_go_on_in_another_invocation() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 60).await;
    world.jumpcloud.state(|state| {
        for person in &people[..45] {
            state.remove_member(&group, person.as_str());
        }
    });
    world.lose_events();
    world.invocation = Duration::from_secs(14);
    let cause = Cause::of(Source::FollowUp);
    world.work(&WorkItem { cause, ..ring_group(&world, &group) }).await;
    assert_eq!(members(&world, &group).await.len(), 40);
    world.live(10, 10).await;
    assert_eq!(members(&world, &group).await.len(), 15);
    at_rest(&world, &group).await;
}

/// Somebody whom JumpCloud cannot answer for keeps nobody else in.
#[tokio::test]
async fn g5_one_who_cannot_be_read_keeps_nobody_else_in() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 10).await;
    world.jumpcloud.state(|state| {
        for person in &people[..4] {
            state.remove_member(&group, person.as_str());
        }
    });
    world.lose_events();
    let broken = Effect::Status { status: 500, retry_after: None, body: None };
    let fault = Fault::new("GET /api/v2/users/{id}/memberof", broken).times(100);
    world.jumpcloud.control().add_fault(fault.contains(people[1].as_str()));
    let cause = Cause::of(Source::FollowUp);
    world.work(&WorkItem { cause, ..ring_group(&world, &group) }).await;
    assert_eq!(members(&world, &group).await.len(), 7);
    world.jumpcloud.control().clear_faults();
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 6);
    at_rest(&world, &group).await;
}

/// A fault in the middle has spent no more of the budget than was removed.
#[tokio::test]
async fn s1_a_pass_that_is_cut_short_spends_nothing_in_vain() {
    let mut world = World::with(|policy| policy.limits.member_removals.absolute = 12).await;
    let (group, people) = team(&mut world, 20).await;
    world.jumpcloud.state(|state| {
        for person in &people[..10] {
            state.remove_member(&group, person.as_str());
        }
    });
    world.lose_events();
    let busy = Effect::Status { status: 503, retry_after: None, body: None };
    world.entra.control().add_fault(Fault::once(REMOVE, busy).skip(3));
    let cause = Cause::of(Source::FollowUp);
    world.work(&WorkItem { cause, ..ring_group(&world, &group) }).await;
    world.live(12, 10).await;
    assert_eq!(members(&world, &group).await.len(), 10);
    at_rest(&world, &group).await;
}

/// Somebody whom Entra keeps refusing for the moment costs fewer and fewer listings.
#[tokio::test]
async fn s5_a_member_who_stays_missing_is_tried_less_and_less() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 3).await;
    let (ours, account) = (object(&world, &group).await, world.object(&people[0]).await);
    world.entra.state(|state| state.remove_member(&ours, &account));
    let missing = Effect::Status { status: 404, retry_after: None, body: None };
    world.entra.control().add_fault(Fault::new(ADD, missing).contains(&account).times(1000));
    world.work(&ring_group(&world, &group)).await;
    // So often that looks fall between two listings, too.
    world.live(300, 6).await;
    let listings = count(&world, MEMBERS);
    assert!((5..=14).contains(&listings), "{listings} listings in half an hour");
    world.entra.control().clear_faults();
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 3);
    at_rest(&world, &group).await;
}
