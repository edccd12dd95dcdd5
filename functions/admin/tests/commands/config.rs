//! `config validate`, `config apply`, `config show`.

use admin::config::{FirstRunWish, Stored, validate};
use admin::{AdminError, Answer, Exit, directory};
use insta::assert_snapshot;
use store::{ConfigRecord, FirstRun, Store};
use transport::CustomEndpoints;

use crate::world::{TENANT, World, corp, file, id};

const OTHER_TENANT: &str = "99999999-2222-3333-4444-555555555555";

#[test]
fn a_valid_file_is_said_to_be_valid() {
    let validated = validate("directory.toml", &corp(), CustomEndpoints::Refused);
    assert_eq!(validated.exit(), Exit::Ok);
    assert_snapshot!(validated.human(None), @"directory.toml: directory corp (The corp directory) is valid");
    assert_snapshot!(validated.json(), @r#"
    {
      "directory": "corp",
      "file": "directory.toml",
      "name": "The corp directory",
      "problems": [],
      "valid": true,
      "warnings": []
    }
    "#);
}

#[test]
fn every_problem_of_a_bad_file_is_listed_with_its_key() {
    let text = corp()
        .replace("\"corp\"", "\"Corp\"")
        .replace(TENANT, "contoso")
        .replace("[upn]", "[upn]\nsuorce = \"email\"");
    let validated = validate("dir\u{1b}[2J.toml", &text, CustomEndpoints::Refused);
    assert_eq!(validated.exit(), Exit::Problem);
    assert_snapshot!(validated.human(None), @r"
    dir\u{1b}[2J.toml: 3 problems
     key               problem
    ───────────────────────────────────────────────────────────────────
     id                not a directory id: wanted 1 to 32 of a-z 0-9 -
     entra.tenant_id   not a tenant id: wanted a GUID
     upn.suorce        is not a known key
    ");
    assert_snapshot!(validated.json(), @r#"
    {
      "directory": null,
      "file": "dir\u001b[2J.toml",
      "name": null,
      "problems": [
        {
          "key": "id",
          "message": "not a directory id: wanted 1 to 32 of a-z 0-9 -"
        },
        {
          "key": "entra.tenant_id",
          "message": "not a tenant id: wanted a GUID"
        },
        {
          "key": "upn.suorce",
          "message": "is not a known key"
        }
      ],
      "valid": false,
      "warnings": []
    }
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_a_problem() {
    let validated = validate("directory.toml", "id = \"corp\"\nname =", CustomEndpoints::Refused);
    assert_eq!(validated.exit(), Exit::Problem);
    assert_snapshot!(validated.human(None), @"
    directory.toml: 1 problem
     key      problem
    ──────────────────────────────────────────────────────────────────────────
     line 2   not TOML: string values must be quoted, expected literal string
    ");
}

/// The local run fills in what is between the signs; here it is anything of the right form.
#[test]
fn the_directory_of_the_local_run_is_valid() {
    let parts = include_str!("../../../../infra/local/directory.toml").split('@');
    let text: String = parts
        .enumerate()
        .map(|(at, part)| match part {
            name if at % 2 == 0 => name,
            name if name.ends_with("_url") => "http://127.0.0.1:7001/v1",
            name if name.contains("tenant") || name.contains("client") => TENANT,
            _ => "65f0000000000000000000aa",
        })
        .collect();
    let allowed = validate("directory.toml", &text, CustomEndpoints::Allowed);
    assert_eq!(allowed.exit(), Exit::Ok, "{}", allowed.human(None));
    let refused = validate("directory.toml", &text, CustomEndpoints::Refused);
    assert_eq!(refused.exit(), Exit::Problem, "its hosts are not the vendors'");
}

#[tokio::test]
async fn a_new_directory_waits_for_the_approval_of_its_first_run() {
    let world = World::empty();
    let applied = world.apply(&corp(), FirstRunWish::Pending).await.unwrap();
    assert_snapshot!(applied.human(None), @"
     directory   corp (The corp directory)
     version     1
     state       active
     first run   pending: nothing syncs until it is approved (--first-run=apply)
     applied     2026-05-01 08:00:00
    warning: new users of a managed domain cannot sign in until a password reaches them: this version syncs none
    ");
    assert_snapshot!(applied.json(), @r#"
    {
      "active": true,
      "applied_at": "2026-05-01T08:00:00Z",
      "directory": "corp",
      "findings": [],
      "first_run": "pending",
      "name": "The corp directory",
      "version": 1,
      "warnings": [
        "new users of a managed domain cannot sign in until a password reaches them: this version syncs none"
      ]
    }
    "#);
    let stored = world.stored("corp").await;
    assert_eq!((stored.first_run, stored.active, stored.version), (FirstRun::Pending, true, 1));
    assert_eq!(stored.text, corp());
}

#[tokio::test]
async fn a_first_run_that_was_approved_stays_approved() {
    let world = World::empty();
    let first_run = async |wish| {
        let record = world.apply(&corp(), wish).await.unwrap().record;
        (record.first_run, record.version)
    };
    assert_eq!(first_run(FirstRunWish::Pending).await, (FirstRun::Pending, 1));
    assert_eq!(first_run(FirstRunWish::Pending).await, (FirstRun::Pending, 2));
    assert_eq!(first_run(FirstRunWish::Apply).await, (FirstRun::Done, 3));
    assert_eq!(first_run(FirstRunWish::Pending).await, (FirstRun::Done, 4));
}

#[tokio::test]
async fn of_two_operators_at_once_one_stores_nothing() {
    let world = World::with_corp().await;
    let text = corp();
    let config = service::directory::parse(&text, CustomEndpoints::Refused).unwrap();
    let (store, clock) = (&world.store, &world.clock);
    let wish = FirstRunWish::Pending;
    let slow = admin::config::prepare(store, &text, &config, wish, clock).await.unwrap();
    let longer = format!("{text}# the faster one\n");
    world.apply(&longer, wish).await.unwrap();
    let lost = admin::config::store(store, slow, clock).await.unwrap_err();
    assert!(matches!(lost, AdminError::ConfigMoved { .. }));
    assert_eq!(lost.exit(), Exit::Problem);
    assert_eq!(world.stored("corp").await.text, longer);
}

#[tokio::test]
async fn what_should_be_thought_about_twice_is_a_warning() {
    let world = World::with_corp().await;
    let stored = world.stored("corp").await;
    let off = ConfigRecord { active: false, version: 2, ..stored };
    assert!(world.store.put_config(&off, 1).await.unwrap());
    let moved = file("corp", OTHER_TENANT, "");
    let applied = world.apply(&moved, FirstRunWish::Pending).await.unwrap();
    assert!(applied.record.active);
    assert_snapshot!(applied.human(None), @"
     directory   corp (The corp directory)
     version     3
     state       active
     first run   done
     applied     2026-05-01 08:00:00
    warning: new users of a managed domain cannot sign in until a password reaches them: this version syncs none
    warning: the directory was deactivated and becomes active again
    warning: the tenant changes: everybody bound so far is bound to objects of the old one
    ");
}

#[tokio::test]
async fn u7_a_domain_belongs_to_one_directory_of_a_tenant() {
    let world = World::with_corp().await;
    let apply = async |id, tenant, upn| {
        let applied = world.apply(&file(id, tenant, upn), FirstRunWish::Pending).await;
        applied.map(|_| ()).map_err(|error| {
            assert_eq!(error.exit(), Exit::Problem);
            error.to_string()
        })
    };
    let shared = r#"domains = ["new.example", "Corp.Example"]"#;
    let refused = "directory corp of the same tenant holds corp.example";
    assert_eq!(apply("other", TENANT, shared).await, Err(refused.into()));
    let default = "domains = [\"new.example\"]\ndefault_domain = \"corp.example\"";
    assert_eq!(apply("other", TENANT, default).await, Err(refused.into()));
    let all = "directory corp of the same tenant holds every domain, or this one would";
    assert_eq!(apply("other", TENANT, "").await, Err(all.into()));
    assert_eq!(world.store.config(&id("other")).await.unwrap(), None);

    assert_eq!(apply("other", OTHER_TENANT, shared).await, Ok(()));
    assert_eq!(apply("third", TENANT, r#"domains = ["new.example"]"#).await, Ok(()));
    let own = r#"domains = ["corp.example", "more.example"]"#;
    assert_eq!(apply("corp", TENANT, own).await, Ok(()), "its own domains stay its own");
}

#[tokio::test]
async fn u7_what_a_directory_no_longer_lists_is_free_for_another() {
    let world = World::with_corp().await;
    let apply = async |id, tenant, upn| {
        let applied = world.apply(&file(id, tenant, upn), FirstRunWish::Pending).await;
        applied.map(|_| ()).map_err(|error| error.to_string())
    };
    let corp = r#"domains = ["corp.example"]"#;
    let held = Err("directory corp of the same tenant holds corp.example".to_owned());
    assert_eq!(apply("other", TENANT, corp).await, held);
    assert_eq!(apply("corp", TENANT, r#"domains = ["new.example"]"#).await, Ok(()));
    assert_eq!(apply("other", TENANT, corp).await, Ok(()));
    // Nor does it hold anything in a tenant that it left.
    assert_eq!(apply("corp", OTHER_TENANT, "").await, Ok(()));
    assert_eq!(apply("third", TENANT, r#"domains = ["new.example"]"#).await, Ok(()));
}

/// What it says cannot be read, but what it holds is remembered beside it.
#[tokio::test]
async fn u7_a_configuration_that_cannot_be_read_still_holds_its_domains() {
    let world = World::with_corp().await;
    let stored = world.stored("corp").await;
    let newer = ConfigRecord { text: "id = 7".into(), version: 2, ..stored };
    assert!(world.store.put_config(&newer, 1).await.unwrap());
    let apply = async |upn| world.apply(&file("other", TENANT, upn), FirstRunWish::Pending).await;
    let refused = apply(r#"domains = ["corp.example"]"#).await.unwrap_err();
    assert!(matches!(&refused, AdminError::DomainHeld(held) if held.holder == id("corp")));
    assert!(apply(r#"domains = ["new.example"]"#).await.is_ok());
}

/// Two operators, each with a directory of its own that wants the same domain.
#[tokio::test]
async fn u7_of_two_that_were_prepared_at_once_the_second_is_refused() {
    let world = World::empty();
    let (store, clock, wish) = (&world.store, &world.clock, FirstRunWish::Pending);
    let prepare = async |id| {
        let text = file(id, TENANT, r#"domains = ["corp.example"]"#);
        let config = service::directory::parse(&text, CustomEndpoints::Refused).unwrap();
        admin::config::prepare(store, &text, &config, wish, clock).await.unwrap()
    };
    let (one, two) = (prepare("one").await, prepare("two").await);
    admin::config::store(store, one, clock).await.unwrap();
    let refused = admin::config::store(store, two, clock).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"directory one of the same tenant holds corp.example");
    assert_eq!(world.store.config(&id("two")).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_shown_can_be_applied_again() {
    let world = World::with_corp().await;
    let shown = Stored(directory::choose(&world.store, None).await.unwrap());
    assert_snapshot!(shown.human(None), @r#"
    # directory corp: version 1, active, first run done, applied 2026-05-01 08:00:00
    id = "corp"
    name = "The corp directory"
    secret = "entra-sync/corp"
    webhook_secret = "entra-sync/corp/webhook"

    [jumpcloud]
    scope.application = "65f0000000000000000000c1"

    [entra]
    tenant_id = "11111111-2222-3333-4444-555555555555"
    client_id = "6731de76-14a6-49ae-97bc-6eba6914391e"

    [upn]
    domains = ["corp.example"]
    "#);
    let again = service::directory::parse(&shown.human(None), CustomEndpoints::Refused);
    assert_eq!(again, service::directory::parse(&corp(), CustomEndpoints::Refused));
    let json: serde_json::Value = serde_json::from_str(&shown.json()).unwrap();
    assert_eq!(json["text"], corp());
    assert_eq!(json["applied_at"], "2026-05-01T08:00:00Z");
}

#[tokio::test]
async fn with_several_directories_one_must_be_named() {
    let world = World::empty();
    let choose = async |named: Option<&str>| {
        let chosen = directory::choose(&world.store, named.map(id).as_ref()).await;
        chosen.map(|record| record.directory.to_string()).map_err(|e| (e.to_string(), e.exit()))
    };
    let none = "no directory is configured yet: apply a file with `entra-sync config apply FILE`";
    assert_eq!(choose(None).await, Err((none.into(), Exit::Problem)));
    let unknown = "directory corp is not configured; configured: none";
    assert_eq!(choose(Some("corp")).await, Err((unknown.into(), Exit::BadUsage)));

    world.apply(&file("two", OTHER_TENANT, ""), FirstRunWish::Pending).await.unwrap();
    assert_eq!(choose(None).await, Ok("two".into()));
    world.apply(&corp(), FirstRunWish::Pending).await.unwrap();
    let several = "several directories are configured, name one with --directory: corp, two";
    assert_eq!(choose(None).await, Err((several.into(), Exit::BadUsage)));
    assert_eq!(choose(Some("corp")).await, Ok("corp".into()));
    let unknown = "directory three is not configured; configured: corp, two";
    assert_eq!(choose(Some("three")).await, Err((unknown.into(), Exit::BadUsage)));
}
