//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use admin::config::FirstRunWish;
use admin::events::When;
use admin::find::UserKey;
use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use sync_core::ids::DirectoryId;
use transport::CustomEndpoints;

const EXAMPLES: &str = "\
Examples:
  entra-sync config validate directory.toml
  entra-sync --stack entra-sync config apply directory.toml --first-run=apply
  entra-sync --stack entra-sync status
  entra-sync --stack entra-sync show user ada@corp.example
  entra-sync --stack entra-sync events --follow

The table and the queues are found by --stack, or by the variables SYNC_TABLE, EVENTS_QUEUE_URL,
BULK_QUEUE_URL and PARKED_QUEUE_URL; credentials and region are those of the AWS SDK.

Exit status: 0 all is well, 1 a problem was found or something did not work, 2 bad usage.";

/// Syncs people from JumpCloud to Microsoft Entra ID: looking at it and setting it off.
#[derive(Debug, Parser)]
#[command(name = "entra-sync", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The CloudFormation stack whose table and queues to use.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The directory, when there are several.
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) directory: Option<DirectoryId>,
    /// Answers in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Does not ask before changing something.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
    /// Set to 1 for the local run and tests alone: allows other hosts than the vendors'.
    #[arg(long, global = true, hide = true, env = "ALLOW_CUSTOM_ENDPOINTS", value_name = "0|1")]
    allow_custom_endpoints: Option<String>,
}

impl Global {
    /// Whether a file may name other hosts than the vendors'.
    pub(crate) fn custom_endpoints(&self) -> CustomEndpoints {
        match self.allow_custom_endpoints.as_deref() {
            Some("1") => CustomEndpoints::Allowed,
            _ => CustomEndpoints::Refused,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A directory's configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// How every directory is doing, and how full the queues are.
    #[command(after_help = "\
Examples:
  entra-sync status
  entra-sync status --json | jq '.directories[].findings'

Exit status 1: somebody fails for good, messages are parked, or events are no longer read.")]
    Status,
    /// What is remembered of one person.
    #[command(subcommand)]
    Show(ShowCommand),
    /// Syncs one person now.
    #[command(subcommand)]
    Sync(SyncCommand),
    /// What was changed in Entra, oldest first.
    #[command(after_help = "\
Examples:
  entra-sync events --since 2h
  entra-sync events --user ada@corp.example --limit 10
  entra-sync events --since 2026-05-01T00:00:00Z --until 2026-05-02T00:00:00Z --json
  entra-sync events --follow

With --json each event is one line, in the shape of JumpCloud's Directory Insights.")]
    Events(EventsArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Looks at a file as a whole and lists every problem; nothing is stored.
    #[command(after_help = "\
Example:
  entra-sync config validate directory.toml

Exit status 1: there are problems.")]
    Validate {
        /// The configuration of one directory.
        file: PathBuf,
    },
    /// Stores a file as its directory's configuration, if it is valid.
    #[command(after_help = "\
Examples:
  entra-sync config apply directory.toml
  entra-sync config apply directory.toml --first-run=apply --yes

A new directory's first run is pending: nothing syncs until it is approved. Once it was
approved it stays so.")]
    Apply {
        /// The configuration of one directory.
        file: PathBuf,
        /// Whether the first run waits for approval, or is approved by this.
        #[arg(long, value_name = "WISH", default_value = "pending")]
        first_run: FirstRunArg,
    },
    /// Prints what is stored.
    #[command(after_help = "\
Examples:
  entra-sync config show
  entra-sync config show --directory corp > directory.toml")]
    Show,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstRunArg(pub(crate) FirstRunWish);

impl ValueEnum for FirstRunArg {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(FirstRunWish::Pending), Self(FirstRunWish::Apply)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            FirstRunWish::Pending => PossibleValue::new("pending"),
            FirstRunWish::Apply => PossibleValue::new("apply"),
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShowCommand {
    /// One person's binding, findings, failure and waits.
    #[command(after_help = "\
Examples:
  entra-sync show user 65f0000000000000000000a1
  entra-sync show user ada@corp.example
  entra-sync show user 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001 --json")]
    User {
        /// A JumpCloud id, an Entra object id or a UPN.
        #[arg(value_name = "ID|UPN|OBJECT-ID")]
        user: UserKey,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// Rings for one person, as an event would.
    #[command(after_help = "\
Examples:
  entra-sync sync user 65f0000000000000000000a1
  entra-sync sync user ada@corp.example --wait --yes
  entra-sync sync user 65f0000000000000000000a1 --wait=30

Exit status 1 with --wait: it was not synced in time, or it fails for good.")]
    User {
        /// A JumpCloud id, an Entra object id or a UPN.
        #[arg(value_name = "ID|UPN|OBJECT-ID")]
        user: UserKey,
        /// Waits until it was synced, at most so many seconds, and shows the result.
        #[arg(
            long,
            value_name = "SECONDS",
            num_args = 0..=1,
            require_equals = true,
            default_missing_value = "120",
            value_parser = seconds,
        )]
        wait: Option<Duration>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Not older: a time, or a span before now such as 90s, 15m, 2h or 7d.
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<When>,
    /// Not younger.
    #[arg(long, value_name = "WHEN", conflicts_with = "follow")]
    pub(crate) until: Option<When>,
    /// About this person only: a JumpCloud id, an Entra object id or a UPN.
    #[arg(long, value_name = "ID|UPN|OBJECT-ID")]
    pub(crate) user: Option<UserKey>,
    /// The latest so many.
    #[arg(long, value_name = "NUMBER", default_value_t = 50,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) limit: u16,
    /// Goes on with what is added, until it is interrupted.
    #[arg(long, short)]
    pub(crate) follow: bool,
}

/// Between a second and an hour.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("wanted 1 to 3600 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests;
