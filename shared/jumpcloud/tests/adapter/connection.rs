//! Whether somebody is connected: every kind of scope, every page, and what proves absence.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::desired::Connection::{self, Connected, NotConnected, Unreadable};
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, ScopeObjectId};
use sync_core::policy::Scope;

use crate::world::*;

const APPLICATION: &str = "65f0000000000000000000c1";
const OFFICE_365: &str = "65f0000000000000000000d1";

/// One kind of scope: its object, the two routes it is asked by, and how it is configured.
struct Kind {
    scope: Scope,
    object: &'static str,
    traversal: &'static str,
    read: &'static str,
}

fn group_id(short: &str) -> String {
    format!("65f00000000000000000{short:0>4}")
}

pub(crate) fn listed(groups: &[&str]) -> Scope {
    let groups = groups.iter().map(|short| JumpCloudGroupId::parse(&group_id(short)).unwrap());
    Scope::Listed { groups: groups.collect(), users: BTreeSet::new() }
}

fn kinds() -> [Kind; 3] {
    let object = |id| ScopeObjectId::parse(id).unwrap();
    [
        Kind {
            scope: Scope::Application(object(APPLICATION)),
            object: APPLICATION,
            traversal: "GET /api/v2/users/{id}/applications",
            read: "GET /api/applications/{id}",
        },
        Kind {
            scope: Scope::Office365(object(OFFICE_365)),
            object: OFFICE_365,
            traversal: "GET /api/v2/users/{id}/office365s",
            read: "GET /api/v2/office365s/{id}",
        },
        Kind {
            scope: listed(&["b1"]),
            object: "65f0000000000000000000b1",
            traversal: "GET /api/v2/users/{id}/memberof",
            read: "GET /api/v2/usergroups/{id}",
        },
    ]
}

/// With an application, a Microsoft 365 directory and the groups `b1` and `b2`; nobody is in any.
async fn world() -> World {
    let world = World::new().await;
    world.sim.state(|organization| {
        organization.add_application(json!({"_id": APPLICATION, "name": "entra"}));
        organization.add_office_365(json!({"id": OFFICE_365}));
        for short in ["b1", "b2"] {
            organization.add_group(json!({"id": group_id(short), "name": short}));
        }
    });
    world
}

async fn connection(world: &World, user: &JumpCloudUserId, scope: &Scope) -> Connection {
    world.client.connection(user, scope).await.unwrap().value
}

#[tokio::test]
async fn each_kind_of_scope_connects_directly_and_through_groups() {
    for kind in kinds() {
        let world = world().await;
        assert_eq!(connection(&world, &ada(), &kind.scope).await, NotConnected);
        assert!(world.sim.state(|organization| organization.connect(kind.object, ADA)));
        assert_eq!(connection(&world, &ada(), &kind.scope).await, Connected);
        assert_eq!(connection(&world, &bob(), &kind.scope).await, NotConnected);
        world.sim.state(|organization| {
            organization.connect(kind.object, &group_id("b2"));
            organization.add_member(&group_id("b2"), BOB);
        });
        assert_eq!(connection(&world, &bob(), &kind.scope).await, Connected);
        assert!(world.sim.state(|organization| organization.disconnect(kind.object, ADA)));
        assert_eq!(connection(&world, &ada(), &kind.scope).await, NotConnected);
    }
}

#[tokio::test]
async fn who_is_connected_costs_one_request_and_who_is_not_two() {
    for kind in kinds() {
        let world = world().await;
        connection(&world, &ada(), &kind.scope).await;
        assert_eq!((world.count(kind.traversal), world.count(kind.read)), (1, 1));
        world.sim.state(|organization| organization.connect(kind.object, ADA));
        connection(&world, &ada(), &kind.scope).await;
        assert_eq!((world.count(kind.traversal), world.count(kind.read)), (2, 1));
    }
}

#[tokio::test]
async fn any_of_several_groups_connects_and_all_must_be_readable_to_disconnect() {
    let world = world().await;
    let scope = listed(&["b1", "b2"]);
    world.sim.state(|organization| organization.add_member(&group_id("b2"), ADA));
    assert_eq!(connection(&world, &ada(), &scope).await, Connected);
    assert_eq!(connection(&world, &bob(), &scope).await, NotConnected);
    assert_eq!(world.count("GET /api/v2/usergroups/{id}"), 2);
    world.sim.state(|organization| organization.delete_group(&group_id("b1")));
    assert_eq!(connection(&world, &bob(), &scope).await, Unreadable);
    assert_eq!(connection(&world, &ada(), &scope).await, Connected);
}

#[tokio::test]
async fn people_who_are_listed_are_connected_without_a_question() {
    let world = world().await;
    let scope = |users: &[JumpCloudUserId]| Scope::Listed {
        groups: BTreeSet::new(),
        users: users.iter().cloned().collect(),
    };
    assert_eq!(connection(&world, &ada(), &scope(&[ada()])).await, Connected);
    assert_eq!(connection(&world, &bob(), &scope(&[ada()])).await, NotConnected);
    assert_eq!(world.client.requests(), 0);
}

/// Ada is in so many other groups, which come before the scope's.
fn crowd(world: &World, groups: usize) {
    world.sim.state(|organization| {
        for number in 0..groups {
            let id = format!("11111111{number:016}");
            organization.add_group(json!({"id": id, "name": id}));
            organization.add_member(&id, ADA);
        }
    });
}

