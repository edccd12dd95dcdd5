//! G5, G9, G10: members who cannot be added and listings that fail keep nobody else in or out.

use std::time::Duration;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::policy::OnDeletedInEntra;
use work_queue::{Cause, Lane, Source, WorkItem};

use crate::groups::{at_rest, codes, count, members, object, record, ring_group, team};
use crate::removals::lose;
use crate::world::{World, ring};

const LIST: &str = "GET /api/v2/usergroups/{id}/membership";

/// Accounts of people who are off were cleaned up in Entra; they stay members in JumpCloud.
#[tokio::test]
async fn g5_members_who_are_off_and_gone_keep_nobody_in() {
    for gone in [1, 2, 25] {
        let mut world = World::new().await;
        let (group, people) = team(&mut world, 40).await;
        for person in &people[..gone] {
            world.jumpcloud.state(|state| state.suspend(person.as_str()));
        }
        world.deliver();
        world.settle().await;
        for person in &people[..gone] {
            let account = world.object(person).await;
            world.entra.state(|state| state.delete_user(&account) && state.purge(&account));
        }
        world.advance(3600);
        lose(&mut world, &group, &people[39..]);
        let (_, more) = world.team("more", 1);
        world.jumpcloud.state(|state| state.add_member(&group, more[0].as_str()));
        world.deliver();
        world.work(&ring_group(&world, &group)).await;
        world.settle().await;
        let there = members(&world, &group).await;
        assert_eq!(there.len(), 40 - gone, "{gone} are gone: {there:?}");
        assert!(there.contains(&"more0".to_owned()) && !there.contains(&"team39".to_owned()));
        assert_eq!(record(&world, &group).await.upkeep.retries, 0);
        at_rest(&world, &group).await;
    }
}

/// Gone, added to a group, and restored by hand: nobody but his own sync learns that he is back.
#[tokio::test]
async fn g7_an_account_that_is_back_joins_what_was_missed() {
    let report = OnDeletedInEntra::Report;
    let mut world = World::with(|policy| policy.users.on_deleted_in_entra = report).await;
    let (group, _) = team(&mut world, 2).await;
    let ada = world.employee("ada").await;
    let account = world.object(&ada).await;
    let kept = world.entra.state(|state| state.user(&account)).unwrap();
    world.entra.state(|state| state.delete_user(&account));
    world.work(&ring(&ada)).await;
    world.jumpcloud.state(|state| state.add_member(&group, ada.as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(members(&world, &group).await, ["team0", "team1"]);
    world.advance(3600);
    world.entra.state(|state| state.purge(&account) && !state.add_user(kept).is_empty());
    world.work(&ring(&ada)).await;
    world.settle().await;
    assert_eq!(members(&world, &group).await, ["ada", "team0", "team1"]);
    at_rest(&world, &group).await;
}

/// While a listing fails, whoever an event names is looked at, and it is not tried at every event.
#[tokio::test]
async fn g9_a_listing_that_fails_keeps_nobody_in_who_is_named() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 12).await;
    let broken = Effect::Status { status: 503, retry_after: None, body: None };
    world.jumpcloud.control().add_fault(Fault::new(LIST, broken).times(1000));
    world.work(&ring_group(&world, &group)).await;
    for person in &people[..4] {
        world.jumpcloud.state(|state| state.remove_member(&group, person.as_str()));
        world.deliver();
        world.drain().await;
        world.advance(6);
    }
    assert_eq!(members(&world, &group).await.len(), 8);
    let tried = count(&world, LIST);
    assert!(tried <= 2, "tried {tried} times in half a minute");
    world.jumpcloud.control().clear_faults();
    at_rest(&world, &group).await;
    assert_eq!(members(&world, &group).await.len(), 8);
}

