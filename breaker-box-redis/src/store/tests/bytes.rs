//! Bytes from elsewhere never lead to a panic, and not to more than was asked for.

use std::time::Duration;

use redis::Value;

use super::random::Random;
use super::real::{Real, all_requests, order};
use crate::protocol::{AnswerBody, Body, Message, Proposal, Record, Request, Verdict};
use crate::store::encode::Store;
use crate::store::{bounds, line};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn store() -> Store {
    Store::new("test", 3, false, "me")
}

/// Records are within bounds, wherever they come from.
fn check(record: &Record) {
    assert!(record.version.0 > 0 && bounds::is_number(record.version.0));
    assert!(record.left <= record.period && record.period <= DAY);
    assert!(record.openings <= 1 << 20);
    let texts = [Some(&record.instance), Some(&record.cause), record.reason.as_ref(), record.full_name.as_ref()];
    for text in texts.into_iter().flatten() {
        assert!(text.len() <= 10 * 256 && !text.contains(char::is_control), "{text:?}");
    }
}

fn check_answer(request: &Request, value: &Value) {
    let Some(answer) = crate::store::answer(request, value) else { return };
    match answer.body {
        AnswerBody::Records { records, .. } => records.iter().for_each(|(_, record)| check(record)),
        AnswerBody::Proposed(verdicts) => verdicts.iter().for_each(|verdict| match verdict {
            Verdict::Applied(record) | Verdict::Conflict(Some(record)) => check(record),
            _ => {}
        }),
        _ => {}
    }
}

/// Something else in the place of some part of a value.
fn mutate(random: &mut Random, value: &Value) -> Value {
    match value {
        Value::Array(values) if !values.is_empty() && !random.one_in(8) => {
            let mut values = values.clone();
            let at = usize::try_from(random.below(values.len() as u64)).unwrap();
            match random.below(8) {
                0 => drop(values.remove(at)),
                1 => values.push(values[at].clone()),
                _ => values[at] = mutate(random, &values[at]),
            }
            Value::Array(values)
        }
        Value::BulkString(bytes) if !random.one_in(8) => Value::BulkString(mutate_bytes(random, bytes)),
        _ => match random.below(7) {
            0 => Value::Nil,
            1 => Value::Int(random.next().cast_signed()),
            2 => Value::Double(f64::from_bits(random.next())),
            3 => Value::Array(Vec::new()),
            4 => Value::SimpleString("a x 1 o".to_owned()),
            5 => Value::Boolean(true),
            _ => Value::BulkString((0..random.below(40)).map(|_| random.next().to_le_bytes()[0]).collect()),
        },
    }
}

fn mutate_bytes(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let at = usize::try_from(random.below(bytes.len() as u64 + 1)).unwrap();
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next().to_le_bytes()[0]),
            2 => bytes.splice(at..at, b"99999999999999999999".iter().copied()).for_each(drop),
            3 => bytes
                .splice(at..at, random.one_of::<&[u8]>(&[b" ", b"\n", b"%", b"%0A", b"%FF"]).iter().copied())
                .for_each(drop),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.one_of(b" \n0129aofz%-\x00\xff");
                }
            }
        }
    }
    bytes
}

#[test]
fn answers_with_anything_in_them_are_read_or_refused() {
    let mut real = Real::start();
    let mut random = Random(1);
    for body in all_requests() {
        let request = Request { shard: 0, body };
        let value: Value = real.store.call(&request).by_text().query(&mut real.connection).expect("an answer");
        assert!(crate::store::answer(&request, &value).is_some(), "{request:?}: {value:?}");
        for _ in 0..3_000 {
            let mut mutated = mutate(&mut random, &value);
            while random.one_in(3) {
                mutated = mutate(&mut random, &mutated);
            }
            check_answer(&request, &mutated);
        }
    }
}

