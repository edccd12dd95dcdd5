//! Reads of one person: by object id, by UPN, and whether it is an administrator.

use serde_json::json;
use simulators::Effect;
use sync_core::attributes::{Attribute, Value};

use crate::world::*;

const USER: &str = "GET /users/{id}";
const USERS: &str = "GET /users";
const MEMBER_OF: &str = "GET /users/{id}/memberOf";

#[tokio::test]
async fn a_user_is_read_whole() {
    let world = World::new().await;
    world.sim.state(|tenant| {
        tenant.patch_user(
            ADA,
            json!({
                "accountEnabled": false, "businessPhones": ["+44 1"], "otherMails": ["a@b.example"],
                "employeeOrgData": {"division": "R&D", "costCenter": "7"}, "givenName": "Äda",
            }),
        );
        tenant.set_manager(ADA, Some(BOB));
    });
    let user = world.client.user(&ada()).await.unwrap().unwrap();
    assert_eq!((user.id, user.upn), (ada(), upn("ada@corp.example")));
    assert_eq!((user.enabled, user.guest, user.on_premises_synced), (false, false, false));
    assert_eq!(user.created_at, Some(now()));
    let text = |text: &str| Value::Text(text.to_owned());
    let division = Some("R&D".to_owned());
    let expected = [
        (Attribute::GivenName, text("Äda")),
        (Attribute::DisplayName, text("Ada")),
        (Attribute::WorkPhone, Value::List(vec!["+44 1".to_owned()])),
        (Attribute::Department, text("Engines")),
        (Attribute::JobTitle, text("Analyst")),
        (Attribute::Manager, text(BOB)),
        (Attribute::AlternateEmail, Value::List(vec!["a@b.example".to_owned()])),
        (Attribute::CostCenter, Value::OrgData { division, cost_center: Some("7".to_owned()) }),
    ];
    assert_eq!(user.attributes, expected.into_iter().collect());
    assert_eq!(world.count(USER), 1);
}

#[tokio::test]
async fn guests_and_people_mastered_on_premises_are_told_apart() {
    let world = World::new().await;
    world.sim.state(|tenant| {
        tenant.patch_user(ADA, json!({"userType": "Guest"}));
        tenant.patch_user(BOB, json!({"onPremisesSyncEnabled": true}));
    });
    let ada = world.client.user(&ada()).await.unwrap().unwrap();
    let bob = world.client.user(&bob()).await.unwrap().unwrap();
    assert_eq!((ada.guest, ada.on_premises_synced), (true, false));
    assert_eq!((bob.guest, bob.on_premises_synced), (false, true));
}

#[tokio::test]
async fn a_user_is_absent_only_in_graphs_own_words() {
    let world = World::new().await;
    assert_eq!(world.client.user(&nobody()).await.unwrap(), None);
    world.fault(USER, answer(404, json!("no such host")));
    assert_eq!(judged(world.client.user(&ada()).await), "passing Retry");
    world.fault(USER, answer(404, json!({"error": {"code": "NotFound"}})));
    assert_eq!(judged(world.client.user(&ada()).await), "passing Retry");
    assert!(world.client.user(&ada()).await.unwrap().is_some());
}

#[tokio::test]
async fn an_answer_of_another_shape_is_no_user() {
    let world = World::new().await;
    for body in [
        json!([]),
        json!({"id": ADA}),
        json!({"id": ADA, "userPrincipalName": "ada@corp.example"}),
        json!({"id": "7", "userPrincipalName": "ada@corp.example", "accountEnabled": true}),
        json!({"id": ADA, "userPrincipalName": "ada", "accountEnabled": true}),
        json!({"id": ADA, "userPrincipalName": "a@b.example", "accountEnabled": true,
            "manager": {"id": "boss"}}),
    ] {
        world.fault(USER, answer(200, body.clone()));
        assert_eq!(judged(world.client.user(&ada()).await), "shape Retry", "{body}");
    }
}

#[tokio::test]
async fn a_lookup_by_upn_finds_whatever_signs_it_holds() {
    let world = World::new().await;
    let names = ["o'brien'@corp.example", "a#b&c=d@corp.example", "x+y%20z@corp.example"];
    let ids = names.map(|name| {
        world.sim.state(|tenant| {
            tenant.add_user(json!({"userPrincipalName": name, "displayName": name}))
        })
    });
    for (name, id) in names.iter().zip(&ids) {
        let found = world.client.user_by_upn(&upn(name)).await.unwrap();
        assert_eq!(found.value.map(|user| user.id), Some(object(id)), "{name}");
    }
    // U4: without regard to case.
    let found = world.client.user_by_upn(&upn("ADA@corp.example")).await.unwrap();
    assert_eq!(found.value.map(|user| user.id), Some(ada()));
}

#[tokio::test]
async fn a_lookup_that_finds_nobody_has_its_date() {
    let world = World::new().await;
    world.advance(7);
    // The vendor's clock is a little ahead: its `Date` is what counts (P14).
    world.control().advance(std::time::Duration::from_secs(2));
    let found = world.client.user_by_upn(&upn("new@corp.example")).await.unwrap();
    assert_eq!((found.value, found.date), (None, now() + std::time::Duration::from_secs(9)));
}

#[tokio::test]
async fn two_users_of_one_upn_are_nobody() {
    let world = World::new().await;
    let user =
        |id| json!({"id": id, "userPrincipalName": "x@corp.example", "accountEnabled": true});
    world.fault(USERS, answer(200, json!({"value": [user(ADA), user(BOB)]})));
    let found = world.client.user_by_upn(&upn("x@corp.example")).await;
    assert_eq!(judged(found), "shape Retry");
}

#[tokio::test]
async fn a_lookup_that_fails_has_not_found_nobody() {
    let world = World::new().await;
    for (effect, expected) in [
        (status(404), "not_found Retry"),
        (status(503), "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (answer(200, json!({})), "shape Retry"),
    ] {
        world.fault(USERS, effect);
        assert_eq!(judged(world.client.user_by_upn(&upn("ada@corp.example")).await), expected);
    }
}

#[tokio::test]
async fn p4_administrators_hold_a_role_directly_or_through_a_group() {
    let world = World::new().await;
    assert!(!world.client.is_privileged(&ada()).await.unwrap());
    world.sim.state(|tenant| {
        let group = tenant.add_group(json!({"displayName": "Everybody"}));
        tenant.add_member(&group, ADA);
    });
    assert!(!world.client.is_privileged(&ada()).await.unwrap());
    world.sim.state(|tenant| {
        let role = tenant.add_role(json!({"displayName": "User Administrator"}));
        tenant.add_member(&role, ADA);
        let group = tenant.add_group(json!({"displayName": "Admins", "isAssignableToRole": true}));
        tenant.add_member(&group, BOB);
    });
    assert!(world.client.is_privileged(&ada()).await.unwrap());
    assert!(world.client.is_privileged(&bob()).await.unwrap());
}

#[tokio::test]
async fn p4_whose_memberships_are_unreadable_counts_as_an_administrator() {
    let world = World::new().await;
    world.fault(MEMBER_OF, status(403));
    assert!(world.client.is_privileged(&ada()).await.unwrap());
    world.fault(MEMBER_OF, status(503));
    assert_eq!(judged(world.client.is_privileged(&ada()).await), "passing Retry");
    assert_eq!(judged(world.client.is_privileged(&nobody()).await), "not_found Retry");
}
