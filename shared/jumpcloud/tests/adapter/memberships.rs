//! Who is in a group: nested groups, every page, no shorter listing, and what proves absence.

use std::collections::BTreeSet;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::ids::JumpCloudUserId;

use crate::groups::{ALONE, GROUP, INNER, NONE, OUTER, id, world};
use crate::world::*;

const MEMBERSHIP: &str = "GET /api/v2/usergroups/{id}/membership";
const MEMBEROF: &str = "GET /api/v2/users/{id}/memberof";

async fn members(world: &World, group: &str) -> BTreeSet<JumpCloudUserId> {
    world.client.group_members(&id(group)).await.unwrap().value.users().clone()
}

async fn is_member(world: &World, user: &JumpCloudUserId, group: &str) -> bool {
    world.client.is_member(user, &id(group)).await.unwrap().value
}

/// What may happen to one page, and what the whole is then.
fn faults() -> Vec<(Effect, &'static str)> {
    vec![
        (status(503), "passing Retry"),
        (waiting(429, "7"), "throttled RetryAfter(7s)"),
        (status(403), "denied RetryAfter(30s)"),
        (status(404), "not_found Retry"),
        (answer(404, json!("<html>")), "passing Retry"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutAfter, "transport Retry"),
        (answer(200, json!({"results": []})), "shape Retry"),
        (answer(200, json!([{"type": "user"}])), "shape Retry"),
    ]
}

#[tokio::test]
async fn g5_members_of_nested_groups_are_members_and_the_groups_are_not() {
    let world = world().await;
    world.sim.state(|organization| {
        assert!(organization.add_member(INNER, ADA) && organization.add_member(OUTER, BOB));
    });
    assert_eq!(members(&world, OUTER).await, [ada(), bob()].into());
    assert_eq!(members(&world, INNER).await, [ada()].into());
    assert_eq!(members(&world, ALONE).await, BTreeSet::new());
    let of = async |user| {
        let mut groups = Vec::new();
        for group in [OUTER, INNER, ALONE] {
            groups.push(is_member(&world, &user, group).await);
        }
        groups
    };
    assert_eq!(of(ada()).await, [true, true, false]);
    assert_eq!(of(bob()).await, [true, false, false]);
    // Both ways to a member count: he goes with the last.
    world.sim.state(|organization| assert!(organization.add_member(INNER, BOB)));
    world.sim.state(|organization| assert!(organization.remove_member(OUTER, BOB)));
    assert_eq!(members(&world, OUTER).await, [ada(), bob()].into());
    world.sim.state(|organization| assert!(organization.remove_member(INNER, BOB)));
    assert_eq!(members(&world, OUTER).await, [ada()].into());
    assert!(!is_member(&world, &bob(), OUTER).await);
}

#[tokio::test]
async fn rows_of_other_kinds_are_no_users_and_odd_ids_spoil_the_whole() {
    let world = world().await;
    let rows = json!([
        {"type": "user_group", "id": INNER}, {"type": "system", "id": NONE},
        {"type": "user", "id": ADA.to_uppercase()}, {"type": "user", "id": ADA},
    ]);
    world.fault(MEMBERSHIP, answer(200, rows));
    assert_eq!(members(&world, OUTER).await, [ada()].into());
    world.fault(MEMBERSHIP, answer(200, json!([{"type": "user", "id": "ada"}])));
    assert_eq!(judged(world.client.group_members(&id(OUTER)).await), "shape Retry");
}

#[tokio::test]
async fn a_group_that_is_gone_has_no_listing() {
    let world = world().await;
    assert_eq!(judged(world.client.group_members(&id(NONE)).await), "not_found Retry");
    world.sim.state(|organization| organization.delete_group(OUTER));
    assert_eq!(judged(world.client.group_members(&id(OUTER)).await), "not_found Retry");
    // Nobody is in it, by their own traversals; somebody who is gone has none.
    assert!(!is_member(&world, &ada(), OUTER).await);
    let read = world.client.is_member(&nobody(), &id(INNER)).await;
    assert_eq!(judged(read), "not_found Retry");
    assert_eq!(world.count(GROUP), 0);
}

