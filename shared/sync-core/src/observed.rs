//! What Entra says about one person.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::attributes::{Attribute, Value};
use crate::ids::{EntraUserId, Subject, Upn};

/// What one sync read from Entra and from the claims.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// The bound object, by id.
    Bound(Box<EntraUser>),
    /// The bound object answered 404; what the deleted items hold of it, where they were asked (P9).
    Gone(Option<Box<EntraUser>>),
    /// The object with this UPN, for somebody who is not bound.
    Lookup(Box<Lookup>),
    /// There was nothing to look for: no binding, no UPN.
    Nothing,
}

/// A lookup by UPN.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// What was looked for.
    pub upn: Upn,
    /// `Date` of the answer (P14).
    pub read_at: Timestamp,
    /// The object found.
    pub found: Option<Candidate>,
}

/// An object that may be adopted.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The object.
    pub user: EntraUser,
    /// Who holds the claim on it.
    pub claim: Claim,
    /// It holds a directory role or is in a role-assignable group, or that is unreadable (P4).
    pub privileged: bool,
}

/// Who holds a UPN or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody.
    Free,
    /// This subject.
    Own,
    /// Another subject of this tenant.
    Held(Subject),
    /// A former owner gave it up; what it knew is inherited (P8).
    Tombstone {
        /// We had disabled it.
        disabled_by_us: bool,
    },
}

/// An Entra user as read.
#[derive(Debug, Clone, PartialEq)]
pub struct EntraUser {
    /// The object.
    pub id: EntraUserId,
    /// As read, for comparison without case.
    pub upn: Upn,
    /// `accountEnabled`.
    pub enabled: bool,
    /// `userType` is `Guest`.
    pub guest: bool,
    /// `onPremisesSyncEnabled` is true.
    pub on_premises_synced: bool,
    /// `createdDateTime`.
    pub created_at: Option<Timestamp>,
    /// The attributes of the table that hold a value, the manager's object id among them.
    pub attributes: BTreeMap<Attribute, Value>,
}
