use clap::CommandFactory;

use super::*;

fn parse(arguments: &str) -> Result<Cli, i32> {
    let typed = std::iter::once("entra-sync").chain(arguments.split_whitespace());
    Cli::try_parse_from(typed).map_err(|error| error.exit_code())
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples() {
    fn look(command: &clap::Command) {
        if command.has_subcommands() {
            command.get_subcommands().for_each(look);
        } else {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("entra-sync "), "{} has no examples", command.get_name());
        }
    }
    look(&Cli::command());
}

#[test]
fn the_examples_can_be_typed() {
    fn look(command: &clap::Command, tried: &mut usize) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter_map(|line| line.strip_prefix("  entra-sync ")) {
            let typed = line.split(['|', '>']).next().unwrap_or_default();
            assert!(parse(typed).is_ok(), "{line}");
            *tried += 1;
        }
        command.get_subcommands().for_each(|command| look(command, tried));
    }
    let mut tried = 0;
    look(&Cli::command(), &mut tried);
    assert!(tried > 10, "{tried}");
}

#[test]
fn bad_usage_ends_with_2() {
    for bad in [
        "",
        "config",
        "config apply",
        "config apply x.toml --first-run=done",
        "show user",
        "show user ada",
        "show group",
        "show group sales",
        "show group sales@corp.example",
        "show group 65f0000000000000000000b1 --wait",
        "sync group sales",
        "sync group 65f0000000000000000000b1 --wait=0",
        "sync user 65f0000000000000000000a1 --wait=0",
        "sync user 65f0000000000000000000a1 --wait=3601",
        "sync user 65f0000000000000000000a1 --wait=soon",
        "events --limit 0",
        "events --limit 10001",
        "events --since yesterday",
        "events --follow --until 1h",
        "events --user ada",
        "events --group sales",
        "events --user 65f0000000000000000000a1 --group 65f0000000000000000000b1",
        "status --directory Corp",
        "status --nonsense",
        "config deactivate",
        "config deactivate Corp",
        "failures",
        "failures retry",
        "failures retry ada",
        "failures retry --all 65f0000000000000000000a1",
        "parked list --limit 0",
        "parked replay",
        "parked replay --all --id x",
        "parked replay x",
    ] {
        assert_eq!(parse(bad).err(), Some(2), "{bad:?}");
    }
}

#[test]
fn what_is_typed_is_what_is_meant() {
    let cli = parse("events --directory corp --json --since 2h --limit 10000 --follow").unwrap();
    assert!(cli.global.json && !cli.global.yes);
    assert_eq!(cli.global.directory.map(|id| id.to_string()).as_deref(), Some("corp"));
    let Command::Events(events) = cli.command else { panic!("not events") };
    assert_eq!(events.since, Some(When::Ago(Duration::from_secs(7200))));
    assert_eq!((events.limit, events.follow), (10_000, true));

    let wait = |arguments: &str| match parse(arguments).unwrap().command {
        Command::Sync(SyncCommand::User { wait, .. } | SyncCommand::Group { wait, .. }) => {
            wait.wait.map(|wait| wait.as_secs())
        }
        _ => panic!("not sync"),
    };
    assert_eq!(wait("sync user 65f0000000000000000000a1"), None);
    assert_eq!(wait("sync user 65f0000000000000000000a1 --wait"), Some(120));
    assert_eq!(wait("sync user 65f0000000000000000000a1 --wait=5"), Some(5));
    assert_eq!(wait("sync user --wait 65f0000000000000000000a1"), Some(120));

    assert_eq!(wait("sync group 65f0000000000000000000b1"), None);
    assert_eq!(wait("sync group 65f0000000000000000000b1 --wait=5"), Some(5));

    let about = |arguments: &str| match parse(arguments).unwrap().command {
        Command::Events(args) => args.about(),
        _ => panic!("not events"),
    };
    let id = "65f0000000000000000000b1";
    assert_eq!(about("events"), None);
    assert_eq!(about(&format!("events --user {id}")), Some(Key::User(id.parse().unwrap())));
    assert_eq!(about(&format!("events --group {id}")), Some(Key::Group(id.parse().unwrap())));

    let which = |arguments: &str| match parse(arguments).unwrap().command {
        Command::Parked(ParkedCommand::Replay(messages)) => messages.which(),
        _ => panic!("not parked replay"),
    };
    assert_eq!(which("parked replay --all"), Which::All);
    let two = Which::Ids(["x".to_owned(), "y".to_owned()].into());
    assert_eq!(which("parked replay --id x --id y"), two);

    let wish = |arguments: &str| match parse(arguments).unwrap().command {
        Command::Config(ConfigCommand::Apply { first_run, .. }) => first_run.0,
        _ => panic!("not config apply"),
    };
    assert_eq!(wish("config apply x.toml"), FirstRunWish::Pending);
    assert_eq!(wish("config apply x.toml --first-run=apply"), FirstRunWish::Apply);
}

#[test]
fn custom_hosts_are_allowed_by_1_alone() {
    let custom = |value: &str| {
        let typed = format!("status --allow-custom-endpoints={value}");
        parse(&typed).unwrap().global.custom_endpoints()
    };
    assert_eq!(custom("1"), CustomEndpoints::Allowed);
    assert_eq!(custom("0"), CustomEndpoints::Refused);
    assert_eq!(custom("yes"), CustomEndpoints::Refused);
}
