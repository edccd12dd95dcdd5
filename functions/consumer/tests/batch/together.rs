//! The people of a bulk batch are observed together: how few requests that takes, and that nobody
//! loses anything on the word of a search or a listing.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use simulators::{Effect, Fault};
use store::Store;
use sync_core::ids::{JumpCloudUserId, Subject};
use sync_core::record::{UserRecord, before};
use work_queue::{Cause, Source, WorkItem};

use crate::corp;
use crate::world::{EMPTY, World, bell};

pub(crate) const SEARCH: &str = "POST /api/search/systemusers";
pub(crate) const RECORD: &str = "GET /api/systemusers/{id}";
pub(crate) const TRAVERSAL: &str = "GET /api/v2/users/{id}/applications";
pub(crate) const BATCH: &str = "POST /$batch";
pub(crate) const ACCOUNT: &str = "GET /users/{id}";
const WRITE: &str = "PATCH /users/{id}";

/// The name of the n-th person, counted from 0.
pub(crate) fn name(number: usize) -> String {
    format!("p{number:02}")
}

/// A message of the nightly run, which has found this person in a listing of that time.
pub(crate) fn listed(user: &JumpCloudUserId, at: Timestamp) -> String {
    let item = WorkItem::new(corp(), Subject::User(user.clone()), Cause::of(Source::Reconcile));
    WorkItem { listed_at: Some(at), ..item }.to_json()
}

/// So many people who were synced an hour ago, and journals without a line.
pub(crate) async fn employees(count: usize) -> (World, Vec<JumpCloudUserId>) {
    let world = World::new().await;
    let users: Vec<_> = (0..count).map(|number| world.hire(&name(number))).collect();
    let bodies: Vec<String> = users.iter().map(bell).collect();
    rung(&world, &bodies).await;
    world.advance(3600);
    world.clear_journals();
    (world, users)
}

/// A batch of these messages that is finished as a whole.
pub(crate) async fn rung(world: &World, bodies: &[String]) {
    assert_eq!(handled(world, bodies).await, EMPTY);
}

async fn handled(world: &World, bodies: &[String]) -> String {
    let ids: Vec<String> = (0..bodies.len()).map(|number| number.to_string()).collect();
    let batch: Vec<_> =
        ids.iter().zip(bodies).map(|(id, body)| (id.as_str(), body.as_str())).collect();
    world.answer(&world.consumer(), &batch).await
}

pub(crate) async fn record(world: &World, user: &JumpCloudUserId) -> UserRecord {
    let subject = Subject::User(user.clone());
    world
        .table
        .peek(&corp(), &subject)
        .await
        .unwrap()
        .expect("it was rung")
        .record
        .user()
        .cloned()
        .unwrap()
}

pub(crate) async fn object(world: &World, user: &JumpCloudUserId) -> String {
    record(world, user).await.binding.expect("it is bound").object.to_string()
}

pub(crate) fn enabled(world: &World, name: &str) -> bool {
    let upn = format!("{name}@corp.example");
    let account = world.entra.state(|state| state.user_by_upn(&upn)).expect("an account");
    account["accountEnabled"].as_bool().unwrap()
}

/// The requests that came by themselves, by route.
fn asked(world: &World) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for control in [world.jumpcloud.control(), world.entra.control()] {
        for entry in control.journal().into_iter().filter(|entry| !entry.batch) {
            *asked.entry(entry.route).or_default() += 1;
        }
    }
    asked
}

pub(crate) fn times(world: &World, route: &str) -> usize {
    asked(world).get(route).copied().unwrap_or_default()
}

/// Everybody's department changes in JumpCloud.
pub(crate) fn reorganise(world: &World, users: &[JumpCloudUserId]) {
    world.jumpcloud.state(|state| {
        for user in users {
            state.patch_user(user.as_str(), json!({"department": "Engines"}));
        }
    });
}

pub(crate) fn in_engines(world: &World) -> usize {
    let users = world.entra.state(|state| state.users());
    users.iter().filter(|user| user["department"] == "Engines").count()
}

#[tokio::test]
async fn twenty_who_are_unchanged_cost_one_search_and_one_batch() {
    let (world, users) = employees(20).await;
    let now = world.clock.now();
    let bodies: Vec<String> = users.iter().map(|user| listed(user, now)).collect();
    rung(&world, &bodies).await;
    let expected = [
        (SEARCH, 1),
        ("POST /{tenant}/oauth2/v2.0/token", 1),
        ("GET /organization", 1),
        ("GET /domains", 1),
        (BATCH, 1),
    ];
    assert_eq!(asked(&world), expected.map(|(route, times)| (route.to_owned(), times)).into());
    assert_eq!(world.entra.control().counts()[ACCOUNT], 20);
    // They are covered as of the listing and no later.
    world.advance(60);
    let later = before(world.clock.now(), Duration::from_secs(1));
    let bodies: Vec<String> = users.iter().map(|user| listed(user, later)).collect();
    rung(&world, &bodies).await;
    for user in &users {
        assert_eq!(record(&world, user).await.upkeep.covered, Some(later));
    }
}

