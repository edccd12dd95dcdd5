//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use admin::config::FirstRunWish;
use admin::events::When;
use admin::key::{GroupKey, Key, UserKey};
use admin::parked::Which;
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

/// Syncs people and groups from JumpCloud to Microsoft Entra ID: looking at it and setting it off.
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

Exit status 1: a person or a group fails for good, messages are parked, or events are no longer read.")]
    Status,
    /// What is remembered of one person or group.
    #[command(subcommand)]
    Show(ShowCommand),
    /// Syncs one person or group now.
    #[command(subcommand)]
    Sync(SyncCommand),
    /// Who fails for good, and trying again before their time.
    #[command(subcommand)]
    Failures(FailuresCommand),
    /// Messages that nobody could work on.
    #[command(subcommand)]
    Parked(ParkedCommand),
    /// What was changed in Entra, oldest first.
    #[command(after_help = "\
Examples:
  entra-sync events --since 2h
  entra-sync events --user ada@corp.example --limit 10
  entra-sync events --group 65f0000000000000000000b1
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
approved it stays so.

Of the directories of one tenant each domain belongs to one, and one that lists no domains
holds all of them: a file that wants a domain of another is refused, naming the holder.

The listed domains are compared with those of the tenant, with the directory's own
credentials. One that is not verified there is a finding with its key, and so is another
tenant; the file is stored all the same, since everybody else can sync. What cannot be
compared, because the secret or Entra is out of reach, is a warning.

Exit status 0: it is stored, whatever was found. 1: it is not.")]
    Apply {
        /// The configuration of one directory.
        file: PathBuf,
        /// Whether the first run waits for approval, or is approved by this.
        #[arg(long, value_name = "WISH", default_value = "pending")]
        first_run: FirstRunArg,
    },
    /// Ends all work of a directory; its domains are free for others.
    #[command(after_help = "\
Example:
  entra-sync config deactivate corp

Its old and new items are ignored, and Entra is never changed for it again, not even for
leavers. The command returns after a minute, when no function knows the directory as active
any more; only then its domains are free. `config apply` makes it active again.")]
    Deactivate {
        /// The directory.
        id: DirectoryId,
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
    /// One group's binding, findings, failure and waits, and how far its members have come.
    #[command(after_help = "\
Examples:
  entra-sync show group 65f0000000000000000000b1
  entra-sync show group 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f00b1 --json")]
    Group {
        /// A JumpCloud id or an Entra object id.
        #[arg(value_name = "ID|OBJECT-ID")]
        group: GroupKey,
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
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Rings for one group and its members, as an event would.
    #[command(after_help = "\
Examples:
  entra-sync sync group 65f0000000000000000000b1
  entra-sync sync group 8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f00b1 --wait --yes

The members of a large group, and of one that was listed in the last 30 seconds, take more than
one sync: --wait shows the first, and `show group` what is still to come.

Exit status 1 with --wait: it was not synced in time, or it fails for good.")]
    Group {
        /// A JumpCloud id or an Entra object id.
        #[arg(value_name = "ID|OBJECT-ID")]
        group: GroupKey,
        #[command(flatten)]
        wait: WaitArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// Waits until it was synced, at most so many seconds, and shows the result.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "120",
        value_parser = seconds,
    )]
    pub(crate) wait: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FailuresCommand {
    /// Whose change was refused for good: by what, how often, and when it is tried again.
    #[command(after_help = "\
Examples:
  entra-sync failures list
  entra-sync failures list --directory corp --json")]
    List,
    /// Rings for one who fails, or for all of them.
    #[command(after_help = "\
Examples:
  entra-sync failures retry ada@corp.example
  entra-sync failures retry 65f0000000000000000000b1
  entra-sync failures retry --all --yes

Groups are left out where they are off, since nobody would sync them.")]
    Retry(RetryArgs),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct RetryArgs {
    /// A JumpCloud id or an Entra object id of a person or a group, or a UPN.
    #[arg(value_name = "ID|UPN|OBJECT-ID")]
    pub(crate) user: Option<UserKey>,
    /// Every person and group in the directory that fails.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParkedCommand {
    /// What is parked and why, the oldest first.
    #[command(after_help = "\
Examples:
  entra-sync parked list
  entra-sync parked list --directory corp --limit 1000
  entra-sync parked list --json | jq -r '.messages[].body'

Looking hides the messages from other lookers for a moment. With --json each body is whole.")]
    List {
        /// At most so many.
        #[arg(long, value_name = "NUMBER", default_value_t = 100,
              value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Gives parked messages another chance.
    #[command(after_help = "\
Examples:
  entra-sync parked replay --all
  entra-sync parked replay --all --directory corp --yes
  entra-sync parked replay --id 0f9e6a58-3f0b-4f52-9d39-7b1c8a5f0001

Events are recognised anew, work items go back to their queue. A message is deleted only after
the queues took everything that it rings for; what still cannot be read stays, with its reason.
With --directory only its messages are replayed, and those of no directory as if they were its.

Exit status 1: something stays, or an id is not parked.")]
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ReplayArgs {
    /// Every message.
    #[arg(long)]
    all: bool,
    /// The message of this id; may be repeated.
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
}

impl ReplayArgs {
    /// What is meant.
    pub(crate) fn which(self) -> Which {
        if self.all { Which::All } else { Which::Ids(self.id.into_iter().collect()) }
    }
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
    user: Option<UserKey>,
    /// About this group and its members only: a JumpCloud id or an Entra object id.
    #[arg(long, value_name = "ID|OBJECT-ID", conflicts_with = "user")]
    group: Option<GroupKey>,
    /// The latest so many.
    #[arg(long, value_name = "NUMBER", default_value_t = 50,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) limit: u16,
    /// Goes on with what is added, until it is interrupted.
    #[arg(long, short)]
    pub(crate) follow: bool,
}

impl EventsArgs {
    /// About whom or what only.
    pub(crate) fn about(&self) -> Option<Key> {
        let user = self.user.clone().map(Key::User);
        user.or_else(|| self.group.clone().map(Key::Group))
    }
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
