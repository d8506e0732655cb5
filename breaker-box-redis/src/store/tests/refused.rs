//! Servers that are full or read-only.

use std::time::Duration;

use super::real::{Real, all_requests, applied, name, order};
use crate::protocol::{AnswerBody, Body, Epoch, Verdict, Version};

#[test]
fn a_full_server_refuses_what_is_new_and_changes_nothing() {
    let mut real = Real::start();
    let before = applied(&real.propose(&[order("x")])[0]);
    let _: () = real.command("CONFIG SET maxmemory 1");
    let refused = real.try_ask(Body::Propose(vec![order("x"), order("y")])).unwrap_err();
    assert!(refused.to_string().contains("OOM"), "{refused}");
    let head = real.try_ask(Body::Read { after: Version(0) }).expect("reading goes on").head;
    assert_eq!(head.version, before.version);
    assert_eq!(real.records(), ["x"]);
    let beat = Body::Beat { within: Duration::from_secs(9), held: vec![name("x"), name("y")] };
    assert_eq!(real.ask(beat), AnswerBody::Alive { instances: 1, missing: vec![name("y")] });
    real.ask(Body::Release { names: vec![name("x")] });
    real.ask(Body::Leave { names: vec![name("x")] });
    let _: () = real.command("CONFIG SET maxmemory 0");
    assert!(matches!(real.propose(&[order("y")])[0], Verdict::Applied(_)));
}

#[test]
fn an_empty_server_that_is_full_can_be_read() {
    let mut real = Real::start();
    let _: () = real.command("CONFIG SET maxmemory 1");
    let head = real.try_ask(Body::Read { after: Version(0) }).expect("reading goes on").head;
    assert_eq!((head.epoch, head.version), (Epoch(0), Version(0)));
}

#[test]
fn a_replica_can_be_read_and_says_that_it_is_one() {
    let mut real = Real::start();
    real.propose(&[order("x")]);
    let _: () = real.command("REPLICAOF 127.0.0.1 1");
    for body in all_requests() {
        match body {
            Body::Read { .. } => {
                real.try_ask(body).expect("reading goes on");
            }
            Body::Report(_) | Body::Lease { .. } => {
                real.try_ask(body).expect("a conflict needs no writing");
            }
            other => {
                let what = format!("{other:?}");
                let refused = real.try_ask(other).expect_err(&what);
                assert!(refused.to_string().to_uppercase().contains("READONLY"), "{what}: {refused}");
            }
        }
    }
    assert_eq!(real.records(), ["x"]);
}
