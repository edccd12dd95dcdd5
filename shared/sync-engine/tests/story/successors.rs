//! G2, G5, G8: what becomes of groups and members when JumpCloud deletes or disconnects somebody.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::ids::Subject;
use sync_core::policy::OnDisconnect;

use crate::groups::{at_rest, codes, count, groups, members, object, record, ring_group, team};
use crate::removals::lose;
use crate::world::World;

const CONNECTION: &str = "GET /api/v2/usergroups/{id}/applications";
const LIST: &str = "GET /api/v2/usergroups/{id}/membership";
const SCOPE_GROUPS: &str = "GET /api/v2/applications/{id}/usergroups";

/// Off and on within seconds, nobody was told, and one stale read says that it is off.
async fn read_as_not_connected(world: &mut World, group: &str) {
    world.disconnect_group(group);
    world.advance(3);
    world.connect_group(group);
    world.lose_events();
    world.advance(20);
    let stale = Effect::Stale { for_ms: 22_000 };
    world.jumpcloud.control().add_fault(Fault::once(CONNECTION, stale));
    world.work(&ring_group(world, group)).await;
    assert!(record(world, group).await.let_go_at.is_some(), "the read was not stale");
}

/// JumpCloud's answers may go back in time: one alone takes nothing away that is not ours to restore.
#[tokio::test]
async fn g8_one_stale_read_of_the_connection_deletes_and_empties_nothing() {
    for on_disconnect in [OnDisconnect::Empty, OnDisconnect::Delete] {
        let mut world = World::with(|policy| policy.groups.on_disconnect = on_disconnect).await;
        let (group, _) = team(&mut world, 3).await;
        read_as_not_connected(&mut world, &group).await;
        world.settle().await;
        assert_eq!(members(&world, &group).await.len(), 3);
        let written = world.writes();
        assert!(written.iter().all(|route| !route.starts_with("DELETE")), "{written:?}");
        assert_eq!(record(&world, &group).await.let_go_at, None);
        at_rest(&world, &group).await;
    }
}

/// A scope that connects nothing any more may be the wrong one.
#[tokio::test]
async fn s1_the_last_connected_group_is_not_deleted() {
    let mut world = World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Delete).await;
    let (group, _) = team(&mut world, 2).await;
    let ours = object(&world, &group).await;
    world.disconnect_group(&group);
    world.deliver();
    world.live(10, 60).await;
    assert_eq!(codes(&world, &group).await, [FindingCode::RemovalsHeld]);
    assert!(world.entra.state(|state| state.group(&ours)).is_some());
    let (other, _) = world.team("other", 0);
    world.connect_group(&other);
    world.deliver();
    world.live(70, 60).await;
    assert!(world.entra.state(|state| state.group(&ours)).is_none());
    assert_eq!(codes(&world, &group).await, []);
}

/// Deleted and made anew under the same name: the new one takes over what the old one left.
#[tokio::test]
async fn g8_a_group_made_anew_in_jumpcloud_gets_the_group_back() {
    for (on_disconnect, new_first) in [
        (OnDisconnect::Keep, false),
        (OnDisconnect::Keep, true),
        (OnDisconnect::Empty, false),
        (OnDisconnect::Empty, true),
        (OnDisconnect::Delete, true),
    ] {
        let mut world = World::with(|policy| policy.groups.on_disconnect = on_disconnect).await;
        let (old, people) = team(&mut world, 3).await;
        let ours = object(&world, &old).await;
        world.jumpcloud.state(|state| state.delete_group(&old));
        let new = world.jumpcloud.state(|state| {
            let new = state.add_group(json!({"name": "team"}));
            assert!(people.iter().all(|person| state.add_member(&new, person.as_str())));
            new
        });
        world.connect_group(&new);
        if new_first {
            world.lose_webhooks();
            world.work(&ring_group(&world, &new)).await;
            assert_eq!(codes(&world, &new).await, [FindingCode::GroupHeld]);
        } else {
            world.deliver();
        }
        world.live(25, 60).await;
        assert_eq!(members(&world, &new).await.len(), 3, "{on_disconnect:?}");
        let same = object(&world, &new).await == ours;
        assert_eq!(same, on_disconnect != OnDisconnect::Delete, "{on_disconnect:?}");
        assert_eq!((groups(&world).len(), record(&world, &old).await.binding), (1, None));
        assert_eq!(world.headcount(), (3, 3));
        at_rest(&world, &new).await;
        at_rest(&world, &old).await;
    }
}