#[tokio::test]
async fn without_a_listing_each_is_traversed_and_nothing_else() {
    let (world, users) = employees(20).await;
    let old = before(world.clock.now(), Duration::from_secs(30 * 60 + 1));
    let bodies: Vec<String> = users[..10]
        .iter()
        .map(bell)
        .chain(users[10..].iter().map(|user| listed(user, old)))
        .collect();
    rung(&world, &bodies).await;
    assert_eq!(
        (times(&world, SEARCH), times(&world, TRAVERSAL), times(&world, RECORD)),
        (1, 20, 0)
    );
    assert_eq!((times(&world, BATCH), times(&world, ACCOUNT)), (1, 0));
}

#[tokio::test]
async fn people_who_are_new_are_looked_up_together_and_created_each() {
    let world = World::new().await;
    let users: Vec<_> = (0..20).map(|number| world.hire(&name(number))).collect();
    let now = world.clock.now();
    let bodies: Vec<String> = users.iter().map(|user| listed(user, now)).collect();
    rung(&world, &bodies).await;
    assert_eq!(
        (times(&world, SEARCH), times(&world, BATCH), times(&world, "GET /users")),
        (1, 1, 0)
    );
    assert_eq!(times(&world, "POST /users"), 20);
    assert!((0..20).all(|number| enabled(&world, &name(number))));
}

#[tokio::test]
async fn more_than_twenty_are_several_groups() {
    let (world, users) = employees(20).await;
    let more: Vec<_> = (20..45).map(|number| world.hire(&name(number))).collect();
    let bodies: Vec<String> = users.iter().chain(&more).map(bell).collect();
    rung(&world, &bodies).await;
    assert_eq!((times(&world, SEARCH), times(&world, BATCH)), (3, 3));
    assert_eq!(world.entra.state(|state| state.users().len()), 45);
}

#[tokio::test]
async fn one_alone_is_read_as_ever() {
    let (world, users) = employees(1).await;
    rung(&world, &[bell(&users[0])]).await;
    assert_eq!((times(&world, SEARCH), times(&world, BATCH)), (0, 0));
    assert_eq!(
        (times(&world, RECORD), times(&world, TRAVERSAL), times(&world, ACCOUNT)),
        (1, 1, 1)
    );
    // With a listing, the traversal is spared.
    world.clear_journals();
    world.advance(60);
    rung(&world, &[listed(&users[0], world.clock.now())]).await;
    assert_eq!(
        (times(&world, RECORD), times(&world, TRAVERSAL), times(&world, ACCOUNT)),
        (1, 0, 1)
    );
}

#[tokio::test]
async fn who_is_missing_from_the_search_is_read_by_himself() {
    let (world, users) = employees(5).await;
    reorganise(&world, &users);
    world.jumpcloud.control().add_fault(Fault::once(SEARCH, Effect::DropRow { n: 2 }));
    let bodies: Vec<String> = users.iter().map(bell).collect();
    rung(&world, &bodies).await;
    assert_eq!((times(&world, SEARCH), times(&world, RECORD)), (1, 1));
    assert_eq!(world.users_read(), [users[2].as_str()]);
    assert_eq!((times(&world, BATCH), times(&world, ACCOUNT)), (1, 0));
    assert_eq!(in_engines(&world), 5);
}

#[tokio::test]
async fn who_was_deleted_is_missing_and_stays_undecided_without_evidence() {
    let (world, users) = employees(3).await;
    let now = world.clock.now();
    world.jumpcloud.state(|state| state.delete_user(users[0].as_str()));
    let bodies: Vec<String> = users.iter().map(|user| listed(user, now)).collect();
    rung(&world, &bodies).await;
    assert!(enabled(&world, &name(0)));
    assert_eq!(world.users_read(), [users[0].as_str()]);
    let findings = record(&world, &users[0]).await.upkeep.findings;
    assert_eq!(findings[0].code.as_str(), "deletion_undecided");
}

#[tokio::test]
async fn p6_whoever_would_be_switched_off_is_read_directly() {
    let (world, users) = employees(4).await;
    let now = world.clock.now();
    world.jumpcloud.state(|state| state.suspend(users[0].as_str()));
    world.disconnect(&users[1]);
    let bodies: Vec<String> =
        [listed(&users[0], now), bell(&users[1]), bell(&users[2]), listed(&users[3], now)].into();
    rung(&world, &bodies).await;
    let on: Vec<bool> = (0..4).map(|number| enabled(&world, &name(number))).collect();
    assert_eq!(on, [false, false, true, true]);
    assert_eq!((times(&world, SEARCH), times(&world, RECORD)), (1, 2));
    let read: std::collections::BTreeSet<String> = world.users_read().into_iter().collect();
    assert_eq!(read, [users[0].to_string(), users[1].to_string()].into());
}

