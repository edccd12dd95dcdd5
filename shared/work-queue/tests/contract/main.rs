//! The contract of the queues: one suite over both.
//!
//! Each case is a plain function of empty queues. It runs over [`MemoryQueue`] and, on a private
//! local server, over `SqsQueue`; `refusals` adds what only SQS can show: what becomes of batches
//! that it takes in part, and of queues out of reach.
//!
//! [`MemoryQueue`]: work_queue::memory::MemoryQueue
#![expect(clippy::unwrap_used, reason = "a case and its parts fail by panicking")]

mod delay;
mod park;
mod parked;
mod queues;
mod receive;
mod refusals;
mod scripted;
mod send;
mod world;

macro_rules! suite {
    ($($module:ident { $($case:ident)+ })+) => {
        mod memory {
            $(mod $module {
                $(#[tokio::test]
                async fn $case() {
                    crate::$module::$case(crate::queues::InMemory::new()).await;
                })+
            })+
        }

        mod sqs {
            $(mod $module {
                $(#[tokio::test]
                async fn $case() {
                    crate::$module::$case(crate::queues::OnSqs::new().await).await;
                })+
            })+
        }
    };
}

suite! {
    send {
        a_body_arrives_byte_for_byte
        each_lane_is_a_queue_of_its_own
        a_message_is_of_its_directorys_group
        more_than_ten_items_all_arrive
        more_than_a_mebibyte_arrives_in_several_requests
        the_largest_item_arrives
        an_item_that_is_too_large_sends_nothing
        nothing_to_send_is_no_request
    }
    delay {
        a_delayed_item_comes_later
        the_longest_delay_is_taken
        a_delay_that_is_too_long_sends_nothing
        a_fraction_of_a_second_is_no_delay
    }
    receive {
        a_received_message_is_hidden_until_it_is_handed_back
        a_deleted_message_is_gone
        what_nobody_understands_is_received_as_it_is
        the_depths_tell_ready_from_received_and_delayed
    }
    park {
        what_is_parked_keeps_its_text_and_says_why
        what_sqs_refuses_is_escaped
        without_a_directory_nothing_is_missing
        what_does_not_fit_is_cut_and_says_so
        nothing_is_ever_empty
    }
    parked {
        what_was_parked_is_received_with_all_that_is_known
        a_received_parked_message_is_hidden_until_it_is_returned
        a_deleted_parked_message_is_gone
        more_than_ten_parked_messages_are_all_found
        what_was_delivered_too_often_names_its_queue_and_no_reason
    }
}
