//! Budgets (S1).

use jiff::Timestamp;
use sync_core::ids::DirectoryId;
use sync_core::record::after;

use super::DynamoStore;
use super::key::{Item, Key};
use super::request::{Answer, n, read, unavailable, whole};
use crate::budget::{Budget, KEPT};
use crate::item::budget::BudgetItem;
use crate::{Granted, Result, Spending};

/// How often a spending starts over when others spent meanwhile.
const ATTEMPTS: u32 = 20;

impl DynamoStore {
    /// One read and one write that is conditional on what was read. A write whose answer was lost
    /// finds its own grant when it starts over.
    pub(super) async fn take_from_budget(
        &self,
        directory: &DirectoryId,
        spending: &Spending,
        now: Timestamp,
    ) -> Result<Granted> {
        let operation = "spend";
        let key = Key::budget(directory, spending.kind);
        for attempt in 1..=ATTEMPTS {
            let (mut budget, version) = match self.get(operation, &key).await? {
                Some(item) => stored(item)?,
                None => (Budget::default(), 0),
            };
            let (granted, changed) = budget.spend(spending, now);
            if !changed {
                return Ok(granted);
            }
            let mut item = whole(&key, BudgetItem::new(&budget, version + 1));
            item.insert("expires_at".into(), n(after(now, KEPT).as_second()));
            match self.replace(operation, item, version).await? {
                Answer::Done(_) => return Ok(granted),
                Answer::Refused(_) => self.pause(attempt.min(4)).await,
            }
        }
        Err(unavailable(operation, "the budget is spent from by others all the time"))
    }
}

/// A stored budget with its version.
fn stored(item: Item) -> Result<(Budget, u64)> {
    let item: BudgetItem = read("budget", item)?;
    let version = item.version;
    Ok((Budget::try_from(item).map_err(|malformed| malformed.of("budget"))?, version))
}
