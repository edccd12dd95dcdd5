//! Writes: what goes out, what Entra makes of it, and what it refuses.

use std::time::Duration;

use graph::{AttributeChange, GraphError, NewUser, Refusal};
use serde_json::json;
use sync_core::attributes::{Attribute, Value};
use transport::Secret;

use crate::world::*;

fn change(attribute: Attribute, value: Option<Value>) -> AttributeChange {
    AttributeChange { attribute, value }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

#[tokio::test]
async fn a_user_is_created_as_wanted() {
    let world = World::new().await;
    let new = NewUser {
        enabled: false,
        attributes: [
            (Attribute::GivenName, Value::Text("Grace".to_owned())),
            (Attribute::WorkPhone, Value::List(vec!["1".to_owned()])),
            (
                Attribute::CostCenter,
                Value::OrgData { division: None, cost_center: Some("9".to_owned()) },
            ),
        ]
        .into(),
        ..new_user("grace")
    };
    let id = world.client.create_user(&new).await.unwrap();
    let stored = world.stored(&id);
    assert_eq!(stored["userPrincipalName"], "grace@corp.example");
    assert_eq!(stored["accountEnabled"], false);
    assert_eq!(
        (&stored["displayName"], &stored["mailNickname"]),
        (&json!("grace"), &json!("grace"))
    );
    assert_eq!((&stored["givenName"], &stored["businessPhones"]), (&json!("Grace"), &json!(["1"])));
    assert_eq!(stored["employeeOrgData"], json!({"division": null, "costCenter": "9"}));
    let profile = &world.last_body()["passwordProfile"];
    assert_eq!(profile["forceChangePasswordNextSignIn"], false);
    assert!(!format!("{new:?}").contains("Horse"), "a password shows itself");
    let read = world.client.user(&id).await.unwrap().unwrap();
    assert_eq!((read.upn, read.enabled, read.attributes.len()), (new.upn, false, 4));
}

#[tokio::test]
async fn a_upn_that_is_taken_says_so() {
    let world = World::new().await;
    let error = world.client.create_user(&new_user("ADA")).await;
    assert!(matches!(&error, Err(GraphError::UpnTaken { .. })), "{error:?}");
    assert_eq!(judged(error), "upn_taken Retry");
    let error = world.client.set_upn(&bob(), &upn("ada@corp.example")).await;
    assert!(matches!(&error, Err(GraphError::UpnTaken { .. })), "{error:?}");
    assert_eq!(world.sim.state(|tenant| tenant.users().len()), 2);
}

#[tokio::test]
async fn what_entra_refuses_for_good() {
    let world = World::new().await;
    let create = async |user: NewUser| refusal(world.client.create_user(&user).await);
    let at = |upn_text: &str| NewUser { upn: upn(upn_text), ..new_user("x") };
    assert_eq!(create(at("x@other.example")).await, Refusal::DomainNotVerified);
    assert_eq!(create(at("x+y@corp.example")).await, Refusal::InvalidValue);
    let weak = NewUser { password: Secret::new("aaaaaaaa"), ..new_user("x") };
    assert_eq!(create(weak).await, Refusal::Password);
    let long = [change(Attribute::Department, text(&"x".repeat(65)))];
    assert_eq!(refusal(world.client.update_user(&ada(), &long).await), Refusal::InvalidValue);
    world.sim.state(|tenant| tenant.patch_user(ADA, json!({"onPremisesSyncEnabled": true})));
    let title = [change(Attribute::JobTitle, text("Countess"))];
    for result in [
        world.client.update_user(&ada(), &title).await,
        world.client.set_enabled(&ada(), false).await,
        world.client.set_manager(&ada(), Some(&bob())).await,
    ] {
        assert_eq!(refusal(result), Refusal::MasteredElsewhere);
    }
    assert_eq!(world.stored(&ada())["jobTitle"], "Analyst");
}

#[tokio::test]
async fn p5_enabled_and_upn_travel_alone() {
    let world = World::new().await;
    world.client.set_enabled(&ada(), false).await.unwrap();
    assert_eq!(world.last_body(), json!({"accountEnabled": false}));
    world.client.set_upn(&ada(), &upn("lovelace@corp.example")).await.unwrap();
    assert_eq!(world.last_body(), json!({"userPrincipalName": "lovelace@corp.example"}));
    world.client.set_enabled(&ada(), true).await.unwrap();
    let stored = world.stored(&ada());
    assert_eq!(stored["accountEnabled"], true);
    assert_eq!(stored["userPrincipalName"], "lovelace@corp.example");
}

#[tokio::test]
async fn attributes_are_set_and_cleared() {
    let world = World::new().await;
    world.sim.state(|tenant| {
        tenant.patch_user(ADA, json!({"businessPhones": ["1"], "otherMails": ["a@b.example"]}));
    });
    let changes = [
        change(Attribute::JobTitle, None),
        change(Attribute::WorkPhone, None),
        change(Attribute::AlternateEmail, Some(Value::List(vec!["c@d.example".to_owned()]))),
        change(Attribute::City, text("London")),
    ];
    world.client.update_user(&ada(), &changes).await.unwrap();
    assert_eq!(
        world.last_body(),
        json!({
            "jobTitle": null, "businessPhones": [], "otherMails": ["c@d.example"], "city": "London",
        })
    );
    let stored = world.stored(&ada());
    assert_eq!((stored.get("jobTitle"), &stored["city"]), (None, &json!("London")));
    assert_eq!(stored["department"], "Engines", "what is not named is left alone");
    let read = world.client.user(&ada()).await.unwrap().unwrap();
    assert_eq!(read.attributes.get(&Attribute::WorkPhone), None);
}

#[tokio::test]
async fn a_manager_is_set_replaced_and_cleared() {
    let world = World::new().await;
    world.client.set_manager(&ada(), Some(&bob())).await.unwrap();
    world.client.set_manager(&ada(), Some(&bob())).await.unwrap();
    assert_eq!(world.sim.state(|tenant| tenant.manager(ADA)).as_deref(), Some(BOB));
    world.client.set_manager(&ada(), None).await.unwrap();
    assert_eq!(world.sim.state(|tenant| tenant.manager(ADA)), None);
    // One that is not there is cleared already.
    world.client.set_manager(&ada(), None).await.unwrap();
    let gone = world.client.set_manager(&ada(), Some(&nobody())).await;
    assert_eq!(judged(gone), "not_found Retry");
}

#[tokio::test]
async fn a_manager_who_is_not_replicated_yet_is_tried_again() {
    let world = World::new().await;
    world.advance(60);
    world.control().set_lag(Duration::from_secs(30));
    let manager = world.client.create_user(&new_user("grace")).await.unwrap();
    let early = world.client.set_manager(&ada(), Some(&manager)).await;
    assert_eq!(judged(early), "passing Retry");
    world.advance(31);
    world.client.set_manager(&ada(), Some(&manager)).await.unwrap();
}

#[tokio::test]
async fn sessions_are_revoked() {
    let world = World::new().await;
    world.advance(5);
    world.client.revoke_sessions(&ada()).await.unwrap();
    let stored = world.stored(&ada());
    assert_eq!(stored["signInSessionsValidFromDateTime"], "2026-05-01T10:00:05Z");
    assert_eq!(judged(world.client.revoke_sessions(&nobody()).await), "not_found Retry");
}

#[tokio::test]
async fn p5_sensitive_properties_of_an_administrator_are_denied() {
    let world = World::new().await;
    world.sim.state(|tenant| {
        let role = tenant.add_role(json!({"displayName": "Global Administrator"}));
        tenant.add_member(&role, ADA);
    });
    let title = || change(Attribute::JobTitle, text("Countess"));
    let both = [title(), change(Attribute::MobilePhone, text("1"))];
    let denied = world.client.update_user(&ada(), &both).await.unwrap_err();
    assert!(denied.is_denied());
    assert_eq!(judged::<()>(Err(denied)), "denied Fail");
    assert_eq!(world.stored(&ada())["jobTitle"], "Analyst", "all or nothing");
    assert_eq!(judged(world.client.set_enabled(&ada(), false).await), "denied Fail");
    world.client.update_user(&ada(), &[title()]).await.unwrap();
    assert_eq!(world.stored(&ada())["jobTitle"], "Countess");
}

#[tokio::test]
async fn a_write_to_nobody_is_not_found() {
    let world = World::new().await;
    assert_eq!(judged(world.client.set_enabled(&nobody(), false).await), "not_found Retry");
    let upn = upn("x@corp.example");
    assert_eq!(judged(world.client.set_upn(&nobody(), &upn).await), "not_found Retry");
}

#[tokio::test]
async fn an_error_is_shown_short_and_without_personal_data() {
    let world = World::new().await;
    world.fault("PATCH /users/{id}", answer(400, json!({"error": {"code": "x".repeat(99)}})));
    let error = world.client.set_upn(&ada(), &upn("new@corp.example")).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains(&"x".repeat(60)) && !shown.contains(&"x".repeat(61)), "{shown}");
    assert!(!shown.contains("corp.example") && !shown.contains(ADA), "{shown}");
}
