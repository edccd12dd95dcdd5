//! The two forms of JSON that cross the border: JumpCloud's events in, work items through the
//! queues.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

mod bad_input;
mod event;
mod item;
mod payloads;
