//! S1, S2, S5: who leaves a group, on which proof, within which budget, and what goes on failing.

use std::time::Duration;

use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::ids::JumpCloudUserId;
use sync_core::policy::Budget;
use work_queue::{Cause, Source, WorkItem};

use crate::groups::{at_rest, codes, count, members, object, record, ring_group, team};
use crate::world::World;

const MEMBERS: &str = "GET /api/v2/usergroups/{id}/membership";
const ADD: &str = "PATCH /groups/{id}";
const REMOVE: &str = "DELETE /groups/{id}/members/{member}/$ref";

/// A company where so many members may leave, however few there are.
async fn within(absolute: u32) -> World {
    World::with(|policy| policy.limits.member_removals = Budget { absolute, percent: 100 }).await
}

/// JumpCloud has these people no longer in the group, and no event says so.
pub(crate) fn lose(world: &mut World, group: &str, people: &[JumpCloudUserId]) {
    world.jumpcloud.state(|state| {
        for person in people {
            state.remove_member(group, person.as_str());
        }
    });
    world.lose_events();
}

/// The share is one of all groups, as they were last listed.
#[tokio::test]
async fn s1_no_more_leave_than_the_share_of_all_memberships() {
    let mut world = World::new().await;
    let (other, _) = world.team("other", 15);
    world.connect_group(&other);
    let (group, people) = team(&mut world, 20).await;
    // A fifth of 35.
    lose(&mut world, &group, &people[..8]);
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(members(&world, &group).await.len(), 20);
    let findings = record(&world, &group).await.upkeep.findings;
    assert!(findings[0].message.contains("holds: more than 7: "), "{findings:?}");
    // Nobody says that one is back: it is looked at again.
    world.jumpcloud.state(|state| state.add_member(&group, people[0].as_str()));
    world.lose_events();
    world.live(62, 60).await;
    assert_eq!((codes(&world, &group).await, members(&world, &group).await.len()), (vec![], 13));
    // 28 are left, so that five may leave within an hour: less than have left already.
    lose(&mut world, &group, &people[..1]);
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(codes(&world, &group).await, [FindingCode::RemovalsHeld]);
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 12);
    at_rest(&world, &group).await;
}

#[tokio::test]
async fn s1_more_removals_than_the_limit_are_held_as_a_whole() {
    let mut world = within(10).await;
    let (group, people) = team(&mut world, 30).await;
    lose(&mut world, &group, &people[..11]);
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
    let mut world = within(200).await;
    let (group, people) = team(&mut world, 100).await;
    lose(&mut world, &group, &people[..45]);
    world.invocation = Duration::from_secs(14);
    let cause = Cause::of(Source::FollowUp);
    world.work(&WorkItem { cause, ..ring_group(&world, &group) }).await;
    assert_eq!(members(&world, &group).await.len(), 80);
    world.live(10, 10).await;
    assert_eq!(members(&world, &group).await.len(), 55);
    at_rest(&world, &group).await;
}

/// Somebody whom JumpCloud cannot answer for keeps nobody else in.
#[tokio::test]
async fn g5_one_who_cannot_be_read_keeps_nobody_else_in() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 10).await;
    lose(&mut world, &group, &people[..4]);
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
    let mut world = within(12).await;
    let (group, people) = team(&mut world, 20).await;
    lose(&mut world, &group, &people[..10]);
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
