//! The contract of the table: one suite over both stores.
//!
//! Each case is a plain function of a store with an empty table. It runs over [`MemoryStore`] and,
//! on a private local server, over `DynamoStore`; `requests` adds what only DynamoDB can show: how
//! many requests an operation takes, and what becomes of answers that are lost or refused.
#![expect(clippy::unwrap_used, reason = "a case and its parts fail by panicking")]

use store::memory::MemoryStore;

mod audit;
mod budget;
mod claims;
mod commit;
mod concurrency;
mod directory;
mod domains;
mod due;
mod groups;
mod lease;
mod proxy;
mod requests;
mod table;
mod waits;
mod world;

macro_rules! suite {
    ($($module:ident { $($case:ident)+ })+) => {
        mod memory {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    crate::$module::$case(crate::MemoryStore::new()).await;
                })+
            })+
        }

        mod dynamodb {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    crate::$module::$case(crate::table::store().await).await;
                })+
            })+
        }
    };
}

suite! {
    groups {
        hints_gather_until_a_commit_has_used_them
        a_record_is_what_its_subject_is
    }
    lease {
        the_first_acquire_takes_an_empty_record
        r2_a_held_lease_is_left_word
        r1_an_expired_lease_is_free_and_one_that_ends_now_is_not
        r1_an_acquire_clears_again_and_keeps_what_messages_left
        r1_a_renewal_moves_the_end_and_due
        r1_a_holder_who_is_late_goes_on_while_nobody_acquires
        r3_who_lost_the_fence_stores_nothing
        a_released_lease_is_nobodys
        r2_heard_is_the_youngest_event
        r2_evidence_is_never_cleared
        r5_covered_needs_thirty_seconds
        r5_covered_is_answered_while_another_holds_the_lease
        r5_missing_evidence_is_never_covered
        times_are_kept_in_milliseconds
    }
    commit {
        a_commit_stores_and_releases
        a_step_stores_its_events_once
        a_commit_without_due_leaves_nothing_due
        r3_word_left_keeps_the_lease
        r3_word_left_after_a_reopen_keeps_it_once_more
        r3_a_record_leaves_the_mailbox_alone
        a_repeated_commit_is_stored_once
        a_second_commit_under_one_lease_is_lost
        a_commit_whose_claim_is_held_stores_nothing
        findings_are_cut
    }
    claims {
        a_claim_is_taken_once_and_repeated_by_its_holder
        a_held_claim_names_its_holder_and_stores_nothing
        a_repeat_keeps_the_known_object
        a_tombstone_is_inherited_by_whoever_takes_it
        a_claim_of_others_is_left_alone
        a_released_claim_is_free
        claims_are_taken_together_or_not_at_all
        of_several_changes_of_one_claim_the_last_counts
        tenants_and_kinds_are_apart
        many_claims_are_looked_up_at_once
    }
    concurrency {
        r1_a_hundred_acquires_take_one_lease
        words_of_a_hundred_leave_the_youngest_event
        one_object_is_never_bound_twice
        no_word_is_missed_by_a_commit
        a_due_subject_is_deferred_by_one
        a_configuration_is_replaced_by_one
        u7_of_two_directories_at_once_one_holds_the_domain
        u7_directories_without_a_common_domain_all_get_theirs
        a_cursor_is_moved_by_one
        a_lock_is_taken_by_one
        s1_ten_at_once_never_spend_more_than_the_limit
    }
    waits {
        a_wait_is_noted_once
        only_the_named_stop_waiting
        many_stop_waiting_at_once
        a_note_that_was_left_again_stays
    }
    due {
        the_longest_due_comes_first
        a_deferral_needs_what_was_seen
        a_leased_subject_may_be_deferred
        nobody_defers_a_subject_that_never_was
        subjects_come_in_pages
        many_records_are_peeked_at_once
    }
    directory {
        a_configuration_has_versions
        all_configurations_are_listed
        a_cursor_moves_from_what_was_seen
        a_lock_ends_and_is_extended_by_its_run
        only_its_run_unlocks
    }
    domains {
        u7_a_domain_has_one_holder_in_a_tenant
        u7_who_lists_no_domains_holds_all
        u7_what_is_no_longer_listed_is_free
        u7_a_directory_that_leaves_a_tenant_frees_its_domains
        u7_a_configuration_that_moved_changes_no_domains
    }
    budget {
        s1_a_budget_is_spent_up_to_its_limit
        s1_a_grant_leaves_the_hour_after_3600_seconds
        s1_a_repeated_grant_takes_nothing_more
        s1_directories_spend_apart
    }
    audit {
        events_come_newest_first
        events_are_chosen_by_time_and_person
        old_events_are_not_read
        an_event_is_kept_as_it_was
    }
}
