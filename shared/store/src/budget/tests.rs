use super::*;

/// So many milliseconds into the story.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_777_000_000_000 + millis).unwrap()
}

const AN_HOUR: i64 = 3_600_000;

fn spend(budget: &mut Budget, grant: &str, wanted: u32, limit: u32, now: i64) -> Granted {
    let grant = grant.to_owned();
    let spending = Spending { kind: BudgetKind::MemberRemovals, wanted, limit, grant };
    let before = budget.clone();
    let (granted, changed) = budget.spend(&spending, at(now));
    if !changed {
        assert!(budget.grants.iter().all(|grant| before.grants.contains(grant)));
    }
    granted
}

fn all(amount: u32) -> Granted {
    Granted { amount, more_at: None }
}

fn part(amount: u32, more_at: i64) -> Granted {
    Granted { amount, more_at: Some(at(more_at)) }
}

#[test]
fn s1_more_fits_once_the_oldest_grant_has_left_the_hour() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 3, 10, 0), all(3));
    assert_eq!(spend(&mut budget, "b", 9, 10, 500), part(7, AN_HOUR));
    assert_eq!(spend(&mut budget, "c", 5, 10, AN_HOUR - 1), part(0, AN_HOUR));
    assert_eq!(spend(&mut budget, "c", 5, 10, AN_HOUR), part(3, AN_HOUR + 500));
    assert_eq!(spend(&mut budget, "d", 7, 10, AN_HOUR + 500), all(7));
}

#[test]
fn s1_what_is_given_counts_itself() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 8, 5, 7), part(5, AN_HOUR + 7));
}

#[test]
fn s1_a_budget_of_nothing_gives_nothing() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 1, 0, 0), part(0, AN_HOUR));
    assert_eq!(spend(&mut budget, "a", 1, 1, 0), all(1));
    // Lowered afterwards: what counts leaves long before anything fits.
    assert_eq!(spend(&mut budget, "b", 1, 0, 500), part(0, AN_HOUR + 500));
}

#[test]
fn s1_a_lowered_limit_gives_nothing_until_enough_has_left() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 4, 10, 0), all(4));
    assert_eq!(spend(&mut budget, "b", 4, 10, 1), all(4));
    assert_eq!(spend(&mut budget, "c", 1, 4, 2), part(0, AN_HOUR));
    assert_eq!(spend(&mut budget, "c", 1, 4, AN_HOUR), part(0, AN_HOUR + 1));
    assert_eq!(spend(&mut budget, "c", 1, 4, AN_HOUR + 1), all(1));
}

#[test]
fn s1_a_repeat_is_given_the_same_once() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 8, 5, 0), part(5, AN_HOUR));
    let before = budget.clone();
    // Whatever the limit is by then; but never more than is wanted.
    for (wanted, limit, answer) in
        [(8, 5, part(5, AN_HOUR)), (8, 100, part(5, AN_HOUR)), (8, 1, part(5, AN_HOUR))]
            .into_iter()
            .chain([(5, 5, all(5)), (2, 5, all(2))])
    {
        assert_eq!(spend(&mut budget, "a", wanted, limit, AN_HOUR - 1), answer);
        assert_eq!(budget, before);
    }
    assert_eq!(spend(&mut budget, "a", 8, 5, AN_HOUR), part(5, 2 * AN_HOUR));
}

#[test]
fn s1_what_gives_nothing_leaves_no_trace() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 0, 5, 0), all(0));
    assert_eq!(budget, Budget::default());
    spend(&mut budget, "b", 5, 5, 0);
    assert_eq!(spend(&mut budget, "a", 1, 5, 1), part(0, AN_HOUR));
    assert_eq!(spend(&mut budget, "c", 0, 5, 1), all(0));
    assert_eq!(budget.grants.len(), 1);
    assert_eq!(spend(&mut budget, "a", 1, 5, AN_HOUR), all(1));
}

#[test]
fn s1_grants_of_a_clock_that_is_ahead_count() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", 3, 5, 2000), all(3));
    assert_eq!(spend(&mut budget, "b", 3, 5, 0), part(2, AN_HOUR));
    assert_eq!(spend(&mut budget, "c", 9, 5, AN_HOUR), part(2, AN_HOUR + 2000));
}

#[test]
fn times_lose_their_fractions_of_milliseconds() {
    let mut budget = Budget::default();
    let spending =
        Spending { kind: BudgetKind::MemberRemovals, wanted: 2, limit: 1, grant: "a".to_owned() };
    let (granted, _) = budget.spend(&spending, at(0) + Duration::from_micros(900));
    assert_eq!((granted, budget.grants[0].at), (part(1, AN_HOUR), at(0)));
}

#[test]
fn s1_beyond_what_can_be_told_apart_the_oldest_count_together_as_long_as_the_younger() {
    let mut budget = Budget::default();
    let many = i64::try_from(MAX_GRANTS).unwrap();
    for number in 0..many + 2 {
        assert_eq!(spend(&mut budget, &number.to_string(), 2, 10_000, number), all(2));
    }
    assert_eq!(budget.grants.len(), MAX_GRANTS);
    assert_eq!(budget.grants[0], Grant { at: at(2), amount: 6, name: None });
    assert_eq!(budget.grants[1].name.as_deref(), Some("3"));
    let used = u32::try_from(2 * (many + 2)).unwrap();
    assert_eq!(spend(&mut budget, "more", u32::MAX, used, many + 2), part(0, AN_HOUR + 2));
    assert_eq!(spend(&mut budget, "more", u32::MAX, used, AN_HOUR + 1), part(0, AN_HOUR + 2));
    // A repeat of what was merged counts again; it is not answered with all of it.
    assert_eq!(spend(&mut budget, "1", 2, 10_000, many + 2), all(2));
    assert_eq!(budget.grants[0], Grant { at: at(3), amount: 8, name: None });
    let left = used + 2 - 8;
    assert_eq!(
        spend(&mut budget, "last", u32::MAX, 10_000, AN_HOUR + 3),
        part(10_000 - left, AN_HOUR + 4)
    );
}

#[test]
fn amounts_stop_at_what_can_be_counted() {
    let mut budget = Budget::default();
    assert_eq!(spend(&mut budget, "a", u32::MAX, u32::MAX, 0), all(u32::MAX));
    assert_eq!(spend(&mut budget, "b", 1, u32::MAX, 0), part(0, AN_HOUR));
    let merged = |amount| Grant { at: at(1), amount, name: None };
    let mut budget = Budget { grants: vec![merged(u32::MAX); MAX_GRANTS + 1] };
    budget.merge();
    assert_eq!(budget.grants, vec![merged(u32::MAX); MAX_GRANTS]);
}

#[test]
fn kinds_keep_their_spelling() {
    assert_eq!(BudgetKind::MemberRemovals.to_string(), "member_removals");
}
