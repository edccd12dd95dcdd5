//! From what was typed to the operation, and from its result to the exit status.

use std::io::{self, BufRead, Write};
use std::path::Path;

use admin::config::{self, FirstRunWish, Stored, Tenants, Validated};
use admin::events::{Events, Follower, events};
use admin::failures::{failures, retry_all, retry_one};
use admin::find::find;
use admin::key::{Key, UserKey};
use admin::parked::{Which, parked, replay, replay_question};
use admin::show::show;
use admin::status::status;
use admin::sync::{self, check_active, sync};
use admin::{AdminError, Answer, Exit, directory};
use clock::Clock;
use store::{AuditQuery, Store};
use sync_core::ids::DirectoryId;
use transport::CustomEndpoints;
use work_queue::ParkedQueue;

use crate::ask::Asker;
use crate::cli::{
    Command, ConfigCommand, EventsArgs, FailuresCommand, FirstRunArg, Global, ParkedCommand,
    ShowCommand, SyncCommand,
};
use crate::error::RunError;
use crate::output::Output;

/// What a command needs AWS for.
pub(crate) enum Left {
    /// Nothing: it is finished.
    Finished(Exit),
    /// The rest of it.
    NeedsAws(Needs),
}

/// A command that needs the table or the queues.
pub(crate) enum Needs {
    /// Store this valid file.
    Apply {
        /// Its text.
        text: String,
        /// What it says.
        config: Box<service::directory::DirectoryConfig>,
        /// `--first-run`.
        wish: FirstRunWish,
    },
    /// `config deactivate`.
    Deactivate(DirectoryId),
    /// Print the stored configuration.
    ShowConfig,
    /// `status`.
    Status,
    /// `show`.
    Show(Key),
    /// `sync`.
    Sync(Key, Option<std::time::Duration>),
    /// `failures list`.
    Failures,
    /// `failures retry` of one, or of all.
    Retry(Option<UserKey>),
    /// `parked list`, so many.
    Parked(usize),
    /// `parked replay`.
    Replay(Which),
    /// `events`.
    Events(EventsArgs),
}

/// Does what needs no AWS: a file with problems is told before anybody looks for credentials.
pub(crate) fn without_aws(
    command: Command,
    global: &Global,
    custom: CustomEndpoints,
    output: &mut Output<impl Write, impl Write>,
) -> Result<Left, RunError> {
    let needs = match command {
        Command::Config(ConfigCommand::Validate { file }) => {
            let (_, validated) = read_config(&file, global, custom)?;
            output.answer(&validated).map_err(RunError::Output)?;
            return Ok(Left::Finished(validated.exit()));
        }
        Command::Config(ConfigCommand::Apply { file, first_run: FirstRunArg(wish) }) => {
            let (text, validated) = read_config(&file, global, custom)?;
            match validated.result {
                Ok(config) => Needs::Apply { text, config, wish },
                Err(errors) => {
                    let validated = Validated { result: Err(errors), ..validated };
                    output.answer(&validated).map_err(RunError::Output)?;
                    return Ok(Left::Finished(validated.exit()));
                }
            }
        }
        Command::Config(ConfigCommand::Deactivate { id }) => Needs::Deactivate(id),
        Command::Config(ConfigCommand::Show) => Needs::ShowConfig,
        Command::Status => Needs::Status,
        Command::Show(ShowCommand::User { user }) => Needs::Show(Key::User(user)),
        Command::Show(ShowCommand::Group { group }) => Needs::Show(Key::Group(group)),
        Command::Sync(SyncCommand::User { user, wait }) => Needs::Sync(Key::User(user), wait.wait),
        Command::Sync(SyncCommand::Group { group, wait }) => {
            Needs::Sync(Key::Group(group), wait.wait)
        }
        Command::Failures(FailuresCommand::List) => Needs::Failures,
        Command::Failures(FailuresCommand::Retry(one)) => Needs::Retry(one.user),
        Command::Parked(ParkedCommand::List { limit }) => Needs::Parked(limit.into()),
        Command::Parked(ParkedCommand::Replay(messages)) => Needs::Replay(messages.which()),
        Command::Events(args) => Needs::Events(args),
    };
    Ok(Left::NeedsAws(needs))
}

fn read_config(
    file: &Path,
    global: &Global,
    custom: CustomEndpoints,
) -> Result<(String, Validated), RunError> {
    let text = std::fs::read_to_string(file)
        .map_err(|source| RunError::File { path: file.to_owned(), source })?;
    let validated = config::validate(&file.display().to_string(), &text, custom);
    if let (Ok(config), Some(named)) = (&validated.result, &global.directory)
        && config.id != *named
    {
        let (file, named) = (config.id.clone(), named.clone());
        return Err(AdminError::OtherDirectory { file, named }.into());
    }
    Ok((text, validated))
}

/// The person's side.
pub(crate) struct Doors<'a, I, O, E> {
    /// Where answers go.
    pub(crate) output: &'a mut Output<O, E>,
    /// Who agrees to changes.
    pub(crate) asker: Asker<I>,
}

