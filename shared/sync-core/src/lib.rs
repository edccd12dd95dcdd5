//! The model in one page.
//!
//! JumpCloud says what is [`desired`], Entra what is [`observed`], the table what we did before
//! ([`record`]). [`plan::user::plan_user`] turns the three into a [`plan::Plan`] and
//! [`finding::Finding`]s. Nothing in this crate can wait, fail on I/O, look at a clock or draw a
//! random number: time comes in as an argument. It knows no wire format and no crate of ours.
#![warn(missing_docs)]

pub mod attributes;
pub mod audit;
pub mod desired;
pub mod disposition;
pub mod finding;
pub mod group;
pub mod ids;
pub mod observed;
pub mod plan;
pub mod policy;
pub mod record;
pub mod upn;
