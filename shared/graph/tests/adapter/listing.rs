//! Listings of several pages: whole, or an error.

use serde_json::json;
use simulators::{Effect, Fault};

use crate::world::*;

const MEMBER_OF: &str = "GET /users/{id}/memberOf";

/// Ada is in more groups than fit a page, and her one role comes on the last page.
async fn world() -> World {
    let world = World::new().await;
    world.sim.state(|tenant| {
        for number in 0..230 {
            let id = format!("11111111-0000-4000-8000-{number:012}");
            let group = tenant.add_group(json!({"id": id, "displayName": "A group"}));
            tenant.add_member(&group, ADA);
        }
        let role = json!({"id": "ffffffff-0000-4000-8000-000000000001", "displayName": "Role"});
        let role = tenant.add_role(role);
        tenant.add_member(&role, ADA);
    });
    world
}

#[tokio::test]
async fn a_listing_is_read_to_its_last_page() {
    let world = world().await;
    assert!(world.client.is_privileged(&ada()).await.unwrap());
    assert_eq!(world.count(MEMBER_OF), 3);
}

#[tokio::test]
async fn a_page_that_fails_fails_the_listing() {
    for page in 0..3 {
        for (effect, expected) in [
            (status(503), "passing Retry"),
            (status(429), "throttled Retry"),
            (status(404), "not_found Retry"),
            (Effect::Html, "passing Retry"),
            (Effect::Truncate, "shape Retry"),
            (Effect::CutAfter, "transport Retry"),
            (answer(200, json!({"error": {"code": "generalException"}})), "shape Retry"),
        ] {
            let world = world().await;
            let fault = Fault::once(MEMBER_OF, effect.clone()).skip(page);
            world.control().add_fault(fault);
            let read = world.client.is_privileged(&ada()).await;
            assert_eq!(judged(read), expected, "page {page}: {effect:?}");
            assert_eq!(world.count(MEMBER_OF), u64::from(page) + 1);
        }
    }
}

#[tokio::test]
async fn a_link_to_another_origin_is_refused_unasked() {
    let world = World::new().await;
    let elsewhere = World::new().await;
    let port = elsewhere.sim.url().rsplit(':').next().unwrap();
    for origin in [elsewhere.sim.url(), &format!("http://localhost:{port}"), "https://127.0.0.1"] {
        let link = format!("{origin}/v1.0/users/{ADA}/memberOf?$skiptoken=x");
        world.fault(MEMBER_OF, answer(200, json!({"value": [], "@odata.nextLink": link})));
        assert_eq!(judged(world.client.is_privileged(&ada()).await), "shape Retry", "{origin}");
    }
    assert_eq!(world.count(MEMBER_OF), 3);
    assert!(elsewhere.control().journal().is_empty(), "the token went nowhere else");
}

#[tokio::test]
async fn a_link_that_leads_nowhere_or_back_is_refused() {
    let world = World::new().await;
    let other = format!("{}/users/{ADA}/memberOf?$skiptoken=x", world.sim.graph_url());
    let listing = |link: &str| answer(200, json!({"value": [], "@odata.nextLink": link}));
    for link in ["", "/v1.0/me", "not a link"] {
        world.fault(MEMBER_OF, listing(link));
        assert_eq!(judged(world.client.is_privileged(&ada()).await), "shape Retry", "{link:?}");
    }
    world.control().clear_journal();
    world.control().add_fault(Fault::new(MEMBER_OF, listing(&other)));
    assert_eq!(judged(world.client.is_privileged(&ada()).await), "shape Retry");
    assert_eq!(world.count(MEMBER_OF), 2, "a page that names itself is read once");
}

#[tokio::test]
async fn the_date_of_a_listing_is_that_of_its_first_page() {
    let world = World::new().await;
    let users = "GET /users";
    let link = format!("{}/users?$filter=userPrincipalName eq 'x'", world.sim.graph_url());
    world.fault(users, answer(200, json!({"value": [], "@odata.nextLink": link})));
    // While the first page is on its way the vendor's clock moves on.
    let found = world.client.user_by_upn(&upn("ada@corp.example")).await.unwrap();
    assert_eq!((found.value, found.date), (None, now()));
    assert_eq!(world.count(users), 2);
}
