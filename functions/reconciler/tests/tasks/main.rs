//! What the schedules are answered, whatever state the directories and the parts around are in.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

use std::time::Duration;

use clock::Clock;
use lambda_runtime::Diagnostic;
use reconciler::{Answer, ReconcileError};
use serde_json::{Value, json};
use simulators::{Effect, Fault};
use store::{FirstRun, Store, TaskLock};
use sync_core::ids::Subject;
use sync_core::record::after;
use work_queue::memory::MemoryQueue;

use crate::world::{World, directory, plain, table_out_of_reach, until};

mod world;

const SOMEBODY: &str = "65f000000000000000000001";

/// Every request to JumpCloud meets this.
fn down() -> Fault {
    Fault::new("*", Effect::Status { status: 503, retry_after: None, body: None })
}

/// Directory, state and first finding of each run.
fn ends(answer: &Value) -> Vec<String> {
    let runs = answer["runs"].as_array().unwrap().iter();
    let parts = |run: &Value| {
        [&run["directory"], &run["state"], &run["findings"][0]["code"]]
            .map(|part| part.as_str().unwrap_or("-").to_owned())
    };
    runs.map(|run| parts(run).join(" ")).collect()
}

#[tokio::test]
async fn one_directory_is_answered_in_full() {
    let world = World::with_corp().await;
    let ada = Subject::User(world.hire("ada"));
    let due = world.due("corp", SOMEBODY).await;
    let reconciler =
        world.reconciler_over(world.table.clone(), world.queue.clone(), world.clock.clone());
    let input = json!({ "task": "catch_up", "directory": "corp" });
    let deadline = after(world.clock.now(), Duration::from_secs(60));
    let answer = reconciler.handle(&input, deadline).await.unwrap();
    let Answer::One(run) = &answer else { panic!("one directory was asked for") };
    let json = serde_json::to_string_pretty(&answer).unwrap().replace(&run.run, "RUN");
    insta::assert_snapshot!(json, @r#"
    {
      "run": "RUN",
      "directory": "corp",
      "task": "catch_up",
      "mode": null,
      "state": "done",
      "counts": {
        "covered": 0,
        "due": 1,
        "events": 1,
        "ignored": 0,
        "rung": 1,
        "unrecognisable": 0
      },
      "findings": [],
      "plan_hash": null,
      "held": 0,
      "queued": 2,
      "writes": 0,
      "requests": {
        "graph": 0,
        "jumpcloud": 1
      },
      "duration_ms": 0
    }
    "#);
    let mut rung = world.rung();
    rung.sort();
    let mut expected = [ada, due];
    expected.sort();
    assert_eq!(rung, expected);
}

#[tokio::test]
async fn without_a_directory_each_is_run_and_told_by_itself() {
    let world = World::with_corp().await;
    world.configure("broken", |record| record.text = "id = ".to_owned()).await;
    world.configure("new", |record| record.first_run = FirstRun::Pending).await;
    world.configure("old", |record| record.active = false).await;
    let ada = Subject::User(world.hire("ada"));
    let answer = world.run(json!({ "task": "catch_up", "directory": null })).await.unwrap();
    assert_eq!(
        ends(&answer),
        [
            "broken continued configuration_unreadable",
            "corp done -",
            "new refused first_run_pending",
            "old refused deactivated",
        ]
    );
    assert_eq!(world.rung(), [ada]);
    assert_eq!(
        World::new().await.run(json!({ "task": "catch_up" })).await.unwrap(),
        json!({
            "runs": []
        })
    );
}

#[tokio::test]
async fn a_second_run_of_a_task_is_busy_until_the_lock_ends() {
    let world = World::with_corp().await;
    let lock = |run: &str| TaskLock {
        directory: directory("corp"),
        task: "catch_up".to_owned(),
        run: run.to_owned(),
    };
    let ends_at = after(world.clock.now(), Duration::from_secs(1));
    assert!(world.table.lock(&lock("other"), world.clock.now(), ends_at).await.unwrap());
    let state = async || {
        let answer = world.run(json!({ "task": "catch_up", "directory": "corp" })).await.unwrap();
        answer["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state().await, "busy");
    assert_eq!(world.jumpcloud.control().counts().len(), 0);
    world.tick();
    world.tick();
    assert_eq!(state().await, "done");
    // A run gives its lock back.
    let now = world.clock.now();
    assert!(
        world.table.lock(&lock("next"), now, after(now, Duration::from_secs(1))).await.unwrap()
    );
}

#[tokio::test]
async fn reconcile_is_refused_by_this_version() {
    let world = World::with_corp().await;
    let input = json!({ "task": "reconcile", "directory": "corp", "mode": "plan", "full": true });
    let answer = world.run(input).await.unwrap();
    assert_eq!((&answer["task"], &answer["mode"]), (&json!("reconcile"), &json!("plan")));
    assert_eq!(answer["state"], "refused");
    assert_eq!(
        answer["findings"],
        json!([{
            "code": "not_built",
            "message": "this version cannot reconcile a whole directory",
        }])
    );
    assert_eq!(world.jumpcloud.control().counts().len(), 0);
}

#[tokio::test]
async fn without_jumpcloud_due_subjects_are_rung_all_the_same() {
    let world = World::with_corp().await;
    world.hire("ada");
    let due = world.due("corp", SOMEBODY).await;
    world.jumpcloud.control().add_fault(down());
    let input = json!({ "task": "catch_up", "directory": "corp" });
    let answer = world.run(input.clone()).await.unwrap();
    assert_eq!((&answer["state"], &answer["queued"]), (&json!("continued"), &json!(1)));
    assert_eq!(answer["findings"][0]["code"], "events_unreadable");
    assert_eq!(
        answer["findings"][0]["message"],
        "the events could not be read: jumpcloud_passing: a passing fault (POST /events, 503)"
    );
    assert_eq!(world.rung(), [due]);
    // The next run finds what this one could not.
    world.jumpcloud.control().clear_faults();
    assert_eq!(world.run(input).await.unwrap()["counts"]["rung"], 1);
}

#[tokio::test]
async fn a_directory_that_hangs_does_not_hold_up_the_others_beyond_the_deadline() {
    let world = World::with_corp().await;
    world.configure("other", |_| {}).await;
    // Whichever asks first.
    let stuck = Effect::Delay { ms: 60_000 };
    world.jumpcloud.control().add_fault(Fault::once("POST /insights/directory/v1/events", stuck));
    let reconciler =
        world.reconciler_over(world.table.clone(), world.queue.clone(), world.clock.clone());
    let deadline = after(world.clock.now(), Duration::from_secs(60));
    let handled = tokio::spawn(async move {
        reconciler.handle(&json!({ "task": "catch_up" }), deadline).await.map(plain)
    });
    until(|| world.jumpcloud.control().journal().len() == 2).await;
    world.clock.advance(Duration::from_secs(55));
    let answer = handled.await.unwrap().unwrap();
    let ends = ends(&answer).join(", ");
    assert!(ends.contains(" continued out_of_time") && ends.contains(" done -"), "{ends}");
}

#[tokio::test]
async fn without_the_table_the_invocation_fails() {
    let world = World::new().await;
    let clock = Clock::system();
    let queue = MemoryQueue::new(clock.clone());
    let reconciler = world.reconciler_over(table_out_of_reach(&clock), queue, clock.clone());
    let deadline = after(clock.now(), Duration::from_secs(60));
    for (input, says) in [
        (json!({ "task": "catch_up" }), "the directories cannot be listed: "),
        (
            json!({ "task": "catch_up", "directory": "corp" }),
            "nothing could be done: configuration_unreadable: the configuration cannot be read: ",
        ),
    ] {
        let error = reconciler.handle(&input, deadline).await.unwrap_err();
        let Diagnostic { error_type, error_message } = error.into();
        assert_eq!(error_type, "NothingDone");
        assert!(error_message.starts_with(says), "{error_message}");
    }
}

#[tokio::test]
async fn an_invocation_fails_when_no_directory_got_anywhere() {
    let world = World::new().await;
    world.configure("broken", |record| record.text = "id = ".to_owned()).await;
    let error = world.run(json!({ "task": "catch_up" })).await.unwrap_err();
    assert!(matches!(&error, ReconcileError::NothingDone(_)), "{error}");
    assert!(error.to_string().starts_with("nothing could be done: broken: configuration_unreadab"));
}

#[tokio::test]
async fn bad_input_and_unknown_directories_are_told_apart() {
    let world = World::with_corp().await;
    let diagnostic = async |input| {
        let Diagnostic { error_type, error_message } = world.run(input).await.unwrap_err().into();
        format!("{error_type}: {error_message}")
    };
    assert_eq!(
        diagnostic(json!({ "task": "sleep" })).await,
        "InvalidInput: task is neither catch_up nor reconcile"
    );
    assert_eq!(
        diagnostic(json!({ "task": "catch_up", "directory": "other" })).await,
        "UnknownDirectory: the directory other is not configured"
    );
    assert_eq!(world.jumpcloud.control().counts().len(), 0);
}
