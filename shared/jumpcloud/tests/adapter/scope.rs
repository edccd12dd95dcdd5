//! Everybody who is connected: every kind of scope, nested groups, every page, and no shorter listing.

use std::collections::BTreeSet;

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, ScopeObjectId};
use sync_core::policy::Scope;

use crate::world::*;

const APPLICATION: &str = "65f0000000000000000000c1";
const OFFICE_365: &str = "65f0000000000000000000d1";
const OUTER: &str = "65f0000000000000000000b1";
const INNER: &str = "65f0000000000000000000b2";
const LISTING: &str = "GET /api/v2/applications/{id}/users";

fn application() -> Scope {
    Scope::Application(ScopeObjectId::parse(APPLICATION).unwrap())
}

/// Ada is in a group within a group; nothing connects anybody yet.
async fn world() -> World {
    let world = World::new().await;
    world.sim.state(|organization| {
        organization.add_application(json!({"_id": APPLICATION, "name": "entra"}));
        organization.add_office_365(json!({"id": OFFICE_365}));
        for id in [OUTER, INNER] {
            organization.add_group(json!({"id": id, "name": id}));
        }
        assert!(organization.add_member(OUTER, INNER) && organization.add_member(INNER, ADA));
    });
    world
}

async fn everybody(world: &World, scope: &Scope) -> Option<BTreeSet<JumpCloudUserId>> {
    let listing = world.client.everybody(scope).await.unwrap()?;
    Some(listing.value.users().clone())
}

#[tokio::test]
async fn each_kind_of_scope_reaches_people_directly_and_through_nested_groups() {
    let kinds = [
        (application(), APPLICATION),
        (Scope::Office365(ScopeObjectId::parse(OFFICE_365).unwrap()), OFFICE_365),
    ];
    for (scope, object) in kinds {
        let world = world().await;
        assert_eq!(everybody(&world, &scope).await, Some(BTreeSet::new()));
        world.sim.state(|organization| {
            assert!(organization.connect(object, OUTER) && organization.connect(object, BOB));
        });
        assert_eq!(everybody(&world, &scope).await, Some([ada(), bob()].into()));
        assert_eq!(world.control().problems(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn listed_groups_and_people_are_one_scope() {
    let world = world().await;
    let scope = Scope::Listed {
        groups: [JumpCloudGroupId::parse(OUTER).unwrap()].into(),
        users: [bob()].into(),
    };
    assert_eq!(everybody(&world, &scope).await, Some([ada(), bob()].into()));
    world.sim.state(|organization| organization.delete_group(OUTER));
    assert_eq!(everybody(&world, &scope).await, None, "one of its parts cannot be read");
}

#[tokio::test]
async fn every_page_is_read_and_a_page_that_fails_is_no_listing() {
    let world = world().await;
    world.sim.state(|organization| {
        for number in 0..230 {
            let name = format!("person{number}");
            let id = organization
                .add_user(json!({"username": name, "email": format!("{name}@corp.example")}));
            assert!(organization.connect(APPLICATION, &id));
        }
    });
    assert_eq!(everybody(&world, &application()).await.unwrap().len(), 230);
    assert_eq!(world.count(LISTING), 3);
    let unavailable = Effect::Status { status: 503, retry_after: None, body: None };
    world.control().add_fault(Fault::once(LISTING, unavailable).skip(2));
    assert!(world.client.everybody(&application()).await.is_err());
}

#[tokio::test]
async fn p6_a_scope_that_cannot_be_read_is_no_empty_one() {
    let world = world().await;
    for status in [403, 404] {
        let refused = Effect::Status { status, retry_after: None, body: None };
        world.control().add_fault(Fault::once(LISTING, refused));
        assert_eq!(everybody(&world, &application()).await, None, "{status}");
    }
}
