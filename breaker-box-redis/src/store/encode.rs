//! Requests as script calls.

use std::sync::Arc;

use breaker_core::State;
use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value};

use super::bounds;
use super::line::letter;
use super::scripts::{Script, Scripts};
use crate::names;
use crate::protocol::{Body, Name, PAGE, Proposal, Report, Request, Right, Tallied};

/// What every call and channel of an instance has in common.
#[derive(Debug)]
pub(crate) struct Store {
    prefix: String,
    database: i64,
    /// Whether messages reach only the node of their shard, as in a cluster of many.
    sharded: bool,
    /// Percent-encoded.
    instance: String,
    pub(super) scripts: Arc<Scripts>,
}

/// A script with its arguments.
#[derive(Debug)]
pub(crate) struct Call {
    script: Arc<Script>,
    key: String,
    arguments: Vec<String>,
}

impl Store {
    /// The store of the fleet with this prefix in this database, for an instance. With `sharded`,
    /// messages are published by `SPUBLISH`.
    pub(crate) fn new(prefix: &str, database: i64, sharded: bool, instance: &str) -> Self {
        Self::with_scripts(prefix, database, sharded, instance, Arc::new(Scripts::new()))
    }

    pub(super) fn with_scripts(
        prefix: &str,
        database: i64,
        sharded: bool,
        instance: &str,
        scripts: Arc<Scripts>,
    ) -> Self {
        let instance = names::encoded(bounds::word(instance));
        Self { prefix: prefix.to_owned(), database, sharded, instance, scripts }
    }

    /// What the keys of a shard begin with. The part in braces decides on the node of a cluster.
    fn base(&self, shard: u16) -> String {
        format!("bb1:{{{}.{shard}}}:", self.prefix)
    }

    /// The channel of a shard. Channels are common to all databases of a server, unlike keys.
    pub(crate) fn channel(&self, shard: u16) -> String {
        format!("{}ch:{}", self.base(shard), self.database)
    }

    /// The shard of a channel, if it is one of this fleet.
    pub(super) fn shard(&self, channel: &[u8]) -> Option<u16> {
        let channel = str::from_utf8(channel).ok()?;
        let rest = channel.strip_prefix("bb1:{")?.strip_prefix(&self.prefix)?.strip_prefix('.')?;
        let shard = rest.split_once('}')?.0.parse().ok()?;
        (self.channel(shard) == channel).then_some(shard)
    }

    pub(crate) fn call(&self, request: &Request) -> Call {
        let publish = if self.sharded { "SPUBLISH" } else { "PUBLISH" };
        let common = [self.instance.clone(), self.channel(request.shard), publish.to_owned()];
        let mut call = Call {
            script: Arc::clone(self.script(&request.body)),
            key: self.base(request.shard) + "head",
            arguments: common.into(),
        };
        call.add(&request.body);
        call
    }

    fn script(&self, body: &Body) -> &Arc<Script> {
        let scripts = &self.scripts;
        match body {
            Body::Read { .. } => &scripts.read,
            Body::Beat { .. } => &scripts.beat,
            Body::Propose(_) => &scripts.propose,
            Body::Lease { .. } => &scripts.lease,
            Body::Report(_) => &scripts.report,
            Body::Release { .. } | Body::Withdraw { .. } | Body::Leave { .. } => &scripts.withdraw,
            Body::Active { .. } => &scripts.active,
            Body::Count(_) => &scripts.count,
        }
    }
}

impl Call {
    /// Runs it. A server that does not know the script, because it is new or has forgotten it, is
    /// sent the text. (That takes fewer rights than to load it first.)
    ///
    /// # Errors
    ///
    /// Those of the connection and the server.
    pub(crate) async fn run(&self, connection: &mut impl ConnectionLike) -> RedisResult<Value> {
        match self.by_hash().query_async(connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.by_text().query_async(connection).await
            }
            other => other,
        }
    }

    pub(super) fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", &self.script.hash)
    }

    pub(super) fn by_text(&self) -> Cmd {
        self.command("EVAL", &self.script.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(1).arg(&self.key).arg(&self.arguments);
        command
    }

    fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.arguments.push(text.into());
        self
    }

    fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        self.text(number.into().to_string())
    }

    fn names(&mut self, names: &[Name]) {
        for name in names {
            self.text(&*name.0);
        }
    }

    fn add(&mut self, body: &Body) {
        match body {
            Body::Read { after } => {
                self.number(bounds::version(*after)).number(PAGE as u64);
            }
            Body::Beat { within, held } => self.number(bounds::some_micros(*within)).names(held),
            Body::Propose(proposals) => proposals.iter().for_each(|proposal| self.proposal(proposal)),
            Body::Lease { name, version, slots, max, ttl } => {
                self.text(&*name.0).number(bounds::version(*version));
                self.number((*slots).max(1)).number((*max).max(1)).number(bounds::some_micros(*ttl));
            }
            Body::Report(report) => self.report(report),
            Body::Release { names } => self.text("l").names(names),
            Body::Withdraw { names } => self.text("v").names(names),
            Body::Active { names } => self.names(names),
            Body::Count(tallied) => tallied.iter().for_each(|one| self.tallied(one)),
            Body::Leave { names } => self.text("ilva").names(names),
        }
    }

    fn proposal(&mut self, proposal: &Proposal) {
        self.text(&*proposal.name.0);
        match proposal.right {
            Right::Vote { expected, instances, share } => {
                self.text("v").number(bounds::version(expected)).number(instances.max(1));
                self.text(bounds::share(share).to_string())
            }
            Right::Authority { expected } => self.text("a").number(bounds::version(expected)).text("").text(""),
            Right::Probe { expected } => self.text("p").number(bounds::version(expected)).text("").text(""),
            Right::Order { at } => self.text("o").number(bounds::time(at)).text("").text(""),
            Right::Restore { floor, ordered } => {
                self.text("r").number(bounds::version(floor)).number(bounds::time(ordered)).text("")
            }
        };
        let period = if letter(proposal.state) == letter(State::Open) { bounds::micros(proposal.period) } else { 0 };
        let reason = proposal.reason.as_deref().unwrap_or_default();
        self.text(letter(proposal.state)).number(period).number(bounds::openings(proposal.openings));
        self.text(names::encoded(bounds::word(&proposal.cause))).text(names::encoded(bounds::reason(reason)));
        self.text(proposal.full_name.as_deref().unwrap_or_default());
    }

    fn report(&mut self, report: &Report) {
        self.text(&*report.name.0).number(bounds::version(report.version));
        self.number(report.successes).number(report.failures);
        self.number(report.success_threshold.max(1)).number(report.failure_threshold.max(1));
        self.number(bounds::openings(report.next_openings)).number(bounds::micros(report.next_period));
    }

    fn tallied(&mut self, tallied: &Tallied) {
        self.text(&*tallied.name.0).number(bounds::bucket(tallied.window));
        for count in [tallied.calls, tallied.failures, tallied.slow] {
            self.number(bounds::calls(count));
        }
    }
}