#[test]
fn messages_with_anything_in_them_are_read_or_ignored() {
    let record = "x 1700000000000000 o 5 9 1 me manual 7 no%20route full/name";
    let message = format!("1 1700000000000001 5 0 1700000000000000\n{record}\n{}", record.replace('x', "y"));
    let store = store();
    let channel = store.channel(7);
    let read = |payload: &[u8]| store.message(channel.as_bytes(), payload);
    let whole = read(message.as_bytes()).expect("a message");
    assert_eq!((whole.shard, whole.records.len()), (7, 2));
    assert_eq!(whole.records[0].1.reason.as_deref(), Some("no route"));
    let mut random = Random(2);
    let check_message = |message: Message| {
        assert!(message.previous < message.version);
        message.records.iter().for_each(|(_, record)| check(record));
    };
    for _ in 0..50_000 {
        if let Some(message) = read(&mutate_bytes(&mut random, message.as_bytes())) {
            check_message(message);
        }
    }
    for _ in 0..10_000 {
        let noise: Vec<u8> = (0..random.below(60)).map(|_| random.one_of(b"1 \n0ox%\xff")).collect();
        if let Some(message) = read(&noise) {
            check_message(message);
        }
    }
}

#[test]
fn what_is_no_message_of_this_fleet_is_ignored() {
    let store = store();
    let payload = b"1 5 5 0 1";
    let message = |channel: &str| store.message(channel.as_bytes(), payload);
    assert_eq!(message("bb1:{test.12}:ch:3").map(|message| message.shard), Some(12));
    for channel in
        ["bb1:{test.12}:ch:4", "bb1:{test.012}:ch:3", "bb1:{other.1}:ch:3", "bb2:{test.1}:ch:3", "", "bb1:{test"]
    {
        assert_eq!(message(channel), None, "{channel}");
    }
    let read = |payload: &str| store.message(b"bb1:{test.1}:ch:3", payload.as_bytes());
    for payload in ["2 5 5 0 1", "1 5 5 0", "1 5 5 0 1 9", "1 5 5 1 1", "1 5 5 0 x", "1 5 5 0 +1", "1 5 -5 0 1", ""] {
        assert_eq!(read(payload), None, "{payload}");
    }
    let long = format!("1 5 5 0 1{}", "\nx".repeat(bounds::MESSAGE / 2));
    assert_eq!(read(&long), None);
    assert_eq!(read("1 5 5 0 1\nnonsense\n\nx").map(|message| message.records.len()), Some(0));
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let written = Record {
        version: crate::protocol::Version(7),
        state: breaker_core::State::Open,
        left: Duration::from_micros(3),
        period: Duration::from_micros(4),
        openings: 5,
        instance: "web 3/größe".into(),
        cause: "failure_rate".into(),
        ordered: crate::protocol::StoreTime(9),
        reason: Some("no route: 50 %".into()),
        full_name: Some("a/b".into()),
    };
    let name = super::real::name("a%2Fb/c");
    assert_eq!(line::parse(&line::line(&name, &written)), Some((name.clone(), written.clone())));
    let bare = Record { reason: None, full_name: None, ..written.clone() };
    assert_eq!(line::parse(&line::line(&name, &bare)), Some((name.clone(), bare)));
    // Bounds, and characters that a terminal would obey.
    let wild =
        Record { reason: Some("\u{1b}[2J\n".into()), period: 9 * DAY, left: 8 * DAY, openings: u32::MAX, ..written };
    let (_, read) = line::parse(&line::line(&name, &wild)).unwrap();
    assert_eq!((read.period, read.left, read.openings), (DAY, DAY, 1 << 20));
    assert_eq!(read.reason.as_deref(), Some("\\u{1b}[2J\\n"));
}

#[test]
fn what_is_sent_is_within_bounds() {
    let proposal = Proposal {
        period: Duration::MAX,
        openings: u32::MAX,
        reason: Some("ü".repeat(200).into()),
        cause: "c".repeat(200).into(),
        ..order("x")
    };
    let mut real = Real::start();
    let AnswerBody::Proposed(verdicts) = real.ask(Body::Propose(vec![proposal])) else { panic!("no verdicts") };
    let record = super::real::applied(&verdicts[0]);
    check(&record);
    assert_eq!((record.period, record.openings, record.cause.len()), (DAY, 1 << 20, 80));
    assert_eq!(record.reason.as_deref(), Some("ü".repeat(128).as_str()));
}
