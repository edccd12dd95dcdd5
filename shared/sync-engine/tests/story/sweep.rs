//! The sweep: connecting and disconnecting a group reaches everybody it concerns.

use std::time::Duration;

use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::ids::Subject;
use sync_engine::Outcome;
use work_queue::{Lane, WorkItem};

use crate::gate::Stop;
use crate::world::World;

const LISTING: &str = "GET /api/v2/applications/{id}/users";

/// The sweep that the events since the last call ring for; the others are delivered.
fn sweep_of(world: &mut World) -> WorkItem {
    let events = world.events();
    events.into_iter().find(|event| event.subject == Subject::Sweep).expect("a sweep is rung")
}

/// How many people the sweep has rung for; its own bell does not count.
fn nominated(world: &World) -> usize {
    world.queue.items(Lane::Bulk).iter().filter(|item| item.subject != Subject::Sweep).count()
}

/// A team that was connected and synced long ago.
async fn connected_team(world: &mut World, members: usize) -> String {
    let (group, _) = world.team("team", members);
    world.connect_group(&group);
    world.deliver();
    world.settle().await;
    world.advance(3600);
    assert_eq!(world.headcount(), (members, members));
    world.clear_journals();
    group
}

#[tokio::test]
async fn connecting_a_group_creates_its_members_and_disconnecting_it_switches_them_off() {
    let mut world = World::new().await;
    let group = connected_team(&mut world, 30).await;
    world.disconnect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (30, 0));
    // P7: connected again, everybody is back.
    world.connect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (30, 30));
    world.disconnect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (30, 0));
    // At rest, another reason to sweep changes nothing.
    world.clear_journals();
    world.jumpcloud.state(|state| state.delete_group(&group));
    world.deliver();
    world.settle().await;
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// Somebody who is still connected another way keeps the account.
#[tokio::test]
async fn losing_one_of_two_paths_is_no_disconnection() {
    let mut world = World::new().await;
    let group = connected_team(&mut world, 3).await;
    let ids = world.jumpcloud.state(|state| state.members(&group));
    let (other, _) = world.team("other", 0);
    world.jumpcloud.state(|state| assert!(state.add_member(&other, &ids[0])));
    world.connect_group(&other);
    world.deliver();
    world.settle().await;
    world.disconnect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (3, 1));
    world.disconnect_group(&other);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (3, 0), "the last path of the whole scope");
}

/// Killed in the middle of a large team, and continued by whoever comes next.
#[tokio::test]
async fn a_sweep_that_was_killed_is_continued() {
    let mut world = World::new().await;
    let (group, _) = world.team("team", 250);
    world.connect_group(&group);
    let item = sweep_of(&mut world);
    world.advance(60);
    let mut sweeper = world.worker(&item, &[Stop::After("move_cursor", 1)]);
    sweeper.reached().await;
    assert_eq!(nominated(&world), 100);
    sweeper.crash().await;
    world.advance(21);
    assert_eq!(world.catch_up().await.due, 1);
    world.settle().await;
    assert_eq!(world.headcount(), (250, 250));
    // Nobody was rung twice by the sweep itself: it went on where it had got to.
    let searches = world.jumpcloud.control().counts();
    assert_eq!(searches[LISTING], 2 * 3, "two listings of three pages");
}

/// When the invocation's time is nearly over, the rest follows by itself.
#[tokio::test]
async fn a_sweep_goes_on_in_several_invocations() {
    let mut world = World::new().await;
    let (group, _) = world.team("team", 250);
    world.connect_group(&group);
    let item = sweep_of(&mut world);
    world.advance(60);
    world.invocation = Duration::from_secs(10);
    assert!(matches!(world.work(&item).await, Outcome::Synced(_)));
    assert_eq!(nominated(&world), 100);
    world.settle().await;
    assert_eq!(world.headcount(), (250, 250));
}

/// A reason that comes while a sweep is half done is not lost: what it had passed is swept again.
#[tokio::test]
async fn a_change_behind_the_sweep_is_swept_again() {
    let mut world = World::new().await;
    let early = connected_team(&mut world, 120).await;
    let (late, _) = world.team("late", 150);
    world.connect_group(&late);
    let item = sweep_of(&mut world);
    world.advance(60);
    world.invocation = Duration::from_secs(10);
    world.work(&item).await;
    // The first hundred have been looked at; now they are disconnected.
    world.disconnect_group(&early);
    world.lose_webhooks();
    world.settle().await;
    assert_eq!(world.headcount(), (270, 150));
}

