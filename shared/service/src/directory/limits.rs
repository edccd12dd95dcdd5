//! `[limits]`: the budgets of S1, for each kind per rolling hour and per pass.

use super::section::Section;

/// The most that a number of this section can be.
const MOST: u32 = 1_000_000;

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

pub(super) fn read(mut section: Section<'_>) -> Limits {
    let usual = Limits::default();
    let mut count = |key, default| section.count(key, default, MOST);
    let deactivations = count("deactivations", usual.deactivations.absolute);
    let member_removals = count("member_removals", usual.member_removals.absolute);
    let suspensions = count("suspensions", usual.suspensions);
    let creations = count("creations", usual.creations);
    let adoptions = count("adoptions", usual.adoptions);
    let upn_changes = count("upn_changes", usual.upn_changes);
    let attribute_clears = count("attribute_clears", usual.attribute_clears);
    let mut percent = |key, default| section.count(key, default, 100);
    let limits = Limits {
        deactivations: Budget {
            absolute: deactivations,
            percent: percent("deactivations_percent", usual.deactivations.percent),
        },
        suspensions,
        member_removals: Budget {
            absolute: member_removals,
            percent: percent("member_removals_percent", usual.member_removals.percent),
        },
        creations,
        adoptions,
        upn_changes,
        attribute_clears,
    };
    section.finish();
    limits
}
