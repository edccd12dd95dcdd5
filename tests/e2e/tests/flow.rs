//! The whole way on what the template deploys: HTTP to ingest, through the queue to the consumer,
//! to Entra and into the table.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::events::batch;
use e2e::{Proxy, Setup, World, post};
use serde_json::{Value, json};
use simulators::{Control, Entry};

/// What a change may cost before it is written, and in the table (design section 12).
const JUMPCLOUD_READS: usize = 4;
const GRAPH_REQUESTS: usize = 3;
const TABLE_REQUESTS: usize = 10;

#[tokio::test]
async fn a_person_comes_changes_goes_and_comes_back() {
    let world = Setup::new("flow-life").deployed().await;
    let ada = world.hire("ada");
    world.settle().await;
    let account = world.account("ada").expect("she was created");
    assert_eq!((&account["accountEnabled"], &account["department"]), (&json!(true), &json!("R&D")));
    let object = account["id"].clone();

    let moved = json!({ "department": "Sales", "lastname": "Lovelace" });
    world.jumpcloud.state(|state| state.patch_user(&ada, moved));
    world.settle().await;
    let account = world.account("ada").expect("she is still there");
    assert_eq!(
        (&account["department"], &account["surname"]),
        (&json!("Sales"), &json!("Lovelace"))
    );

    world.jumpcloud.state(|state| state.suspend(&ada));
    world.settle().await;
    assert_eq!(world.account("ada").expect("nothing is deleted")["accountEnabled"], false);
    assert_eq!(world.entra.control().counts()["POST /users/{id}/revokeSignInSessions"], 1);

    world.jumpcloud.state(|state| state.unsuspend(&ada));
    world.settle().await;
    let account = world.account("ada").expect("she is back");
    assert_eq!((&account["accountEnabled"], &account["id"]), (&json!(true), &object));

    world.set_connected(&ada, false);
    world.settle().await;
    assert_eq!(world.account("ada").expect("nothing is deleted")["accountEnabled"], false);
    world.set_connected(&ada, true);
    world.settle().await;
    assert_eq!(world.account("ada").expect("she is back")["accountEnabled"], true);

    world.jumpcloud.state(|state| state.delete_user(&ada));
    world.settle().await;
    assert_eq!(world.account("ada").expect("nothing is deleted")["accountEnabled"], false);
    world.prove(0).await;

    let events = world.line.run(&["events", "--json"]).await;
    let kinds: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an event a line"))
        .map(|event| event["event_type"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "user_create_provision",
            "user_update_provision",
            "user_deprovision",
            "user_enable_provision",
            "user_deprovision",
            "user_enable_provision",
            "user_deprovision",
        ]
    );
}

#[tokio::test]
async fn somebody_who_is_there_already_is_adopted() {
    let world = Setup::new("flow-adopt").deployed().await;
    let object = world.entra.state(|state| {
        state.add_user(json!({
            "userPrincipalName": "Ada@corp.example", "displayName": "A. L.", "mailNickname": "ada",
            "jobTitle": "Countess",
        }))
    });
    let ada = world.hire("ada");
    world.settle().await;
    let shown = world.shown(&ada).await.expect("a record");
    assert_eq!(shown["binding"]["origin"], "adopted", "{shown:#}");
    assert_eq!(shown["binding"]["object"], json!(object));
    let account = world.account("ada").expect("she was there");
    assert_eq!(account["department"], "R&D");
    assert_eq!(account["jobTitle"], "Countess", "what JumpCloud does not know stays");
    assert!(world.writes().iter().all(|write| write.route != "POST /users"));
    world.prove(0).await;
}

#[tokio::test]
async fn a_second_delivery_of_the_whole_company_changes_nothing() {
    let world = Setup::new("flow-company").sample_company().deployed().await;
    let events = world.jumpcloud.state(|state| {
        // They are delivered here, many in a body: one by one takes the stand-in long.
        state.set_webhook(None);
        state.announce();
        state.events()
    });
    assert!(events.len() > 100, "there is a company: {}", events.len());
    deliver(&world, &events).await;
    let created = world.writes().iter().filter(|write| write.status == 201).count();
    assert!(created > 40, "the company was synced: {created}");

    let deliver_again = async || {
        for control in [world.jumpcloud.control(), world.entra.control()] {
            control.clear_journal();
        }
        deliver(&world, &events).await;
    };
    deliver_again().await;
    assert_eq!(world.writes(), []);
    // By now whoever had no look after the settle time has had one.
    deliver_again().await;
    for control in [world.jumpcloud.control(), world.entra.control()] {
        assert_eq!(control.counts(), BTreeMap::new(), "what is covered costs no vendor anything");
    }
    world.prove(0).await;
}

/// Posts these events as somebody would who gathers them, and waits until all is done.
async fn deliver(world: &World, events: &[Value]) {
    let url = format!("{}{}", world.api(), world.events_path());
    let authorized = format!("Bearer {}", World::TOKEN);
    for part in events.chunks(10) {
        let (status, answer) = post(&url, &authorized, &json!(part).to_string()).await;
        assert_eq!(status, 202, "{answer}");
    }
    world.settle().await;
}

