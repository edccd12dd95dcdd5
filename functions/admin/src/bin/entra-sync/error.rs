//! Why a command ended without an answer, and the exit status that follows.

use std::io;
use std::path::PathBuf;

use admin::{AdminError, Exit};

use crate::connect::ConnectError;

/// Why a command ended without an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The operation.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The table and the queues are not known.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// Its name.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It would change something, and nobody can agree.
    #[error("this changes something and there is no terminal to ask on: repeat it with --yes")]
    NobodyToAsk,
    /// The person did not agree.
    #[error("not confirmed: nothing was changed")]
    NotConfirmed,
    /// The person's answer cannot be read.
    #[error("the answer cannot be read")]
    Input(#[source] io::Error),
    /// The answer cannot be printed.
    #[error("the answer cannot be printed")]
    Output(#[source] io::Error),
}

impl RunError {
    /// How the process ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Admin(error) => error.exit(),
            Self::Connect(error) if error.is_usage() => Exit::BadUsage,
            Self::File { .. } | Self::NobodyToAsk => Exit::BadUsage,
            Self::Connect(_) | Self::NotConfirmed | Self::Input(_) | Self::Output(_) => {
                Exit::Problem
            }
        }
    }
}
