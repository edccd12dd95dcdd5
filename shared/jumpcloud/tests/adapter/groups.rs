//! User groups' own records, and which groups are connected: what proves it and what proves nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value as Json, json};
use simulators::{Effect, Fault};
use sync_core::desired::Connection::{self, Connected, NotConnected, Unreadable};
use sync_core::ids::{JumpCloudGroupId, ScopeObjectId};
use sync_core::policy::Scope;

use crate::world::*;

const APPLICATION: &str = "65f0000000000000000000c1";
const OFFICE_365: &str = "65f0000000000000000000d1";
pub(crate) const GROUP: &str = "GET /api/v2/usergroups/{id}";

pub(crate) const OUTER: &str = "65f0000000000000000000b1";
pub(crate) const INNER: &str = "65f0000000000000000000b2";
/// Connected to nothing and holding nobody.
pub(crate) const ALONE: &str = "65f0000000000000000000b3";
/// No group's id.
pub(crate) const NONE: &str = "65f0000000000000000000ef";

pub(crate) fn id(text: &str) -> JumpCloudGroupId {
    JumpCloudGroupId::parse(text).unwrap()
}

/// One kind of scope: its object, and the three routes a group's connection is asked by.
struct Kind {
    scope: Scope,
    object: &'static str,
    traversal: &'static str,
    read: &'static str,
    listing: &'static str,
}

fn kinds() -> [Kind; 2] {
    let object = |id| ScopeObjectId::parse(id).unwrap();
    [
        Kind {
            scope: Scope::Application(object(APPLICATION)),
            object: APPLICATION,
            traversal: "GET /api/v2/usergroups/{id}/applications",
            read: "GET /api/applications/{id}",
            listing: "GET /api/v2/applications/{id}/usergroups",
        },
        Kind {
            scope: Scope::Office365(object(OFFICE_365)),
            object: OFFICE_365,
            traversal: "GET /api/v2/usergroups/{id}/office365s",
            read: "GET /api/v2/office365s/{id}",
            listing: "GET /api/v2/office365s/{id}/usergroups",
        },
    ]
}

/// With a group within a group and one alone; nothing is connected and nobody is in any.
pub(crate) async fn world() -> World {
    let world = World::new().await;
    world.sim.state(|organization| {
        organization.add_application(json!({"_id": APPLICATION, "name": "entra"}));
        organization.add_office_365(json!({"id": OFFICE_365}));
        for id in [OUTER, INNER, ALONE] {
            organization.add_group(json!({"id": id, "name": id}));
        }
        assert!(organization.add_member(OUTER, INNER));
    });
    world
}

async fn connection(world: &World, group: &str, scope: &Scope) -> Connection {
    world.client.group_connection(&id(group), scope).await.unwrap().value
}

async fn connected(world: &World, scope: &Scope) -> Option<BTreeSet<JumpCloudGroupId>> {
    let listing = world.client.scope_groups(scope).await.unwrap()?;
    Some(listing.value.groups().clone())
}

#[tokio::test]
async fn a_group_is_read_with_its_name_as_it_is() {
    let world = world().await;
    world.advance(3);
    let names = [
        "O'Brien's \"A\" & B/C?",
        "  two  blanks ",
        "Bücher e\u{301}",
        "開発",
        "🚀 %20\\",
        " ",
        "",
    ];
    for name in names {
        world.sim.state(|organization| organization.patch_group(OUTER, json!({"name": name})));
        let read = world.client.group(&id(OUTER)).await.unwrap();
        assert_eq!(read.date, now() + Duration::from_secs(3));
        let group = read.value.unwrap();
        assert_eq!((group.id, group.name.as_str()), (id(OUTER), name));
    }
    for body in [json!({"id": OUTER}), json!({"id": OUTER, "name": null})] {
        world.fault(GROUP, answer(200, body));
        assert_eq!(world.client.group(&id(OUTER)).await.unwrap().value.unwrap().name, "");
    }
}

