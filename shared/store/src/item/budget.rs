//! The item of a directory's budget (S1).

use serde::{Deserialize, Serialize};

use super::{Malformed, VERSION, millis, timestamp, understood};
use crate::budget::{Budget, Grant};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BudgetItem {
    v: u32,
    /// Grows with every change; guards against two workers at once.
    pub(crate) version: u64,
    grants: Vec<GrantItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct GrantItem {
    at: i64,
    amount: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl BudgetItem {
    pub(crate) fn new(budget: &Budget, version: u64) -> Self {
        let Budget { grants } = budget;
        let grant = |grant: &Grant| {
            let Grant { at, amount, name } = grant;
            GrantItem { at: millis(*at), amount: *amount, name: name.clone() }
        };
        Self { v: VERSION, version, grants: grants.iter().map(grant).collect() }
    }
}

impl TryFrom<BudgetItem> for Budget {
    type Error = Malformed;

    fn try_from(item: BudgetItem) -> Result<Self, Malformed> {
        let BudgetItem { v, version: _, grants } = item;
        understood(v)?;
        let grant = |GrantItem { at, amount, name }| Ok(Grant { at: timestamp(at)?, amount, name });
        Ok(Self { grants: grants.into_iter().map(grant).collect::<Result<_, Malformed>>()? })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_budget_survives_its_item() {
        let at = Timestamp::from_millisecond(1_777_000_000_123).unwrap();
        let grant = |name: Option<&str>| Grant { at, amount: 3, name: name.map(str::to_owned) };
        for grants in [vec![], vec![grant(None), grant(Some("one"))]] {
            let budget = Budget { grants };
            let json = serde_json::to_string(&BudgetItem::new(&budget, 7)).unwrap();
            let item: BudgetItem = serde_json::from_str(&json).unwrap();
            assert_eq!(item.version, 7);
            assert_eq!(Budget::try_from(item), Ok(budget));
        }
    }
}
