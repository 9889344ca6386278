//! What every backend has to do, as tests that any of them runs: `store::backend_suite!(a_new_site())`.
//!
//! A [`Site`] is a place of its own for one test. The tests of [`rows`] speak to the backend as the store does;
//! those of [`changes`], [`tampering`] and [`histories`] open a store on it. [`memory`] is the simplest backend
//! there is, with faults on demand, for tests of the store itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "these are tests, which happen to be public"
)]

pub mod changes;
pub mod fixture;
pub mod histories;
pub mod memory;
pub mod rows;
pub mod tampering;

use crate::backend::{Backend, BackendError};

/// A place where one store may lie.
pub trait Site: Send + Sync {
    /// Opens the backend at this place; the one opened before is gone.
    fn open(&self) -> Result<Box<dyn Backend>, BackendError>;
}

/// Makes a test of each thing a backend has to do. The expression makes a new [`Site`] for each.
#[macro_export]
macro_rules! backend_suite {
    ($site:expr) => {
        $crate::backend_suite!(@tests $site;
            rows: committed_rows_come_back_in_the_order_of_their_keys;
            rows: a_group_replaces_and_deletes;
            rows: loading_keeps_to_its_bounds;
            rows: one_row_is_read_as_last_committed;
            rows: long_keys_and_values_are_kept;
            rows: committed_rows_are_there_after_reopening;
            rows: committed_rows_are_there_when_nobody_closed;
            changes: what_was_committed_is_there_after_reopening;
            changes: a_change_on_a_changed_row_conflicts;
            changes: a_change_on_an_absence_that_ended_conflicts;
            changes: a_change_on_a_stretch_that_got_a_row_conflicts;
            changes: a_change_behind_the_end_of_a_limited_scan_does_not_conflict;
            changes: names_alone_conflict_only_when_rows_come_or_go;
            changes: a_change_on_an_index_that_got_an_entry_conflicts;
            changes: a_limit_counted_by_an_index_can_not_be_raced;
            changes: index_entries_follow_their_records;
            changes: a_permit_joins_its_reads_to_a_change;
            changes: a_turn_meets_no_conflict;
            changes: a_dropped_turn_lets_the_others_go_on;
            changes: a_snapshot_does_not_change;
            changes: audit_records_wait_in_the_outbox_until_they_are_drained;
            changes: a_secret_comes_out_of_the_vault_alone_and_goes_when_it_is_destroyed;
            changes: cold_rows_are_read_and_checked_at_the_backend;
            changes: domains_keep_their_rows_apart_and_are_created_once;
            changes: a_lease_fences_the_changes_of_its_former_holder;
            changes: due_work_comes_in_the_order_of_time;
            changes: tokens_open_only_for_their_purpose_and_domain;
            changes: an_undeclared_table_is_refused;
            changes: one_more_row_than_a_chunk_of_loading_is_no_less_there;
            changes: a_closed_store_refuses_changes;
            tampering: a_removed_row_is_noticed;
            tampering: an_added_row_is_noticed;
            tampering: swapped_rows_are_noticed;
            tampering: an_older_copy_of_a_row_is_noticed;
            tampering: an_older_head_is_noticed;
            tampering: a_removed_head_is_noticed;
            tampering: a_removed_domain_key_is_noticed;
            tampering: an_emptied_store_but_for_its_tables_is_noticed;
            tampering: an_older_copy_of_the_whole_store_shows_its_revision;
            tampering: another_root_key_is_refused_as_such;
            tampering: another_passphrase_is_refused_as_another_root_key;
            tampering: a_later_format_is_refused_as_such;
            tampering: names_and_texts_are_not_to_be_found_in_the_rows;
            tampering: a_changed_value_does_not_open;
            histories: concurrent_changes_are_as_if_made_one_by_one;
        );
    };
    (@tests $site:expr; $($module:ident: $test:ident;)*) => {
        $(
            #[test]
            fn $test() {
                let site = $site;
                $crate::suite::$module::$test(&site);
            }
        )*
    };
}
