//! The mirror of what is remembered of one subject: how its syncs went, and its matter.

use serde::{Deserialize, Serialize};
use sync_core::ids::Subject;
use sync_core::record::{Record, Upkeep};

use super::Malformed;
use super::group::GroupItem;
use super::person::PersonItem;
use super::upkeep::UpkeepItem;

/// At most one of `person` and `group` is there, as the subject says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RecordItem {
    #[serde(default)]
    pub(crate) upkeep: UpkeepItem,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<GroupItem>,
}

impl From<&Record> for RecordItem {
    fn from(record: &Record) -> Self {
        let upkeep = UpkeepItem::from(record.upkeep());
        match record {
            Record::User(record) => {
                Self { upkeep, person: Some(PersonItem::from(&**record)), group: None }
            }
            Record::Group(record) => {
                Self { upkeep, person: None, group: Some(GroupItem::from(&**record)) }
            }
            Record::Sweep(_) => Self { upkeep, person: None, group: None },
        }
    }
}

impl RecordItem {
    /// The record of this subject; one that nobody has stored yet is empty.
    pub(super) fn of(self, subject: &Subject) -> Result<Record, Malformed> {
        let Self { upkeep, person, group } = self;
        let upkeep = Upkeep::try_from(upkeep)?;
        Ok(match subject {
            Subject::User(_) => Record::User(Box::new(person.unwrap_or_default().with(upkeep)?)),
            Subject::Group(_) => Record::Group(Box::new(group.unwrap_or_default().with(upkeep)?)),
            Subject::Sweep => Record::Sweep(upkeep),
        })
    }
}

#[cfg(test)]
mod tests;