/// One who is refused for good does not make each event a listing of all.
#[tokio::test]
async fn g9_one_who_is_refused_makes_no_listing_of_an_event() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 4).await;
    let (ours, account) = (object(&world, &group).await, world.object(&people[0]).await);
    world.entra.state(|state| state.remove_member(&ours, &account));
    let refused = Effect::Status { status: 400, retry_after: None, body: None };
    let fault = Fault::new("PATCH /groups/{id}", refused).contains(&account).times(1000);
    world.entra_fault(fault);
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(codes(&world, &group).await, [FindingCode::MemberRefused]);
    world.live(4, 10).await;
    world.clear_journals();
    world.jumpcloud.state(|state| state.remove_member(&group, people[1].as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(members(&world, &group).await, ["team2", "team3"]);
    assert_eq!(count(&world, LIST), 0);
}

/// Two groups whose nesting was turned round tell each other of an event once, not for ever.
#[tokio::test]
async fn g9_groups_that_were_nested_in_each_other_come_to_rest() {
    let mut world = World::new().await;
    let (one, people) = world.team("one", 2);
    let (other, _) = world.team("other", 1);
    for group in [&one, &other] {
        world.connect_group(group);
    }
    for (outer, inner) in [(&other, &one), (&one, &other)] {
        world.jumpcloud.state(|state| state.add_member(outer, inner));
        world.deliver();
        world.settle().await;
        world.jumpcloud.state(|state| state.remove_member(outer, inner));
        world.deliver();
        world.settle().await;
    }
    world.advance(3600);
    world.jumpcloud.state(|state| state.remove_member(&one, people[0].as_str()));
    world.deliver();
    // As many rounds as it takes a message that goes in circles to show.
    let mut worked = 0;
    for _ in 0..30 {
        for lane in [Lane::Events, Lane::Bulk] {
            for message in world.queue.receive(lane, 10, Duration::from_secs(180)) {
                world.work(&WorkItem::parse(&message.body).unwrap()).await;
                world.queue.delete(message.receipt);
                worked += 1;
            }
        }
    }
    assert!(worked < 20, "{worked} messages");
    world.settle().await;
    assert_eq!(members(&world, &one).await, ["one1"]);
}

/// Somebody of ours who is off and comes back by a query is told of by no event.
#[tokio::test]
async fn g10_who_comes_back_by_a_query_is_switched_on() {
    let mut world = World::new().await;
    let (group, people) = world.team("team", 3);
    let dynamic = json!({"membershipMethod": "DYNAMIC_AUTOMATED"});
    world.jumpcloud.state(|state| state.patch_group(&group, dynamic));
    world.connect_group(&group);
    world.deliver();
    world.live(40, 30).await;
    lose(&mut world, &group, &people[..1]);
    world.live(40, 30).await;
    assert_eq!(world.headcount(), (3, 2));
    world.jumpcloud.state(|state| state.add_member(&group, people[0].as_str()));
    world.lose_events();
    world.live(40, 30).await;
    assert_eq!((world.headcount(), members(&world, &group).await.len()), ((3, 3), 3));
}

/// A listing that lasts longer than an invocation is told, and waits longer each time.
#[tokio::test]
async fn g9_a_listing_that_does_not_end_in_time_is_told() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 250).await;
    world.invocation = Duration::from_secs(30);
    let cause = Cause::of(Source::FollowUp);
    let ring = WorkItem { cause, ..ring_group(&world, &group) };
    for tried in 1..=2 {
        let outcome = world.work_in_time(&ring, Duration::from_secs(9)).await;
        let sync_engine::Outcome::Synced(report) = outcome else { panic!("{outcome:?}") };
        assert!(report.trouble.is_some_and(|trouble| trouble.contains("did not end")));
        assert_eq!(record(&world, &group).await.upkeep.retries, tried);
        world.advance(60);
    }
    world.invocation = Duration::from_secs(300);
    world.settle().await;
    assert_eq!(record(&world, &group).await.upkeep.retries, 0);
    at_rest(&world, &group).await;
}

/// What is found again is no new finding.
#[tokio::test]
async fn g8_an_undecided_deletion_is_told_once() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 1).await;
    let missing = Effect::Status { status: 404, retry_after: None, body: None };
    let fault = Fault::new("GET /api/v2/usergroups/{id}", missing).times(100);
    world.jumpcloud.control().add_fault(fault);
    for _ in 0..3 {
        world.work(&ring_group(&world, &group)).await;
        world.advance(600);
    }
    assert_eq!(codes(&world, &group).await, [FindingCode::DeletionUndecided]);
}
