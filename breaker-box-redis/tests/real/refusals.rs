//! Servers that refuse: full or read-only, by access control, or because they are no Redis.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use crate::support::harness::{Test, tests};
use crate::support::instance::Instance;
use crate::support::options::Options;
use crate::support::server::Server;
use crate::support::until;

pub(crate) const TESTS: &[Test] = &tests![
    a_full_redis,
    a_redis_that_became_read_only,
    a_redis_that_cannot_save,
    a_replica_that_has_lost_its_master,
    an_access_control_that_allows_the_prefix_is_enough,
    an_access_control_that_refuses_the_keys,
    an_access_control_that_refuses_the_channel,
    a_password_without_a_user,
    a_wrong_password_joins_unconnected_and_says_so,
    something_that_is_no_redis_or_too_old,
];

const SOON: Duration = Duration::from_secs(20);
const HEALED: Duration = Duration::from_secs(25);

/// Two instances that share `known` already.
fn two(server: &Server) -> [Instance; 2] {
    let options = Options::joins(&server.url());
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.order("known", "force_open");
    b.wait_for("known", "forced_open", SOON);
    [a, b]
}

/// What is decided while Redis refuses requests holds in that instance, and everywhere once Redis
/// accepts it.
fn refuses_for_a_while([mut a, mut b]: [Instance; 2], heal: impl FnOnce()) {
    a.fail("payment");
    a.order("forced", "force_open");
    assert_eq!([a.state("payment"), a.state("forced")], ["open", "forced_open"]);
    for instance in [&mut a, &mut b] {
        assert_eq!(instance.call("healthy", "ok", 10_000), 10_000);
        instance.call("other", "ok", 1);
    }
    until("it says why", SOON, || a.status().get("last_error") != "none");
    assert!(a.status().number("pending") >= 1, "{}", a.status());
    heal();
    b.wait_for("payment", "open", HEALED);
    b.wait_for("forced", "forced_open", HEALED);
    a.settle();
    let warnings = a.log().lines().filter(|line| line.starts_with("WARN") && !line.contains("circuit is")).count();
    assert!((1..=3).contains(&warnings), "one line per change:\n{}", a.log());
}

fn a_full_redis() {
    let server = Server::start();
    let instances = two(&server);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    refuses_for_a_while(instances, || {
        server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    });
}

