//! The scripts as they are, on a server with its own clock.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::State;
use redis::{Connection, FromRedisValue, RedisResult};

use super::server::Server;
use crate::protocol::{Answer, AnswerBody, Body, Name, Proposal, Record, Request, Right, StoreTime, Verdict, Version};
use crate::store::encode::Store;

/// A server and a connection for an instance.
pub(super) struct Real {
    pub(super) connection: Connection,
    pub(super) store: Store,
    _server: Server,
}

impl Real {
    pub(super) fn start() -> Self {
        let server = Server::start();
        Self { connection: server.connect(), store: Store::new("test", 0, false, "me"), _server: server }
    }

    pub(super) fn try_ask(&mut self, body: Body) -> RedisResult<Answer> {
        let request = Request { shard: 0, body };
        let value = self.store.call(&request).by_text().query(&mut self.connection)?;
        Ok(crate::store::answer(&request, &value).unwrap_or_else(|| panic!("not an answer: {value:?}")))
    }

    pub(super) fn ask(&mut self, body: Body) -> AnswerBody {
        self.try_ask(body).expect("an answer").body
    }

    /// The verdicts on proposals.
    pub(super) fn propose(&mut self, proposals: &[Proposal]) -> Vec<Verdict> {
        match self.ask(Body::Propose(proposals.to_vec())) {
            AnswerBody::Proposed(verdicts) => verdicts,
            other => panic!("{other:?}"),
        }
    }

    /// The names of all records.
    pub(super) fn records(&mut self) -> Vec<String> {
        match self.ask(Body::Read { after: Version(0) }) {
            AnswerBody::Records { records, .. } => records.iter().map(|(name, _)| name.0.to_string()).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// A command, its words divided by spaces. `key` is a key of the shard.
    pub(super) fn command<T: FromRedisValue>(&mut self, words: &str) -> T {
        let mut command = redis::Cmd::new();
        for word in words.split(' ') {
            command.arg(word.replace("key:", "bb1:{test.0}:"));
        }
        command.query(&mut self.connection).unwrap_or_else(|error| panic!("{words}: {error}"))
    }
}

pub(super) fn name(name: &str) -> Name {
    Name(name.into())
}

/// A manual order to open.
pub(super) fn order(circuit: &str) -> Proposal {
    Proposal {
        name: name(circuit),
        full_name: None,
        state: State::Open,
        period: Duration::from_secs(3_600),
        openings: 1,
        cause: "manual".into(),
        reason: None,
        right: Right::Order { at: StoreTime(1) },
    }
}

pub(super) fn applied(verdict: &Verdict) -> Record {
    match verdict {
        Verdict::Applied(record) => record.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn time_is_the_servers() {
    let mut real = Real::start();
    let began = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let record = applied(&real.propose(&[order("x")])[0]);
    assert!(u128::from(record.version.0) >= began.as_micros());
    let (_, again) = match real.ask(Body::Read { after: Version(0) }) {
        AnswerBody::Records { mut records, .. } => records.remove(0),
        other => panic!("{other:?}"),
    };
    assert!(again.left <= record.period && again.left > Duration::from_secs(3_500), "{:?}", again.left);
    assert_eq!(Record { left: record.left, ..again }, record);
}

#[test]
fn a_server_that_has_forgotten_the_scripts_is_sent_them() {
    let server = Server::start();
    let store = Store::new("test", 0, false, "me");
    let call = store.call(&Request { shard: 0, body: Body::Read { after: Version(0) } });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = server.client().get_multiplexed_async_connection().await.expect("a connection");
        for _ in 0..3 {
            call.run(&mut connection).await.expect("an answer");
            call.run(&mut connection).await.expect("an answer");
            let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut connection).await.expect("it forgets");
        }
    });
}

#[test]
fn every_key_expires() {
    let mut real = Real::start();
    let x = Arc::<str>::from("x");
    real.propose(&[order("x"), order("y")]);
    let vote = Right::Vote { expected: Version(0), instances: 2, share: 0.5 };
    let period = Duration::from_secs(60);
    real.propose(&[Proposal { right: vote, name: name("voted"), period, ..order("z") }]);
    let over = applied(&real.propose(&[Proposal { period: Duration::ZERO, ..order("x") }])[0]);
    let ttl = Duration::from_secs(2);
    real.ask(Body::Lease { name: Name(x), version: over.version, slots: 1, max: 1, ttl });
    real.ask(Body::Beat { within: Duration::from_secs(15), held: vec![name("x")] });
    let tallied =
        crate::protocol::Tallied { name: name("x"), window: Duration::from_secs(10), calls: 2, failures: 1, slow: 0 };
    real.ask(Body::Count(vec![tallied]));
    let mut keys: Vec<String> = real.command("KEYS *");
    keys.sort();
    let expected = ["a:voted", "c:x", "c:y", "head", "i:x:1000000", "idx", "in", "l:x", "v:voted", "w:x:1000000"];
    assert_eq!(keys, expected.map(|key| format!("bb1:{{test.0}}:{key}")));
    for key in keys {
        let left: i64 = real.command(&format!("PTTL {key}"));
        assert!(left > 0, "{key}: {left}");
    }
}

#[test]
fn the_guides_acl_is_enough() {
    let guide = include_str!("../../../../docs/guide/shared-circuits.md");
    let acl = guide.split("```").find(|block| block.contains("ACL SETUSER")).expect("the guide has it");
    let words: Vec<&str> = acl.split_whitespace().skip_while(|word| *word != "ACL").collect();
    let acl = words.join(" ").replace("bb1:{shop.", "bb1:{test.");

    let mut real = Real::start();
    let _: String = real.command(&acl);
    let _: String = real.command("AUTH breaker password");
    for body in all_requests() {
        let what = format!("{body:?}");
        real.try_ask(body).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let other = Store::new("other", 0, false, "me").call(&Request { shard: 0, body: Body::Read { after: Version(0) } });
    let refused = other.by_text().query::<redis::Value>(&mut real.connection).unwrap_err();
    assert!(refused.to_string().contains("permission"), "{refused}");
}

/// One request of each kind.
pub(super) fn all_requests() -> Vec<Body> {
    let (x, version) = (name("x"), Version(1));
    let second = Duration::from_secs(1);
    let report = crate::protocol::Report {
        name: x.clone(),
        version,
        successes: 1,
        failures: 0,
        success_threshold: 2,
        failure_threshold: 2,
        next_openings: 1,
        next_period: second,
    };
    let rights = [
        Right::Vote { expected: Version(0), instances: 2, share: 0.5 },
        Right::Authority { expected: Version(0) },
        Right::Probe { expected: version },
        Right::Order { at: StoreTime(5) },
        Right::Restore { floor: Version(u64::MAX), ordered: StoreTime(7) },
    ];
    let proposals = rights.map(|right| Proposal { right, ..order("x") });
    vec![
        Body::Propose(proposals.to_vec()),
        Body::Read { after: Version(0) },
        Body::Beat { within: second, held: vec![x.clone()] },
        Body::Lease { name: x.clone(), version, slots: 1, max: 1, ttl: second },
        Body::Report(report),
        Body::Release { names: vec![x.clone()] },
        Body::Withdraw { names: vec![x.clone()] },
        Body::Active { names: vec![x.clone()] },
        Body::Count(vec![crate::protocol::Tallied { name: x.clone(), window: second, calls: 1, failures: 1, slow: 0 }]),
        Body::Leave { names: vec![x] },
    ]
}
