//! What every function needs before it can work: settings, the directories' configuration, their
//! secrets, logging and the AWS clients' configuration.
//!
//! Nothing here calls AWS before the first event needs it (design section 12). What the
//! configuration means for a person or a group is decided in `sync-core`.
#![warn(missing_docs)]

pub mod aws;
pub mod directories;
pub mod directory;
mod kept;
pub mod secrets;
pub mod settings;
pub mod telemetry;
