use breaker_core::State;

use super::*;

fn change(generation: u32) -> Change {
    Change::new(Generation::new(generation), State::Closed)
}

fn order(generation: u32) -> Happened {
    Happened::Changed(change(generation))
}

fn because(generation: u32, cause: Cause) -> Happened {
    let mut change = change(generation);
    change.cause = cause;
    Happened::Changed(change)
}

fn opened(generation: u32) -> Happened {
    because(generation, Cause::ConsecutiveFailures)
}

/// What follows from what the fleet knows, as a change from elsewhere does.
fn expired(generation: u32) -> Happened {
    because(generation, Cause::Expired)
}

/// What is left, in short.
fn left(all: impl IntoIterator<Item = Happened>) -> String {
    let mut changes = Changes::default();
    for happened in all {
        changes.add(&Key::new("api"), happened);
    }
    let told: Vec<String> = changes
        .take()
        .into_iter()
        .flat_map(|(_, all)| all)
        .map(|happened| match happened {
            Happened::Changed(change) => format!("{}:{}", change.cause.as_str(), change.generation.number()),
            Happened::ProbeWanted(generation) => format!("wanted:{}", generation.number()),
            Happened::ProbeSettled(report) => format!("settled:{}", report.successes),
            Happened::Forgotten => "forgotten".to_owned(),
        })
        .collect();
    told.join(" ")
}

#[test]
fn a_circuit_has_its_last_order_its_last_decision_and_its_last_change() {
    let all = [order(1), opened(2), order(3), opened(4), expired(5), opened(6), expired(7), expired(8)];
    assert_eq!(left(all), "manual:3 consecutive_failures:6 expired:8");
    assert_eq!(left([expired(1), opened(2), order(3)]), "manual:3");
}

#[test]
fn an_order_for_this_instance_alone_is_a_decision() {
    let mut here = change(2);
    here.only_here = true;
    assert_eq!(left([order(1), Happened::Changed(here), opened(3)]), "manual:1 consecutive_failures:3");
}

#[test]
fn of_probes_the_last_report_is_kept_where_it_came() {
    let report = |successes| {
        let mut report = ProbeReport::new(Generation::new(1));
        report.successes = successes;
        Happened::ProbeSettled(report)
    };
    let wanted = |n| Happened::ProbeWanted(Generation::new(n));
    assert_eq!(
        left([report(1), wanted(1), report(2), wanted(2), opened(3)]),
        "settled:2 wanted:2 consecutive_failures:3"
    );
}

#[test]
fn a_circuit_that_is_gone_leaves_its_last_order_and_may_come_back() {
    let all = [order(1), opened(2), Happened::ProbeWanted(Generation::new(2)), Happened::Forgotten, opened(0)];
    assert_eq!(left(all), "manual:1 forgotten consecutive_failures:0");
}

#[test]
fn circuits_keep_their_order_and_too_many_are_noticed() {
    let mut changes = Changes::default();
    for n in 0..=MOST {
        changes.add(&Key::new(n.to_string()), expired(1));
    }
    assert!(changes.take_overflowed() && !changes.take_overflowed());
    let taken = changes.take();
    assert_eq!(taken.len(), MOST);
    assert!(taken.iter().enumerate().all(|(n, (key, _))| key.identifier() == n.to_string()));
    assert!(changes.take().is_empty());
}
