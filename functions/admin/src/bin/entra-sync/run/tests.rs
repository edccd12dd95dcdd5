//! From what is typed to what is printed, on the table and the queues in memory.

use std::path::PathBuf;

use clap::Parser;
use jiff::Timestamp;
use store::memory::MemoryStore;
use sync_core::audit::{AuditEvent, AuditKind};
use sync_core::upn::Domain;
use work_queue::memory::MemoryQueue;
use work_queue::{Lane, WorkQueue};

use super::*;
use crate::cli::Cli;

const FILE: &str = r#"
id = "corp"
name = "Corp"
secret = "entra-sync/corp"
webhook_secret = "entra-sync/corp/webhook"
[jumpcloud]
scope.application = "65f0000000000000000000c1"
[entra]
tenant_id = "11111111-2222-3333-4444-555555555555"
client_id = "6731de76-14a6-49ae-97bc-6eba6914391e"
"#;

/// A tenant with one verified domain.
struct Tenant;

impl Tenants for Tenant {
    async fn domains(
        &self,
        _: &service::directory::DirectoryConfig,
    ) -> Result<Vec<Domain>, config::TenantError> {
        let name = "corp.example".to_owned();
        Ok(vec![Domain { name, verified: true, federated: false }])
    }
}

/// What came of a command.
#[derive(Debug)]
struct Ran {
    exit: Exit,
    answers: String,
    messages: String,
}

