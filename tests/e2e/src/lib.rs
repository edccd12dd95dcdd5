//! The real binaries in a world of their own: what the scenarios in `tests/` are made of.
//!
//! The product is not linked in: its functions and its command line run as processes, and are talked
//! to as AWS, the vendors and operators do. Its `store` alone is, to begin with a company that was
//! synced long ago ([`World::staff`]), and to read in the end what the table remembers.
//!
//! - [`Stack`] is the deployed template on a private AWS stand-in, one for each test program. A
//!   [`Place`] is a table and three queues on it: those that were deployed, with the functions
//!   behind them, or new ones that nobody but the test works on.
//! - [`Function`] is a binary behind a Runtime API of ours: it is fed event by event, answers byte
//!   by byte, and can be killed in the middle. [`Feed`] feeds it from a queue, as AWS would.
//! - [`Proxy`] stands between a function and AWS: it counts requests and spoils answers.
//! - [`World`] adds the two vendors and one directory, and ends with the checks that hold after
//!   every scenario ([`World::prove`]).
//!
//! Nothing here waits for a fixed time: every wait is for a condition, with a bound.
#![warn(missing_docs)]

mod built;
mod command_line;
pub mod events;
mod feed;
mod http;
mod proof;
mod proxy;
mod runtime_api;
mod stack;
mod staff;
mod table;
mod wait;
mod world;

pub use command_line::CommandLine;
pub use feed::{Feed, Lane};
pub use http::post;
pub use proxy::{Proxy, Spoilt};
pub use runtime_api::{Answer, Function, Invocation};
pub use stack::{Place, Stack};
pub use staff::Person;
pub use wait::{PATIENCE, until};
pub use world::{Setup, World};
