//! Fleets of real processes with a real Redis.

#[path = "../support/mod.rs"]
mod support;

mod chaos;
#[cfg(any(feature = "cluster", feature = "sentinel"))]
mod clusters;
mod counting;
mod failovers;
mod foreign;
mod manual;
mod network;
mod outages;
mod probes;
mod processes;
mod refusals;
mod separate;
mod speed;
mod spread;
mod storms;

use std::process::ExitCode;

use support::harness::{self, tests};

fn main() -> ExitCode {
    // The processes of the instances run this program too.
    if support::child::run() {
        return ExitCode::SUCCESS;
    }
    // The longest first.
    let mut all = Vec::new();
    #[cfg(feature = "cluster")]
    all.extend(tests![
        clusters::a_failover_of_one_shard_leaves_the_others_alone,
        clusters::shards_that_move_to_other_nodes_are_followed;
        alone:
    ]);
    #[cfg(feature = "sentinel")]
    all.extend(tests![clusters::the_master_that_sentinel_names_is_found_again_after_a_failover; alone:]);
    all.extend(tests![
        storms::five_thousand_openings_reach_everyone,
        storms::five_thousand_openings_in_all_instances_at_once,
        storms::changes_of_an_outage_do_not_pile_up,
        storms::who_is_too_slow_to_hear_a_storm_reads_it_afterwards,
        chaos::every_circuit_recovers_after_whatever_went_wrong,
        chaos::instances_agree_after_whatever_went_wrong,
        failovers::what_a_failover_lost_is_written_again,
        failovers::two_halves_with_a_server_each_agree_again,
        processes::instances_that_come_and_go_neither_lengthen_nor_end_an_opening,
        processes::a_handler_that_blocks_delays_nothing,
        processes::killed_instances_are_no_longer_counted,
        network::a_network_that_swallows_everything_is_noticed_and_heals,
        network::answers_that_are_swallowed_are_asked_for_again,
        network::a_slow_network_delays_openings_and_no_calls,
        network::cut_connections_come_back,
        network::a_refused_connection_is_tried_again_less_and_less_often,
        outages::a_dead_redis_leaves_local_rules_and_one_line_in_the_log,
        outages::openings_of_an_outage_are_shared_afterwards_with_what_is_left_of_them,
        outages::nobody_waits_for_a_redis_that_is_not_there_at_the_start,
        outages::a_redis_that_stands_still_is_noticed_and_heals,
        outages::a_pause_of_the_clients_delays_an_opening_and_does_not_lengthen_it,
        outages::what_happens_while_connections_are_killed_is_read_afterwards,
        outages::a_flushed_redis_gets_back_what_living_instances_hold,
        outages::a_redis_that_restarts_empty_is_told_by_those_who_live,
        outages::leaving_does_not_wait_for_a_redis_that_is_silent,
        outages::scripts_that_are_flushed_are_loaded_again,
        outages::a_process_that_was_stopped_does_not_open_late_for_what_is_over,
        foreign::a_record_of_another_type_is_left_alone_and_mentioned_once,
        foreign::a_record_of_a_newer_format_is_never_overwritten,
        foreign::garbage_in_records_and_in_the_head_harms_nothing,
        foreign::garbage_in_the_channel_harms_nothing,
        foreign::a_record_that_was_evicted_is_written_again_by_who_holds_it,
        foreign::names_of_any_kind_are_shared,
        manual::open_and_close_and_reset_go_everywhere,
        manual::lasting_orders_hold_for_those_who_start_later_from_their_first_call_on,
        manual::a_circuit_that_exists_already_obeys_when_its_instance_joins,
        manual::orders_survive_a_restart_of_a_redis_that_persists,
        manual::the_later_of_two_orders_wins_also_when_one_was_given_while_cut_off,
        manual::an_order_can_stay_where_it_was_given,
        manual::an_automatic_change_never_ends_a_lasting_order,
        manual::after_leaving_circuits_go_on_by_local_rules,
        probes::one_probe_goes_out_from_twenty_instances_with_four_hundred_callers,
        probes::successes_are_summed_over_instances_and_slots_are_shared,
        probes::failures_are_summed_over_instances,
        probes::a_killed_holder_stalls_the_others_no_longer_than_its_lease,
        probes::a_process_that_was_stopped_does_not_probe_on_its_old_lease,
        probes::a_holder_that_is_cut_off_loses_its_lease,
        probes::a_probe_that_takes_longer_than_the_lease_keeps_it,
        probes::a_probe_that_never_returns_wedges_nothing,
        probes::idle_instances_hold_no_lease,
        probes::a_lease_that_is_not_used_comes_back,
        probes::leaving_gives_leases_back,
        probes::a_circuit_that_closes_on_expiry_needs_no_lease,
        counting::a_rate_is_judged_on_the_sum_over_instances,
        counting::failures_within_a_time_are_summed_over_instances,
        counting::what_one_instance_counts_alone_opens_only_there,
        counting::under_load_the_sum_opens_soon_after_the_threshold,
        spread::any_instance_opens_for_all_with_its_time_and_count,
        spread::others_open_when_two_agree,
        spread::a_vote_ends_with_the_opening_that_it_stands_for,
        spread::the_vote_of_an_instance_that_leaves_is_withdrawn,
        spread::a_share_of_those_that_call_must_agree,
        spread::the_longest_of_several_trips_holds_everywhere,
        spread::a_trip_spreads_without_a_vote,
        spread::an_instance_that_sees_most_circuits_open_does_not_vote,
        spread::the_back_off_counts_openings_of_all_instances,
        refusals::a_full_redis,
        refusals::a_redis_that_became_read_only,
        refusals::a_redis_that_cannot_save,
        refusals::a_replica_that_has_lost_its_master,
        refusals::an_access_control_that_allows_the_prefix_is_enough,
        refusals::an_access_control_that_refuses_the_keys,
        refusals::an_access_control_that_refuses_the_channel,
        refusals::a_password_without_a_user,
        refusals::a_wrong_password_joins_unconnected_and_says_so,
        refusals::something_that_is_no_redis_or_too_old,
        separate::two_prefixes_and_two_databases_are_three_fleets,
        separate::only_the_chosen_circuits_are_shared,
        separate::hashed_names_are_not_in_redis,
        separate::reasons_stay_where_they_are_unless_they_are_shared,
        separate::circuits_that_are_closed_cost_redis_nothing_and_the_rest_ends_by_itself,
        separate::a_service_without_calls_hears_orders_for_circuits_that_it_has_not_made;
        alone:
        spread::fifty_instances_that_fail_at_once_make_one_opening,
        speed::an_opening_is_everywhere_among_fifty_processes_within_fifty_milliseconds,
        speed::with_redis_dead_or_silent_calls_take_what_they_take_without_a_fleet,
    ]);
    harness::main(all)
}
