//! What a group may be called, and when two names are the same (G2, G4).

use unicode_normalization::UnicodeNormalization;

use super::Planner;
use crate::finding::FindingCode;

/// Graph's limit of `displayName`, in UTF-16 code units.
const LONGEST: usize = 256;

/// Whether two names are the same: equal after Unicode NFC (G2).
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.nfc().eq(other.nfc())
}

/// Whether two names differ in case or surrounding blanks alone, which never makes a match (G2).
pub(super) fn is_variant(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim().to_lowercase();
    !same_name(one, other) && same_name(&plain(one), &plain(other))
}

impl Planner<'_> {
    /// The name as it is written, blanks included; `None` for one that Entra would refuse.
    pub(super) fn valid_name<'n>(&mut self, name: &'n str) -> Option<&'n str> {
        let length = name.encode_utf16().count();
        if name.trim().is_empty() {
            self.find(FindingCode::GroupNameInvalid, "the name is blank");
        } else if length > LONGEST {
            let message = format!("the name has {length} characters; the limit is {LONGEST}");
            self.find(FindingCode::GroupNameInvalid, message);
        } else {
            return Some(name);
        }
        None
    }
}
