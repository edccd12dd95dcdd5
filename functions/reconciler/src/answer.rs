//! The answer's JSON (design 4.6). Scripts and dashboards read it, so its keys are stable.

use std::collections::BTreeMap;

use serde::Serialize;
use sync_core::ids::DirectoryId;

use crate::input::Task;

/// What an invocation answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A directory was named.
    One(Box<Run>),
    /// None was: one run for each that is configured.
    All {
        /// The runs, by directory.
        runs: Vec<Run>,
    },
}

/// One run of a task in one directory.
#[derive(Debug, Serialize)]
pub struct Run {
    /// Names the run in logs and as the holder of its lock.
    pub run: String,
    /// The directory.
    pub directory: String,
    /// The task.
    pub task: &'static str,
    /// What becomes of a plan; a task without plans has none.
    pub mode: Option<&'static str>,
    /// How it ended.
    pub state: State,
    /// What was seen and done, by kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// What an operator should know.
    pub findings: Vec<Told>,
    /// The hash by which the plan can be approved.
    pub plan_hash: Option<String>,
    /// Changes that wait for an approval.
    pub held: u64,
    /// Subjects that were rung.
    pub queued: u64,
    /// Changes in Entra.
    pub writes: u64,
    /// Requests to the vendors, those for tokens among them.
    pub requests: Requests,
    /// How long it took.
    pub duration_ms: u64,
    /// Nothing at all could be done. Not answered: it becomes an error when no run got further.
    #[serde(skip)]
    pub(crate) nothing_done: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It did all it had to do.
    Done,
    /// It did not get to its end, and the findings say why; the next run goes on from there.
    Continued,
    /// Another run of the task is at it.
    Busy,
    /// The directory takes no such task now, and the findings say why.
    Refused,
}

impl State {
    /// As the answer spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Continued => "continued",
            Self::Busy => "busy",
            Self::Refused => "refused",
        }
    }
}

/// A finding of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Stable, for scripts.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// How many requests each vendor got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Microsoft Graph and its token service.
    pub graph: u64,
    /// JumpCloud and its token service.
    pub jumpcloud: u64,
}

impl Run {
    /// A run that has not done anything yet.
    pub(crate) fn begin(directory: &DirectoryId, task: &Task) -> Self {
        Self {
            run: uuid::Uuid::new_v4().to_string(),
            directory: directory.to_string(),
            task: task.name(),
            mode: match task {
                Task::CatchUp { .. } => None,
                Task::Reconcile { mode } => Some(mode.name()),
            },
            state: State::Done,
            counts: BTreeMap::new(),
            findings: Vec::new(),
            plan_hash: None,
            held: 0,
            queued: 0,
            writes: 0,
            requests: Requests::default(),
            duration_ms: 0,
            nothing_done: false,
        }
    }

    /// Ends it in this state, for this reason.
    pub(crate) fn end(&mut self, state: State, code: &'static str, message: impl Into<String>) {
        self.state = state;
        self.findings.push(Told { code, message: message.into() });
    }

    /// Ends it before anything could be done.
    pub(crate) fn end_with_nothing(&mut self, code: &'static str, message: impl Into<String>) {
        self.end(State::Continued, code, message);
        self.nothing_done = true;
    }

    /// Its findings on one line.
    pub(crate) fn told(&self) -> String {
        let told: Vec<String> =
            self.findings.iter().map(|told| format!("{}: {}", told.code, told.message)).collect();
        told.join("; ")
    }
}
