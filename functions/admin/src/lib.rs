//! Operators' operations: what a person may look at and set off.
//!
//! Each operation is a function over the table and the queues that answers a typed [`Answer`],
//! which shows itself to people or to programs; so every door (the command line `entra-sync`, and
//! later a Lambda) opens to the same rooms. Nothing here talks to JumpCloud or Entra, and nothing
//! syncs: an operator's request rings the same bell as everybody's, and the one consumer works.
#![warn(missing_docs)]

mod answer;
pub mod config;
pub mod directory;
mod error;
pub mod events;
pub mod find;
pub mod show;
mod shown;
pub mod status;
pub mod sync;
mod table;

pub use answer::{Answer, Exit};
pub use error::AdminError;
pub use shown::escape;
