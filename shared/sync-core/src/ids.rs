//! A type per kind of identifier, parsed once at the edge.
//!
//! Two ids of different kinds are never two `&str` side by side, so they cannot be swapped.

use std::fmt;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    /// The kind that was wanted, as an operator would say it.
    pub kind: &'static str,
    /// What that kind looks like.
    pub wanted: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a {}: wanted {}", self.kind, self.wanted)
    }
}

impl std::error::Error for InvalidId {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $wanted:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses the identifier, bringing it into its one spelling.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let parse: fn(&str) -> Option<String> = $parse;
                parse(text).map(Self).ok_or(InvalidId { kind: $kind, wanted: $wanted })
            }

            /// The identifier as the vendors and the table spell it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

/// JumpCloud's object ids are 24 hexadecimal digits; compared in lower case.
fn hex24(text: &str) -> Option<String> {
    (text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| text.to_ascii_lowercase())
}

/// Entra's object ids are GUIDs; compared in lower case.
fn guid(text: &str) -> Option<String> {
    let ok = text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    ok.then(|| text.to_ascii_lowercase())
}

fn slug(text: &str) -> Option<String> {
    let ok = (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    ok.then(|| text.to_owned())
}

id!(
    /// One Entra tenant as seen from one configuration: the slug an operator gave it.
    DirectoryId, "directory id", "1 to 32 of a-z 0-9 -", slug
);
id!(
    /// The `_id` of a JumpCloud user.
    JumpCloudUserId, "JumpCloud user id", "24 hexadecimal digits", hex24
);
id!(
    /// The `id` of a JumpCloud user group.
    JumpCloudGroupId, "JumpCloud group id", "24 hexadecimal digits", hex24
);
id!(
    /// The id of a JumpCloud application or `office_365` object that people are connected to.
    ScopeObjectId, "JumpCloud object id", "24 hexadecimal digits", hex24
);
id!(
    /// The id of a JumpCloud organization.
    OrganizationId, "JumpCloud organization id", "24 hexadecimal digits", hex24
);
id!(
    /// The immutable object id of an Entra user.
    EntraUserId, "Entra object id", "a GUID", guid
);
id!(
    /// The immutable object id of an Entra group.
    EntraGroupId, "Entra group id", "a GUID", guid
);
id!(
    /// The object id of anything in Entra, where it does not matter what it is.
    EntraObjectId, "Entra object id", "a GUID", guid
);
id!(
    /// The id of an Entra tenant.
    TenantId, "tenant id", "a GUID", guid
);
id!(
    /// A user principal name in the spelling we store and compare: lower case (U4).
    ///
    /// Whether Entra accepts it, and whether it is ours to use, is decided in [`crate::upn`].
    Upn, "user principal name", "local-part@domain", |text| {
        let (local, domain) = text.rsplit_once('@')?;
        (!local.is_empty() && !domain.is_empty()).then(|| text.to_lowercase())
    }
);

impl From<&EntraUserId> for EntraObjectId {
    fn from(id: &EntraUserId) -> Self {
        Self(id.0.clone())
    }
}

impl From<&EntraGroupId> for EntraObjectId {
    fn from(id: &EntraGroupId) -> Self {
        Self(id.0.clone())
    }
}

impl Upn {
    /// The part before the last `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.as_str(), |(local, _)| local)
    }

    /// The part after the last `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Whom or what one sync is about. It owns one record in the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A JumpCloud user.
    User(JumpCloudUserId),
    /// A JumpCloud user group.
    Group(JumpCloudGroupId),
    /// Everybody the directory's scope concerns.
    Sweep,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Sweep => f.write_str("sweep"),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once(':') {
            Some(("user", id)) => JumpCloudUserId::parse(id).map(Self::User),
            Some(("group", id)) => JumpCloudGroupId::parse(id).map(Self::Group),
            _ if text == "sweep" => Ok(Self::Sweep),
            _ => Err(InvalidId { kind: "subject", wanted: "user:ID, group:ID or sweep" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let user = JumpCloudUserId::parse("65F00000000000000000000A").unwrap();
        assert_eq!(user.as_str(), "65f00000000000000000000a");
        assert!(JumpCloudUserId::parse("65f").is_err());
        assert!(JumpCloudUserId::parse("65f00000000000000000000g").is_err());
        let object = EntraUserId::parse("8D0B5A0E-2C0F-4D4B-9A1A-0D6F0B1F0001").unwrap();
        assert_eq!(object.as_str(), "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001");
        assert!(EntraUserId::parse("8d0b5a0e2c0f4d4b9a1a0d6f0b1f0001").is_err());
        assert!(DirectoryId::parse("Corp").is_err());
        assert!(DirectoryId::parse("").is_err());
    }

    #[test]
    fn a_subject_survives_its_own_spelling() {
        for text in ["user:65f000000000000000000001", "group:65f0000000000000000000b1", "sweep"] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        assert!("user:x".parse::<Subject>().is_err());
    }
}
