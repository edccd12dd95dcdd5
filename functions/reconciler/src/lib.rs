//! Runs the scheduled tasks: `catch_up` every minute, and in a later version `reconcile`.
//!
//! It decides which directories a task runs in and how its end is told; what a task does is the
//! engine's. Directories run side by side, each under its own lock, and none delays another. An
//! invocation fails only when nothing at all could be done, so that its failures mean something;
//! whatever else went wrong is a finding of the run.
#![warn(missing_docs)]

use futures_util::future::join_all;
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use serde_json::Value;
use service::directories::DirectoriesError;
use store::Store;
use sync_core::ids::DirectoryId;
use sync_engine::Engine;
use sync_engine::directories::Directories;
use work_queue::WorkQueue;

mod answer;
mod input;
mod run;

pub use answer::{Answer, Requests, Run, State, Told};
use input::Input;
pub use input::InvalidInput;

/// The function of the schedules.
#[derive(Debug)]
pub struct Reconciler<S, Q> {
    engine: Engine<S, Q>,
    directories: Directories<S>,
}

/// Why an invocation answers no runs.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The input asks for nothing that can be done.
    #[error(transparent)]
    Input(#[from] InvalidInput),
    /// There is no such directory.
    #[error("the directory {0} is not configured")]
    UnknownDirectory(DirectoryId),
    /// The directories cannot be listed.
    #[error("the directories cannot be listed")]
    Directories(#[source] DirectoriesError),
    /// No run could do anything.
    #[error("nothing could be done: {0}")]
    NothingDone(String),
}

/// The kind of the error is what alarms and scripts see.
impl From<ReconcileError> for Diagnostic {
    fn from(error: ReconcileError) -> Self {
        let error_type = match &error {
            ReconcileError::Input(_) => "InvalidInput",
            ReconcileError::UnknownDirectory(_) => "UnknownDirectory",
            ReconcileError::Directories(_) | ReconcileError::NothingDone(_) => "NothingDone",
        };
        Self { error_type: error_type.to_owned(), error_message: service::telemetry::chain(&error) }
    }
}

impl<S: Store, Q: WorkQueue> Reconciler<S, Q> {
    /// Runs tasks with this engine, in these directories.
    pub fn new(engine: Engine<S, Q>, directories: Directories<S>) -> Self {
        Self { engine, directories }
    }

    /// Runs the task of this input; every run has ended shortly before the deadline.
    ///
    /// An error is logged by the Lambda runtime.
    pub async fn handle(
        &self,
        input: &Value,
        deadline: Timestamp,
    ) -> Result<Answer, ReconcileError> {
        let Input { directory, task } = Input::parse(input)?;
        if let Some(id) = directory {
            let run = self.run(&id, &task, deadline).await;
            let run = run.ok_or(ReconcileError::UnknownDirectory(id))?;
            if run.nothing_done {
                return Err(ReconcileError::NothingDone(run.told()));
            }
            return Ok(Answer::One(Box::new(run)));
        }
        let ids = self.directories.ids().await.map_err(ReconcileError::Directories)?;
        let runs = ids.iter().map(|id| self.run(id, &task, deadline));
        let runs: Vec<Run> = join_all(runs).await.into_iter().flatten().collect();
        if !runs.is_empty() && runs.iter().all(|run| run.nothing_done) {
            let told: Vec<String> =
                runs.iter().map(|run| format!("{}: {}", run.directory, run.told())).collect();
            return Err(ReconcileError::NothingDone(told.join("; ")));
        }
        Ok(Answer::All { runs })
    }
}
