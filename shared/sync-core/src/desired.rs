//! What JumpCloud says about one person.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::attributes::{Attribute, Source};
use crate::ids::JumpCloudUserId;

/// What one sync read from JumpCloud.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// The earliest `Date` of the answers (R5, R6).
    pub read_at: Timestamp,
    /// The user's own record.
    pub user: UserAnswer,
    /// Whether the scope's traversal holds the user.
    pub connection: Connection,
}

/// The answer about the user's own record.
#[derive(Debug, Clone, PartialEq)]
pub enum UserAnswer {
    /// 200.
    Found(Box<DesiredUser>),
    /// A 404 in JumpCloud's own words.
    Missing,
}

/// Whether somebody is connected to the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Present in the complete traversal.
    Connected,
    /// Absent from the complete traversal, and the scope object is there.
    NotConnected,
    /// The scope object answered 403 or 404: nobody counts as disconnected (P6).
    Unreadable,
}

/// A JumpCloud user as answered.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredUser {
    /// The user.
    pub id: JumpCloudUserId,
    /// `state`, with `suspended` taken into account.
    pub state: UserState,
    /// `account_locked`.
    pub locked: bool,
    /// `password_expired`.
    pub password_expired: bool,
    /// `email`.
    pub email: Source<String>,
    /// `alternateEmail`.
    pub alternate_email: Source<String>,
    /// `displayname`.
    pub display_name: Source<String>,
    /// `manager`.
    pub manager: Source<JumpCloudUserId>,
    /// The other attributes of the table, by the attribute they become.
    pub attributes: BTreeMap<Attribute, Source<String>>,
}

/// The state of a JumpCloud user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// Prepared, no access yet.
    Staged,
    /// In use.
    Activated,
    /// Suspended.
    Suspended,
}
