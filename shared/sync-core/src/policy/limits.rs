//! How much of each kind may happen per rolling hour and per pass (S1).

/// A budget with a share of what is managed; S1 says how the two make one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// At most so many.
    pub absolute: u32,
    /// At most this part of what is managed, in percent.
    pub percent: u32,
}

/// What the share of a small company comes to all the same.
const LEAST: u32 = 5;

impl Budget {
    /// How much may happen where so much is managed: the smaller of the absolute number and the
    /// larger of the share and 5 (S1).
    pub fn limit(self, managed: u64) -> u32 {
        let share = managed.saturating_mul(self.percent.into()) / 100;
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        self.absolute.min(share.max(LEAST))
    }

    /// Where so much is managed, more makes no difference.
    pub fn is_settled_from(self) -> u64 {
        if self.absolute <= LEAST || self.percent == 0 {
            return 0;
        }
        (u64::from(self.absolute) * 100).div_ceil(u64::from(self.percent))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_the_limit_is_the_smaller_of_the_absolute_and_the_larger_of_the_share_and_five() {
        let usual = Limits::default().member_removals;
        let limits = [0, 29, 30, 34, 35, 999, 1000, u64::MAX].map(|managed| usual.limit(managed));
        assert_eq!(limits, [5, 5, 6, 6, 7, 199, 200, 200]);
        let limit = |absolute, percent| Budget { absolute, percent }.limit(100);
        assert_eq!([limit(0, 100), limit(3, 100), limit(200, 0), limit(200, 100)], [0, 3, 5, 100]);
    }

    #[test]
    fn s1_from_some_size_on_the_limit_stays_the_same() {
        for (absolute, percent, from) in
            [(200, 20, 1000), (200, 100, 200), (10, 3, 334), (5, 20, 0)]
        {
            let budget = Budget { absolute, percent };
            assert_eq!(budget.is_settled_from(), from);
            assert_eq!(budget.limit(from), absolute);
            assert!(from == 0 || budget.limit(from - 1) < absolute);
        }
        let without = Budget { absolute: 6, percent: 0 };
        assert_eq!((without.is_settled_from(), without.limit(u64::MAX)), (0, 5));
    }
}
