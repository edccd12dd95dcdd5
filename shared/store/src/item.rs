//! What the table holds, item by item: serde mirrors of the remembered types.
//!
//! The remembered types know no wire format, so each has its mirror here. Conversions take every
//! field by name, both ways: a field that is added to a type and forgotten here does not compile.
//! Optional fields that are unset are left out of the item. A mirror may gain optional fields
//! within a [`VERSION`]; a field that an older version must not drop makes a new one.

use jiff::Timestamp;

use crate::{Result, StoreError};

pub(crate) mod audit;
pub(crate) mod binding;
pub(crate) mod budget;
pub(crate) mod claim;
pub(crate) mod config;
pub(crate) mod domains;
mod group;
mod person;
pub(crate) mod record;
pub(crate) mod subject;
mod upkeep;

/// The form of all items that this version writes, and the newest it reads.
pub(crate) const VERSION: u32 = 1;

/// The most findings that are kept: what is left out would say nothing new to an operator, and
/// the whole item must stay far below the 400 KB that DynamoDB takes.
pub(crate) const MAX_FINDINGS: usize = 50;

/// The most characters of a message that are kept.
pub(crate) const MAX_MESSAGE: usize = 500;

/// What is wrong with an item's shape; it names no values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

impl Malformed {
    /// A text that should have been one of a known set.
    pub(crate) fn unknown(kind: &str) -> Self {
        Self(format!("unknown {kind}"))
    }

    /// The error of whoever read an item of this kind.
    pub(crate) fn of(self, what: &'static str) -> StoreError {
        StoreError::Corrupt { what, why: self.0 }
    }
}

impl From<sync_core::ids::InvalidId> for Malformed {
    fn from(invalid: sync_core::ids::InvalidId) -> Self {
        Self(invalid.to_string())
    }
}

/// Refuses an item that a newer version wrote: what it means is not known here.
pub(crate) fn understood(version: u32) -> Result<(), Malformed> {
    match version {
        VERSION => Ok(()),
        other => Err(Malformed(format!("form {other} instead of {VERSION}"))),
    }
}

/// A time as the table stores it.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored time. The far future has a fraction that milliseconds lose, so it is restored.
pub(crate) fn timestamp(millis: i64) -> Result<Timestamp, Malformed> {
    if millis == Timestamp::MAX.as_millisecond() {
        return Ok(Timestamp::MAX);
    }
    Timestamp::from_millisecond(millis).map_err(|_| Malformed("a time out of range".into()))
}

/// A stored time, if there is one.
pub(crate) fn maybe_timestamp(millis: Option<i64>) -> Result<Option<Timestamp>, Malformed> {
    millis.map(timestamp).transpose()
}

/// The time as it reads when it has been stored.
pub(crate) fn as_stored(at: Timestamp) -> Timestamp {
    timestamp(millis(at)).expect("it came from a timestamp")
}

/// The first characters of a message, as many as are kept.
pub(crate) fn cut(message: &str) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => message[..end].to_owned(),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_future_survives_its_milliseconds() {
        for at in [Timestamp::MAX, Timestamp::MIN, Timestamp::UNIX_EPOCH] {
            assert_eq!(timestamp(millis(at)), Ok(at));
        }
        assert!(timestamp(i64::MAX).is_err());
    }

    #[test]
    fn a_message_is_cut_between_characters() {
        let long = "é".repeat(MAX_MESSAGE + 1);
        assert_eq!(cut(&long), "é".repeat(MAX_MESSAGE));
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn a_newer_form_is_refused() {
        assert_eq!(understood(VERSION), Ok(()));
        assert_eq!(understood(2), Err(Malformed("form 2 instead of 1".into())));
    }
}
