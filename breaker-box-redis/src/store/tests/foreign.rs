//! Keys of a shard that others have written, or newer versions of this crate.

use std::time::Duration;

use super::real::{Real, applied, name, order};
use crate::protocol::{AnswerBody, Body, Lease, Proposal, Report, Right, Sums, Tallied, Verdict, Version};

/// What may be under the key of a circuit: the commands that put it there.
const FOREIGN: [&str; 14] = [
    "SET key:c:x value",
    "LPUSH key:c:x value",
    "ZADD key:c:x 1 value",
    "HSET key:c:x something else",
    // A newer format.
    "HSET key:c:x v 1700000000000000 s c k 0 i a w manual f 2",
    "HSET key:c:x v inf s o k 0",
    "HSET key:c:x v -1 s o k 0",
    "HSET key:c:x v 0 s o k 0",
    "HSET key:c:x v 9007199254740993 s o k 0",
    // Twenty years after this was written.
    "HSET key:c:x v 2400000000000000 s o k 0",
    "HSET key:c:x v 1700000000000000 s q k 0",
    "HSET key:c:x v 1700000000000000 s c k 0x10",
    "HSET key:c:x v 1700000000000000 s c k 0 i a\nb",
    "HSET key:c:x v 1700000000000000 s c k 0 r größe",
];

fn report() -> Report {
    Report {
        name: name("x"),
        version: Version(1_700_000_000_000_000),
        successes: 1,
        failures: 0,
        success_threshold: 1,
        failure_threshold: 1,
        next_openings: 1,
        next_period: Duration::from_secs(1),
    }
}

#[test]
fn what_is_not_ours_is_left_alone_and_harms_no_other_circuit() {
    let mut real = Real::start();
    for foreign in FOREIGN {
        let _: () = real.command("FLUSHALL");
        let _: i64 = if foreign.starts_with("SET") {
            let _: () = real.command(foreign);
            1
        } else {
            real.command(foreign)
        };
        let _: i64 = real.command("ZADD key:idx 5 x");
        let before: Vec<u8> = real.command("DUMP key:c:x");

        let vote = Right::Vote { expected: Version(1_700_000_000_000_000), instances: 1, share: 0.0 };
        let restore = Right::Restore { floor: Version(1 << 51), ordered: crate::protocol::StoreTime(0) };
        let verdicts = real.propose(&[
            order("x"),
            order("y"),
            Proposal { right: vote, ..order("x") },
            Proposal { right: restore, ..order("x") },
        ]);
        assert!(matches!(verdicts[1], Verdict::Applied(_)), "{foreign}: {verdicts:?}");
        for at in [0, 2, 3] {
            assert_eq!(verdicts[at], Verdict::Foreign, "{foreign}");
        }
        assert_eq!(real.records(), ["y"], "{foreign}");
        let ttl = Duration::from_secs(1);
        let lease = Body::Lease { name: name("x"), version: report().version, slots: 1, max: 1, ttl };
        assert_eq!(real.ask(lease), AnswerBody::Lease(Lease::Foreign), "{foreign}");
        assert_eq!(real.ask(Body::Report(report())), AnswerBody::Reported(Verdict::Foreign), "{foreign}");
        let beat = Body::Beat { within: ttl, held: vec![name("x"), name("y"), name("z")] };
        assert_eq!(real.ask(beat), AnswerBody::Alive { instances: 1, missing: vec![name("z")] }, "{foreign}");
        let after: Vec<u8> = real.command("DUMP key:c:x");
        assert_eq!(before, after, "{foreign}");
    }
}

