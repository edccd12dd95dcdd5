//! The client against a simulated organization over HTTP: every call, every documented error, and
//! what the way there may do to an answer.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

mod connection;
mod credentials;
mod events;
mod faults;
mod groups;
mod memberships;
mod organization;
mod scope;
mod users;
mod world;