/// Somebody at a terminal who answers this, or nobody.
async fn run(
    world: &World<MemoryStore, MemoryQueue, Tenant>,
    arguments: &str,
    person: Option<&str>,
) -> Ran {
    let typed = std::iter::once("entra-sync").chain(arguments.split_whitespace());
    let Cli { global, command } = Cli::try_parse_from(typed).unwrap();
    let (mut answers, mut messages) = (Vec::new(), Vec::new());
    let mut output = Output::new(&mut answers, &mut messages, global.json, None);
    let asker = Asker::new(person.unwrap_or_default().as_bytes(), person.is_some(), global.yes);
    let ended = match without_aws(command, &global, CustomEndpoints::Refused, &mut output) {
        Ok(Left::Finished(exit)) => Ok(exit),
        Ok(Left::NeedsAws(needs)) => {
            let mut doors = Doors { output: &mut output, asker };
            world.run(needs, &global, &mut doors).await
        }
        Err(error) => Err(error),
    };
    let exit = ended.unwrap_or_else(|error| {
        output.error(&error).unwrap();
        error.exit()
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { exit, answers: text(answers), messages: text(messages) }
}

fn world() -> World<MemoryStore, MemoryQueue, Tenant> {
    let clock = Clock::starting_at("2026-05-01T08:00:00Z".parse::<Timestamp>().unwrap());
    let queue = MemoryQueue::new(clock.clone());
    World { store: MemoryStore::default(), queue, tenants: Tenant, clock }
}

/// A file of this test's own, by the name it is typed by; it goes with the test.
struct Written(PathBuf);

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.display())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // One that stays behind harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn file(name: &str, text: &str) -> Written {
    let path = std::env::temp_dir().join(format!("entra-sync-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    Written(path)
}

#[tokio::test]
async fn nothing_is_stored_before_somebody_agrees() {
    let world = world();
    let file = file("asked.toml", FILE);
    let apply = format!("config apply {file}");
    let nobody = run(&world, &apply, None).await;
    assert_eq!((nobody.exit, nobody.answers.as_str()), (Exit::BadUsage, ""));
    assert!(nobody.messages.ends_with("repeat it with --yes\n"), "{}", nobody.messages);
    let declined = run(&world, &apply, Some("n\n")).await;
    assert_eq!((declined.exit, declined.answers.as_str()), (Exit::Problem, ""));
    assert!(world.store.configs().await.unwrap().is_empty());

    let agreed = run(&world, &apply, Some("y\n")).await;
    assert_eq!(agreed.exit, Exit::Ok);
    assert!(agreed.messages.starts_with("warning: new users"), "{}", agreed.messages);
    let question = "Apply version 1 of directory corp, first run pending? [y/N] ";
    assert!(agreed.messages.ends_with(question), "{}", agreed.messages);
    let option = run(&world, &format!("{apply} --first-run=apply --yes --json"), None).await;
    assert_eq!((option.exit, option.messages.as_str()), (Exit::Ok, ""));
    let answer: serde_json::Value = serde_json::from_str(&option.answers).unwrap();
    assert_eq!((&answer["version"], &answer["first_run"]), (&2.into(), &"done".into()));
}

#[tokio::test]
async fn several_directories_are_bad_usage_that_names_them() {
    let world = world();
    for (id, tenant) in [("corp", "11111111"), ("dev", "22222222")] {
        let text = FILE.replace("corp", id).replace("11111111", tenant);
        let file = file(&format!("{id}.toml"), &text);
        let apply = format!("config apply {file} --yes");
        assert_eq!(run(&world, &apply, None).await.exit, Exit::Ok);
    }
    for command in ["config show", "events", "show user a@corp.example", "sync user a@corp.example"]
    {
        let ran = run(&world, command, None).await;
        assert_eq!(ran.exit, Exit::BadUsage, "{command}");
        assert!(ran.messages.ends_with("--directory: corp, dev\n"), "{}", ran.messages);
    }
    assert_eq!(run(&world, "status", None).await.exit, Exit::Ok);
    let named = run(&world, "config show --directory dev", None).await;
    assert!(named.answers.starts_with("# directory dev: version 1"), "{}", named.answers);
}

#[tokio::test]
async fn a_sync_asks_and_rings() {
    let world = world();
    let file = file("rung.toml", FILE);
    let apply = format!("config apply {file} --first-run=apply --yes");
    run(&world, &apply, None).await;
    let sync = "sync user 65f0000000000000000000a1";
    assert_eq!(run(&world, sync, None).await.exit, Exit::BadUsage);
    assert!(world.queue.items(Lane::Events).is_empty());
    let rung = run(&world, sync, Some("yes\n")).await;
    assert_eq!(rung.exit, Exit::Ok);
    assert_eq!(rung.messages, "Sync user 65f0000000000000000000a1 of directory corp now? [y/N] ");
    let group = run(&world, "sync group 65f0000000000000000000b1", Some("y\n")).await;
    assert_eq!(group.messages, "Sync group 65f0000000000000000000b1 of directory corp now? [y/N] ");
    assert_eq!(group.answers, "rang for group 65f0000000000000000000b1 of directory corp\n");
    let rung: Vec<_> = world.queue.items(Lane::Events);
    let rung: Vec<_> = rung.iter().map(|item| item.subject.to_string()).collect();
    assert_eq!(rung, ["user:65f0000000000000000000a1", "group:65f0000000000000000000b1"]);
}

#[tokio::test]
async fn what_does_not_fit_the_tenant_is_told_before_the_question() {
    let world = world();
    let text = format!("{FILE}\n[upn]\ndomains = [\"corp.example\", \"new.example\"]\n");
    let file = file("unverified.toml", &text);
    let asked = run(&world, &format!("config apply {file}"), Some("y\n")).await;
    assert_eq!(asked.exit, Exit::Ok);
    let finding = "finding: upn.domains: new.example is not a domain of the tenant";
    assert!(asked.messages.starts_with(finding), "{}", asked.messages);
    assert!(asked.answers.contains(finding), "{}", asked.answers);
}

#[tokio::test]
async fn a_deactivation_asks_and_waits_for_a_minute() {
    let world = world();
    let file = file("off.toml", FILE);
    run(&world, &format!("config apply {file} --yes"), None).await;
    let other = run(&world, "config deactivate corp --directory dev", None).await;
    assert_eq!(other.exit, Exit::BadUsage);
    let declined = run(&world, "config deactivate corp", Some("n\n")).await;
    assert_eq!(declined.exit, Exit::Problem);
    assert!(world.store.configs().await.unwrap()[0].active);

    let mut ran = std::pin::pin!(run(&world, "config deactivate corp --yes", None));
    let finished = async |ran: &mut std::pin::Pin<&mut _>| {
        for _ in 0..10 {
            let done = tokio::select! {
                biased;
                done = &mut *ran => Some(done),
                () = tokio::task::yield_now() => None,
            };
            if done.is_some() {
                return done;
            }
        }
        None::<Ran>
    };
    assert!(finished(&mut ran).await.is_none());
    assert!(!world.store.configs().await.unwrap()[0].active, "stored before it waits");
    world.clock.advance(std::time::Duration::from_millis(59_999));
    assert!(finished(&mut ran).await.is_none());
    world.clock.advance(std::time::Duration::from_millis(1));
    let ran = finished(&mut ran).await.expect("a minute is over");
    assert_eq!(ran.exit, Exit::Ok);
    assert_eq!(ran.answers, "directory corp is deactivated (version 3)\n");
    assert!(ran.messages.contains("waiting 1 min"), "{}", ran.messages);
}

#[tokio::test]
async fn a_replay_asks_and_tells_what_stays() {
    let world = world();
    let file = file("parked.toml", FILE);
    run(&world, &format!("config apply {file} --first-run=apply --yes"), None).await;
    assert_eq!(run(&world, "parked list", None).await.answers, "nothing is parked\n");
    world.queue.park("{}", "no event_type", None).await.unwrap();
    let declined = run(&world, "parked replay --all", Some("\n")).await;
    assert_eq!(declined.exit, Exit::Problem);
    assert_eq!(
        declined.messages.lines().next(),
        Some(
            "Replay every parked message, about 1? [y/N] entra-sync: not confirmed: nothing was changed"
        )
    );
    let stays = run(&world, "parked replay --all --yes", None).await;
    assert_eq!(stays.exit, Exit::Problem);
    assert!(stays.answers.contains("name it with --directory"), "{}", stays.answers);
    let missing = run(&world, "parked replay --id nobody --yes --json", None).await;
    assert_eq!(missing.exit, Exit::Problem);
    assert!(missing.answers.contains("\"nobody\""), "{}", missing.answers);
}

#[tokio::test]
async fn nobody_to_try_again_needs_no_answer() {
    let world = world();
    let file = file("failures.toml", FILE);
    run(&world, &format!("config apply {file} --first-run=apply --yes"), None).await;
    for (command, answer) in [
        ("failures list", "no subject of directory corp fails for good\n"),
        ("failures retry --all", "no subject of directory corp can be tried again\n"),
    ] {
        let ran = run(&world, command, None).await;
        assert_eq!((ran.exit, ran.answers.as_str()), (Exit::Ok, answer), "{}", ran.messages);
    }
    let one = run(&world, "failures retry 65f0000000000000000000a1 --yes", None).await;
    assert_eq!((one.exit, one.answers.as_str()), (Exit::Problem, ""));
    assert!(one.messages.contains("no failure is recorded"), "{}", one.messages);
}

#[tokio::test]
async fn a_query_that_finds_nothing_is_no_problem() {
    let world = world();
    let file = file("events.toml", FILE);
    let apply = format!("config apply {file} --yes");
    run(&world, &apply, None).await;
    let none = run(&world, "events --since 1h", None).await;
    assert_eq!((none.exit, none.answers.as_str()), (Exit::Ok, "no events\n"));
    let none = run(&world, "events --json --user 65f0000000000000000000a1", None).await;
    assert_eq!((none.exit, none.answers.as_str()), (Exit::Ok, ""));
    let nobody = run(&world, "show user 65f0000000000000000000a1", None).await;
    assert_eq!((nobody.exit, nobody.answers.as_str()), (Exit::Problem, ""));
    assert!(nobody.messages.contains("has no record of user"), "{}", nobody.messages);
    let none = run(&world, "events --json --group 65f0000000000000000000b1", None).await;
    assert_eq!((none.exit, none.answers.as_str()), (Exit::Ok, ""));
    let nothing = run(&world, "show group 65f0000000000000000000b1", None).await;
    assert_eq!((nothing.exit, nothing.answers.as_str()), (Exit::Problem, ""));
    assert!(nothing.messages.contains("has no record of group"), "{}", nothing.messages);
}

#[tokio::test]
async fn events_may_be_those_of_one_group() {
    let world = world();
    let file = file("group-events.toml", FILE);
    run(&world, &format!("config apply {file} --yes"), None).await;
    let (directory, now) = ("corp".parse().unwrap(), world.clock.now());
    let second = std::time::Duration::from_secs(1);
    let terms = store::Terms { now, lease: second, settle: second };
    for subject in ["group:65f0000000000000000000b1", "user:65f0000000000000000000a1"] {
        let subject: sync_core::ids::Subject = subject.parse().unwrap();
        let brings = sync_core::record::Brings::default();
        let acquired = world.store.acquire(&directory, &subject, &brings, terms).await.unwrap();
        let store::Acquired::Taken(held) = acquired else { panic!("not free") };
        let audit = [AuditEvent {
            id: subject.to_string(),
            at: now,
            kind: AuditKind::MemberAdd,
            subject,
            object: None,
            changes: vec![],
            reason: None,
            error: None,
            initiated_by: "due".into(),
        }];
        let (record, members) = (&held.record, &held.mailbox.members);
        let commit =
            store::Commit { record, heard: None, members, due: None, audit: &audit, claims: &[] };
        world.store.commit(&held.lease, terms, commit).await.unwrap();
    }
    let ids = async |arguments: &str| {
        let ran = run(&world, &format!("events --json {arguments}"), None).await;
        let id =
            |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone();
        ran.answers.lines().map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await.len(), 2);
    let of_the_group = ids("--group 65f0000000000000000000b1").await;
    assert_eq!(of_the_group, ["group:65f0000000000000000000b1"]);
    assert_eq!(ids("--user 65f0000000000000000000a1").await, ["user:65f0000000000000000000a1"]);
}

/// Somebody who reads no more.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn following_ends_when_nobody_reads() {
    let world = world();
    let file = file("followed.toml", FILE);
    let apply = format!("config apply {file} --yes");
    run(&world, &apply, None).await;
    let typed = ["entra-sync", "events", "--follow"];
    let Cli { global, command: Command::Events(args) } = Cli::try_parse_from(typed).unwrap() else {
        panic!("not events");
    };
    let mut output = Output::new(Closed, io::sink(), false, None);
    output
        .answer(&admin::events::Events { directory: "corp".parse().unwrap(), events: vec![] })
        .unwrap();
    assert!(output.is_closed());
    let asker = Asker::new(io::empty(), false, false);
    let mut doors = Doors { output: &mut output, asker };
    assert_eq!(world.run(Needs::Events(args), &global, &mut doors).await.unwrap(), Exit::Ok);
}
