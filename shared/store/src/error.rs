//! Why an operation of the table did not happen, and what that means for the work.

use sync_core::disposition::Disposition;
use sync_core::ids::Subject;

use crate::types::{Claimed, Holder};

/// Why an operation of the table did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another worker has taken the lease: nothing was stored, the message is handed back (R3).
    #[error("the lease on {subject} is lost")]
    LostLease {
        /// The subject whose fence moved on.
        subject: Subject,
    },
    /// Another subject holds a claim that the change takes: nothing was stored.
    #[error("{key} is held by {holder}")]
    ClaimHeld {
        /// What is held.
        key: Claimed,
        /// Who holds it.
        holder: Holder,
    },
    /// The table is out of reach or throttled: nothing is known about the change.
    #[error("the table cannot be reached during {operation}")]
    Unavailable {
        /// The operation of this crate.
        operation: &'static str,
        /// The client's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item is not in a form this version understands.
    #[error("an item of {what} cannot be read: {why}")]
    Corrupt {
        /// Which kind of item.
        what: &'static str,
        /// What is wrong with its shape; no values.
        why: String,
    },
}

impl StoreError {
    /// What the error means for the work that met it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::LostLease { .. } | Self::ClaimHeld { .. } | Self::Unavailable { .. } => {
                Disposition::Retry
            }
            Self::Corrupt { .. } => Disposition::Fail,
        }
    }
}
