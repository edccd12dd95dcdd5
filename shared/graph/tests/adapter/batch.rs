//! Several people read in one request: each answer stands for itself, whatever the others are.

use std::time::Duration;

use graph::{Read, Wanted};
use serde_json::{Value as Json, json};
use simulators::{Effect, Fault};
use sync_core::observed::EntraUser;

use crate::world::*;

const BATCH: &str = "POST /$batch";
const USER: &str = "GET /users/{id}";
const USERS: &str = "GET /users";

fn by_id(id: &str) -> Wanted {
    Wanted::Object(object(id))
}

fn by_upn(text: &str) -> Wanted {
    Wanted::Upn(upn(text))
}

/// A tenant with so many more people, and their ids.
async fn crowd(people: usize) -> (World, Vec<String>) {
    let world = World::new().await;
    let ids = world.sim.state(|tenant| {
        let add = |number| {
            tenant.add_user(json!({
                "userPrincipalName": format!("p{number}@corp.example"),
                "displayName": format!("P {number}"), "mailNickname": format!("p{number}"),
            }))
        };
        (0..people).map(add).collect()
    });
    (world, ids)
}

fn found(read: Read) -> EntraUser {
    read.unwrap().value.expect("the user is there")
}

/// What became of each read: the local part of the UPN, `-` for nobody, or the error.
fn told(reads: Vec<Read>) -> Vec<String> {
    let told = |read: Read| match read {
        Ok(read) => read.value.map_or("-".to_owned(), |user| user.upn.local_part().to_owned()),
        error => judged(error),
    };
    reads.into_iter().map(told).collect()
}

#[tokio::test]
async fn twenty_are_read_in_one_request_as_they_are_read_one_by_one() {
    let (world, ids) = crowd(17).await;
    world.sim.state(|tenant| {
        tenant.patch_user(ADA, json!({"accountEnabled": false, "businessPhones": ["+44 1"]}));
        tenant.set_manager(ADA, Some(BOB));
        tenant.patch_user(&ids[0], json!({"userPrincipalName": "o'hara+x@corp.example"}));
    });
    world.control().advance(Duration::from_secs(3));
    let mut wanted: Vec<Wanted> = ids.iter().map(|id| by_id(id)).collect();
    wanted.extend([by_upn("ada@corp.example"), by_upn("o'hara+x@corp.example"), by_id(ADA)]);
    let reads = world.client.read_users(&wanted).await.unwrap();
    assert_eq!((reads.len(), world.count(BATCH)), (20, 1));
    let journal = world.control().journal();
    assert_eq!(journal.iter().filter(|entry| entry.batch).count(), 20);
    for (wanted, read) in wanted.iter().zip(reads) {
        assert_eq!(read.as_ref().unwrap().date, now() + Duration::from_secs(3));
        let alone = match wanted {
            Wanted::Object(id) => world.client.user(id).await.unwrap(),
            Wanted::Upn(upn) => world.client.user_by_upn(upn).await.unwrap().value,
        };
        assert_eq!(Some(found(read)), alone, "{wanted:?}");
    }
}

#[tokio::test]
async fn more_than_twenty_are_several_requests_and_nobody_is_none() {
    let (world, ids) = crowd(45).await;
    let wanted: Vec<Wanted> = ids.iter().map(|id| by_id(id)).collect();
    let reads = world.client.read_users(&wanted).await.unwrap();
    let order = reads.into_iter().map(|read| found(read).id.to_string());
    assert_eq!(order.collect::<Vec<_>>(), ids);
    assert_eq!(world.count(BATCH), 3);
    assert!(world.client.read_users(&[]).await.unwrap().is_empty());
    assert_eq!(world.count(BATCH), 3);
}

