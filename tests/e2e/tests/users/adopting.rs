//! P3, P4 and P8: accounts that were there before, and those that somebody left behind.

use e2e::{Setup, World};
use serde_json::{Value, json};

use crate::{codes, enabled, events, post};

/// What is overwritten can be read afterwards, and what JumpCloud does not know stays.
#[tokio::test]
async fn adoption_overwrites_and_the_events_tell_what_was_there() {
    let world = Setup::new("adopt-values").deployed().await;
    let object = world.entra.state(|state| {
        state.add_user(json!({
            "userPrincipalName": "Ada@corp.example", "mailNickname": "ada", "displayName": "A. L.",
            "surname": "Byron", "department": "Poetry", "jobTitle": "Countess",
        }))
    });
    let ada = world.hire("ada");
    world.settle().await;
    let account = world.account("ada").expect("she was there");
    assert_eq!((&account["id"], &account["accountEnabled"]), (&json!(object), &json!(true)));
    let now = ["displayName", "surname", "department", "jobTitle"].map(|name| &account[name]);
    assert_eq!(now, ["ada Example", "Example", "R&D", "Countess"]);
    world.prove(0).await;

    let events = events(&world).await;
    let kinds: Vec<_> = events.iter().map(|event| &event["event_type"]).collect();
    assert_eq!(kinds, ["user_adopt_provision", "user_update_provision"]);
    for event in &events {
        let resource = json!({ "type": "user", "id": ada, "entra_id": object });
        assert_eq!((&event["resource"], &event["success"]), (&resource, &json!(true)));
    }
    let mut changes = changes(&events[1]);
    changes.sort();
    let changed = [
        ("department", "Poetry", "R&D"),
        ("displayName", "A. L.", "ada Example"),
        ("givenName", "", "ada"),
        ("surname", "Byron", "Example"),
    ];
    assert_eq!(changes, changed.map(|(field, from, to)| [field, from, to].map(str::to_owned)));
}

/// What an event says was changed: property, old and new value. Texts may come in quotes.
fn changes(event: &Value) -> Vec<[String; 3]> {
    let changes = event["changes"].as_array().expect("an event lists changes");
    let part = |value: &Value| value.as_str().unwrap_or_default().trim_matches('"').to_owned();
    changes.iter().map(|change| ["field", "from", "to"].map(|name| part(&change[name]))).collect()
}

/// The former owner was switched off long before: the account is inherited with that.
#[tokio::test]
async fn who_is_created_again_later_inherits_the_account_that_was_switched_off() {
    let world = Setup::new("adopt-tombstone").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    let object = world.account("ada").expect("an account")["id"].clone();
    world.jumpcloud.state(|state| state.delete_user(&ada));
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(false));

    let again = world.hire("ada");
    world.settle().await;
    inherited(&world, &again, &object).await;
    // What is told of the former owner once more does nothing to the new one.
    for event in deletions(&world, &ada) {
        post(&world, &event).await;
    }
    world.settle().await;
    inherited(&world, &again, &object).await;
    world.prove(0).await;
}

/// Nobody loses an account to a successor before JumpCloud has said that the owner is gone.
#[tokio::test]
async fn the_successor_waits_for_a_deletion_that_is_told_late() {
    let world = Setup::new("adopt-late").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    let object = world.account("ada").expect("an account")["id"].clone();
    world.jumpcloud.state(|state| state.set_webhook(None));
    world.jumpcloud.state(|state| state.delete_user(&ada));
    let again = world.hire("ada");
    let told = world.jumpcloud.state(|state| state.events());
    let (late, others): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|event| is_deletion(event, &ada));
    assert_eq!(late.len(), 1, "one deletion");
    for event in &others {
        post(&world, event).await;
    }
    world.settle().await;
    assert_eq!(codes(&world, &again).await, ["object_held"]);
    assert_eq!(world.accounts("ada"), 1, "no second account");

    post(&world, &late[0]).await;
    world.settle().await;
    inherited(&world, &again, &object).await;
    assert_eq!(codes(&world, &again).await, Vec::<String>::new());
    world.prove(0).await;
}

/// One account under that name, enabled, bound to this person.
async fn inherited(world: &World, user: &str, object: &Value) {
    let account = world.account("ada").expect("an account");
    assert_eq!((&account["id"], &account["accountEnabled"]), (object, &json!(true)));
    assert_eq!(world.accounts("ada"), 1);
    let shown = world.shown(user).await.expect("a record");
    assert_eq!(&shown["binding"]["object"], object, "{shown:#}");
}

fn deletions(world: &World, user: &str) -> Vec<Value> {
    let events = world.jumpcloud.state(|state| state.events());
    let told: Vec<_> = events.into_iter().filter(|event| is_deletion(event, user)).collect();
    assert!(!told.is_empty(), "a deletion is told");
    told
}

fn is_deletion(event: &Value, user: &str) -> bool {
    event["event_type"] == "user_delete" && event["resource"]["id"] == user
}
