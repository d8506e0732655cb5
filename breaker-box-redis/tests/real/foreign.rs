//! Data under the fleet's keys that no fleet wrote, or a newer version did.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::server::Server;
use crate::support::until;

pub(crate) const TESTS: &[Test] = &tests![
    a_record_of_another_type_is_left_alone_and_mentioned_once,
    a_record_of_a_newer_format_is_never_overwritten,
    garbage_in_records_and_in_the_head_harms_nothing,
    garbage_in_the_channel_harms_nothing,
    a_record_that_was_evicted_is_written_again_by_who_holds_it,
    names_of_any_kind_are_shared,
];

const SOON: Duration = Duration::from_secs(20);
const HEALED: Duration = Duration::from_secs(25);

/// Two instances that share `payment`, which is open.
fn two(server: &Server) -> [Instance; 2] {
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.fail("payment");
    b.wait_for("payment", "open", SOON);
    [a, b]
}

/// The key of a circuit, made from that of another.
fn key(server: &Server, circuit: &str) -> String {
    let known = server.keys("bb1:*:c:*").pop().expect("a circuit");
    let (base, _) = known.rsplit_once(":c:").expect("a circuit");
    let known_name = known.rsplit_once(":c:").expect("a circuit").1.replace("payment", circuit);
    format!("{base}:c:{known_name}")
}

/// Other circuits are shared as before, and so is a new instance.
fn works([a, b]: &mut [Instance; 2], server: &Server, circuit: &str) {
    a.trip(&format!("{circuit}-a"));
    b.order(&format!("{circuit}-b"), "force_open");
    b.wait_for(&format!("{circuit}-a"), "open", HEALED);
    a.wait_for(&format!("{circuit}-b"), "forced_open", HEALED);
    let mut c = Instance::spawn("c", &Options::joins(&server.url()));
    c.wait_for_status("connected", 1, SOON);
    assert_eq!(c.call(&format!("{circuit}-b"), "ok", 1), 0);
}

fn a_record_of_another_type_is_left_alone_and_mentioned_once() {
    let server = Server::start();
    let mut instances = two(&server);
    let foreign = key(&server, "foreign");
    server.command(&["SET", &foreign, "something else"]);
    for _ in 0..3 {
        // Both open by themselves, again and again.
        for instance in &mut instances {
            instance.order("foreign", "open");
            assert_eq!(instance.state("foreign"), "open");
        }
    }
    works(&mut instances, &server, "one");
    assert_eq!(server.command(&["GET", &foreign]), "something else");
    for instance in &instances {
        let mentioned = instance.lines_with("other data under the circuit's key");
        assert_eq!(mentioned.len(), 1, "{mentioned:?}");
    }
}

fn a_record_of_a_newer_format_is_never_overwritten() {
    let server = Server::start();
    let mut instances = two(&server);
    let newer = key(&server, "newer");
    server.command(&["HSET", &newer, "f", "9", "v", "99", "s", "q", "z", "?"]);
    let before = server.command(&["HGETALL", &newer]);
    for instance in &mut instances {
        instance.order("newer", "force_open");
        instance.fail("newer");
    }
    works(&mut instances, &server, "one");
    assert_eq!(server.command(&["HGETALL", &newer]), before);
    for instance in &instances {
        let mentioned = instance.lines_with("other data under the circuit's key");
        assert_eq!(mentioned.len(), 1, "{mentioned:?}");
    }
}

fn garbage_in_records_and_in_the_head_harms_nothing() {
    let server = Server::start();
    let mut instances = two(&server);
    let record = key(&server, "payment");
    let base = record.rsplit_once("c:").expect("a circuit").0.to_owned();
    let fields = server.command(&["HKEYS", &record]);
    for (index, value) in
        ["-1", "1e400", "99999999999999999999", "nan", "", "\u{1f980}", "o", "\\xff"].into_iter().enumerate()
    {
        for field in fields.lines() {
            server.command(&["HSET", &record, field, value]);
        }
        let other = format!("{base}c:garbage-{index}");
        server.command(&["HSET", &other, "v", value, "s", value, "u", value, "k", value, "d", value]);
        server.command(&["ZADD", &format!("{base}idx"), "9007199254740000", &format!("garbage-{index}")]);
        works(&mut instances, &server, &format!("record-{index}"));
    }
    for key in server.keys(&format!("{base}*")) {
        if !key.contains(":c:") {
            server.command(&["DEL", &key]);
            server.command(&["SET", &key, "garbage"]);
        }
    }
    // Without its head and its index, a shard cannot be used. An operator repairs it.
    instances[0].trip("meanwhile");
    assert_eq!(instances[0].state("meanwhile"), "open");
    std::thread::sleep(Duration::from_secs(2));
    server.command(&["FLUSHALL"]);
    instances[1].wait_for("meanwhile", "open", HEALED);
    works(&mut instances, &server, "repaired");
}

fn garbage_in_the_channel_harms_nothing() {
    let server = Server::start();
    let mut instances = two(&server);
    let channels = server.command(&["PUBSUB", "CHANNELS", "bb1:*"]);
    let channel = channels.lines().next().expect("a channel").to_owned();
    let mut raw = TcpStream::connect(("127.0.0.1", server.port())).expect("the server");
    let mut publish = |payload: &[u8]| {
        let head = format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${}\r\n", channel.len(), payload.len());
        raw.write_all(head.as_bytes()).expect("the server");
        raw.write_all(payload).expect("the server");
        raw.write_all(b"\r\n").expect("the server");
    };
    let huge = vec![b'9'; 1_000_000];
    let payloads: [&[u8]; 10] = [
        b"",
        b"garbage",
        b"1",
        b"1 2 3 4 5 6 7 8 9",
        b"\xff\xfe\x00\x01",
        b"9 9 9 o 9 9 9 9",
        b"1 -1 18446744073709551616 o -5 -5 x payment",
        b"\x81\xa1v\xc0",
        b"{\"v\":1}",
        &huge,
    ];
    for payload in payloads {
        publish(payload);
    }
    for _ in 0..5_000 {
        publish(b"1 garbage 2");
    }
    works(&mut instances, &server, "one");
    for instance in &instances {
        let mentioned = instance.lines_with("cannot be read");
        assert_eq!(mentioned.len(), 1, "{mentioned:?}");
    }
}

fn a_record_that_was_evicted_is_written_again_by_who_holds_it() {
    let server = Server::start();
    let [mut a, _b] = two(&server);
    a.order("forced", "force_open");
    a.settle();
    for circuit in ["payment", "forced"] {
        server.command(&["DEL", &key(&server, circuit)]);
    }
    until("both are back", SOON, || server.keys("bb1:*:c:*").len() == 2);
    let mut c = Instance::spawn("c", &Options::joins(&server.url()));
    assert_eq!([c.call("payment", "ok", 1), c.call("forced", "ok", 1)], [0, 0]);
}

fn names_of_any_kind_are_shared() {
    let server = Server::start();
    let [mut a, mut b] = two(&server);
    let long = "x".repeat(400);
    let names = ["a/b", "a%2Fb", "{tag}", "a:b", "\u{1f980}", "payments/a", "*", &long];
    for name in names {
        a.order(name, "force_open");
    }
    for name in names {
        b.wait_for(name, "forced_open", SOON);
    }
    assert_eq!(b.call("a", "ok", 1), 1);
    let mut c = Instance::spawn("c", &Options::joins(&server.url()));
    for name in names {
        assert_eq!(c.call(name, "ok", 1), 0, "{name}");
    }
}
