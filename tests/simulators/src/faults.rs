//! What can go wrong on purpose, and which request it happens to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One fault on one route, waiting for the requests it applies to.
///
/// Faults are tried in the order in which they were added; the first that applies decides, the
/// later ones do not even count the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The route as the journal names it, for example `POST /users` or
    /// `GET /api/systemusers/{id}`. The method may be `*`, and `*` alone means every request.
    pub route: String,
    /// How many matching requests pass before the first one is hit.
    #[serde(default)]
    pub skip: u32,
    /// How many requests are hit; `None`: all of them until the faults are cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// Only requests whose path, query or body contains this text.
    #[serde(default)]
    pub contains: Option<String>,
    /// What happens.
    pub effect: Effect,
}

impl Fault {
    /// A fault that hits every request of a route.
    pub fn new(route: &str, effect: Effect) -> Self {
        Self { route: route.to_owned(), skip: 0, times: None, contains: None, effect }
    }

    /// A fault that hits one request of a route.
    pub fn once(route: &str, effect: Effect) -> Self {
        Self::new(route, effect).times(1)
    }

    /// The same fault for so many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same fault after so many requests have passed.
    #[must_use]
    pub fn skip(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// The same fault for requests that contain this text alone.
    #[must_use]
    pub fn contains(self, text: &str) -> Self {
        Self { contains: Some(text.to_owned()), ..self }
    }

    fn names(&self, method: &str, template: &str) -> bool {
        if self.route == "*" {
            return true;
        }
        let Some((wanted, path)) = self.route.split_once(' ') else { return false };
        (wanted == "*" || wanted == method) && (path == "*" || path == template)
    }
}

/// What a fault does to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Nothing is done and this status is answered.
    Status {
        /// The HTTP status.
        status: u16,
        /// The value of `Retry-After`, sent as it stands; `None`: no such header.
        #[serde(default)]
        retry_after: Option<String>,
        /// The body; `None`: the vendor's own for that status.
        #[serde(default)]
        body: Option<Value>,
    },
    /// Nothing is done and the connection is cut.
    CutBefore,
    /// The request takes effect, then the connection is cut: its answer is lost.
    CutAfter,
    /// The request takes effect, yet this status is answered.
    StatusAfter {
        /// The HTTP status.
        status: u16,
    },
    /// The read answers the state as it was before writes younger than this (at most one hour).
    Stale {
        /// Milliseconds on the simulator's clock.
        for_ms: u64,
    },
    /// The connection is cut, and the request takes effect once the clock has moved on so far.
    Late {
        /// Milliseconds on the simulator's clock.
        ms: u64,
    },
    /// Nothing is done; a proxy answers 502 with an HTML page.
    Html,
    /// The request takes effect; only the first half of the JSON body is sent.
    Truncate,
    /// The request takes effect at once; its answer is held back for this real time.
    Delay {
        /// Real milliseconds.
        ms: u64,
    },
    /// The listing or traversal silently lacks its n-th row, counted from 0 over all its pages.
    /// Counts of rows include it, and pages are as full as if it did not exist.
    DropRow {
        /// The row.
        n: usize,
    },
}

/// The faults that wait, with what is left of each.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect on this request, if any; counts it.
    pub(crate) fn take(&mut self, method: &str, template: &str, text: &str) -> Option<Effect> {
        let applies = |fault: &Fault| {
            fault.times != Some(0)
                && fault.names(method, template)
                && fault.contains.as_deref().is_none_or(|wanted| text.contains(wanted))
        };
        for fault in self.0.iter_mut().filter(|fault| applies(fault)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            return Some(fault.effect.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_skips_then_hits_so_often() {
        let mut faults = Faults::default();
        faults.add(Fault::once("POST /users", Effect::Html).skip(1));
        assert_eq!(faults.take("POST", "/users", ""), None);
        assert_eq!(faults.take("GET", "/users", ""), None);
        assert_eq!(faults.take("POST", "/users", ""), Some(Effect::Html));
        assert_eq!(faults.take("POST", "/users", ""), None);
    }

    #[test]
    fn a_fault_may_name_any_method_and_a_text() {
        let mut faults = Faults::default();
        faults.add(Fault::new("* /users/{id}", Effect::CutBefore).contains("ada"));
        assert_eq!(faults.take("GET", "/users/{id}", "/users/bob"), None);
        assert_eq!(faults.take("PATCH", "/users/{id}", "/users/ada"), Some(Effect::CutBefore));
    }

    #[test]
    fn an_effect_is_tagged_by_its_kind() {
        let fault: Fault = serde_json::from_str(
            r#"{"route":"POST /users","times":1,"effect":{"kind":"status_after","status":429}}"#,
        )
        .unwrap();
        assert_eq!(fault, Fault::once("POST /users", Effect::StatusAfter { status: 429 }));
        assert!(serde_json::from_str::<Fault>(r#"{"route":"x","efect":1}"#).is_err());
    }
}