#[tokio::test]
async fn p6_a_search_that_goes_back_in_time_switches_nobody_off_or_on() {
    let (world, users) = employees(2).await;
    let bodies: Vec<String> = users.iter().map(bell).collect();
    let stale = || {
        let effect = Effect::Stale { for_ms: 50_000 };
        world.jumpcloud.control().add_fault(Fault::once(SEARCH, effect));
    };
    // Suspended for a moment: the search still says so.
    world.jumpcloud.state(|state| state.suspend(users[0].as_str()));
    world.advance(40);
    world.jumpcloud.state(|state| state.unsuspend(users[0].as_str()));
    world.advance(40);
    stale();
    rung(&world, &bodies).await;
    assert_eq!(times(&world, RECORD), 1);
    assert!(enabled(&world, &name(0)));
    assert_eq!(times(&world, WRITE), 0);
    // Suspended for good and switched off: the search does not know it yet.
    world.advance(60);
    world.jumpcloud.state(|state| state.suspend(users[0].as_str()));
    rung(&world, &bodies).await;
    assert!(!enabled(&world, &name(0)));
    world.advance(40);
    world.clear_journals();
    stale();
    rung(&world, &bodies).await;
    assert_eq!(times(&world, RECORD), 1);
    assert!(!enabled(&world, &name(0)));
    assert_eq!(times(&world, WRITE), 0);
}

/// Adopted while off: no write of ours says so, and she is off by us all the same.
#[tokio::test]
async fn p15_a_search_that_goes_back_in_time_switches_on_nobody_who_was_adopted_while_off() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    world.entra.state(|state| {
        state.add_user(json!({
            "userPrincipalName": "ada@corp.example", "displayName": "ada Example",
            "accountEnabled": false, "userType": "Member",
        }))
    });
    rung(&world, &[bell(&bob)]).await;
    world.advance(60);
    world.jumpcloud.state(|state| state.suspend(ada.as_str()));
    rung(&world, &[bell(&ada)]).await;
    let adopted = record(&world, &ada).await;
    assert!(adopted.binding.expect("adopted").disabled_by_us && adopted.decided.is_none());
    world.advance(40);
    world.clear_journals();
    let stale = Effect::Stale { for_ms: 50_000 };
    world.jumpcloud.control().add_fault(Fault::once(SEARCH, stale));
    rung(&world, &[bell(&ada), bell(&bob)]).await;
    assert_eq!((times(&world, SEARCH), times(&world, RECORD)), (1, 1));
    assert!(!enabled(&world, "ada"));
}

#[tokio::test]
async fn a_listing_is_no_evidence_once_the_record_was_read_later() {
    let world = World::new().await;
    let (ada, bob) = (world.hire("ada"), world.hire("bob"));
    let listing = world.clock.now();
    world.advance(60);
    world.disconnect(&ada);
    rung(&world, &[bell(&ada)]).await;
    world.advance(60);
    rung(&world, &[listed(&ada, listing), listed(&bob, listing)]).await;
    assert!(!world.has("ada"));
    assert!(world.has("bob"));
}

#[tokio::test]
async fn an_event_after_the_listing_is_not_covered_by_it() {
    let (world, users) = employees(2).await;
    let listing = world.clock.now();
    world.advance(600);
    // Nobody has heard of it.
    world.disconnect(&users[0]);
    let at = world.clock.now();
    world.advance(600);
    let bodies: Vec<String> = users.iter().map(|user| listed(user, listing)).collect();
    rung(&world, &bodies).await;
    assert!(enabled(&world, &name(0)), "a listing is evidence for 30 minutes");
    // The poll has: its copy of the event is no news only if the read lay after it.
    let mut item =
        WorkItem::new(corp(), Subject::User(users[0].clone()), Cause::of(Source::Insights));
    item.cause.event_type = Some("association_change".to_owned());
    item.cause.at = Some(at);
    rung(&world, &[item.to_json()]).await;
    assert!(!enabled(&world, &name(0)));
}

#[tokio::test]
async fn whoever_else_rang_may_know_more_than_a_listing() {
    let (world, users) = employees(2).await;
    let listing = world.clock.now();
    world.advance(60);
    world.disconnect(&users[0]);
    let both = [listed(&users[0], listing), bell(&users[0]), listed(&users[1], listing)];
    rung(&world, &both).await;
    assert!(!enabled(&world, &name(0)));
    assert!(enabled(&world, &name(1)));
}