/// A scope that answers 403 or 404 removes nobody, and is looked at again.
#[tokio::test]
async fn p6_a_scope_that_cannot_be_read_removes_nobody() {
    let mut world = World::new().await;
    let group = connected_team(&mut world, 5).await;
    world.disconnect_group(&group);
    let item = sweep_of(&mut world);
    for status in [403, 404] {
        let refused = Effect::Status { status, retry_after: None, body: None };
        world.jumpcloud.control().add_fault(Fault::once(LISTING, refused));
        let Outcome::Synced(report) = world.work(&item).await else { panic!("it was covered") };
        assert_eq!(report.findings[0].code, FindingCode::ScopeUnreadable);
        assert_eq!(nominated(&world), 0);
    }
    assert_eq!(world.headcount(), (5, 5));
    world.settle().await;
    assert_eq!(world.headcount(), (5, 0));
}

/// A listing that fails on a later page nominates nobody.
#[tokio::test]
async fn a_listing_that_fails_in_the_middle_is_no_listing() {
    let mut world = World::new().await;
    connected_team(&mut world, 220).await;
    let (other, _) = world.team("other", 1);
    world.connect_group(&other);
    let item = sweep_of(&mut world);
    let unavailable = Effect::Status { status: 503, retry_after: None, body: None };
    world.jumpcloud.control().add_fault(Fault::once(LISTING, unavailable).skip(2));
    world.work(&item).await;
    assert_eq!(nominated(&world), 0);
    // A row that is silently missing nominates somebody, whose own read then decides.
    world.jumpcloud.control().add_fault(Fault::new(LISTING, Effect::DropRow { n: 7 }));
    world.settle().await;
    assert_eq!(world.headcount(), (221, 221));
}

/// A vendor's wait holds for the sweep as for everybody.
#[tokio::test]
async fn a_sweep_waits_as_long_as_the_vendor_asked() {
    let mut world = World::new().await;
    let group = connected_team(&mut world, 3).await;
    world.disconnect_group(&group);
    let item = sweep_of(&mut world);
    let throttled = Effect::Status { status: 429, retry_after: Some("120".into()), body: None };
    world.jumpcloud.control().add_fault(Fault::once(LISTING, throttled));
    for _ in 0..3 {
        world.work(&item).await;
        world.advance(5);
    }
    assert_eq!(world.jumpcloud.control().counts()[LISTING], 1);
    world.settle().await;
    assert_eq!(world.headcount(), (3, 0));
}

/// A reason without a time is answered by a sweep from the start, not by the rest of one.
#[tokio::test]
async fn a_reason_without_a_time_begins_a_sweep_anew() {
    let mut world = World::new().await;
    // Their ids come before everybody's of the other team.
    let (behind, _) = world.team("behind", 5);
    let (group, _) = world.team("team", 150);
    world.connect_group(&group);
    let item = sweep_of(&mut world);
    world.advance(60);
    world.invocation = Duration::from_secs(10);
    world.work(&item).await;
    // The first hundred have been looked at; no event tells of who is connected now.
    world.connect_group(&behind);
    world.lose_events();
    let mut operator = item;
    operator.cause = work_queue::Cause::of(work_queue::Source::Operator);
    world.work(&operator).await;
    world.settle().await;
    assert_eq!(world.headcount(), (155, 155));
}

/// P15, P7: adopted while off and never written by us; connected again he is brought back.
#[tokio::test]
async fn whoever_was_adopted_while_off_is_brought_back_by_a_sweep() {
    let mut world = World::new().await;
    let (group, ids) = world.team("team", 1);
    world.jumpcloud.state(|state| state.suspend(ids[0].as_str()));
    world.entra.state(|state| {
        state.add_user(serde_json::json!({
            "userPrincipalName": "team0@corp.example", "displayName": "Team",
            "accountEnabled": false, "userType": "Member",
        }))
    });
    world.connect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (1, 0));
    world.disconnect_group(&group);
    world.deliver();
    world.settle().await;
    world.jumpcloud.state(|state| state.unsuspend(ids[0].as_str()));
    world.deliver();
    world.settle().await;
    world.connect_group(&group);
    world.deliver();
    world.settle().await;
    assert_eq!(world.headcount(), (1, 1));
}
