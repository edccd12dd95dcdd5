//! The client against a simulated tenant over HTTP: every call, every documented error, and what
//! the way there may do to an answer.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

mod batch;
mod catalogue;
mod faults;
mod groups;
mod listing;
mod members;
mod reads;
mod tenant;
mod token;
mod upsert;
mod world;
mod writes;
