//! R10 to R12: intents, young objects, what a new binding owes.

use serde_json::json;
use simulators::{Effect, Fault};
use store::{AuditQuery, Store};
use sync_core::audit::AuditKind;
use sync_engine::Outcome;

use crate::gate::Stop;
use crate::world::World;

const LOOKUP: &str = "GET /users";
const CREATE: &str = "POST /users";

/// The next lookups do not see what was created within these seconds.
fn lookups_lag(world: &World, times: u32, seconds: u64) {
    let stale = Effect::Stale { for_ms: seconds * 1000 };
    world.entra_fault(Fault::new(LOOKUP, stale).times(times));
}

/// An open intent counts as a binding: its object is found and switched off when it appears.
#[tokio::test]
async fn r10_an_object_whose_creator_crashed_is_still_ours() {
    let mut world = World::new().await;
    let ada = world.hire("ada");
    world.advance(2);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.advance(2);
    let event = world.events().remove(0);
    world.next_read_is_stale(3);
    // The intent is the first record, the binding the second.
    let mut creator = world.worker(&event, &[Stop::Before("record", 2)]);
    creator.reached().await;
    creator.crash().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.advance(60);
    lookups_lag(&world, 2, 120);
    world.catch_up().await;
    world.drain().await;
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(false), "a suspended person's account stayed open");
    world.at_rest(&ada).await;
}

/// An intent is extended, never replaced: with "disabled" among its states the object is ours to enable.
#[tokio::test]
async fn r10_the_states_meant_by_an_intent_add_up() {
    let mut world = World::new().await;
    let ada = world.hire("ada");
    world.jumpcloud.state(|state| state.patch_user(ada.as_str(), json!({"state": "STAGED"})));
    world.advance(2);
    world.jumpcloud.state(|state| state.activate(ada.as_str()));
    world.advance(2);
    let event = world.events().remove(0);
    world.next_read_is_stale(3);
    let mut staged = world.worker(&event, &[Stop::Before("record", 2)]);
    staged.reached().await;
    assert_eq!(world.enabled("ada"), Some(false));
    // The holder is slow; another reads her as active and does not see the object yet.
    world.advance(25);
    lookups_lag(&world, 1, 60);
    assert!(matches!(world.work(&event).await, Outcome::Synced(r) if r.trouble.is_some()));
    staged.go_on().await.unwrap_err();
    world.settle().await;
    assert_eq!(world.accounts(), 1);
    assert_eq!(world.enabled("ada"), Some(true), "our own write was taken for somebody else's");
    world.at_rest(&ada).await;
}

/// While an intent is open the lookup uses its UPN, and no creation goes out under another.
#[tokio::test]
async fn r10_no_creation_under_another_upn_while_an_intent_is_open() {
    let mut world = World::new().await;
    let ada = world.hire("ada");
    world.advance(2);
    world
        .jumpcloud
        .state(|state| state.patch_user(ada.as_str(), json!({"email": "ada.new@corp.example"})));
    world.advance(2);
    let event = world.events().remove(0);
    world.next_read_is_stale(3);
    let mut old = world.worker(&event, &[Stop::Before("record", 2)]);
    old.reached().await;
    world.advance(25);
    lookups_lag(&world, 1, 60);
    world.work(&event).await;
    assert_eq!(world.accounts(), 1, "two objects for one person");
    old.go_on().await.unwrap_err();
    world.settle().await;
    assert_eq!(world.accounts(), 1);
    assert_eq!(world.enabled("ada"), None);
    assert_eq!(world.enabled("ada.new"), Some(true));
    world.at_rest(&ada).await;
}

/// An intent ends when a lookup finds nothing after its time: then the creation is made again.
#[tokio::test]
async fn r10_an_intent_whose_creation_never_arrived_ends() {
    let mut world = World::new().await;
    let ada = world.hire("ada");
    let event = world.events().remove(0);
    world.entra_fault(Fault::once(CREATE, Effect::CutBefore));
    let mut creator = world.worker(&event, &[Stop::Before("commit", 1)]);
    creator.reached().await;
    creator.crash().await;
    assert_eq!(world.accounts(), 0);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(world.accounts(), 0);
    assert_eq!(world.record(&ada).await.intent, None);
    world.jumpcloud.state(|state| state.unsuspend(ada.as_str()));
    world.deliver();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.at_rest(&ada).await;
}

/// A young object that answers 404 is not gone: the deactivation waits for it.
#[tokio::test]
async fn r11_a_young_404_is_never_gone() {
    let mut world = World::new().await;
    let ada = world.hire("ada");
    world.deliver();
    world.drain().await;
    assert_eq!(world.enabled("ada"), Some(true));
    world.advance(60);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    world.entra_fault(Fault::new("GET /users/{id}", Effect::Stale { for_ms: 600_000 }));
    world.deliver();
    // Longer than any second look, and shorter than a new object may take.
    world.live(5, 40).await;
    assert_eq!(world.enabled("ada"), Some(true), "nothing could be written yet");
    world.entra.control().clear_faults();
    world.settle().await;
    assert_eq!(world.enabled("ada"), Some(false));
    world.at_rest(&ada).await;
}

/// Whoever syncs next pays what a new binding owes: its followers and its audit event.
#[tokio::test]
async fn r12_what_a_new_binding_owes_is_paid_by_whoever_syncs_next() {
    let mut world = World::new().await;
    let bob = world.employee("bob").await;
    let ada = world.hire("ada");
    world.jumpcloud.state(|state| state.patch_user(bob.as_str(), json!({"manager": ada.as_str()})));
    let events = world.events();
    let of = |user: &sync_core::ids::JumpCloudUserId| {
        let subject = sync_core::ids::Subject::User(user.clone());
        events.iter().find(|event| event.subject == subject).unwrap()
    };
    // Bob's manager is not bound yet: he waits.
    world.work(of(&bob)).await;
    assert_eq!(world.waiters(&ada).await, 1);
    let mut creator = world.worker(of(&ada), &[Stop::After("record", 2)]);
    creator.reached().await;
    creator.crash().await;
    world.advance(21);
    world.catch_up().await;
    world.drain().await;
    let (ada_object, bob_object) = (world.object(&ada).await, world.object(&bob).await);
    assert_eq!(world.entra.state(|state| state.manager(&bob_object)), Some(ada_object));
    let query = AuditQuery {
        subject: Some(sync_core::ids::Subject::User(ada.clone())),
        limit: 100,
        ..AuditQuery::default()
    };
    let told = world.table.audit(&world.directory.id, &query, world.clock.now()).await.unwrap();
    let creations = told.iter().filter(|event| event.kind == AuditKind::Create).count();
    assert_eq!(creations, 1);
    world.at_rest(&ada).await;
    world.at_rest(&bob).await;
}
