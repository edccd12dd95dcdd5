//! Every operation on the table and the queues in memory, and what it prints.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

mod binary;
mod config;
mod deactivate;
mod events;
mod failures;
mod parked;
mod show;
mod show_group;
mod status;
mod sync;
mod tenant;
mod world;
