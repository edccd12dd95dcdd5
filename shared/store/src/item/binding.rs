//! The mirror of a binding: the longest part of a subject's record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sync_core::attributes::{Attribute, Value};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::record::{Answered, Binding, Origin};

use super::{Malformed, maybe_timestamp, millis, timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct BindingItem {
    object: String,
    upn: String,
    origin: OriginItem,
    bound_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<AnsweredItem>,
    disabled_by_us: bool,
    applied: BTreeMap<String, ValueItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_at: Option<i64>,
    given_up: bool,
    #[serde(default)]
    absent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OriginItem {
    Created,
    Adopted,
    Imported,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct AnsweredItem {
    value: bool,
    at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ValueItem {
    Text(String),
    List(Vec<String>),
    OrgData {
        #[serde(skip_serializing_if = "Option::is_none")]
        division: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cost_center: Option<String>,
    },
}

impl From<&Binding> for BindingItem {
    fn from(binding: &Binding) -> Self {
        let Binding {
            object,
            upn,
            origin,
            bound_at,
            created_at,
            enabled,
            disabled_by_us,
            applied,
            written_at,
            given_up,
            absent,
        } = binding;
        Self {
            object: object.to_string(),
            upn: upn.to_string(),
            origin: OriginItem::from(*origin),
            bound_at: millis(*bound_at),
            created_at: created_at.map(millis),
            enabled: enabled.map(|Answered { value, at }| AnsweredItem { value, at: millis(at) }),
            disabled_by_us: *disabled_by_us,
            applied: applied
                .iter()
                .map(|(attribute, value)| (attribute.to_string(), ValueItem::from(value)))
                .collect(),
            written_at: written_at.map(millis),
            given_up: *given_up,
            absent: *absent,
        }
    }
}

impl TryFrom<BindingItem> for Binding {
    type Error = Malformed;

    fn try_from(item: BindingItem) -> Result<Self, Malformed> {
        let BindingItem {
            object,
            upn,
            origin,
            bound_at,
            created_at,
            enabled,
            disabled_by_us,
            applied,
            written_at,
            given_up,
            absent,
        } = item;
        let enabled = enabled
            .map(|AnsweredItem { value, at }| timestamp(at).map(|at| Answered { value, at }))
            .transpose()?;
        let applied = applied
            .into_iter()
            .map(|(property, value)| match Attribute::of_property(&property) {
                Some(attribute) => Ok((attribute, Value::from(value))),
                None => Err(Malformed::unknown("attribute")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            object: EntraUserId::parse(&object)?,
            upn: Upn::parse(&upn)?,
            origin: Origin::from(origin),
            bound_at: timestamp(bound_at)?,
            created_at: maybe_timestamp(created_at)?,
            enabled,
            disabled_by_us,
            applied,
            written_at: maybe_timestamp(written_at)?,
            given_up,
            absent,
        })
    }
}

impl From<Origin> for OriginItem {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Created => Self::Created,
            Origin::Adopted => Self::Adopted,
            Origin::Imported => Self::Imported,
        }
    }
}

impl From<OriginItem> for Origin {
    fn from(item: OriginItem) -> Self {
        match item {
            OriginItem::Created => Self::Created,
            OriginItem::Adopted => Self::Adopted,
            OriginItem::Imported => Self::Imported,
        }
    }
}

impl From<&Value> for ValueItem {
    fn from(value: &Value) -> Self {
        match value.clone() {
            Value::Text(text) => Self::Text(text),
            Value::List(entries) => Self::List(entries),
            Value::OrgData { division, cost_center } => Self::OrgData { division, cost_center },
        }
    }
}

impl From<ValueItem> for Value {
    fn from(item: ValueItem) -> Self {
        match item {
            ValueItem::Text(text) => Self::Text(text),
            ValueItem::List(entries) => Self::List(entries),
            ValueItem::OrgData { division, cost_center } => Self::OrgData { division, cost_center },
        }
    }
}
