//! The schedule's function: its answers, and what it rings for.

use std::time::Duration;

use e2e::{Answer, Function, Proxy, Setup, Spoilt, World};
use serde_json::{Value, json};
use simulators::{Effect, Fault};

use crate::LEFT;

const INSIGHTS: &str = "POST /insights/directory/v1/events";

fn catch_up(world: &World) -> Value {
    json!({ "task": "catch_up", "directory": world.directory })
}

/// The answer with the two values replaced that are different every time.
async fn answered(reconciler: &Function, task: &Value) -> String {
    let response = reconciler.invoke(task, LEFT).await.response();
    let replaced = |text: &str, key: &str| {
        let (before, after) = text.split_once(key).unwrap_or_else(|| panic!("no {key} in {text}"));
        let end = after.find([',', '}']).expect("a value ends");
        format!("{before}{key}_{}", &after[end..])
    };
    replaced(&replaced(&response, "\"run\":"), "\"duration_ms\":")
}

/// What a run answers, byte for byte.
fn run(directory: &str, state: &str, counts: &str, findings: &str, rest: &str) -> String {
    format!(
        r#"{{"run":_,"directory":"{directory}","task":"catch_up","mode":null,"state":"{state}","counts":{counts},"findings":{findings},"plan_hash":null,"held":0,{rest},"duration_ms":_}}"#
    )
}

const NO_COUNTS: &str =
    r#"{"covered":0,"due":0,"events":0,"ignored":0,"rung":0,"unrecognisable":0}"#;
const NOTHING: &str = r#""queued":0,"writes":0,"requests":{"graph":0,"jumpcloud":0}"#;

#[tokio::test]
async fn what_the_webhooks_lost_is_rung_for_once() {
    let world = Setup::new("lost").apart().await;
    let reconciler = world.function("reconciler").await;
    let ada = world.hire("ada");
    // One event made her, one connected her, and one concerns nobody.
    world.jumpcloud.state(|state| {
        state.add_event(json!({ "event_type": "admin_login_attempt" }));
    });
    let counts = r#"{"covered":0,"due":0,"events":3,"ignored":1,"rung":1,"unrecognisable":0}"#;
    let rest = r#""queued":1,"writes":0,"requests":{"graph":0,"jumpcloud":1}"#;
    assert_eq!(
        answered(&reconciler, &catch_up(&world)).await,
        run("lost", "done", counts, "[]", rest)
    );
    let items = world.place.take(&world.place.events).await;
    assert!(items.iter().all(|item| item.contains(&ada)), "{items:?}");
    let consumer = world.function("consumer").await;
    let message = e2e::events::batch([("m1", items[0].clone())]);
    assert_eq!(consumer.invoke(&message, LEFT).await.response(), crate::ALL_DONE);
    world.prove(0).await;
    assert_eq!(world.accounts("ada"), 1);
    // The window overlaps, and what the record covers is dropped.
    let counts = r#"{"covered":1,"due":0,"events":3,"ignored":1,"rung":0,"unrecognisable":0}"#;
    let rest = r#""queued":0,"writes":0,"requests":{"graph":0,"jumpcloud":1}"#;
    assert_eq!(
        answered(&reconciler, &catch_up(&world)).await,
        run("lost", "done", counts, "[]", rest)
    );
}

