//! G2, G5, G8: what becomes of groups and members when JumpCloud deletes or disconnects somebody.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::finding::FindingCode;
use sync_core::policy::OnDisconnect;

use crate::groups::{at_rest, codes, groups, members, object, record, ring_group, team};
use crate::world::World;

const CONNECTION: &str = "GET /api/v2/usergroups/{id}/applications";

/// JumpCloud's answers may go back in time: one alone takes nothing away that is not ours to restore.
#[tokio::test]
async fn g8_one_stale_read_of_the_connection_deletes_and_empties_nothing() {
    for on_disconnect in [OnDisconnect::Empty, OnDisconnect::Delete] {
        let mut world = World::with(|policy| policy.groups.on_disconnect = on_disconnect).await;
        let (group, _) = team(&mut world, 3).await;
        // Off and on within seconds, and nobody was told.
        world.disconnect_group(&group);
        world.advance(3);
        world.connect_group(&group);
        world.lose_events();
        world.advance(20);
        let stale = Effect::Stale { for_ms: 22_000 };
        world.jumpcloud.control().add_fault(Fault::once(CONNECTION, stale));
        world.work(&ring_group(&world, &group)).await;
        assert!(record(&world, &group).await.let_go_at.is_some(), "the read was not stale");
        world.settle().await;
        assert_eq!(members(&world, &group).await.len(), 3);
        let written = world.writes();
        assert!(written.iter().all(|route| !route.starts_with("DELETE")), "{written:?}");
        assert_eq!(record(&world, &group).await.let_go_at, None);
        at_rest(&world, &group).await;
    }
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
