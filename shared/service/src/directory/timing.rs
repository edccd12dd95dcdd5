//! `[timing]`: the waits of the protocol, in seconds; fractions serve tests.

use std::time::Duration;

use sync_core::policy::Timing;
use toml::Value;

use super::section::Section;

/// The shortest lease: its shares must be long enough to send a request.
const SHORTEST_LEASE: f64 = 1.0;
/// The longest lease: whoever crashes is found only after it.
const LONGEST_LEASE: f64 = 300.0;
/// The longest of the other waits.
const LONGEST: f64 = 86_400.0;
/// The longest wait for a second look: it is a delayed message, and those end at 15 minutes.
const LONGEST_LOOK: f64 = 900.0;

pub(super) fn read(mut section: Section<'_>) -> Timing {
    let defaults = Timing::default();
    let mut wait = |key, default, least, most| {
        let Some(value) = section.value(key) else { return default };
        seconds(&value, least, most).unwrap_or_else(|| {
            section.problem(key, format!("wanted seconds from {least} to {most}"));
            default
        })
    };
    let lease = wait("lease", defaults.lease, SHORTEST_LEASE, LONGEST_LEASE);
    let settle = wait("settle", defaults.settle, 0.0, LONGEST);
    let own_writes = wait("own_writes", defaults.own_writes, 0.0, LONGEST);
    let created = wait("created", defaults.created, 0.0, LONGEST);
    let second_looks = second_looks(&mut section).unwrap_or(defaults.second_looks);
    section.finish();
    Timing { lease, settle, second_looks, own_writes, created }
}

fn second_looks(section: &mut Section<'_>) -> Option<Vec<Duration>> {
    let value = section.value("second_looks")?;
    let looks = value.as_array().and_then(|looks| {
        looks.iter().map(|look| seconds(look, 0.0, LONGEST_LOOK)).collect::<Option<Vec<_>>>()
    });
    let looks = looks.filter(|looks| looks.is_sorted());
    if looks.is_none() {
        let why = format!("wanted a list of growing seconds from 0 to {LONGEST_LOOK}");
        section.problem("second_looks", why);
    }
    looks
}

fn seconds(value: &Value, least: f64, most: f64) -> Option<Duration> {
    let seconds = match value {
        // Whole seconds up to a day are exact.
        Value::Integer(seconds) => f64::from(i32::try_from(*seconds).ok()?),
        Value::Float(seconds) => *seconds,
        _ => return None,
    };
    let fits = (least..=most).contains(&seconds);
    fits.then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}
