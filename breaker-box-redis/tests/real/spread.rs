//! Openings by the policy, and trips.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    any_instance_opens_for_all_with_its_time_and_count,
    others_open_when_two_agree,
    a_vote_ends_with_the_opening_that_it_stands_for,
    the_vote_of_an_instance_that_leaves_is_withdrawn,
    a_share_of_those_that_call_must_agree,
    the_longest_of_several_trips_holds_everywhere,
    a_trip_spreads_without_a_vote,
    an_instance_that_sees_most_circuits_open_does_not_vote,
    the_back_off_counts_openings_of_all_instances,
    ; alone:
    fifty_instances_that_fail_at_once_make_one_opening,
];

const SOON: Duration = Duration::from_secs(20);

fn any_instance_opens_for_all_with_its_time_and_count() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=5,expiry=30000,jitter=0.5");
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    // One knows the circuit, the other is yet to make it.
    b.call("payment", "ok", 1);
    a.fail("payment");
    let opened = a.when("payment", "closed:open:consecutive_failures");
    b.wait_for("payment", "open", SOON);
    let spread = b.when("payment", "closed:open:remote").saturating_sub(opened);
    assert!(spread < Duration::from_secs(1), "{spread:?}");
    // It hears of the opening at about the same time as the other one.
    until("c knows", SOON, || c.status().number("shared_circuits") == 1);
    assert_eq!(c.call("payment", "ok", 1), 0, "its first call is rejected");
    // The period was stretched or shrunk where it began; nobody does that again.
    let [of_a, of_b, of_c] = [&mut a, &mut b, &mut c].map(|instance| instance.circuit("payment"));
    for other in [&of_b, &of_c] {
        assert_eq!((other.get("state"), other.number("openings")), ("open", 1));
        let difference = (other.number("retry_after") - of_a.number("retry_after")).abs();
        assert!(difference < 1_000_000, "{of_a}, {other}");
    }
    let publisher = b.publisher("payment");
    assert!(publisher.get("instance").starts_with('a'), "{publisher}");
    assert_eq!(publisher.get("cause"), "consecutive_failures");
    assert_eq!(b.history("payment").len(), 1, "one change");
    assert_eq!(b.lines_with("to=open").len(), 1, "one line in the log:\n{}", b.log());
}

fn others_open_when_two_agree() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2");
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    c.call("payment", "ok", 1);
    a.fail("payment");
    a.settle();
    assert_eq!(a.state("payment"), "open", "it protects itself");
    throughout("one vote opens nothing", Duration::from_millis(1_500), || {
        b.state("payment") == "closed" && c.call("payment", "ok", 1) == 1
    });
    b.fail("payment");
    c.wait_for("payment", "open", SOON);
    let spread = c.when("payment", ":open:remote").saturating_sub(b.when("payment", ":open:consecutive_failures"));
    assert!(spread < Duration::from_secs(1), "{spread:?}");
    for instance in [&mut a, &mut b, &mut c] {
        assert_eq!(instance.circuit("payment").number("openings"), 1);
    }
}

fn a_vote_ends_with_the_opening_that_it_stands_for() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2").policy("failures=2,expiry=1500");
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    c.call("payment", "ok", 1);
    a.fail("payment");
    a.wait_for("payment", "half_open", SOON);
    until("a recovers by itself", SOON, || a.call("payment", "ok", 1) == 1);
    assert_eq!(a.state("payment"), "closed");
    // In Redis it lasts a little longer: by the time that it took to get there.
    until("the vote is over", SOON, || server.keys("bb1:*:v:*").is_empty());
    b.fail("payment");
    b.settle();
    throughout("c is closed", Duration::from_secs(1), || c.state("payment") == "closed");
}

fn a_share_of_those_that_call_must_agree() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:1:0.5");
    let mut instances = Instance::spawn_many(5, &options);
    for instance in &mut instances {
        instance.call("payment", "ok", 3);
    }
    // Who calls is reported with the heartbeats.
    std::thread::sleep(Duration::from_secs(3));
    instances[0].fail("payment");
    instances[1].fail("payment");
    for instance in &mut instances[..2] {
        instance.settle();
    }
    // Half of five is three.
    throughout("two of five open nothing", Duration::from_secs(1), || instances[4].state("payment") == "closed");
    instances[2].fail("payment");
    instances[4].wait_for("payment", "open", SOON);
    instances[3].wait_for("payment", "open", SOON);
}