#[tokio::test]
async fn a_traversal_is_read_to_its_last_page() {
    let memberof = "GET /api/v2/users/{id}/memberof";
    for (others, pages) in [(99, 1), (100, 2), (150, 2), (230, 3)] {
        let world = world().await;
        crowd(&world, others);
        assert_eq!(connection(&world, &ada(), &listed(&["b1"])).await, NotConnected);
        assert_eq!(world.count(memberof), pages, "{others} groups");
        world.sim.state(|organization| organization.add_member(&group_id("b1"), ADA));
        assert_eq!(connection(&world, &ada(), &listed(&["b1"])).await, Connected);
    }
}

#[tokio::test]
async fn p6_a_row_that_is_left_out_silently_disconnects_nobody_where_rows_are_counted() {
    let memberof = "GET /api/v2/users/{id}/memberof";
    for counted in [true, false] {
        for page in 0..2 {
            let world = world().await;
            crowd(&world, 120);
            world.sim.state(|organization| {
                organization.counted_traversals = counted;
                organization.add_member(&group_id("b1"), ADA);
            });
            let read = async || world.client.connection(&ada(), &listed(&["b2"])).await;
            assert_eq!(read().await.unwrap().value, NotConnected);
            let fault = Fault::once(memberof, Effect::DropRow { n: 3 }).skip(page);
            world.control().add_fault(fault);
            if counted {
                assert_eq!(judged(read().await), "shape Retry", "page {page}");
            } else {
                assert_eq!(read().await.unwrap().value, NotConnected);
            }
            assert_eq!(read().await.unwrap().value, NotConnected);
        }
    }
}

#[tokio::test]
async fn p6_a_page_that_fails_disconnects_nobody() {
    let memberof = "GET /api/v2/users/{id}/memberof";
    for page in 0..2 {
        for (effect, expected) in [
            (status(503), "passing Retry"),
            (status(429), "throttled RetryAfter(30s)"),
            (status(403), "denied RetryAfter(30s)"),
            (status(404), "not_found Retry"),
            (Effect::Html, "passing Retry"),
            (Effect::Truncate, "shape Retry"),
            (Effect::CutAfter, "transport Retry"),
            (answer(200, json!({"results": []})), "shape Retry"),
            (answer(200, json!([{"type": "user_group"}])), "shape Retry"),
        ] {
            let world = world().await;
            crowd(&world, 120);
            let fault = Fault::once(memberof, effect.clone()).skip(page);
            world.control().add_fault(fault);
            let read = world.client.connection(&ada(), &listed(&["b1"])).await;
            assert_eq!(judged(read), expected, "page {page}: {effect:?}");
            assert_eq!(world.count("GET /api/v2/usergroups/{id}"), 0);
        }
    }
}

#[tokio::test]
async fn p6_a_scope_that_is_gone_or_hidden_is_unreadable() {
    for kind in kinds() {
        let world = world().await;
        world.fault(kind.read, status(403));
        assert_eq!(connection(&world, &ada(), &kind.scope).await, Unreadable);
        assert_eq!(connection(&world, &ada(), &kind.scope).await, NotConnected);
        world.sim.state(|organization| {
            organization.delete_target(kind.object);
            organization.delete_group(kind.object);
        });
        assert_eq!(connection(&world, &ada(), &kind.scope).await, Unreadable);
    }
}

#[tokio::test]
async fn p6_a_scope_whose_read_fails_is_an_error() {
    for kind in kinds() {
        let world = world().await;
        for (effect, expected) in [
            (status(503), "passing Retry"),
            (answer(404, json!("<html>")), "passing Retry"),
            (Effect::CutBefore, "transport Retry"),
        ] {
            world.fault(kind.read, effect.clone());
            let read = world.client.connection(&ada(), &kind.scope).await;
            assert_eq!(judged(read), expected, "{effect:?}");
        }
    }
}

#[tokio::test]
async fn the_date_is_that_of_the_earliest_answer() {
    let world = world().await;
    world.control().advance(Duration::from_secs(5));
    let kind = &kinds()[0];
    let read = world.client.connection(&ada(), &kind.scope).await.unwrap();
    assert_eq!((read.value, read.date), (NotConnected, now() + Duration::from_secs(5)));
}

#[tokio::test]
async fn p6_a_row_that_goes_between_two_pages_disconnects_nobody_where_rows_are_counted() {
    let memberof = "GET /api/v2/users/{id}/memberof";
    let world = world().await;
    crowd(&world, 120);
    world.sim.state(|organization| organization.counted_traversals = true);
    // The first page is answered, and before the second is asked for, Ada leaves a group.
    world.control().add_fault(Fault::once(memberof, Effect::Delay { ms: 100 }));
    let ada = ada();
    let scope = listed(&["b2"]);
    let leave = async {
        while world.count(memberof) == 0 {
            tokio::task::yield_now().await;
        }
        world.sim.state(|organization| {
            let groups = organization.groups().into_iter().map(|group| group["id"].clone());
            let left = groups
                .filter_map(|group| group.as_str().map(str::to_owned))
                .find(|group| organization.remove_member(group, ADA));
            assert!(left.is_some(), "she was in some group");
        });
    };
    let read = world.client.connection(&ada, &scope);
    let (answer, ()) = futures_util::future::join(read, leave).await;
    assert_eq!(judged(answer), "shape Retry");
}
