//! What a directory may do within an hour (S1): the rule that both stores keep.
//!
//! There is one budget per directory and kind. It remembers its grants by name for as long as they
//! count, so that a request that comes again is answered again and counted once.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use sync_core::record::after;

use crate::item::as_stored;

/// How long a grant counts.
const HOUR: Duration = Duration::from_secs(3600);

/// How long a budget is kept after its last grant: longer than any of its grants counts.
pub(crate) const KEPT: Duration = Duration::from_secs(2 * 3600);

/// The most grants that are told apart: the item must stay far below the 400 KB that DynamoDB takes.
const MAX_GRANTS: usize = 1000;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetKind {
    /// Members removed from groups.
    MemberRemovals,
}

impl BudgetKind {
    /// The spelling in the table and in `[limits]`; it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MemberRemovals => "member_removals",
        }
    }
}

impl fmt::Display for BudgetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is asked of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// Which budget.
    pub kind: BudgetKind,
    /// How much is wanted.
    pub wanted: u32,
    /// How much the grants of an hour may come to.
    pub limit: u32,
    /// The name of this one request, the same when it is repeated; at most some 100 characters.
    pub grant: String,
}

/// What a budget gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// How much may be done.
    pub amount: u32,
    /// When more may fit; `None`: nothing was left out.
    pub more_at: Option<Timestamp>,
}

/// The grants that counted when the last one was made, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) grants: Vec<Grant>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) at: Timestamp,
    pub(crate) amount: u32,
    /// `None`: several that are no longer told apart.
    pub(crate) name: Option<String>,
}

impl Budget {
    /// Takes what is left; true if the budget has changed and is to be stored.
    ///
    /// What gives nothing leaves no trace: asked again, it may get what has become free.
    pub(crate) fn spend(&mut self, spending: &Spending, now: Timestamp) -> (Granted, bool) {
        let Spending { kind: _, wanted, limit, grant } = spending;
        let now = as_stored(now);
        self.grants.retain(|grant| after(grant.at, HOUR) > now);
        let known = self.grants.iter().find(|known| known.name.as_ref() == Some(grant));
        let amount = known.map_or_else(|| self.left(*limit), |known| known.amount).min(*wanted);
        let new = known.is_none() && amount > 0;
        if new {
            self.grants.push(Grant { at: now, amount, name: Some(grant.clone()) });
            // Not every clock agrees about now.
            self.grants.sort_by_key(|grant| grant.at);
            self.merge();
        }
        let oldest = self.grants.first().filter(|_| *limit > 0).map_or(now, |oldest| oldest.at);
        let more_at = (amount < *wanted).then(|| after(oldest, HOUR));
        (Granted { amount, more_at }, new)
    }

    fn left(&self, limit: u32) -> u32 {
        self.grants.iter().fold(limit, |left, grant| left.saturating_sub(grant.amount))
    }

    /// Makes one of the oldest two until there are few enough.
    ///
    /// It counts as long as the younger of them, and it has no name: a repeat of either is counted
    /// once more rather than answered with too much.
    fn merge(&mut self) {
        while self.grants.len() > MAX_GRANTS {
            let oldest = self.grants.remove(0);
            let next = &mut self.grants[0];
            next.amount = next.amount.saturating_add(oldest.amount);
            next.name = None;
        }
    }
}

#[cfg(test)]
mod tests;