#[tokio::test]
async fn who_knocks_wrongly_is_told_over_http() {
    let world = Setup::new("flow-http").deployed().await;
    let url = format!("{}{}", world.api(), world.events_path());
    let authorized = format!("Bearer {}", World::TOKEN);
    for (authorization, body, expected) in [
        ("Bearer wrong", "{}", (401, r#"{"error":"unauthorized"}"#)),
        (&authorized, "not JSON", (400, r#"{"error":"not_json"}"#)),
        (&authorized, "[]", (202, r#"{"accepted":0,"ignored":0,"parked":0}"#)),
    ] {
        let (status, answer) = post(&url, authorization, body).await;
        assert_eq!((status, answer.as_str()), expected, "{body}");
    }
    let large = "x".repeat(300 * 1024);
    assert_eq!(post(&url, &authorized, &large).await.0, 413);
    let nobody = format!("{}/events/nobody", world.api());
    assert_eq!(post(&nobody, &authorized, "{}").await.0, 404);
    assert_eq!(world.jumpcloud.control().journal(), []);
}

/// Each kind of change once, with what it costs. A first person warms the function up.
#[tokio::test]
async fn each_kind_of_change_keeps_within_its_budget() {
    let world = Setup::new("flow-costs").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let consumer = world.function_behind(&proxy, "consumer").await;
    let ring = async |user: &str, event_type: &str| {
        let messages = batch([("m1", world.item(user, event_type))]);
        let answer = consumer.invoke(&messages, Duration::from_secs(30)).await;
        assert_eq!(answer.response(), r#"{"batchItemFailures":[]}"#);
    };
    let boss = world.hire("boss");
    ring(&boss, "user_create").await;

    let ada = world.hire("ada");
    let managed = json!({ "manager": boss });
    world.jumpcloud.state(|state| state.patch_user(&ada, managed));
    world.entra.state(|state| {
        let account = json!({
            "userPrincipalName": "bob@corp.example", "displayName": "b", "mailNickname": "bob",
        });
        state.add_user(account);
    });
    let bob = world.hire("bob");
    let patch = |changes: Value| world.jumpcloud.state(|state| state.patch_user(&ada, changes));
    let suspend = |on: bool| {
        world.jumpcloud.state(|state| match on {
            true => state.suspend(&ada),
            false => state.unsuspend(&ada),
        })
    };
    let mut costs = Vec::new();
    let mut measure = async |kind: &'static str, user: &str, event_type: &str| {
        for control in [world.jumpcloud.control(), world.entra.control()] {
            control.clear_journal();
        }
        proxy.requests();
        ring(user, event_type).await;
        costs.push(Cost::of(kind, &world, &proxy));
    };
    measure("create", &ada, "user_create").await;
    measure("adopt", &bob, "user_create").await;
    patch(json!({ "department": "Sales" }));
    measure("update", &ada, "user_update").await;
    patch(json!({ "email": "ada.lovelace@corp.example" }));
    measure("rename", &ada, "user_update").await;
    suspend(true);
    measure("suspend", &ada, "user_suspended").await;
    // What was just decided is not reversed before the settle time is over (R6).
    let (now, settled) = (|| world.clock.now(), world.clock.now() + Duration::from_secs(3));
    e2e::until("the settle time to pass", || now() > settled).await;
    suspend(false);
    measure("unsuspend", &ada, "user_unsuspended").await;
    measure("no change", &ada, "user_update").await;

    for cost in &costs {
        println!("{cost}");
    }
    for cost in costs {
        assert!(cost.jumpcloud <= JUMPCLOUD_READS, "{cost}");
        assert!(cost.graph_before <= GRAPH_REQUESTS, "{cost}");
        assert!(cost.table <= TABLE_REQUESTS, "{cost}");
        assert_eq!(cost.writes > 0, cost.kind != "no change", "{cost}");
    }
    world.prove(0).await;
}

/// What one event cost.
struct Cost {
    kind: &'static str,
    jumpcloud: usize,
    /// Requests to Graph before its first write.
    graph_before: usize,
    writes: usize,
    table: usize,
    queue: usize,
}

impl Cost {
    fn of(kind: &'static str, world: &World, proxy: &Proxy) -> Self {
        let graph = counted(world.entra.control());
        let is_write = |entry: &&Entry| entry.method != "GET";
        let requests = proxy.requests();
        let of = |service: &str| -> usize {
            requests.iter().filter(|(name, _)| name.starts_with(service)).map(|(_, n)| n).sum()
        };
        Self {
            kind,
            jumpcloud: counted(world.jumpcloud.control()).len(),
            graph_before: graph.iter().take_while(|entry| !is_write(entry)).count(),
            writes: graph.iter().filter(is_write).count(),
            table: of("DynamoDB."),
            queue: of("AmazonSQS."),
        }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, jumpcloud, graph_before, writes, table, queue } = self;
        write!(
            f,
            "{kind:>9}: {jumpcloud} of JumpCloud, {graph_before} of Graph before {writes} writes, \
             {table} of the table, {queue} of the queue"
        )
    }
}

/// The requests that count: not those for tokens, domains and the organization.
fn counted(control: &Control) -> Vec<Entry> {
    let free = ["/oauth2/", "/domains", "/organization"];
    let mut journal = control.journal();
    journal.retain(|entry| !free.iter().any(|part| entry.route.contains(part)));
    journal
}
