//! The switches of one simulated server: clock, faults, lag, journal, problems.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::faults::{Effect, Fault, Faults};
use crate::journal::{Entry, Journal};
use crate::server::{Request, Route};
use crate::table::View;

/// The switches of one simulated server. Clones share them.
///
/// Every answer's `Date`, every time in the state and every expiry comes from this clock, which
/// runs with the system's until a test freezes or advances it.
#[derive(Debug, Clone)]
pub struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    routes: &'static [Route],
    switches: Mutex<Switches>,
}

#[derive(Debug, Default)]
struct Switches {
    clock: Clock,
    faults: Faults,
    lag: Duration,
    journal: Journal,
    problems: Vec<String>,
    late: Vec<(Timestamp, Request)>,
}

#[derive(Debug, Clone, Copy)]
enum Clock {
    Running(SignedDuration),
    Frozen(Timestamp),
}

impl Default for Clock {
    fn default() -> Self {
        Self::Running(SignedDuration::ZERO)
    }
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the simulators keep a clock of their own")]
    fn now(self) -> Timestamp {
        match self {
            Self::Running(offset) => Timestamp::now().saturating_add(offset).unwrap_or_default(),
            Self::Frozen(now) => now,
        }
    }
}

impl Control {
    pub(crate) fn new(routes: &'static [Route]) -> Self {
        Self(Arc::new(Inner { routes, switches: Mutex::default() }))
    }

    // A panicking test must not make the switches unusable for its own clean-up.
    fn switches(&self) -> MutexGuard<'_, Switches> {
        self.0.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The simulator's present.
    pub fn now(&self) -> Timestamp {
        self.switches().clock.now()
    }

    /// Freezes the clock at this time.
    pub fn set_time(&self, t: Timestamp) {
        self.switches().clock = Clock::Frozen(t);
    }

    /// Moves the clock on; a running clock keeps running, that much ahead.
    pub fn advance(&self, d: Duration) {
        let d = SignedDuration::try_from(d).unwrap_or(SignedDuration::MAX);
        let mut switches = self.switches();
        switches.clock = match switches.clock {
            Clock::Running(offset) => Clock::Running(offset.saturating_add(d)),
            Clock::Frozen(now) => Clock::Frozen(now.saturating_add(d).unwrap_or(Timestamp::MAX)),
        };
    }

    /// Lets the clock run with the system's again.
    pub fn real_time(&self) {
        self.switches().clock = Clock::default();
    }

    /// Makes every write visible to reads only so much later.
    pub fn set_lag(&self, lag: Duration) {
        self.switches().lag = lag;
    }

    /// Adds a fault behind those that wait already.
    ///
    /// # Panics
    ///
    /// If no route has that name: the fault could never hit, and a test with it would prove
    /// nothing.
    pub fn add_fault(&self, f: Fault) {
        if let Err(problem) = self.try_add_fault(f) {
            panic!("{problem}");
        }
    }

    pub(crate) fn try_add_fault(&self, fault: Fault) -> Result<(), String> {
        let known = self.0.routes.iter().any(|route| {
            let (method, path) = fault.route.split_once(' ').unwrap_or(("*", &fault.route));
            (method == "*" || method == route.method) && (path == "*" || path == route.name())
        });
        if !known {
            return Err(format!("there is no route {:?} to put a fault on", fault.route));
        }
        self.switches().faults.add(fault);
        Ok(())
    }

    /// Removes all faults. What they delayed still takes effect.
    pub fn clear_faults(&self) {
        self.switches().faults.clear();
    }

    /// The requests since the start or the last clearing, oldest first.
    pub fn journal(&self) -> Vec<Entry> {
        self.switches().journal.entries()
    }

    /// How many requests came per route.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.switches().journal.counts()
    }

    /// Forgets the requests and their counts.
    pub fn clear_journal(&self) {
        self.switches().journal.clear();
    }

    /// What no client of these vendors may do and yet did: paths, methods, query options,
    /// properties and types that their descriptions do not know, deletions of people.
    /// One line per request.
    pub fn problems(&self) -> Vec<String> {
        self.switches().problems.clone()
    }

    /// Forgets the problems.
    pub fn clear_problems(&self) {
        self.switches().problems.clear();
    }

    pub(crate) fn problem(&self, problem: String) {
        self.switches().problems.push(problem);
    }

    pub(crate) fn record(&self, entry: Entry) {
        self.switches().journal.record(entry);
    }

    pub(crate) fn take_fault(&self, method: &str, template: &str, text: &str) -> Option<Effect> {
        self.switches().faults.take(method, template, text)
    }

    /// What a read sees now, if it is also this stale.
    pub(crate) fn view(&self, stale: Duration) -> View {
        let switches = self.switches();
        let age = switches.lag.max(stale);
        if age.is_zero() {
            return View::Latest;
        }
        View::AsOf(switches.clock.now().saturating_sub(age).unwrap_or(Timestamp::MIN))
    }

    pub(crate) fn postpone(&self, request: Request, by: Duration) {
        let mut switches = self.switches();
        let due = switches.clock.now().saturating_add(by).unwrap_or(Timestamp::MAX);
        switches.late.push((due, request));
    }

    /// The late requests whose time has come, in the order of their times.
    pub(crate) fn due(&self) -> Vec<(Timestamp, Request)> {
        let mut switches = self.switches();
        let now = switches.clock.now();
        let (mut due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut switches.late).into_iter().partition(|(time, _)| *time <= now);
        switches.late = rest;
        due.sort_by_key(|(time, _)| *time);
        due
    }
}

/// Waits in real time: held-back answers and webhook retries are the only ones who do.
#[expect(clippy::disallowed_methods, reason = "a server of its own, without our clock crate")]
pub(crate) async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

/// A time as HTTP's `Date` writes it.
pub(crate) fn http_date(time: Timestamp) -> String {
    let time = Timestamp::from_second(time.as_second()).unwrap_or_default();
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}