fn a_trip_spreads_without_a_vote() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.call("payment", "trip:90000", 1);
    b.wait_for("payment", "open", SOON);
    let left = b.circuit("payment").number("retry_after");
    assert!((60_000_000..=90_000_000).contains(&left), "{left}");
    assert_eq!(b.publisher("payment").get("cause"), "tripped");
}

fn an_instance_that_sees_most_circuits_open_does_not_vote() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "any");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut a, &mut b] {
        for circuit in ["one", "two", "three", "four", "five"] {
            instance.call(circuit, "ok", 2);
        }
    }
    // Its own network is gone: all of its calls fail.
    for circuit in ["one", "two", "three", "four", "five"] {
        a.fail(circuit);
        a.settle();
    }
    assert_eq!(a.state("five"), "open", "it protects itself");
    throughout("b calls on", Duration::from_secs(1), || b.call("five", "ok", 1) == 1);
    let doubts = a.lines_with("this instance may be the cause");
    assert_eq!(doubts.len(), 1, "said once: {doubts:?}\n{}", a.log());
}

fn fifty_instances_that_fail_at_once_make_one_opening() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("pulse", 100_000).with("spread", "agreed:2");
    let mut instances = Instance::spawn_many(50, &options);
    for instance in &mut instances {
        instance.tell("call payment fail 20");
    }
    for instance in &mut instances {
        instance.answer();
    }
    for instance in &mut instances {
        instance.settle();
    }
    for instance in &mut instances {
        let circuit = instance.circuit("payment");
        assert_eq!((circuit.get("state"), circuit.number("openings")), ("open", 1));
    }
    assert_eq!(server.keys("bb1:*:c:*").len(), 1);
    let published = server.command(&["INFO", "commandstats"]);
    let calls = published.lines().find_map(|line| line.strip_prefix("cmdstat_publish:calls=")?.split(',').next());
    assert!(calls.is_some_and(|calls| calls.parse::<u32>().expect("a count") <= 3), "{published}");
}

fn the_back_off_counts_openings_of_all_instances() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,progressive=1000:6:600000,jitter=0");
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut b, &mut c] {
        instance.call("payment", "ok", 1);
    }
    a.fail("payment");
    // The probe of one instance fails, then that of another.
    for (instance, openings) in [(0, 2), (1, 3)] {
        let prober = if instance == 0 { &mut b } else { &mut c };
        until("a probe fails", SOON, || {
            prober.call("payment", "fail", 1) == 1 && prober.circuit("payment").number("openings") == openings
        });
    }
    for instance in [&mut a, &mut b, &mut c] {
        until("all know of three openings", SOON, || instance.circuit("payment").number("openings") == 3);
        let left = instance.circuit("payment").number("retry_after");
        // The second period is 6 s, and a busy machine may take some of the third.
        assert!((8_000_000..=36_000_000).contains(&left), "36 times the first period: {left}");
    }
}

fn the_vote_of_an_instance_that_leaves_is_withdrawn() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2");
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| Instance::spawn(name, &options));
    c.call("payment", "ok", 1);
    a.fail("payment");
    a.settle();
    drop(a);
    b.fail("payment");
    b.settle();
    throughout("c is closed", Duration::from_secs(1), || c.call("payment", "ok", 1) == 1);
}

fn the_longest_of_several_trips_holds_everywhere() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2");
    let mut instances = Instance::spawn_many(5, &options);
    for instance in &mut instances {
        assert_eq!(instance.send("begin payment"), "1");
    }
    // All are told to wait at nearly the same time, and not for the same time.
    for (instance, seconds) in instances.iter_mut().zip([40, 80, 120, 60, 100]) {
        instance.tell(&format!("end trip:{seconds}000"));
    }
    for instance in &mut instances {
        instance.answer();
    }
    for instance in &mut instances {
        until("it waits for the longest time", SOON, || {
            let left = instance.circuit("payment").number("retry_after");
            (90_000_000..=120_000_000).contains(&left)
        });
    }
}
