//! Manual orders: they hold everywhere, also for instances that start later, and the later one
//! wins.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    open_and_close_and_reset_go_everywhere,
    lasting_orders_hold_for_those_who_start_later_from_their_first_call_on,
    a_circuit_that_exists_already_obeys_when_its_instance_joins,
    orders_survive_a_restart_of_a_redis_that_persists,
    the_later_of_two_orders_wins_also_when_one_was_given_while_cut_off,
    an_order_can_stay_where_it_was_given,
    an_automatic_change_never_ends_a_lasting_order,
    after_leaving_circuits_go_on_by_local_rules,
];

const SOON: Duration = Duration::from_secs(20);

fn open_and_close_and_reset_go_everywhere() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.order("payment", "open");
    b.wait_for("payment", "open", SOON);
    // An open circuit that is opened anew: its state stays, its time does not.
    a.order("payment", "open_for:600000");
    until("b is open for longer", SOON, || b.circuit("payment").number("retry_after") > 500_000_000);
    b.order("payment", "close");
    a.wait_for("payment", "closed", SOON);
    // Closing keeps the back-off.
    assert_eq!([a.circuit("payment").number("openings"), b.circuit("payment").number("openings")], [2, 2]);
    // A closed circuit that is reset: its state stays, its failures are forgotten.
    b.call("payment", "fail", 4);
    assert_eq!(b.circuit("payment").number("failure_count"), 4);
    a.order("payment", "reset");
    until("the failures are forgotten", SOON, || b.circuit("payment").number("failure_count") == 0);
}

fn lasting_orders_hold_for_those_who_start_later_from_their_first_call_on() {
    let server = Server::start();
    let options = Options::joins(&server.url()).with("spread", "agreed:2");
    let mut a = Instance::spawn("a", &options);
    a.order("forced", "force_open");
    a.order("disabled", "disable");
    a.order("metrics", "metrics_only");
    a.settle();
    let mut b = Instance::spawn("b", &options);
    assert_eq!(b.call("forced", "ok", 1), 0, "its first call is rejected");
    assert_eq!(b.call("disabled", "fail", 20), 20);
    assert_eq!(b.call("metrics", "fail", 20), 20);
    assert_eq!([b.state("disabled"), b.state("metrics")], ["disabled", "metrics_only"]);
    // They hold after all instances that knew of them have left.
    drop(a);
    drop(b);
    let mut c = Instance::spawn("c", &options);
    assert_eq!(c.call("forced", "ok", 1), 0);
    c.order("forced", "reset");
    c.settle();
    let mut d = Instance::spawn("d", &options);
    assert_eq!(d.call("forced", "ok", 1), 1, "the order has ended");
    assert_eq!(d.call("disabled", "fail", 20), 20);
}

fn a_circuit_that_exists_already_obeys_when_its_instance_joins() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let mut a = Instance::spawn("a", &options);
    a.order("forced", "force_open");
    a.settle();
    let mut b = Instance::spawn("b", &options.clone().with("late", 1));
    b.call("forced", "ok", 1);
    b.order("mine", "force_open");
    b.send("join");
    b.wait_for("forced", "forced_open", SOON);
    // What the fleet did not know is published.
    a.wait_for("mine", "forced_open", SOON);
}

fn orders_survive_a_restart_of_a_redis_that_persists() {
    let mut server = Server::durable();
    let options = Options::joins(&server.url());
    let mut a = Instance::spawn("a", &options);
    a.order("forced", "force_open");
    a.settle();
    drop(a);
    server.kill();
    server.run();
    let mut b = Instance::spawn("b", &options);
    assert_eq!(b.call("forced", "ok", 1), 0, "its first call is rejected");
}

fn the_later_of_two_orders_wins_also_when_one_was_given_while_cut_off() {
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let mut a = Instance::spawn("a", &Options::joins(&server.url()));
    let mut b = Instance::spawn("b", &Options::joins(&proxy.url()));
    a.order("early", "disable");
    a.settle();
    b.wait_for("early", "disabled", SOON);
    proxy.set(Mode::Refuse);
    proxy.cut();
    b.wait_for_status("connected", 0, SOON);
    // `late`: b orders first, a later. `early`: the other way round.
    b.order("late", "force_open");
    a.order("early", "metrics_only");
    a.settle();
    std::thread::sleep(Duration::from_millis(200));
    a.order("late", "disable");
    b.order("early", "force_open");
    a.settle();
    assert!(b.status().number("pending") >= 1, "{}", b.status());
    assert_ne!(b.send("settled 100"), "ok");
    proxy.set(Mode::Forward);
    b.settle();
    for instance in [&mut a, &mut b] {
        instance.wait_for("late", "disabled", SOON);
        instance.wait_for("early", "forced_open", SOON);
    }
}

fn an_order_can_stay_where_it_was_given() {
    let server = Server::start();
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("here", "force_open here");
    a.order("there", "force_open");
    b.wait_for("there", "forced_open", SOON);
    throughout("b is not concerned", Duration::from_millis(500), || b.call("here", "ok", 1) == 1);
    assert_eq!(a.state("here"), "forced_open");
}

fn an_automatic_change_never_ends_a_lasting_order() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=500");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("payment", "force_open");
    b.wait_for("payment", "forced_open", SOON);
    // Given in one instance, ended in the other.
    b.order("payment", "reset");
    a.wait_for("payment", "closed", SOON);
    a.order("payment", "disable");
    b.wait_for("payment", "disabled", SOON);
    throughout("both stay disabled", Duration::from_secs(2), || {
        a.call("payment", "fail", 3) == 3 && b.call("payment", "fail", 3) == 3
    });
    assert_eq!([a.state("payment"), b.state("payment")], ["disabled", "disabled"]);
}

fn after_leaving_circuits_go_on_by_local_rules() {
    let server = Server::start();
    let options = Options::joins(&server.url()).policy("failures=2,expiry=700");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "open", SOON);
    b.send("leave");
    b.wait_for("payment", "half_open", SOON);
    assert_eq!(b.call("payment", "ok", 1), 1, "a probe of its own");
    assert_eq!(b.state("payment"), "closed");
    a.order("payment", "force_open");
    a.settle();
    assert_eq!(b.call("payment", "ok", 1), 1, "it hears no orders");
    a.wait_for_status("instances", 1, SOON);
    b.send("join");
    b.wait_for("payment", "forced_open", SOON);
}
