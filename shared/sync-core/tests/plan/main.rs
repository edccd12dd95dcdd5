//! Plan tests: a small world in, the printed plan out, each named after its rule.

mod adopt;
mod attributes;
mod bound;
mod create;
mod properties;
mod protocol;
mod world;
