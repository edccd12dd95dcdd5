//! The record's protocol R1 to R12, told as the stories that go wrong without each rule.
//!
//! Every story runs the real engine against the simulated vendors, on the table in memory and a
//! virtual clock: stale reads, lost answers, lost leases, late effects and crashes, each at the
//! moment the story needs it. All end in the same place: [`world::World::at_rest`].
#![expect(clippy::unwrap_used, reason = "a story and its parts fail by panicking")]
#![expect(clippy::print_stdout, reason = "shown when a story fails")]

mod claims;
mod configured;
mod crash;
mod create;
mod gate;
mod gone;
mod groups;
mod large;
mod lease;
mod ledger;
mod looks;
mod members;
mod removals;
mod setbacks;
mod successors;
mod sweep;
mod switch;
mod work;
mod world;
