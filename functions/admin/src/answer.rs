//! What an operation answers, whoever asked.

use crate::shown;

/// A result that can show itself.
pub trait Answer {
    /// For people: tables and sentences, safe for a terminal, without the last line's end.
    ///
    /// Tables fit into the width; without one each row is one line.
    fn human(&self, width: Option<u16>) -> String;

    /// For programs: JSON with stable keys, without the last line's end.
    fn json(&self) -> String;

    /// How the process ends after this answer.
    fn exit(&self) -> Exit {
        Exit::Ok
    }
}

/// How the process ends (design 4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: all is well.
    Ok,
    /// 1: a problem was found, or something did not work.
    Problem,
    /// 2: what was asked cannot be meant.
    BadUsage,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ok => 0,
            Exit::Problem => 1,
            Exit::BadUsage => 2,
        }
    }
}

/// A JSON document, laid out for people, who read it on terminals, too.
pub(crate) fn pretty(value: &serde_json::Value) -> String {
    shown::escape_json(&format!("{value:#}"))
}

/// A JSON document on one line.
pub(crate) fn compact(value: &serde_json::Value) -> String {
    shown::escape_json(&value.to_string())
}
