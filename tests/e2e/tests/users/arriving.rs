//! P1 to P5, P8, P9, P13, U5: the ways in, and what becomes of names, managers and successors.

use e2e::Setup;
use serde_json::json;
use simulators::{Effect, Fault};

use crate::{codes, enabled, lost, patch, stranger};

/// The answer to one of the two creates is lost.
#[tokio::test]
async fn staged_people_are_enabled_on_activation() {
    let world = Setup::new("arrive-staged").deployed().await;
    let lose = Fault::once("POST /users", Effect::CutAfter).contains("ada@corp.example");
    world.entra.control().add_fault(lose);
    let people = ["ada", "bob"].map(|name| (name, stranger(&world, name)));
    for (_, user) in &people {
        patch(&world, user, json!({ "state": "STAGED", "activated": false }));
        world.set_connected(user, true);
    }
    world.settle().await;
    assert_eq!(lost(&world, "POST /users"), 1);
    for (name, _) in &people {
        assert_eq!((world.accounts(name), enabled(&world, name)), (1, Some(false)), "{name}");
    }
    world.jumpcloud.state(|state| {
        assert!(people.iter().all(|(_, user)| state.activate(user)));
    });
    world.settle().await;
    for (name, _) in &people {
        assert_eq!((world.accounts(name), enabled(&world, name)), (1, Some(true)), "{name}");
    }
    world.prove(0).await;
}

#[tokio::test]
async fn a_renamed_person_keeps_the_account_and_frees_the_name() {
    let world = Setup::new("arrive-rename").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    let object = world.account("ada").expect("an account")["id"].clone();
    world.entra.control().add_fault(Fault::once("PATCH /users/{id}", Effect::CutAfter));
    patch(&world, &ada, json!({ "email": "countess@corp.example", "lastname": "Lovelace" }));
    world.settle().await;
    assert_eq!(lost(&world, "PATCH /users/{id}"), 1);
    let account = world.account("countess").expect("the same account");
    assert_eq!((&account["id"], &account["surname"]), (&object, &json!("Lovelace")));
    // The next of that name gets it.
    world.hire("ada");
    world.settle().await;
    assert_eq!(enabled(&world, "ada"), Some(true));
    world.prove(0).await;
}

/// Deleted and hired again under the same address: the account is inherited, whatever came first.
#[tokio::test]
async fn somebody_created_again_in_jumpcloud_gets_the_account_back() {
    let world = Setup::new("arrive-again").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    let object = world.account("ada").expect("an account")["id"].clone();
    world.jumpcloud.state(|state| state.delete_user(&ada));
    let again = world.hire("ada");
    world.settle().await;
    let account = world.account("ada").expect("an account");
    assert_eq!((&account["id"], &account["accountEnabled"]), (&object, &json!(true)));
    assert_eq!(world.accounts("ada"), 1);
    let shown = world.shown(&again).await.expect("a record");
    assert_eq!(shown["binding"]["object"], object);
    world.prove(0).await;
}

#[tokio::test]
async fn a_manager_who_comes_later_is_set_then() {
    let world = Setup::new("arrive-manager").deployed().await;
    let (ada, boss) = (world.hire("ada"), stranger(&world, "boss"));
    patch(&world, &ada, json!({ "manager": boss }));
    world.settle().await;
    assert_eq!(codes(&world, &ada).await, ["manager_not_bound"]);
    world.set_connected(&boss, true);
    world.settle().await;
    assert_eq!(codes(&world, &ada).await, Vec::<String>::new());
    let id = |name| world.account(name).expect("an account")["id"].as_str().map(str::to_owned);
    let (employee, manager) = (id("ada").expect("an id"), id("boss"));
    assert_eq!(world.entra.state(|state| state.manager(&employee)), manager);
    world.prove(0).await;
}

#[tokio::test]
async fn of_two_people_with_one_upn_the_second_waits_for_the_first() {
    let upn = "domains = [\"corp.example\"]\ndefault_domain = \"corp.example\"";
    let world = Setup::new("arrive-collision").upn(upn).deployed().await;
    let first = world.hire("ada");
    world.settle().await;
    let second = stranger(&world, "ada2");
    patch(&world, &second, json!({ "email": "ada@private.example" }));
    world.set_connected(&second, true);
    world.settle().await;
    assert_eq!(codes(&world, &second).await, ["object_held"]);
    assert_eq!(world.accounts("ada"), 1);
    patch(&world, &first, json!({ "email": "countess@corp.example" }));
    world.settle().await;
    assert_eq!(enabled(&world, "countess"), Some(true));
    assert_eq!(enabled(&world, "ada"), Some(true), "the second got the name");
    assert_eq!(codes(&world, &second).await, Vec::<String>::new());
    world.prove(0).await;
}

#[tokio::test]
async fn an_account_deleted_in_entra_is_restored_and_one_gone_for_good_made_again() {
    let world = Setup::new("arrive-gone").users("on_deleted_in_entra = \"recreate\"").created(1.0);
    let world = world.deployed().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    world.settle().await;
    let id = |name| {
        let account = world.account(name).expect("an account");
        account["id"].as_str().expect("an id").to_owned()
    };
    let (ada_was, bob_was) = (id("ada"), id("bob"));
    // Longer ago than `created`, by the clock of the settled world: both are found gone.
    world.entra.state(|state| {
        state.delete_user(&ada_was);
        state.delete_user(&bob_was);
        assert!(state.purge(&bob_was), "bob is in the deleted items");
    });
    for user in [&ada, &bob] {
        world.line.run(&["sync", "user", user, "--yes"]).await;
    }
    world.settle().await;
    assert_eq!(id("ada"), ada_was, "restored");
    assert_ne!(id("bob"), bob_was, "made again");
    assert_eq!((enabled(&world, "ada"), enabled(&world, "bob")), (Some(true), Some(true)));
    world.prove(0).await;
}
