//! What a person or a group is asked for by, told apart by its form.

use std::fmt;
use std::str::FromStr;

use store::ClaimedThing;
use sync_core::ids::{EntraGroupId, EntraUserId, JumpCloudGroupId, JumpCloudUserId, Subject, Upn};

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

/// What a group is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupKey {
    /// The id in JumpCloud.
    JumpCloud(JumpCloudGroupId),
    /// The object id in Entra.
    Object(EntraGroupId),
}

/// What a person or a group is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A person.
    User(UserKey),
    /// A group.
    Group(GroupKey),
}

/// Where a key leads.
pub(crate) enum Leads {
    /// It names the subject itself.
    To(Subject),
    /// To whoever holds this.
    ToHolder(ClaimedThing),
}

impl Key {
    /// As answers name the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::User(UserKey::JumpCloud(_)) | Self::Group(GroupKey::JumpCloud(_)) => {
                "jumpcloud_id"
            }
            Self::User(UserKey::Object(_)) | Self::Group(GroupKey::Object(_)) => "object_id",
            Self::User(UserKey::Upn(_)) => "upn",
        }
    }

    /// As it was asked for.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::User(UserKey::JumpCloud(id)) => id.as_str(),
            Self::Group(GroupKey::JumpCloud(id)) => id.as_str(),
            Self::User(UserKey::Object(id)) => id.as_str(),
            Self::Group(GroupKey::Object(id)) => id.as_str(),
            Self::User(UserKey::Upn(upn)) => upn.as_str(),
        }
    }

    /// The subject itself, or what it holds.
    pub(crate) fn leads(&self) -> Leads {
        match self {
            Self::User(UserKey::JumpCloud(id)) => Leads::To(Subject::User(id.clone())),
            Self::Group(GroupKey::JumpCloud(id)) => Leads::To(Subject::Group(id.clone())),
            Self::User(UserKey::Object(id)) => Leads::ToHolder(ClaimedThing::Object(id.into())),
            Self::Group(GroupKey::Object(id)) => Leads::ToHolder(ClaimedThing::Object(id.into())),
            Self::User(UserKey::Upn(upn)) => Leads::ToHolder(ClaimedThing::Upn(upn.clone())),
        }
    }

    /// Whether it asks for such a subject.
    pub(crate) fn means(&self, subject: &Subject) -> bool {
        matches!(
            (self, subject),
            (Self::User(_), Subject::User(_)) | (Self::Group(_), Subject::Group(_))
        )
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(UserKey::JumpCloud(_)) | Self::Group(GroupKey::JumpCloud(_)) => {
                f.write_str("JumpCloud id ")?;
            }
            Self::User(UserKey::Object(_)) | Self::Group(GroupKey::Object(_)) => {
                f.write_str("object id ")?;
            }
            Self::User(UserKey::Upn(_)) => f.write_str("UPN ")?,
        }
        f.write_str(&crate::escape(self.text()))
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

/// Why a text cannot be what a group is asked for by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a JumpCloud id (24 hexadecimal digits) nor an Entra object id (a GUID)")]
pub struct NotAGroupKey;

impl FromStr for GroupKey {
    type Err = NotAGroupKey;

    fn from_str(text: &str) -> Result<Self, NotAGroupKey> {
        let text = text.trim();
        JumpCloudGroupId::parse(text)
            .map(Self::JumpCloud)
            .or_else(|_| EntraGroupId::parse(text).map(Self::Object))
            .map_err(|_| NotAGroupKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_kind_by_its_form() {
        let user = |text: &str| text.parse().map(|key| Key::User(key).kind());
        assert_eq!(user("65F0000000000000000000A1"), Ok("jumpcloud_id"));
        assert_eq!(user("8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001"), Ok("object_id"));
        assert_eq!(user("Ada@Corp.Example"), Ok("upn"));
        let group = |text: &str| text.parse().map(|key| Key::Group(key).kind());
        assert_eq!(group(" 65F0000000000000000000B1"), Ok("jumpcloud_id"));
        assert_eq!(group("8D0B5A0E-2c0f-4d4b-9a1a-0d6f0b1f0001"), Ok("object_id"));
        for bad in ["", "ada", "@corp.example", "65f", "8d0b5a0e-2c0f"] {
            assert_eq!(user(bad), Err(NotAUserKey), "{bad}");
            assert_eq!(group(bad), Err(NotAGroupKey), "{bad}");
        }
        assert_eq!(group("sales@corp.example"), Err(NotAGroupKey));
    }
}
