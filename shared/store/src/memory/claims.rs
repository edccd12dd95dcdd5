//! Claims.

use super::Tables;
use crate::protocol::{last_of_each, taken};
use crate::{ClaimChange, ClaimRecord, Holder, Result, StoreError};

impl Tables {
    pub(super) fn change_claims(&mut self, by: &Holder, changes: &[ClaimChange]) -> Result<()> {
        let mut changed = Vec::new();
        for change in last_of_each(changes) {
            let stored = self.claims.get(change.key());
            let mine = stored.filter(|claim| claim.holder == *by).cloned();
            let after = match (change, mine) {
                (ClaimChange::Take { key, object }, _) => {
                    Some(taken(stored, by, object.as_ref()).map_err(|holder| {
                        StoreError::ClaimHeld { key: key.clone(), holder: holder.clone() }
                    })?)
                }
                (ClaimChange::GiveUp { tombstone, .. }, Some(mine)) => {
                    Some(ClaimRecord { tombstone: Some(*tombstone), ..mine })
                }
                (ClaimChange::Release { .. }, Some(_)) => None,
                (ClaimChange::GiveUp { .. } | ClaimChange::Release { .. }, None) => continue,
            };
            changed.push((change.key().clone(), after));
        }
        for (key, after) in changed {
            match after {
                Some(claim) => self.claims.insert(key, claim),
                None => self.claims.remove(&key),
            };
        }
        Ok(())
    }
}
