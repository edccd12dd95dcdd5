//! Plan tests: a small world in, the printed plan out, each named after its rule.
#![expect(clippy::unwrap_used, reason = "a world that cannot be built fails its test")]

mod adopt;
mod apply;
mod attributes;
mod back;
mod bound;
mod create;
mod generated;
mod gone;
mod group_names;
mod group_properties;
mod group_world;
mod groups;
mod groups_bound;
mod manager;
mod members;
mod off;
mod properties;
mod protocol;
mod upn;
mod world;
