//! `[limits]`: the budgets of S1, for each kind per rolling hour and per pass.

use sync_core::policy::{Budget, Limits};

use super::section::Section;

/// The most that a number of this section can be.
const MOST: u32 = 1_000_000;

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
