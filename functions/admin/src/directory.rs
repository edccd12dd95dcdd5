//! Which directory an operation is about.

use service::directory::DirectoryConfig;
use store::{ConfigRecord, FirstRun, Store};
use sync_core::ids::{DirectoryId, Subject};
use transport::CustomEndpoints;

use crate::error::AdminError;

/// The named directory, or the only one there is.
pub async fn choose(
    store: &impl Store,
    named: Option<&DirectoryId>,
) -> Result<ConfigRecord, AdminError> {
    let mut configured = sorted(store).await?;
    let known = || configured.iter().map(|config| config.directory.clone()).collect();
    match named {
        Some(named) => match configured.iter().position(|config| config.directory == *named) {
            Some(at) => Ok(configured.swap_remove(at)),
            None => Err(AdminError::UnknownDirectory { wanted: named.clone(), known: known() }),
        },
        None if configured.len() > 1 => Err(AdminError::SeveralDirectories { known: known() }),
        None => configured.pop().ok_or(AdminError::NoDirectory),
    }
}

/// Every configured directory, by id.
pub(crate) async fn sorted(store: &impl Store) -> Result<Vec<ConfigRecord>, AdminError> {
    let mut configured = store.configs().await?;
    configured.sort_by(|a, b| a.directory.cmp(&b.directory));
    Ok(configured)
}

/// Refuses a directory whose items would only be dropped (S6, S7).
pub(crate) fn usable(stored: &ConfigRecord) -> Result<(), AdminError> {
    let directory = stored.directory.clone();
    match stored {
        ConfigRecord { active: false, .. } => Err(AdminError::Deactivated { directory }),
        ConfigRecord { first_run: FirstRun::Pending, .. } => {
            Err(AdminError::FirstRunPending { directory })
        }
        _ => Ok(()),
    }
}

/// Refuses a subject whose items would only be dropped: also a group where groups are off (G1).
pub(crate) fn usable_for(stored: &ConfigRecord, subject: &Subject) -> Result<(), AdminError> {
    usable(stored)?;
    if matches!(subject, Subject::Group(_)) && !read(stored)?.policy.groups.enabled {
        return Err(AdminError::GroupsOff { directory: stored.directory.clone() });
    }
    Ok(())
}

/// What a stored text says.
///
/// It was validated when it was applied, and nothing here calls the hosts it names: whether custom
/// ones are allowed was decided then, and is decided again by the functions.
pub(crate) fn read(stored: &ConfigRecord) -> Result<DirectoryConfig, AdminError> {
    service::directory::parse(&stored.text, CustomEndpoints::Allowed).map_err(|errors| {
        let why: Vec<_> = errors.problems.iter().map(ToString::to_string).collect();
        AdminError::StoredConfig { directory: stored.directory.clone(), why: why.join("; ") }
    })
}