/// With so many people in a group.
fn people(world: &World, group: &str, count: usize) {
    world.sim.state(|organization| {
        for number in 0..count {
            let name = format!("person{number}");
            let user = organization
                .add_user(json!({"username": name, "email": format!("{name}@corp.example")}));
            assert!(organization.add_member(group, &user));
        }
    });
}

#[tokio::test]
async fn every_page_of_members_is_read() {
    for (count, pages) in [(99, 1), (100, 2), (250, 3)] {
        let world = world().await;
        people(&world, INNER, count);
        assert_eq!(members(&world, INNER).await.len(), count);
        assert_eq!(world.count(MEMBERSHIP), pages, "{count} members");
    }
}

#[tokio::test]
async fn a_page_of_members_that_fails_is_no_listing() {
    let world = world().await;
    people(&world, ALONE, 250);
    for page in 0..3 {
        for (effect, expected) in faults() {
            world.control().add_fault(Fault::once(MEMBERSHIP, effect.clone()).skip(page));
            let read = world.client.group_members(&id(ALONE)).await;
            assert_eq!(judged(read), expected, "page {page}: {effect:?}");
        }
    }
    assert_eq!(members(&world, ALONE).await.len(), 250);
}

#[tokio::test]
async fn a_member_who_is_left_out_silently_is_an_error_where_rows_are_counted() {
    for counted in [true, false] {
        let world = world().await;
        people(&world, ALONE, 250);
        world.sim.state(|organization| organization.counted_traversals = counted);
        assert_eq!(members(&world, ALONE).await.len(), 250);
        for page in 0..3 {
            let row = usize::try_from(page).unwrap() * 100 + 30;
            let fault = Fault::once(MEMBERSHIP, Effect::DropRow { n: row }).skip(page);
            world.control().add_fault(fault);
            let read = world.client.group_members(&id(ALONE)).await;
            if counted {
                assert_eq!(judged(read), "shape Retry", "page {page}");
            } else {
                // Nothing shows it, so each who is missing is asked for by himself.
                assert_eq!(read.unwrap().value.users().len(), 249, "page {page}");
            }
        }
    }
}

/// Ada is in so many other groups, which come before all that have a name here.
fn crowd(world: &World, groups: usize) {
    world.sim.state(|organization| {
        for number in 0..groups {
            let id = format!("11111111{number:016}");
            organization.add_group(json!({"id": id, "name": id}));
            assert!(organization.add_member(&id, ADA));
        }
    });
}

#[tokio::test]
async fn who_is_no_member_costs_every_page_and_who_is_one_stops_early() {
    for (others, pages) in [(99, 1), (100, 2), (230, 3)] {
        let world = world().await;
        crowd(&world, others);
        assert!(!is_member(&world, &ada(), OUTER).await);
        assert_eq!(world.count(MEMBEROF), pages, "{others} groups");
        assert!(is_member(&world, &ada(), "111111110000000000000007").await);
        assert_eq!(world.count(MEMBEROF), pages + 1, "{others} groups");
        world.sim.state(|organization| assert!(organization.add_member(INNER, ADA)));
        assert!(is_member(&world, &ada(), OUTER).await, "on the last page");
    }
}

#[tokio::test]
async fn a_page_that_fails_proves_nobodys_absence() {
    let world = world().await;
    crowd(&world, 120);
    for page in 0..2 {
        for (effect, expected) in faults() {
            world.control().add_fault(Fault::once(MEMBEROF, effect.clone()).skip(page));
            let read = world.client.is_member(&ada(), &id(OUTER)).await;
            assert_eq!(judged(read), expected, "page {page}: {effect:?}");
        }
    }
    world.sim.state(|organization| organization.counted_traversals = true);
    world.fault(MEMBEROF, Effect::DropRow { n: 3 });
    assert_eq!(judged(world.client.is_member(&ada(), &id(OUTER)).await), "shape Retry");
    assert!(!is_member(&world, &ada(), OUTER).await);
}
