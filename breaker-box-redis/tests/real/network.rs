//! A network that delays, cuts and swallows.

use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::{throughout, until};

pub(crate) const TESTS: &[Test] = &tests![
    a_network_that_swallows_everything_is_noticed_and_heals,
    answers_that_are_swallowed_are_asked_for_again,
    a_slow_network_delays_openings_and_no_calls,
    cut_connections_come_back,
    a_refused_connection_is_tried_again_less_and_less_often,
];

const SOON: Duration = Duration::from_secs(20);
const HEALED: Duration = Duration::from_secs(25);

struct Setting {
    server: Server,
    proxy: Proxy,
    /// Behind the proxy.
    far: Instance,
    near: Instance,
}

fn setting() -> Setting {
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let far = Instance::spawn("far", &Options::joins(&proxy.url()));
    let near = Instance::spawn("near", &Options::joins(&server.url()));
    Setting { server, proxy, far, near }
}

impl Setting {
    /// Both share openings, in both directions.
    fn works(&mut self, circuit: &str) {
        for instance in [&mut self.far, &mut self.near] {
            instance.wait_for_status("connected", 1, HEALED);
        }
        self.near.trip(&format!("{circuit}-near"));
        self.far.trip(&format!("{circuit}-far"));
        self.near.wait_for(&format!("{circuit}-far"), "open", HEALED);
        self.far.wait_for(&format!("{circuit}-near"), "open", HEALED);
    }
}

fn a_network_that_swallows_everything_is_noticed_and_heals() {
    let mut setting = setting();
    let proxy = &setting.proxy;
    setting.far.order("payment", "close");
    setting.far.settle();
    proxy.set(Mode::Swallow);
    setting.far.wait_for_status("connected", 0, SOON);
    setting.near.order("payment", "force_open");
    setting.far.order("other", "force_open");
    assert_eq!(setting.far.call("payment", "ok", 1_000), 1_000);
    proxy.set(Mode::Forward);
    setting.far.wait_for("payment", "forced_open", HEALED);
    setting.near.wait_for("other", "forced_open", HEALED);
    setting.works("healed");
}

fn answers_that_are_swallowed_are_asked_for_again() {
    let mut setting = setting();
    // So that the scripts are loaded.
    setting.works("before");
    setting.proxy.set(Mode::SwallowAnswers);
    // Redis applies these, but its answers are lost.
    setting.far.trip("payment");
    setting.far.order("forced", "force_open");
    setting.near.wait_for("payment", "open", SOON);
    setting.near.wait_for("forced", "forced_open", SOON);
    setting.far.wait_for_status("connected", 0, SOON);
    setting.near.order("forced", "reset");
    setting.near.settle();
    setting.proxy.set(Mode::Forward);
    setting.proxy.cut();
    setting.far.wait_for("forced", "closed", HEALED);
    for instance in [&mut setting.far, &mut setting.near] {
        assert_eq!(instance.circuit("payment").number("openings"), 1);
    }
    setting.works("healed");
}

fn a_slow_network_delays_openings_and_no_calls() {
    let mut setting = setting();
    setting.proxy.set(Mode::Delay(Duration::from_millis(150)));
    setting.near.order("payment", "force_open");
    setting.far.wait_for("payment", "forced_open", SOON);
    assert_eq!(setting.far.call("healthy", "ok", 10_000), 10_000);
    setting.far.order("payment", "reset");
    setting.near.wait_for("payment", "closed", SOON);
    throughout("it stays connected", Duration::from_secs(2), || setting.far.status().number("connected") == 1);
    // Longer than the client waits for an answer.
    setting.proxy.set(Mode::Delay(Duration::from_millis(1_500)));
    setting.far.order("payment", "force_open");
    assert_eq!(setting.far.call("healthy", "ok", 10_000), 10_000);
    setting.near.wait_for("payment", "forced_open", HEALED);
    setting.proxy.set(Mode::Forward);
    setting.proxy.cut();
    setting.works("healed");
}

fn cut_connections_come_back() {
    let mut setting = setting();
    for index in 0..3 {
        setting.proxy.cut();
        setting.works(&format!("cut-{index}"));
    }
    setting.proxy.half_close();
    setting.works("half-closed");
    setting.proxy.set(Mode::Truncate);
    setting.near.trip("truncated");
    until("a frame was truncated", SOON, || setting.proxy.accepted() >= 5);
    setting.proxy.set(Mode::Forward);
    setting.far.wait_for("truncated", "open", HEALED);
    setting.works("truncated");
}

fn a_refused_connection_is_tried_again_less_and_less_often() {
    let mut setting = setting();
    setting.proxy.set(Mode::Refuse);
    setting.proxy.cut();
    setting.far.wait_for_status("connected", 0, SOON);
    let before = setting.proxy.accepted();
    let work = setting.far.work_in(Duration::from_secs(5));
    assert!(work < Duration::from_millis(250), "{work:?} of five seconds");
    let tries = setting.proxy.accepted() - before;
    assert!((1..40).contains(&tries), "{tries} in five seconds");
    let lost = setting.far.log().lines().filter(|line| line.starts_with("WARN")).count();
    assert_eq!(lost, 1, "one line:\n{}", setting.far.log());
    setting.proxy.set(Mode::Forward);
    setting.works("healed");
    assert_eq!(setting.server.keys("bb1:*:head").len(), 1);
}