#[tokio::test]
async fn the_date_is_the_vendors() {
    let world = world().await;
    world.control().advance(Duration::from_secs(5));
    let scope = &kinds()[0].scope;
    let dates = [
        world.client.group(&id(OUTER)).await.unwrap().date,
        world.client.group_connection(&id(OUTER), scope).await.unwrap().date,
        world.client.group_members(&id(OUTER)).await.unwrap().date,
        world.client.is_member(&ada(), &id(OUTER)).await.unwrap().date,
        world.client.scope_groups(scope).await.unwrap().unwrap().date,
    ];
    assert_eq!(dates, [now() + Duration::from_secs(5); 5]);
}

#[tokio::test]
async fn g10_a_group_whose_members_follow_from_a_query_is_dynamic() {
    let world = world().await;
    for (method, dynamic) in [
        (json!("NOTSET"), false),
        (json!("STATIC"), false),
        (json!("DYNAMIC_REVIEW_REQUIRED"), true),
        (json!("DYNAMIC_AUTOMATED"), true),
        (Json::Null, false),
    ] {
        let change = json!({"membershipMethod": method});
        world.sim.state(|organization| organization.patch_group(OUTER, change));
        let group = world.client.group(&id(OUTER)).await.unwrap().value.unwrap();
        assert_eq!(group.dynamic, dynamic, "{method}");
    }
}

#[tokio::test]
async fn p6_a_group_is_missing_only_in_jumpclouds_own_words() {
    let world = world().await;
    let missing = world.client.group(&id(NONE)).await.unwrap();
    assert_eq!((missing.value, missing.date), (None, now()));
    for (effect, expected) in [
        (answer(404, json!("<html>no such host</html>")), "passing Retry"),
        (answer(404, json!({})), "passing Retry"),
        (Effect::Html, "passing Retry"),
        (status(403), "denied RetryAfter(30s)"),
        (status(429), "throttled RetryAfter(30s)"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutAfter, "transport Retry"),
    ] {
        world.fault(GROUP, effect.clone());
        assert_eq!(judged(world.client.group(&id(OUTER)).await), expected, "{effect:?}");
    }
    assert!(world.client.group(&id(OUTER)).await.unwrap().value.is_some());
    world.sim.state(|organization| organization.delete_group(OUTER));
    assert_eq!(world.client.group(&id(OUTER)).await.unwrap().value, None);
}

#[tokio::test]
async fn another_group_than_asked_for_is_no_answer() {
    let world = world().await;
    for body in [
        json!({"id": INNER, "name": "inner"}),
        json!({"name": "outer"}),
        json!({"id": "outer", "name": "outer"}),
        json!({"id": OUTER, "name": 7}),
        json!([]),
    ] {
        world.fault(GROUP, answer(200, body.clone()));
        assert_eq!(judged(world.client.group(&id(OUTER)).await), "shape Retry", "{body}");
    }
}

#[tokio::test]
async fn g1_a_group_is_connected_directly_or_through_another() {
    for kind in kinds() {
        let world = world().await;
        assert_eq!(connected(&world, &kind.scope).await, Some(BTreeSet::new()));
        world.sim.state(|organization| {
            assert!(organization.connect(kind.object, OUTER));
            // People are connected beside the groups, and are none.
            assert!(organization.connect(kind.object, ADA) && organization.add_member(ALONE, BOB));
        });
        for (group, expected) in [(OUTER, Connected), (INNER, Connected), (ALONE, NotConnected)] {
            assert_eq!(connection(&world, group, &kind.scope).await, expected, "{group}");
        }
        let both = BTreeSet::from([id(OUTER), id(INNER)]);
        assert_eq!(connected(&world, &kind.scope).await, Some(both));
        // Connected costs one request, not connected two.
        assert_eq!((world.count(kind.traversal), world.count(kind.read)), (3, 1));
        world.sim.state(|organization| organization.disconnect(kind.object, OUTER));
        assert_eq!(connection(&world, INNER, &kind.scope).await, NotConnected);
    }
}

