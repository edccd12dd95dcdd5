//! Finding a person or a group by what an operator has at hand.

use store::{ClaimRecord, Claimed, ConfigRecord, Store};
use sync_core::ids::{DirectoryId, Subject};

use crate::directory;
use crate::error::AdminError;
use crate::key::{Key, Leads};

/// A person or a group, and the directory that holds the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The directory of the record. Claims are per tenant, so it may be another than was asked.
    pub directory: DirectoryId,
    /// The person or the group.
    pub subject: Subject,
    /// What led there.
    pub by: Key,
    /// The claim that led there was given up: the subject held it last (P8).
    pub former: bool,
}

/// Finds the person or the group that this directory, or another of its tenant, knows by the key.
///
/// A JumpCloud id is taken as it is; whether there is a record shows later.
pub async fn find(
    store: &impl Store,
    stored: &ConfigRecord,
    key: Key,
) -> Result<Found, AdminError> {
    let found = find_any(store, stored, key).await?;
    if found.by.means(&found.subject) {
        return Ok(found);
    }
    let Found { directory, subject, by, .. } = found;
    Err(AdminError::AnotherKind { key: by, directory, subject })
}

/// As [`find`], but an object may turn out to be a person's or a group's, whatever was asked for.
pub(crate) async fn find_any(
    store: &impl Store,
    stored: &ConfigRecord,
    key: Key,
) -> Result<Found, AdminError> {
    let directory = stored.directory.clone();
    let what = match key.leads() {
        Leads::To(subject) => return Ok(Found { directory, subject, by: key, former: false }),
        Leads::ToHolder(what) => what,
    };
    let tenant = directory::read(stored)?.entra.tenant;
    let Some(claim) = store.claim(&Claimed { tenant, what }).await? else {
        return Err(AdminError::NobodyHolds { directory, key });
    };
    let ClaimRecord { holder, tombstone, .. } = claim;
    let (directory, subject) = (holder.directory, holder.subject);
    Ok(Found { directory, subject, by: key, former: tombstone.is_some() })
}