#[tokio::test]
async fn each_answer_is_judged_by_itself() {
    let (world, ids) = crowd(4).await;
    let waiting = Effect::Status { status: 429, retry_after: Some("7".to_owned()), body: None };
    for (id, effect) in [(&ids[0], waiting), (&ids[1], status(503)), (&ids[2], Effect::Html)] {
        world.control().add_fault(Fault::once(USER, effect).contains(id));
    }
    let odd = answer(404, json!("<html>"));
    world.control().add_fault(Fault::once(USER, odd).contains(&ids[3]));
    let mut wanted: Vec<Wanted> = ids.iter().map(|id| by_id(id)).collect();
    wanted.extend([
        by_id(ADA),
        Wanted::Object(nobody()),
        by_upn("nobody@corp.example"),
        by_upn("bob@corp.example"),
    ]);
    let reads = world.client.read_users(&wanted).await.unwrap();
    let expected = [
        "throttled RetryAfter(7s)",
        "passing Retry",
        "passing Retry",
        "passing Retry",
        "ada",
        "-",
        "-",
        "bob",
    ];
    assert_eq!(told(reads), expected);
    assert_eq!(world.count(BATCH), 1, "nothing is tried again");
}

#[tokio::test]
async fn a_lost_answer_is_a_retry_of_its_own() {
    let world = World::new().await;
    let wanted = [by_id(ADA), by_id(BOB)];
    // The second answer is there, of a shape that the first one lacks.
    let bob = json!({"id": "1", "status": 200, "body": world.sim.state(|t| t.user(BOB)).unwrap()});
    let broken: [Json; 4] = [
        json!([bob]),
        json!([{"id": "7", "status": 200, "body": {}}, bob]),
        json!([{"id": "0", "status": 200}, bob]),
        json!([{"id": "0", "status": 200, "body": {"id": "x"}}, bob]),
    ];
    for responses in broken {
        world.fault(BATCH, answer(200, json!({"responses": responses})));
        let reads = world.client.read_users(&wanted).await.unwrap();
        assert_eq!(told(reads), ["shape Retry", "bob"], "{responses}");
    }
}

#[tokio::test]
async fn an_error_of_the_envelope_is_everybodys_and_leaves_nothing_open() {
    let world = World::new().await;
    for (effect, expected) in [
        (status(429), "throttled Retry"),
        (status(503), "passing Retry"),
        (status(400), "refused Fail"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutAfter, "transport Retry"),
        (answer(200, json!({"value": []})), "shape Retry"),
    ] {
        world.fault(BATCH, effect.clone());
        let read = world.client.read_users(&[by_id(ADA), by_id(BOB)]).await;
        assert_eq!(judged(read), expected, "{effect:?}");
    }
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_again_once_inside_and_outside() {
    let wanted = [by_id(ADA), by_id(BOB)];
    for route in [BATCH, USER] {
        let world = World::new().await;
        world.fault(route, status(401));
        let reads = world.client.read_users(&wanted).await.unwrap();
        assert_eq!(told(reads), ["ada", "bob"], "{route}");
        assert_eq!(world.count(BATCH), 2);

        world.control().add_fault(Fault::new(USER, status(401)).contains(ADA));
        let reads = world.client.read_users(&wanted).await.unwrap();
        assert_eq!(told(reads), ["token_refused Fail stops", "bob"]);
        assert_eq!(world.count(BATCH), 4);
    }
}

#[tokio::test]
async fn a_lookup_whose_listing_goes_on_is_read_by_itself() {
    let world = World::new().await;
    let next = format!("{}/users?$skiptoken=x", world.sim.graph_url());
    let page = json!({"value": [], "@odata.nextLink": next});
    world.fault(USERS, answer(200, page));
    let reads = world.client.read_users(&[by_upn("ada@corp.example"), by_id(BOB)]).await.unwrap();
    assert_eq!(told(reads), ["ada", "bob"]);
    assert_eq!(world.count(USERS), 2);
}

#[tokio::test]
async fn two_users_of_one_upn_are_no_answer() {
    let world = World::new().await;
    let ada = world.sim.state(|tenant| tenant.user(ADA)).unwrap();
    world.fault(USERS, answer(200, json!({"value": [ada.clone(), ada]})));
    let reads = world.client.read_users(&[by_upn("ada@corp.example"), by_id(BOB)]).await.unwrap();
    assert_eq!(told(reads), ["shape Retry", "bob"]);
}