#[tokio::test]
async fn without_a_directory_every_one_is_run() {
    let world = Setup::new("every").apart().await;
    let reconciler = world.function("reconciler").await;
    let rest = r#""queued":0,"writes":0,"requests":{"graph":0,"jumpcloud":1}"#;
    let one = run("every", "done", NO_COUNTS, "[]", rest);
    for task in [json!({ "task": "catch_up" }), json!({ "task": "catch_up", "directory": null })] {
        assert_eq!(answered(&reconciler, &task).await, format!(r#"{{"runs":[{one}]}}"#));
    }
}

#[tokio::test]
async fn a_first_run_that_is_pending_is_refused() {
    let world = Setup::new("refuses").not_approved().apart().await;
    let reconciler = world.function("reconciler").await;
    world.hire("ada");
    let findings = r#"[{"code":"first_run_pending","message":"the first run of the directory is not approved yet"}]"#;
    assert_eq!(
        answered(&reconciler, &catch_up(&world)).await,
        run("refuses", "refused", "{}", findings, NOTHING)
    );
    assert_eq!(world.jumpcloud.control().journal(), []);
}

#[tokio::test]
async fn bad_input_is_an_error_that_names_its_field() {
    let world = Setup::new("input").apart().await;
    let reconciler = world.function("reconciler").await;
    for (task, error) in [
        (json!({ "task": "sleep" }), ("InvalidInput", "task is neither catch_up nor reconcile")),
        (
            json!({ "task": "catch_up", "directory": "nobody" }),
            ("UnknownDirectory", "the directory nobody is not configured"),
        ),
        (json!({}), ("InvalidInput", "the input is not a task: missing field `task`")),
        (
            json!({ "task": "catch_up", "from": "yesterday" }),
            ("InvalidInput", "from is not an RFC 3339 time"),
        ),
    ] {
        let (kind, message) = error;
        let expected = format!(r#"{{"errorType":"{kind}","errorMessage":"{message}"}}"#);
        assert_eq!(reconciler.invoke(&task, LEFT).await, Answer::Error(expected));
    }
}

#[tokio::test]
async fn two_runs_at_once_are_one_run() {
    let world = Setup::new("two-runs").apart().await;
    let (first, second) = (world.function("reconciler").await, world.function("reconciler").await);
    world.jumpcloud.control().add_fault(Fault::once(INSIGHTS, Effect::Delay { ms: 2000 }));
    let at_work = first.begin(&catch_up(&world), LEFT);
    let polls = || world.jumpcloud.control().counts().contains_key(INSIGHTS);
    e2e::until("the poll", polls).await;
    let findings = r#"[{"code":"busy","message":"another run of the task is under way"}]"#;
    assert_eq!(
        answered(&second, &catch_up(&world)).await,
        run("two-runs", "busy", "{}", findings, NOTHING)
    );
    assert_eq!(at_work.answer().await.json()["state"], "done");
    assert_eq!(second.invoke(&catch_up(&world), LEFT).await.json()["state"], "done");
}

#[tokio::test]
async fn a_poll_that_fails_is_continued_by_the_next_one() {
    let world = Setup::new("poll-fails").apart().await;
    let reconciler = world.function("reconciler").await;
    let ada = world.hire("ada");
    let status = Effect::Status { status: 503, retry_after: None, body: None };
    world.jumpcloud.control().add_fault(Fault::once(INSIGHTS, status));
    let told = reconciler.invoke(&catch_up(&world), LEFT).await.json();
    assert_eq!(told["state"], "continued", "{told:#}");
    assert_eq!(told["findings"][0]["code"], "events_unreadable");
    let told = reconciler.invoke(&catch_up(&world), LEFT).await.json();
    assert_eq!((&told["state"], &told["counts"]["rung"]), (&json!("done"), &json!(1)), "{told:#}");
    let items = world.place.take(&world.place.events).await;
    assert!(items.iter().all(|item| item.contains(&ada)) && !items.is_empty(), "{items:?}");
}

#[tokio::test]
async fn a_queue_that_refuses_leaves_the_cursor_where_it_was() {
    let world = Setup::new("poll-queue").apart().await;
    let proxy = Proxy::start(&world.place).await;
    let reconciler = world.function_behind(&proxy, "reconciler").await;
    world.hire("ada");
    let cursor = async || {
        let status = world.line.json(&["status"]).await;
        status["directories"][0]["events_read_until"].clone()
    };
    proxy.spoil("AmazonSQS", None, Spoilt::Refused(500, "InternalFailure"));
    let answer = reconciler.invoke(&catch_up(&world), LEFT).await;
    let Answer::Error(error) = answer else { panic!("{answer:?}") };
    assert!(error.starts_with(r#"{"errorType":"NothingDone","errorMessage":"#), "{error}");
    assert_eq!(cursor().await, Value::Null);
    proxy.clear();
    let told = reconciler.invoke(&catch_up(&world), LEFT).await.json();
    assert_eq!((&told["state"], &told["counts"]["rung"]), (&json!("done"), &json!(1)), "{told:#}");
    assert!(cursor().await.is_string());
}

#[tokio::test]
async fn too_late_a_run_says_so_and_the_next_one_goes_on() {
    let world = Setup::new("run-late").apart().await;
    let reconciler = world.function("reconciler").await;
    world.hire("ada");
    world.jumpcloud.control().add_fault(Fault::once(INSIGHTS, Effect::Delay { ms: 5000 }));
    let began = world.clock.now();
    let told = reconciler.invoke(&catch_up(&world), Duration::from_millis(6500)).await.json();
    assert!(world.clock.now().duration_since(began) < jiff::SignedDuration::from_secs(5));
    assert_eq!(told["state"], "continued", "{told:#}");
    assert_eq!(told["findings"][0]["code"], "out_of_time");
    let told = reconciler.invoke(&catch_up(&world), LEFT).await.json();
    assert_eq!((&told["state"], &told["counts"]["rung"]), (&json!("done"), &json!(1)), "{told:#}");
}

#[tokio::test]
async fn a_whole_reconciliation_is_refused_by_this_version() {
    let world = Setup::new("whole").apart().await;
    let reconciler = world.function("reconciler").await;
    for mode in ["plan", "apply"] {
        let task = json!({ "task": "reconcile", "directory": "whole", "mode": mode });
        let expected = format!(
            r#"{{"run":_,"directory":"whole","task":"reconcile","mode":"{mode}","state":"refused","counts":{{}},"findings":[{{"code":"not_built","message":"this version cannot reconcile a whole directory"}}],"plan_hash":null,"held":0,"queued":0,"writes":0,"requests":{{"graph":0,"jumpcloud":0}},"duration_ms":_}}"#
        );
        assert_eq!(answered(&reconciler, &task).await, expected);
    }
}
