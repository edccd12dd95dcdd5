//! The items of claims and of who waits for them.

use serde::{Deserialize, Serialize};
use sync_core::ids::{DirectoryId, EntraUserId, Subject};

use super::{Malformed, VERSION, understood};
use crate::{ClaimRecord, Holder, NoteId, Tombstone, Waiter};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimItem {
    v: u32,
    directory: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tombstone: Option<TombstoneItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TombstoneItem {
    disabled_by_us: bool,
}

impl From<Tombstone> for TombstoneItem {
    fn from(tombstone: Tombstone) -> Self {
        let Tombstone { disabled_by_us } = tombstone;
        Self { disabled_by_us }
    }
}

impl From<&ClaimRecord> for ClaimItem {
    fn from(claim: &ClaimRecord) -> Self {
        let ClaimRecord { holder: Holder { directory, subject }, object, tombstone } = claim;
        Self {
            v: VERSION,
            directory: directory.to_string(),
            subject: subject.to_string(),
            object: object.as_ref().map(ToString::to_string),
            tombstone: tombstone.map(TombstoneItem::from),
        }
    }
}

impl TryFrom<ClaimItem> for ClaimRecord {
    type Error = Malformed;

    fn try_from(item: ClaimItem) -> Result<Self, Malformed> {
        let ClaimItem { v, directory, subject, object, tombstone } = item;
        understood(v)?;
        Ok(Self {
            holder: holder(&directory, &subject)?,
            object: object.as_deref().map(EntraUserId::parse).transpose()?,
            tombstone: tombstone
                .map(|TombstoneItem { disabled_by_us }| Tombstone { disabled_by_us }),
        })
    }
}

/// Somebody who waits. The note ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitItem {
    v: u32,
    directory: String,
    subject: String,
    note: String,
}

impl From<&Waiter> for WaitItem {
    fn from(waiter: &Waiter) -> Self {
        let Waiter { holder: Holder { directory, subject }, note: NoteId(note) } = waiter;
        Self {
            v: VERSION,
            directory: directory.to_string(),
            subject: subject.to_string(),
            note: note.clone(),
        }
    }
}

impl TryFrom<WaitItem> for Waiter {
    type Error = Malformed;

    fn try_from(item: WaitItem) -> Result<Self, Malformed> {
        let WaitItem { v, directory, subject, note } = item;
        understood(v)?;
        Ok(Self { holder: holder(&directory, &subject)?, note: NoteId(note) })
    }
}

fn holder(directory: &str, subject: &str) -> Result<Holder, Malformed> {
    Ok(Holder { directory: DirectoryId::parse(directory)?, subject: subject.parse::<Subject>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_and_waits_survive_their_items() {
        let holder = Holder {
            directory: DirectoryId::parse("corp").unwrap(),
            subject: "user:65f000000000000000000001".parse().unwrap(),
        };
        let object = EntraUserId::parse("8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001").unwrap();
        for claim in [
            ClaimRecord { holder: holder.clone(), object: None, tombstone: None },
            ClaimRecord {
                holder: holder.clone(),
                object: Some(object),
                tombstone: Some(Tombstone { disabled_by_us: true }),
            },
        ] {
            let json = serde_json::to_string(&ClaimItem::from(&claim)).unwrap();
            let item: ClaimItem = serde_json::from_str(&json).unwrap();
            assert_eq!(ClaimRecord::try_from(item), Ok(claim));
        }
        let waiter = Waiter { holder, note: NoteId("one".to_owned()) };
        assert_eq!(Waiter::try_from(WaitItem::from(&waiter)), Ok(waiter));
    }
}