#[test]
fn keys_beside_a_record_that_are_not_ours_harm_no_other_circuit() {
    let mut real = Real::start();
    for key in ["v:x", "a:x", "l:x", "w:x:1000000", "i:x:1000000"] {
        let _: () = real.command(&format!("SET key:{key} value"));
    }
    let over = Proposal { period: Duration::ZERO, ..order("x") };
    let vote =
        |circuit| Proposal { right: Right::Vote { expected: Version(0), instances: 2, share: 0.0 }, ..order(circuit) };
    assert_eq!(real.propose(&[vote("x"), vote("y")]), [Verdict::Foreign, Verdict::Noted { votes: 1, needed: 2 }]);
    real.ask(Body::Active { names: vec![name("x"), name("y")] });
    real.ask(Body::Withdraw { names: vec![name("x"), name("y")] });
    real.ask(Body::Leave { names: vec![name("x"), name("y")] });
    assert_eq!(real.propose(&[vote("y")]), [Verdict::Noted { votes: 1, needed: 2 }]);
    let tallied =
        |circuit| Tallied { name: name(circuit), window: Duration::from_secs(10), calls: 3, failures: 2, slow: 1 };
    let sums = Sums { calls: 3, failures: 2, slow: 1, instances: 1 };
    let counted = real.ask(Body::Count(vec![tallied("x"), tallied("y")]));
    assert_eq!(counted, AnswerBody::Counted(vec![Sums::default(), sums]));

    let record = applied(&real.propose(std::slice::from_ref(&over))[0]);
    let _: () = real.command("SET key:l:x value");
    let ttl = Duration::from_secs(1);
    let lease = Body::Lease { name: name("x"), version: record.version, slots: 1, max: 1, ttl };
    assert_eq!(real.ask(lease), AnswerBody::Lease(Lease::Foreign));
    let probe = Proposal { right: Right::Probe { expected: record.version }, ..over.clone() };
    let authority = Proposal { right: Right::Authority { expected: Version(0) }, ..order("z") };
    let verdicts = real.propose(&[probe, authority]);
    assert_eq!(verdicts[0], Verdict::Foreign);
    applied(&verdicts[1]);
}

#[test]
fn leases_and_windows_with_nonsense_in_them_count_as_empty() {
    let mut real = Real::start();
    let over = Proposal { period: Duration::ZERO, ..order("x") };
    let record = applied(&real.propose(&[over])[0]);
    for lease in ["", "1", "inf inf inf", "9e99 1 1", "9007199254740993 5 5", "4000000000000000 1 1"] {
        let mut set = redis::cmd("HSET");
        set.arg("bb1:{test.0}:l:x").arg(format!("other {lease}")).arg(lease);
        let _: i64 = set.query(&mut real.connection).expect("it is set");
    }
    let ttl = Duration::from_secs(1);
    let lease = Body::Lease { name: name("x"), version: record.version, slots: 1, max: 1, ttl };
    assert_eq!(real.ask(lease), AnswerBody::Lease(Lease::Granted(1)));
    let _: i64 = real.command("HSET key:w:x:1000000 0 nonsense 1 inf 7 -5 something else");
    let tallied = Tallied { name: name("x"), window: Duration::from_secs(10), calls: 3, failures: 2, slow: 1 };
    let sums = Sums { calls: 3, failures: 2, slow: 1, instances: 1 };
    assert_eq!(real.ask(Body::Count(vec![tallied])), AnswerBody::Counted(vec![sums]));
}

#[test]
fn a_head_with_nonsense_in_it_begins_anew() {
    let mut real = Real::start();
    let _: i64 = real.command("HSET key:head e inf v -1 w x n y p z x nonsense");
    let version = applied(&real.propose(&[order("x")])[0]).version;
    let head = real.try_ask(Body::Read { after: Version(0) }).expect("an answer").head;
    assert_eq!(head.version, version);
    assert!(head.epoch.0 > 0);
}

#[test]
fn a_shard_whose_index_is_not_ours_refuses_and_changes_nothing() {
    let mut real = Real::start();
    let _: () = real.command("SET key:idx value");
    let verdicts = real.propose(&[order("x")]);
    assert_eq!(verdicts, [Verdict::Foreign]);
    let exists: i64 = real.command("EXISTS key:c:x");
    assert_eq!(exists, 0);
    let refused = real.try_ask(Body::Read { after: Version(0) }).unwrap_err();
    assert!(refused.to_string().contains("WRONGTYPE"), "{refused}");
}
