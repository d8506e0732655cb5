//! Open: rejected before the deadline, half-open at it; how long it lasts.

use super::*;

#[test]
fn asked_before_the_deadline_is_rejected_with_what_is_left() {
    let step = ask(&THREE, &open(1), at(110));
    assert_eq!((step.reply, step.next), (Reply::Rejected { retry_after: Some(seconds(20)) }, open(1)));
}

#[test]
fn asked_a_nanosecond_before_the_deadline_is_rejected() {
    let almost = Moment { now: Tick::from_nanos(tick(130).as_nanos() - 1), jitter_sample: NO_JITTER };
    let retry_after = Some(Duration::from_nanos(1));
    assert_eq!(ask(&THREE, &open(1), almost).reply, Reply::Rejected { retry_after });
}

#[test]
fn asked_at_the_deadline_is_admitted_as_a_probe() {
    let step = ask(&THREE, &open(1), at(130));
    assert_eq!(step.reply, Reply::Admitted);
    assert_eq!(moves(&step), [(State::Open, State::HalfOpen, Trigger::Expired)]);
    assert_eq!(step.next.probes, in_flight(1));
}

#[test]
fn asked_long_after_the_deadline_is_admitted_as_a_probe() {
    let step = ask(&THREE, &open(1), at(1_000_000_000));
    assert_eq!((step.reply, step.next.state), (Reply::Admitted, State::HalfOpen));
}

#[test]
fn expiry_begins_a_generation_and_keeps_the_openings() {
    let next = ask(&THREE, &open(3), at(130)).next;
    assert_eq!((next.generation, next.openings), (5, 3));
}

#[test]
fn time_alone_expires_without_taking_a_slot() {
    let step = step(&THREE, &open(1), Input::TimePassed, at(130));
    assert_eq!((step.next.state, step.next.probes), (State::HalfOpen, NO_PROBES));
}

#[test]
fn with_close_on_expiry_the_deadline_closes_and_clears_the_counts() {
    let step = ask(&THREE.close_on_expiry(), &Snapshot { last_counted: Some(tick(99)), ..open(1) }, at(130));
    assert_eq!(step.reply, Reply::Admitted);
    assert_eq!(moves(&step), [(State::Open, State::Closed, Trigger::Expired)]);
    assert_eq!((step.next.failures_in_row, step.clears_counts, step.next.last_counted), (0, true, None));
}

#[test]
fn with_close_on_expiry_it_still_rejects_before_the_deadline() {
    let step = ask(&THREE.close_on_expiry(), &open(1), at(129));
    assert_eq!(step.reply, Reply::Rejected { retry_after: Some(seconds(1)) });
}

#[test]
fn a_report_never_moves_an_open_circuit() {
    for result in [SUCCESS, FAILURE, Observation::Nothing, Observation::Trip { open_for: None }] {
        assert_eq!(report(&THREE, &open(1), result, at(110)).next, open(1), "{result:?}");
    }
}

#[test]
fn a_report_after_the_deadline_acts_on_half_open() {
    let step = report(&THREE, &open(1), SUCCESS, at(130));
    assert_eq!(
        moves(&step),
        [(State::Open, State::HalfOpen, Trigger::Expired), (State::HalfOpen, State::Closed, Trigger::ProbesSucceeded)]
    );
}

#[test]
fn forced_open_rejects_without_a_time_whenever_it_is_asked() {
    let snapshot = in_state(State::ForcedOpen);
    for second in [110, 1_000_000] {
        let step = ask(&THREE, &snapshot, at(second));
        assert_eq!((step.reply, step.next), (Reply::Rejected { retry_after: None }, snapshot));
    }
}

#[test]
fn a_report_never_moves_a_forced_open_circuit() {
    let snapshot = in_state(State::ForcedOpen);
    for result in [SUCCESS, FAILURE] {
        assert_eq!(report(&THREE, &snapshot, result, at(110)).next, snapshot);
    }
}

#[test]
fn progressive_periods_grow_with_each_opening_up_to_the_maximum() {
    let policy = THREE.progressive_expiry(seconds(5), 2.0, seconds(60));
    let periods: Vec<_> = (0..6)
        .map(|openings| {
            let step = settle(&policy, &Snapshot { openings, ..closed(2) }, FAILURE, at(7));
            period(&step).as_secs()
        })
        .collect();
    assert_eq!(periods, [5, 10, 20, 40, 60, 60]);
}

#[test]
fn progressive_periods_saturate_at_the_maximum() {
    let policy = THREE.progressive_expiry(seconds(5), 10.0, seconds(500));
    let step = settle(&policy, &Snapshot { openings: u32::MAX, ..closed(2) }, FAILURE, at(7));
    assert_eq!(period(&step), seconds(500));
}

#[test]
fn jitter_stretches_and_shrinks_by_its_fraction_at_the_most() {
    let policy = THREE.expiry(seconds(100)).jitter(0.2);
    for (jitter_sample, expected) in [(-1.0, 80), (-0.5, 90), (0.0, 100), (0.5, 110), (1.0, 120)] {
        let step = settle(&policy, &closed(2), FAILURE, at_with_jitter(7, jitter_sample));
        let difference = period(&step).abs_diff(seconds(expected));
        assert!(difference < Duration::from_micros(1), "jitter_sample {jitter_sample}: {:?}", period(&step));
    }
}

#[test]
fn without_jitter_the_sample_changes_nothing() {
    let step = settle(&THREE, &closed(2), FAILURE, at_with_jitter(7, 1.0));
    assert_eq!(period(&step), seconds(30));
}

#[test]
fn an_endless_expiry_saturates_instead_of_overflowing() {
    let step = settle(&THREE.expiry(Duration::MAX).jitter(1.0), &closed(2), FAILURE, at_with_jitter(7, 1.0));
    assert_eq!(step.next.deadline, Tick::MAX);
}

#[test]
fn an_endless_expiry_still_rejects_after_centuries() {
    let opened = settle(&THREE.expiry(Duration::MAX), &closed(2), FAILURE, at(7)).next;
    let step = ask(&THREE, &opened, at(500 * 365 * 86_400));
    assert!(matches!(step.reply, Reply::Rejected { retry_after: None }));
}

#[test]
fn a_trip_for_no_time_is_over_at_once() {
    let opened = settle(&THREE, &closed(0), Observation::Trip { open_for: Some(Duration::ZERO) }, at(7)).next;
    assert_eq!(ask(&THREE, &opened, at(7)).reply, Reply::Admitted);
}