fn a_redis_that_became_read_only() {
    let (server, other) = (Server::start(), Server::start());
    let instances = two(&server);
    // The other server refuses replicas, so the data stay.
    other.command(&["CONFIG", "SET", "requirepass", "other"]);
    server.command(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    refuses_for_a_while(instances, || {
        server.command(&["REPLICAOF", "NO", "ONE"]);
    });
}

fn a_redis_that_cannot_save() {
    let server = Server::start();
    let instances = two(&server);
    server.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    refuses_for_a_while(instances, || {
        server.command(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    });
}

fn a_replica_that_has_lost_its_master() {
    let server = Server::start();
    let instances = two(&server);
    server.command(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    refuses_for_a_while(instances, || {
        server.command(&["REPLICAOF", "NO", "ONE"]);
    });
}

/// A user with the rights that the documentation asks for.
const RIGHTS: &[&str] = &[
    "ACL",
    "SETUSER",
    "breaker",
    "reset",
    "on",
    ">pass-phrase",
    "~bb1:{shop*",
    "&bb1:{shop*",
    "+@all",
    "-@admin",
    "-@dangerous",
];

fn as_user(server: &Server, password: &str) -> String {
    format!("redis://breaker:{password}@127.0.0.1:{}", server.port())
}

fn an_access_control_that_allows_the_prefix_is_enough() {
    let server = Server::start();
    server.command(RIGHTS);
    let options = Options::joins(&as_user(&server, "pass-phrase")).policy("failures=2,expiry=700");
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut a, &mut b] {
        instance.keeps_secret("pass-phrase");
        instance.keeps_secret("redis://");
    }
    b.call("payment", "ok", 1);
    a.fail("payment");
    b.wait_for("payment", "open", SOON);
    until("a probe goes out", SOON, || b.call("payment", "ok", 1) == 1);
    a.wait_for("payment", "closed", SOON);
    a.order("payment", "force_open");
    b.wait_for("payment", "forced_open", SOON);
    for instance in [&mut a, &mut b] {
        assert_eq!(instance.status().get("last_error"), "none");
    }
    assert_eq!(server.command(&["ACL", "LOG"]), "", "nothing was refused");
}

fn an_access_control_that_refuses_the_keys() {
    let server = Server::start();
    let mut rights = RIGHTS.to_vec();
    rights[6] = "~other:*";
    server.command(&rights);
    let options = Options::joins(&as_user(&server, "pass-phrase")).with("adopt_within", 300);
    let [mut a, b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.keeps_secret("pass-phrase");
    refuses_for_a_while([a, b], || {
        server.command(RIGHTS);
    });
}

fn an_access_control_that_refuses_the_channel() {
    let server = Server::start();
    let mut rights = RIGHTS.to_vec();
    rights[7] = "&other:*";
    server.command(&rights);
    let options = Options::joins(&as_user(&server, "pass-phrase")).with("adopt_within", 300);
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    a.keeps_secret("pass-phrase");
    a.order("forced", "force_open");
    until("it says why", SOON, || a.status().get("last_error") != "none");
    server.command(RIGHTS);
    b.wait_for("forced", "forced_open", HEALED);
}

fn a_password_without_a_user() {
    let server = Server::with(&["--save", "", "--requirepass", "p@ss/phrase"]);
    let options = Options::joins(&format!("redis://:p%40ss%2Fphrase@127.0.0.1:{}", server.port()));
    let [mut a, mut b] = ["a", "b"].map(|name| Instance::spawn(name, &options));
    for instance in [&mut a, &mut b] {
        instance.keeps_secret("phrase");
    }
    a.order("payment", "force_open");
    b.wait_for("payment", "forced_open", SOON);
}

fn a_wrong_password_joins_unconnected_and_says_so() {
    let server = Server::start();
    server.command(RIGHTS);
    let options = Options::joins(&as_user(&server, "wrong-phrase")).with("adopt_within", 300);
    let mut a = Instance::spawn("a", &options);
    a.keeps_secret("wrong-phrase");
    assert_eq!(a.status().number("connected"), 0);
    until("it says why", SOON, || a.status().get("last_error") != "none");
    let error = a.status().get("last_error").to_owned();
    assert!(!error.contains("phrase") && !error.contains("redis://"), "{error}");
    assert_eq!(a.call("payment", "fail", 20), 5, "local rules");
    let warnings = a.log().lines().filter(|line| line.starts_with("WARN") && !line.contains("circuit is")).count();
    assert_eq!(warnings, 1, "one line:\n{}", a.log());
    server.command(&["ACL", "SETUSER", "breaker", ">wrong-phrase"]);
    a.wait_for_status("connected", 1, HEALED);
}

/// A server that gives the same answer to everything.
fn answers_always(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            std::thread::spawn(move || {
                while stream.read(&mut [0; 1024]).is_ok_and(|length| length > 0) && stream.write_all(answer).is_ok() {}
            });
        }
    });
    format!("redis://127.0.0.1:{port}")
}

fn something_that_is_no_redis_or_too_old() {
    let others: [&'static [u8]; 3] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"-ERR unknown command\r\n",
        b"*1000000000\r\n$1000000000\r\n",
    ];
    for answer in others {
        let mut a = Instance::spawn("a", &Options::joins(&answers_always(answer)).with("adopt_within", 300));
        until("it says why", SOON, || a.status().get("last_error") != "none");
        assert_eq!(a.status().number("connected"), 0);
        assert_eq!(a.call("payment", "fail", 20), 5, "local rules");
        let work = a.work_in(Duration::from_secs(2));
        assert!(work < Duration::from_millis(200), "{work:?} of two seconds");
        let warnings = a.lines_with("no connection to the fleet");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}