#[tokio::test]
async fn g1_listed_groups_are_connected_without_a_question() {
    let world = world().await;
    let groups = BTreeSet::from([id(OUTER), id(NONE)]);
    let scope = Scope::Listed { groups: groups.clone(), users: [ada()].into() };
    for (group, expected) in [(OUTER, Connected), (NONE, Connected), (INNER, NotConnected)] {
        let read = world.client.group_connection(&id(group), &scope).await.unwrap();
        assert_eq!((read.value, read.date), (expected, now()), "{group}");
    }
    let listing = world.client.scope_groups(&scope).await.unwrap().unwrap();
    assert_eq!((listing.value.groups(), listing.date), (&groups, now()));
    assert_eq!(world.client.requests(), 0);
}

#[tokio::test]
async fn p6_a_scope_that_is_gone_or_hidden_disconnects_no_group() {
    for kind in kinds() {
        let world = world().await;
        for effect in [status(403), status(404)] {
            world.fault(kind.read, effect.clone());
            assert_eq!(connection(&world, OUTER, &kind.scope).await, Unreadable, "{effect:?}");
            world.fault(kind.listing, effect.clone());
            assert_eq!(connected(&world, &kind.scope).await, None, "{effect:?}");
        }
        for (effect, expected) in [
            (status(503), "passing Retry"),
            (answer(404, json!("<html>")), "passing Retry"),
            (Effect::CutBefore, "transport Retry"),
        ] {
            world.fault(kind.read, effect.clone());
            let read = world.client.group_connection(&id(OUTER), &kind.scope).await;
            assert_eq!(judged(read), expected, "{effect:?}");
            world.fault(kind.listing, effect.clone());
            assert_eq!(judged(world.client.scope_groups(&kind.scope).await), expected);
        }
        assert_eq!(connection(&world, OUTER, &kind.scope).await, NotConnected);
        world.sim.state(|organization| organization.delete_target(kind.object));
        assert_eq!(connection(&world, OUTER, &kind.scope).await, Unreadable);
        assert_eq!(connected(&world, &kind.scope).await, None);
    }
}

#[tokio::test]
async fn p6_a_traversal_that_fails_disconnects_no_group() {
    for kind in kinds() {
        let world = world().await;
        for (effect, expected) in [
            (status(503), "passing Retry"),
            (status(403), "denied RetryAfter(30s)"),
            (status(404), "not_found Retry"),
            (Effect::Html, "passing Retry"),
            (Effect::Truncate, "shape Retry"),
            (Effect::CutAfter, "transport Retry"),
            (answer(200, json!({"results": []})), "shape Retry"),
            (answer(200, json!([{"type": "application"}])), "shape Retry"),
        ] {
            world.fault(kind.traversal, effect.clone());
            let read = world.client.group_connection(&id(OUTER), &kind.scope).await;
            assert_eq!(judged(read), expected, "{effect:?}");
        }
        // A group that is gone says so by its own record.
        let read = world.client.group_connection(&id(NONE), &kind.scope).await;
        assert_eq!(judged(read), "not_found Retry");
        assert_eq!(world.count(kind.read), 0);
    }
}

#[tokio::test]
async fn a_scope_has_more_groups_than_a_page() {
    let kind = &kinds()[0];
    let world = world().await;
    world.sim.state(|organization| {
        organization.counted_traversals = true;
        for number in 0..250 {
            let group = organization.add_group(json!({"name": format!("group{number}")}));
            assert!(organization.connect(APPLICATION, &group));
        }
    });
    assert_eq!(connected(&world, &kind.scope).await.unwrap().len(), 250);
    assert_eq!(world.count(kind.listing), 3);
    let fault = Fault::once(kind.listing, status(503)).skip(2);
    world.control().add_fault(fault);
    assert_eq!(judged(world.client.scope_groups(&kind.scope).await), "passing Retry");
    world.fault(kind.listing, Effect::DropRow { n: 30 });
    assert_eq!(judged(world.client.scope_groups(&kind.scope).await), "shape Retry");
}
