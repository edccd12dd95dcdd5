//! Each binary behind the Runtime API: good, malformed and late events, and everything around it
//! that may fail. The answers are compared byte by byte, since that is what AWS reads.

mod aws;
mod consumer;
mod crash;
mod entra;
mod ingest;
mod jumpcloud;
mod reconciler;
mod start;

use std::time::Duration;

/// The time an invocation has unless it is about that.
const LEFT: Duration = Duration::from_secs(30);

/// The answer that finishes every message of a batch.
const ALL_DONE: &str = r#"{"batchItemFailures":[]}"#;

/// The answer that hands these messages back.
fn handed_back(ids: &[&str]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!(r#"{{"itemIdentifier":"{id}"}}"#)).collect();
    format!(r#"{{"batchItemFailures":[{}]}}"#, ids.join(","))
}
