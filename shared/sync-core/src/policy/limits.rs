//! How much of each kind may happen per rolling hour and per pass (S1).

/// A budget with a share of what is managed; S1 says how the two make one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// At most so many.
    pub absolute: u32,
    /// At most this part of what is managed, in percent.
    pub percent: u32,
}

/// How much of each kind may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Accounts switched off, except by an explicit suspension.
    pub deactivations: Budget,
    /// Accounts switched off because JumpCloud says SUSPENDED.
    pub suspensions: u32,
    /// Members removed from groups.
    pub member_removals: Budget,
    /// Accounts created.
    pub creations: u32,
    /// Accounts adopted.
    pub adoptions: u32,
    /// User principal names changed.
    pub upn_changes: u32,
    /// Attributes cleared.
    pub attribute_clears: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deactivations: Budget { absolute: 25, percent: 10 },
            suspensions: 100,
            member_removals: Budget { absolute: 200, percent: 20 },
            creations: 500,
            adoptions: 100,
            upn_changes: 25,
            attribute_clears: 200,
        }
    }
}
