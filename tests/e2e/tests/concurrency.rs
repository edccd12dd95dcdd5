//! Many consumers at once on the same people, fed from both queues in random order with repeats,
//! while JumpCloud goes on changing: there is never a second account for anybody, and what is in
//! Entra in the end is what JumpCloud says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use e2e::events::user_item;
use e2e::{Feed, Function, Lane, Setup, World};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use simulators::{Effect, Fault};

/// Who feeds which consumer: more of them than this machine has cores.
const LANES: [Lane; 6] =
    [Lane::Events, Lane::Bulk, Lane::Events, Lane::Bulk, Lane::Events, Lane::Events];
const PEOPLE: usize = 16;
const ROUNDS: usize = 10;
const DEPARTMENTS: [&str; 4] = ["R&D", "Sales", "Finance", "Logistics"];

/// A lane and a message for it.
type Sent = (Lane, String);

#[tokio::test]
async fn people_under_everybodys_hands_end_as_jumpcloud_says() {
    crowd(1).await;
}

#[tokio::test]
async fn another_story_ends_as_jumpcloud_says_too() {
    crowd(2).await;
}

/// Tells the story of this seed.
async fn crowd(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let world = Setup::new(&format!("crowd-{seed}")).apart().await;
    let people: Vec<String> = (0..PEOPLE).map(|n| world.hire(&format!("person{n:02}"))).collect();
    // Some are there already, and are adopted while others are created.
    for n in (0..PEOPLE).step_by(4) {
        let upn = format!("person{n:02}@corp.example");
        let account = json!({ "userPrincipalName": upn, "displayName": "x", "mailNickname": "x" });
        world.entra.state(|state| state.add_user(account));
    }
    unreliable(&world);

    let (mut consumers, mut feeds) = (Vec::new(), Vec::new());
    for lane in LANES {
        let consumer = Arc::new(world.function("consumer").await);
        consumers.push(consumer.clone());
        feeds.push(Feed::start(&world.place, lane, consumer));
    }
    let mut told = 0;
    let mut held_back = Vec::new();
    for _ in 0..ROUNDS {
        change(&world, &people, &mut random);
        let mut messages = heard(&world, &mut told, &mut random);
        messages.append(&mut held_back);
        messages.shuffle(&mut random);
        // Some come only after what is younger.
        held_back = messages.split_off(messages.len() - messages.len() / 5);
        send(&world, messages).await;
        // The next changes meet work that is half done, however fast this machine is.
        let seen = world.jumpcloud.control().journal().len();
        let at_work = || world.jumpcloud.control().journal().len() >= seen + 3;
        e2e::until("the consumers to be at work", at_work).await;
    }
    send(&world, held_back).await;
    world.settle().await;
    drop(feeds);
    let met = |consumer: &Arc<Function>| consumer.log().contains(r#""outcome":"word_left""#);
    assert!(consumers.iter().any(met), "the consumers never met, so this proves nothing");

    assert_eq!(accounts(&world), wanted(&world, &people));
    world.prove(0).await;
    let creates = world.writes().into_iter().filter(|write| write.route == "POST /users");
    let mut created: Vec<String> = creates
        .map(|write| text(&write.body.expect("a create has a body")["userPrincipalName"]))
        .collect();
    created.sort();
    let all = created.clone();
    created.dedup();
    assert_eq!(created, all, "nobody was created twice, nor was it tried");

    let mut objects = BTreeSet::new();
    for (n, person) in people.iter().enumerate() {
        let shown = world.shown(person).await.expect("a record");
        let Some(object) = shown["binding"]["object"].as_str() else { continue };
        assert!(objects.insert(object.to_owned()), "{object} belongs to two");
        let origin = if n % 4 == 0 { "adopted" } else { "created" };
        assert_eq!(shown["binding"]["origin"], origin, "{shown:#}");
    }
    let accounts = world.entra.state(|state| state.users());
    assert_eq!(accounts.len(), objects.len(), "every account is somebody's: {accounts:#?}");
}

/// Both vendors answer late, stale or not at all from time to time.
fn unreliable(world: &World) {
    // JumpCloud's answers may go back in time by less than `settle`.
    for skip in [3, 9, 20, 33] {
        let stale = Effect::Stale { for_ms: 900 };
        let control = world.jumpcloud.control();
        control.add_fault(Fault::once("GET /api/systemusers/{id}", stale.clone()).skip(skip));
        control.add_fault(Fault::once("GET /api/v2/users/{id}/applications", stale).skip(skip + 1));
    }
    let control = world.entra.control();
    control.add_fault(Fault::once("POST /users", Effect::CutAfter).skip(1));
    control.add_fault(Fault::once("PATCH /users/{id}", Effect::CutAfter).skip(4));
    control.add_fault(Fault::once("PATCH /users/{id}", Effect::Delay { ms: 700 }).skip(2));
    control.add_fault(Fault::once("POST /users", Effect::Delay { ms: 700 }).skip(2));
}

/// Something happens to half of the people.
fn change(world: &World, people: &[String], random: &mut StdRng) {
    for person in people.sample(random, PEOPLE / 2) {
        let department = DEPARTMENTS.choose(random).expect("there are departments");
        let what = random.random_range(0..6);
        world.jumpcloud.state(|state| match what {
            0 | 1 => state.suspend(person),
            2 | 3 => state.unsuspend(person),
            _ => state.patch_user(person, json!({ "department": department })),
        });
    }
    // Leaving and coming back by the connection alone.
    let person = people.choose(random).expect("there are people");
    world.set_connected(person, random.random_bool(0.5));
}

/// What has happened since the last time, as messages on either queue, one to three times each.
fn heard(world: &World, told: &mut usize, random: &mut StdRng) -> Vec<Sent> {
    let events = world.jumpcloud.state(|state| state.events());
    let mut messages = Vec::new();
    for event in events.iter().skip(*told) {
        let at = event["timestamp"].as_str().and_then(|at| at.parse().ok());
        let at = at.expect("an event has a time");
        let kind = event["event_type"].as_str().expect("an event has a type");
        let Some(user) = subject(event) else { continue };
        let item = user_item(&world.directory, user, kind, at).to_string();
        for _ in 0..random.random_range(1..=3) {
            let lane = *[Lane::Events, Lane::Bulk].choose(random).expect("there are two");
            messages.push((lane, item.clone()));
        }
    }
    *told = events.len();
    messages
}

/// Whom an event is about.
fn subject(event: &Value) -> Option<&str> {
    let ends = &event["association"]["connection"];
    let end = ["from", "to"].map(|end| &ends[end]).into_iter().find(|end| end["type"] == "user");
    end.map_or(&event["resource"]["id"], |end| &end["object_id"]).as_str()
}

async fn send(world: &World, messages: Vec<Sent>) {
    for lane in [Lane::Events, Lane::Bulk] {
        let of_lane = messages.iter().filter(|(of, _)| *of == lane);
        let bodies: Vec<String> = of_lane.map(|(_, body)| body.clone()).collect();
        world.place.put(lane.of(&world.place), &bodies).await;
    }
}

/// Who may sign in, and where they work, as JumpCloud says.
///
/// Somebody who never was to sign in has no account, and nobody keeps one up to date that is off
/// because its owner left: neither is here.
fn wanted(world: &World, people: &[String]) -> BTreeMap<String, String> {
    world.jumpcloud.state(|state| {
        let connected = state.connected(World::APPLICATION);
        let people = people.iter().filter(|id| connected.contains(id));
        let people = people.filter_map(|id| state.user(id));
        let active = people.filter(|user| user["state"] == "ACTIVATED");
        active.map(|user| (text(&user["email"]), text(&user["department"]))).collect()
    })
}

/// The same as Entra says.
fn accounts(world: &World) -> BTreeMap<String, String> {
    let users = world.entra.state(|state| state.users()).into_iter();
    let enabled = users.filter(|user| user["accountEnabled"] == true);
    enabled.map(|user| (text(&user["userPrincipalName"]), text(&user["department"]))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn one_event_for_many_consumers_is_one_create() {
    let world = Setup::new("one-event").apart().await;
    let ada = world.hire("ada");
    let message = e2e::events::batch([("m1", world.item(&ada, "user_create"))]);
    let mut consumers = Vec::new();
    for _ in 0..5 {
        consumers.push(world.function("consumer").await);
    }
    // The first to come is still at it when the others do.
    let slow = Effect::Delay { ms: 1500 };
    world.jumpcloud.control().add_fault(Fault::once("GET /api/systemusers/{id}", slow));
    let left = Duration::from_secs(30);
    let first = consumers[0].begin(&message, left);
    let reads = || !world.jumpcloud.control().journal().is_empty();
    e2e::until("the first consumer to be at work", reads).await;
    for consumer in &consumers[1..] {
        let answer = consumer.invoke(&message, left).await.response();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#, "word is left, and that is all");
    }
    assert_eq!(first.answer().await.response(), r#"{"batchItemFailures":[]}"#);
    let creates = world.writes();
    assert_eq!(creates.len(), 1, "{creates:#?}");
    world.prove(0).await;
}
