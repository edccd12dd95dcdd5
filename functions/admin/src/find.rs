//! Finding a person by what an operator has at hand.

use std::fmt;
use std::str::FromStr;

use store::{Claimed, ClaimedThing, ConfigRecord, Store};
use sync_core::ids::{DirectoryId, EntraUserId, JumpCloudUserId, Subject, Upn};

use crate::directory;
use crate::error::AdminError;

/// What a person is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserKey {
    /// The id in JumpCloud.
    JumpCloud(JumpCloudUserId),
    /// The object id in Entra.
    Object(EntraUserId),
    /// The user principal name.
    Upn(Upn),
}

impl UserKey {
    /// As answers name the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::JumpCloud(_) => "jumpcloud_id",
            Self::Object(_) => "object_id",
            Self::Upn(_) => "upn",
        }
    }
}

impl fmt::Display for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JumpCloud(id) => write!(f, "JumpCloud id {id}"),
            Self::Object(id) => write!(f, "object id {id}"),
            Self::Upn(upn) => write!(f, "UPN {}", crate::escape(upn.as_str())),
        }
    }
}

/// Why a text cannot be what a person is asked for by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither a JumpCloud id (24 hexadecimal digits) nor an Entra object id (a GUID) nor a UPN (local-part@domain)"
)]
pub struct NotAUserKey;

impl FromStr for UserKey {
    type Err = NotAUserKey;

    fn from_str(text: &str) -> Result<Self, NotAUserKey> {
        let text = text.trim();
        JumpCloudUserId::parse(text)
            .map(Self::JumpCloud)
            .or_else(|_| EntraUserId::parse(text).map(Self::Object))
            .or_else(|_| Upn::parse(text).map(Self::Upn))
            .map_err(|_| NotAUserKey)
    }
}

/// A person, and the directory that holds the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The directory of the record. Claims are per tenant, so it may be another than was asked.
    pub directory: DirectoryId,
    /// The person.
    pub user: JumpCloudUserId,
    /// What led there.
    pub by: UserKey,
    /// The claim that led there was given up: the person held it last (P8).
    pub former: bool,
}

/// Finds the person whom this directory, or another of its tenant, knows by the key.
///
/// A JumpCloud id is taken as it is; whether there is a record shows later.
pub async fn find(
    store: &impl Store,
    stored: &ConfigRecord,
    key: UserKey,
) -> Result<Found, AdminError> {
    let what = match &key {
        UserKey::JumpCloud(user) => {
            let user = user.clone();
            return Ok(Found { directory: stored.directory.clone(), user, by: key, former: false });
        }
        UserKey::Object(object) => ClaimedThing::Object(object.into()),
        UserKey::Upn(upn) => ClaimedThing::Upn(upn.clone()),
    };
    let tenant = directory::read(stored)?.entra.tenant;
    let claim = store.claim(&Claimed { tenant, what }).await?;
    let Some((Subject::User(user), claim)) =
        claim.map(|claim| (claim.holder.subject.clone(), claim))
    else {
        return Err(AdminError::NobodyHolds { directory: stored.directory.clone(), key });
    };
    Ok(Found {
        directory: claim.holder.directory,
        user,
        by: key,
        former: claim.tombstone.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_kind_by_its_form() {
        let kind = |text: &str| text.parse::<UserKey>().map(|key| key.kind());
        assert_eq!(kind("65F0000000000000000000A1"), Ok("jumpcloud_id"));
        assert_eq!(kind("8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001"), Ok("object_id"));
        assert_eq!(kind("Ada@Corp.Example"), Ok("upn"));
        for bad in ["", "ada", "@corp.example", "65f", "8d0b5a0e-2c0f"] {
            assert_eq!(kind(bad), Err(NotAUserKey), "{bad}");
        }
    }
}