/// A binding that ends takes nobody out of a group by itself, and nobody else would ever do it.
#[tokio::test]
async fn g5_whoever_is_deleted_in_jumpcloud_leaves_the_groups() {
    for told in [true, false] {
        let mut world = World::new().await;
        let (group, people) = team(&mut world, 3).await;
        world.jumpcloud.state(|state| state.delete_user(people[0].as_str()));
        if told {
            world.deliver();
        } else {
            // All that anybody hears is that the person is gone.
            let items = world.events();
            let of_user = |item: &work_queue::WorkItem| {
                item.subject == sync_core::ids::Subject::User(people[0].clone())
            };
            world.jumpcloud.state(|state| state.clear_events());
            for item in items.into_iter().filter(of_user) {
                world.work(&item).await;
            }
        }
        world.settle().await;
        assert_eq!(world.headcount(), (3, 2));
        assert_eq!(members(&world, &group).await, ["team1", "team2"]);
        at_rest(&world, &group).await;
    }
}

/// Lists lag behind writes (G5), also when it is the last that is ever done about the group.
#[tokio::test]
async fn g8_a_group_is_given_up_only_once_a_later_listing_finds_nobody() {
    let mut world = World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Empty).await;
    let (group, _) = team(&mut world, 3).await;
    let ours = object(&world, &group).await;
    let late = world.employee("late").await;
    world.jumpcloud.state(|state| state.add_member(&group, late.as_str()));
    world.deliver();
    world.drain().await;
    assert_eq!(members(&world, &group).await.len(), 4);
    world.advance(40);
    world.jumpcloud.state(|state| state.delete_group(&group));
    let stale = Effect::Stale { for_ms: 60_000 };
    world.entra_fault(Fault::once("GET /groups/{id}/members", stale));
    world.deliver();
    world.drain().await;
    assert_eq!(members(&world, &group).await, ["late"]);
    world.settle().await;
    assert_eq!(world.entra.state(|state| state.members(&ours).len()), 0);
    assert_eq!(record(&world, &group).await.binding, None);
}

/// A deletion that Entra refuses waits as the ledger says, and the sweep is rung once.
#[tokio::test]
async fn g8_a_refused_deletion_rings_the_sweep_once() {
    let mut world = World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Delete).await;
    let (group, _) = team(&mut world, 2).await;
    let denied = Effect::Status { status: 403, retry_after: None, body: None };
    world.entra_fault(Fault::new("DELETE /groups/{id}", denied).times(1000));
    world.jumpcloud.state(|state| state.delete_group(&group));
    world.deliver();
    world.live(30, 60).await;
    let (sweeps, tried) = (count(&world, SCOPE_GROUPS), count(&world, "DELETE /groups/{id}"));
    // The poll rings for what is not covered for a quarter of an hour.
    assert!(sweeps < 8 && tried < 25, "{sweeps} listings, {tried} deletions in half an hour");
    world.entra.control().clear_faults();
    world.live(60, 60).await;
    assert_eq!((groups(&world).len(), record(&world, &group).await.binding), (0, None));
}

/// Nothing brings back what a group that is no longer there looked at by itself.
#[tokio::test]
async fn g8_a_dynamic_or_nested_group_is_given_up_as_well() {
    for dynamic in [true, false] {
        let mut world =
            World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Empty).await;
        let (group, _) = team(&mut world, 3).await;
        if dynamic {
            let query = json!({"membershipMethod": "DYNAMIC_AUTOMATED"});
            world.jumpcloud.state(|state| state.patch_group(&group, query));
        } else {
            let (inner, _) = world.team("inner", 1);
            world.jumpcloud.state(|state| state.add_member(&group, &inner));
        }
        world.deliver();
        world.live(20, 30).await;
        world.jumpcloud.state(|state| state.delete_group(&group));
        world.deliver();
        world.live(20, 60).await;
        assert_eq!(record(&world, &group).await.binding, None, "dynamic: {dynamic}");
    }
}

