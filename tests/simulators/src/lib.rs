//! JumpCloud and Entra ID as servers on loopback: stateful, strict, and wrong on demand.
//!
//! A test that mocks a client proves what its author believed about the vendor. These servers
//! hold a directory instead, answer with the vendors' own documented bodies, page, expire tokens,
//! lag behind their writes and lose answers, and they refuse what the vendors would refuse. They
//! know nothing of the product that is tested with them: their wire types are their own.
//!
//! ```no_run
//! use simulators::{Effect, EntraSim, Fault, entra};
//! use std::net::{Ipv4Addr, SocketAddr};
//!
//! # async fn example() -> std::io::Result<()> {
//! let tenant = entra::State::new("8d0b5a0e-0000-4000-8000-0000000000aa", &["corp.example"]);
//! let sim = EntraSim::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tenant).await?;
//! // The next create happens, but nobody is told.
//! sim.control().add_fault(Fault::once("POST /users", Effect::CutAfter));
//! // … let the product work against sim.graph_url() and sim.login_url() …
//! assert_eq!(sim.control().problems(), Vec::<String>::new());
//! assert_eq!(sim.state(|state| state.users().len()), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What is simulated
//!
//! [`JumpCloudSim`]: REST v1 (`systemusers`, their state, search, organizations, applications),
//! REST v2 (user groups, associations, traversals with their paths) and Directory Insights. Every
//! change through the API becomes Insights events, which may also be posted to a webhook.
//!
//! [`EntraSim`]: the token endpoint, organization, domains, users, managers, sessions, groups and
//! their members, deleted items and `$batch` of Microsoft Graph v1.0, with the guards on
//! administrators and on-premises-synced people.
//!
//! # What every request goes through
//!
//! 1. An unknown path, method, query option or property is refused in the vendor's shape and
//!    listed in [`Control::problems`], and so is whatever the vendor's own OpenAPI description
//!    does not know of the request: end a test by asserting that the list is empty.
//! 2. At most one [`Fault`] applies. [`Effect`] says what it does.
//! 3. The vendor authenticates and answers under one lock: each request is atomic.
//! 4. The [`Entry`] in the journal names the route, with passwords and secrets replaced.
//!
//! # Time
//!
//! Each server has its own clock ([`Control::set_time`], [`Control::advance`]); `Date`,
//! `createdDateTime`, token expiry, event times and late effects all come from it. Reads may lag
//! behind writes ([`Control::set_lag`]), while checks such as the uniqueness of a UPN always see
//! the latest state, as the vendors' do. Nothing wakes up by itself: what a late request does is
//! seen by whoever looks next.
//!
//! # Doors
//!
//! In the process of a test: the methods of the two servers. From other processes: the same
//! switches over HTTP below `/_sim/`, and the binary `simulators`. A [`Company`] is a folder of
//! the vendors' own list answers; both servers load and dump it.

mod company;
mod control;
pub mod entra;
mod faults;
mod journal;
pub mod jumpcloud;
mod limits;
mod openapi;
mod server;
mod table;

pub use company::Company;
pub use control::Control;
pub use entra::EntraSim;
pub use faults::{Effect, Fault};
pub use journal::Entry;
pub use jumpcloud::JumpCloudSim;
