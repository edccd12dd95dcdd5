//! The item of a directory's configuration.

use serde::{Deserialize, Serialize};
use sync_core::ids::DirectoryId;

use super::{Malformed, VERSION, millis, timestamp, understood};
use crate::{ConfigRecord, FirstRun};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConfigItem {
    v: u32,
    directory: String,
    text: String,
    first_run: FirstRunItem,
    active: bool,
    pub(crate) version: u64,
    applied_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FirstRunItem {
    Pending,
    Done,
}

impl From<&ConfigRecord> for ConfigItem {
    fn from(config: &ConfigRecord) -> Self {
        let ConfigRecord { directory, text, first_run, active, version, applied_at } = config;
        Self {
            v: VERSION,
            directory: directory.to_string(),
            text: text.clone(),
            first_run: match first_run {
                FirstRun::Pending => FirstRunItem::Pending,
                FirstRun::Done => FirstRunItem::Done,
            },
            active: *active,
            version: *version,
            applied_at: millis(*applied_at),
        }
    }
}

impl TryFrom<ConfigItem> for ConfigRecord {
    type Error = Malformed;

    fn try_from(item: ConfigItem) -> Result<Self, Malformed> {
        let ConfigItem { v, directory, text, first_run, active, version, applied_at } = item;
        understood(v)?;
        Ok(Self {
            directory: DirectoryId::parse(&directory)?,
            text,
            first_run: match first_run {
                FirstRunItem::Pending => FirstRun::Pending,
                FirstRunItem::Done => FirstRun::Done,
            },
            active,
            version,
            applied_at: timestamp(applied_at)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_configuration_survives_its_item() {
        let config = ConfigRecord {
            directory: DirectoryId::parse("corp").unwrap(),
            text: "id = \"corp\"\n".into(),
            first_run: FirstRun::Pending,
            active: true,
            version: 7,
            applied_at: Timestamp::from_millisecond(1_777_000_000_123).unwrap(),
        };
        for config in
            [ConfigRecord { first_run: FirstRun::Done, active: false, ..config.clone() }, config]
        {
            let json = serde_json::to_string(&ConfigItem::from(&config)).unwrap();
            let item: ConfigItem = serde_json::from_str(&json).unwrap();
            assert_eq!(ConfigRecord::try_from(item), Ok(config));
        }
    }
}
