//! The door as API Gateway sees it: an event in AWS's own JSON in, the answer's JSON out.
#![expect(clippy::unwrap_used, reason = "the parts that cases share fail by panicking")]

mod bad_input;
mod door;
mod events;
mod faults;
mod log;
mod world;
