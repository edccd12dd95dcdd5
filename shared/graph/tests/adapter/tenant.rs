//! The tenant itself: that it is the configured one (S4), and its domains (U1, U6).

use graph::GraphError;
use serde_json::json;
use sync_core::ids::TenantId;
use sync_core::upn::Domain;

use crate::world::*;

const ORGANIZATION: &str = "GET /organization";
const DOMAINS: &str = "GET /domains";

#[tokio::test]
async fn s4_the_tenant_is_verified_once_an_hour() {
    let world = World::new().await;
    for _ in 0..3 {
        world.client.verify_tenant().await.unwrap();
    }
    assert_eq!(world.count(ORGANIZATION), 1);
    world.advance(3599);
    world.client.verify_tenant().await.unwrap();
    assert_eq!(world.count(ORGANIZATION), 1);
    world.advance(1);
    world.client.verify_tenant().await.unwrap();
    assert_eq!(world.count(ORGANIZATION), 2);
}

#[tokio::test]
async fn s4_another_tenant_stops_the_directory() {
    let world = World::new().await;
    world.client.user(&ada()).await.unwrap();
    world.sim.state(|tenant| tenant.set_tenant(BOB));
    for _ in 0..2 {
        let error = world.client.verify_tenant().await.unwrap_err();
        assert!(matches!(&error, GraphError::WrongTenant { found: Some(found) }
            if *found == TenantId::parse(BOB).unwrap()));
        assert_eq!(judged::<()>(Err(error)), "wrong_tenant Fail stops");
    }
    assert_eq!(world.count(ORGANIZATION), 2, "a wrong tenant is not remembered");
    world.sim.state(|tenant| tenant.set_tenant(TENANT));
    world.client.verify_tenant().await.unwrap();
}

#[tokio::test]
async fn s4_an_answer_that_names_no_tenant_verifies_nothing() {
    let world = World::new().await;
    for (body, expected) in [
        (json!({"value": []}), "wrong_tenant Fail stops"),
        (json!({"value": [{"id": "corp"}]}), "wrong_tenant Fail stops"),
        (json!({"value": [{}]}), "shape Retry"),
        (json!([]), "shape Retry"),
    ] {
        world.fault(ORGANIZATION, answer(200, body.clone()));
        assert_eq!(judged(world.client.verify_tenant().await), expected, "{body}");
    }
    world.fault(ORGANIZATION, status(503));
    assert_eq!(judged(world.client.verify_tenant().await), "passing Retry");
}

#[tokio::test]
async fn domains_are_read_once_in_five_minutes() {
    let world = World::new().await;
    world.sim.state(|tenant| {
        tenant.add_domain("Sub.Corp.Example", false, "Managed");
        tenant.add_domain("federated.example", true, "Federated");
    });
    let domain =
        |name: &str, verified, federated| Domain { name: name.to_owned(), verified, federated };
    let expected = [
        domain("corp.example", true, false),
        domain("sub.corp.example", false, false),
        domain("federated.example", true, true),
    ];
    assert_eq!(world.client.domains().await.unwrap(), expected);
    world.sim.state(|tenant| tenant.add_domain("new.example", true, "Managed"));
    world.advance(299);
    assert_eq!(world.client.domains().await.unwrap(), expected);
    assert_eq!(world.count(DOMAINS), 1);
    world.advance(1);
    assert_eq!(world.client.domains().await.unwrap().len(), 4);
}

#[tokio::test]
async fn u6_domains_that_cannot_be_read_are_an_error_never_an_empty_list() {
    let world = World::new().await;
    world.fault(DOMAINS, status(503));
    assert_eq!(judged(world.client.domains().await), "passing Retry");
    world.fault(DOMAINS, status(403));
    assert_eq!(judged(world.client.domains().await), "denied Fail");
    assert_eq!(world.client.domains().await.unwrap().len(), 1);
}