/// A 404 proves nothing by itself, after a read that says "not connected" no more than before.
#[tokio::test]
async fn g8_a_stale_read_and_a_404_delete_nothing() {
    let mut world = World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Delete).await;
    let (group, _) = team(&mut world, 2).await;
    read_as_not_connected(&mut world, &group).await;
    let missing = Effect::Status { status: 404, retry_after: None, body: None };
    world.jumpcloud.control().add_fault(Fault::once("GET /api/v2/usergroups/{id}", missing));
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(codes(&world, &group).await, [FindingCode::DeletionUndecided]);
    world.settle().await;
    assert_eq!(members(&world, &group).await.len(), 2);
    at_rest(&world, &group).await;
}

/// JumpCloud still lists somebody for a moment whom it has deleted: there is a second look.
#[tokio::test]
async fn g5_a_stale_list_keeps_no_deleted_person_in() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 3).await;
    world.jumpcloud.state(|state| state.delete_user(people[0].as_str()));
    let events = world.events();
    let gone = events.iter().find(|item| item.subject == Subject::User(people[0].clone()));
    world.jumpcloud.state(|state| state.clear_events());
    world.advance(2);
    for _ in 0..3 {
        let stale = Effect::Stale { for_ms: 20_000 };
        world.jumpcloud.control().add_fault(Fault::once(LIST, stale));
    }
    world.work(gone.unwrap()).await;
    world.live(3, 3).await;
    world.jumpcloud.control().clear_faults();
    world.settle().await;
    assert_eq!(members(&world, &group).await, ["team1", "team2"]);
}

/// The deleted are no mistake of a listing; they hold up neither themselves nor anybody else.
#[tokio::test]
async fn s1_people_who_were_deleted_do_not_count_as_a_mass_removal() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 30).await;
    for person in &people[..12] {
        world.jumpcloud.state(|state| state.delete_user(person.as_str()));
    }
    world.deliver();
    world.settle().await;
    lose(&mut world, &group, &people[12..14]);
    world.work(&ring_group(&world, &group)).await;
    world.live(10, 3600).await;
    assert_eq!(members(&world, &group).await.len(), 16);
    at_rest(&world, &group).await;
}

/// What is held is told until it is done: then the object is free.
#[tokio::test]
async fn g8_a_held_emptying_keeps_the_object_until_it_is_done() {
    let mut world = World::with(|policy| policy.groups.on_disconnect = OnDisconnect::Empty).await;
    let (group, people) = team(&mut world, 8).await;
    let ours = object(&world, &group).await;
    world.jumpcloud.state(|state| state.delete_group(&group));
    world.deliver();
    world.live(10, 60).await;
    assert_eq!(codes(&world, &group).await, [FindingCode::RemovalsHeld]);
    // Somebody takes three out by hand; five may leave.
    for person in &people[..3] {
        let account = world.object(person).await;
        world.entra.state(|state| state.remove_member(&ours, &account));
    }
    world.live(70, 60).await;
    assert_eq!(world.entra.state(|state| state.members(&ours).len()), 0);
    assert_eq!(record(&world, &group).await.binding, None);
}

/// Word of a member does not make a group that waits for its object forget to look again.
#[tokio::test]
async fn g9_a_group_that_is_held_is_looked_at_again_whoever_is_named() {
    let mut world = World::new().await;
    let (group, _) = team(&mut world, 1).await;
    let twin = world.jumpcloud.state(|state| state.add_group(json!({"name": "team"})));
    world.connect_group(&twin);
    world.deliver();
    world.live(5, 60).await;
    assert_eq!(codes(&world, &twin).await, [FindingCode::GroupHeld]);
    let (_, more) = world.team("more", 1);
    world.jumpcloud.state(|state| state.add_member(&twin, more[0].as_str()));
    world.deliver();
    world.live(3, 60).await;
    assert!(world.due_of(&twin).await.is_some(), "nobody looks again");
    assert_eq!(members(&world, &group).await, ["team0"]);
}