/// The system's side.
pub(crate) struct World<S, Q, T> {
    /// The table.
    pub(crate) store: S,
    /// The queues.
    pub(crate) queue: Q,
    /// Entra's tenants.
    pub(crate) tenants: T,
    /// The time.
    pub(crate) clock: Clock,
}

impl<S: Store, Q: ParkedQueue, T: Tenants> World<S, Q, T> {
    /// Runs a command to its end.
    pub(crate) async fn run<I: BufRead, O: Write, E: Write>(
        &self,
        command: Needs,
        global: &Global,
        doors: &mut Doors<'_, I, O, E>,
    ) -> Result<Exit, RunError> {
        let Self { store, queue, tenants, clock } = self;
        let named = global.directory.as_ref();
        let answered = match command {
            Needs::Apply { text, config, wish } => {
                let prepared = config::prepare(store, &text, &config, wish, clock).await?;
                let prepared = prepared.compared(tenants, &config, clock).await;
                if !global.yes {
                    // With --yes nobody decides, and the answer holds them, too.
                    for note in prepared.notes() {
                        doors.output.message(&note).map_err(RunError::Output)?;
                    }
                }
                doors.asker.confirm(&prepared.question(), doors.output)?;
                let applied = config::store(store, prepared, clock).await?;
                doors.answer(&applied)
            }
            Needs::Deactivate(id) => {
                if let Some(named) = named.filter(|named| **named != id) {
                    let named = named.clone();
                    return Err(AdminError::TwoDirectories { id, named }.into());
                }
                let stored = directory::choose(store, Some(&id)).await?;
                doors.asker.confirm(&config::deactivation_question(&id), doors.output)?;
                let deactivating = config::deactivate(store, stored).await?;
                doors.output.message(&deactivating.waiting()).map_err(RunError::Output)?;
                doors.answer(&deactivating.settle(store, clock).await?)
            }
            Needs::ShowConfig => doors.answer(&Stored(directory::choose(store, named).await?)),
            Needs::Status => doors.answer(&status(store, queue, clock, named).await?),
            Needs::Show(key) => {
                let stored = directory::choose(store, named).await?;
                let found = find(store, &stored, key).await?;
                doors.answer(&show(store, clock, found).await?)
            }
            Needs::Sync(key, wait) => {
                let stored = directory::choose(store, named).await?;
                let found = find(store, &stored, key).await?;
                check_active(store, &found).await?;
                doors.asker.confirm(&sync::question(&found), doors.output)?;
                doors.answer(&sync(store, queue, clock, found, wait).await?)
            }
            Needs::Failures => {
                let stored = directory::choose(store, named).await?;
                doors.answer(&failures(store, clock, &stored.directory).await?)
            }
            Needs::Retry(key) => {
                let stored = directory::choose(store, named).await?;
                let retry = match key {
                    Some(key) => retry_one(store, &stored, key).await?,
                    None => retry_all(store, clock, &stored).await?,
                };
                if !retry.is_empty() {
                    doors.asker.confirm(&retry.question(), doors.output)?;
                }
                doors.answer(&retry.ring(queue).await?)
            }
            Needs::Parked(limit) => doors.answer(&parked(queue, named, limit).await?),
            Needs::Replay(which) => {
                let question = replay_question(queue, &which).await?;
                doors.asker.confirm(&question, doors.output)?;
                doors.answer(&replay(store, queue, &which, named).await?)
            }
            Needs::Events(args) => return self.events(args, named, doors).await,
        };
        answered.map_err(RunError::Output)
    }

    async fn events<I: BufRead, O: Write, E: Write>(
        &self,
        args: EventsArgs,
        named: Option<&DirectoryId>,
        doors: &mut Doors<'_, I, O, E>,
    ) -> Result<Exit, RunError> {
        let Self { store, clock, .. } = self;
        let stored = directory::choose(store, named).await?;
        let now = clock.now();
        let (directory, subject) = match args.about() {
            Some(key) => {
                let found = find(store, &stored, key).await?;
                (found.directory, Some(found.subject))
            }
            None => (stored.directory, None),
        };
        let query = AuditQuery {
            since: args.since.map(|when| when.seen_from(now)),
            until: args.until.map(|when| when.seen_from(now)),
            subject,
            limit: args.limit.into(),
        };
        if !args.follow {
            let events = events(store, &directory, &query, now).await?;
            return doors.answer(&events).map_err(RunError::Output);
        }
        let (mut news, mut follower) =
            Follower::start(store.clone(), clock.clone(), directory, query).await?;
        loop {
            doors.output.part(&news, || Events::lines(&news)).map_err(RunError::Output)?;
            if doors.output.is_closed() {
                return Ok(Exit::Ok);
            }
            news = follower.next().await?;
        }
    }
}

impl<I, O: Write, E: Write> Doors<'_, I, O, E> {
    fn answer(&mut self, answer: &impl Answer) -> io::Result<Exit> {
        self.output.answer(answer)?;
        Ok(answer.exit())
    }
}

#[cfg(test)]
mod tests;
