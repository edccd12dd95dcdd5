//! Operators' operations: what a person may look at and set off.
//!
//! Each operation is a function over the table and the queues that answers a typed [`Answer`],
//! which shows itself to people or to programs; so every door (the command line `entra-sync`, and
//! later a Lambda) opens to the same rooms. Nothing here syncs: an operator's request rings the same
//! bell as everybody's, and the one consumer works. The one question to a vendor is that of
//! `config apply` to the tenant, which domains it has.
#![warn(missing_docs)]

mod answer;
pub mod config;
pub mod directory;
mod error;
pub mod events;
pub mod failures;
pub mod find;
pub mod key;
pub mod parked;
pub mod show;
mod shown;
pub mod status;
pub mod sync;
mod table;

pub use answer::{Answer, Exit};
pub use error::AdminError;
pub use shown::escape;
