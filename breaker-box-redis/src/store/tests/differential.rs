//! The model does what the scripts do: random requests of several instances go to both, and answers
//! and messages are compared. The scripts get their time from the test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Connection, PubSub, Value};

use super::sequence::{Step, sequence};
use super::server::Server;
use crate::protocol::Message;
use crate::store::encode::Store;
use crate::store::scripts::Scripts;

/// How many sequences of requests are tried, and for how long at most.
const SEQUENCES: u64 = 2_000;
const LONGEST: Duration = Duration::from_secs(25);
/// So many are tried on a machine that is slow, too.
const FEWEST: u64 = 300;

/// A server, and what is published there.
struct Real<'a> {
    scripts: Arc<Scripts>,
    connection: Connection,
    published: PubSub<'a>,
}

impl Real<'_> {
    fn store(&self, instance: &str) -> Store {
        Store::with_scripts("test", 0, false, instance, Arc::clone(&self.scripts))
    }

    fn load(&mut self, edit: impl Fn(&str) -> String) {
        self.scripts = Arc::new(Scripts::edited(|text| [include_str!("clock.lua"), edit(&text).as_str()].concat()));
        for script in self.scripts.all() {
            let mut load = redis::cmd("SCRIPT");
            let _: String = load.arg("LOAD").arg(&script.text).query(&mut self.connection).expect("it compiles");
        }
    }

    /// Sends all steps at once, after everything was deleted, and returns the answers.
    fn run(&mut self, steps: &[Step]) -> Vec<Value> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("FLUSHALL").ignore();
        for step in steps {
            pipeline.cmd("SET").arg("test:now").arg(step.now.0).ignore();
            pipeline.add_command(self.store(step.instance).call(&step.request).by_hash());
        }
        pipeline.cmd("PUBLISH").arg(self.store("").channel(0)).arg("end").ignore();
        pipeline.query(&mut self.connection).expect("answers")
    }

    /// All messages up to the end of the steps; `None` for what is none.
    fn messages(&mut self) -> Vec<Option<Message>> {
        let mut messages = Vec::new();
        loop {
            let message = self.published.get_message().expect("a message");
            let payload = message.get_payload_bytes();
            if payload == b"end" {
                return messages;
            }
            messages.push(self.store("").message(message.get_channel_name().as_bytes(), payload));
        }
    }

    /// Where the model and the server differ, if they do.
    fn difference(&mut self, seed: u64) -> Option<String> {
        let steps = sequence(seed);
        let values = self.run(&steps);
        let messages = self.messages();
        assert_eq!(values.len(), steps.len());
        for (at, (step, value)) in steps.iter().zip(values).enumerate() {
            let answer = crate::store::answer(&step.request, &value);
            if answer.as_ref() != Some(&step.answer) {
                let asked = (&step.request, step.instance, step.now);
                return Some(format!(
                    "seed {seed}, step {at}: {asked:#?}\ngave {value:?}\nread as {answer:#?}\nexpected {:#?}",
                    step.answer
                ));
            }
        }
        let expected: Vec<_> = steps.into_iter().flat_map(|step| step.published).map(Some).collect();
        let differs = || expected.iter().zip(&messages).find(|(expected, message)| expected != message);
        (expected != messages).then(|| format!("seed {seed}, messages: {:#?}", differs()))
    }
}

/// Runs a test on a server with a clock of the test's own.
fn on_a_server(test: impl FnOnce(&mut Real<'_>)) {
    let server = Server::start();
    let connection = server.connect();
    let mut subscriber = server.connect();
    let published = subscriber.as_pubsub();
    published.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    let mut real = Real { scripts: Arc::new(Scripts::new()), connection, published };
    let channels = [real.store("").channel(0), real.store("").channel(1)];
    real.published.subscribe(&channels).expect("to be subscribed");
    test(&mut real);
}

#[test]
fn the_model_does_what_the_scripts_do() {
    on_a_server(|real| {
        real.load(str::to_owned);
        let began = Instant::now();
        for seed in 0..SEQUENCES {
            if let Some(difference) = real.difference(seed) {
                panic!("{difference}");
            }
            if seed >= FEWEST && began.elapsed() > LONGEST {
                eprintln!("stopped after {seed} sequences, because the machine is slow");
                return;
            }
        }
    });
}

/// Faults that the comparison must find: what is replaced, and by what.
const FAULTS: [(&str, &str); 24] = [
    ("last + 1, floor", "last, floor"),
    ("math.max(now, last", "math.max(last"),
    ("floor + 1)", "0)"),
    ("if at < ordered then", "if at <= ordered then"),
    ("if ordered > now + MINUTE then", "if ordered > now + DAY then"),
    ("old.v >= floor or", "old.v > floor or"),
    ("or ordered > known", ""),
    ("(old and old.s ~= 'o' and old.s ~= 'c')", "false"),
    ("base .. 'v:' .. name, base .. 'l:' .. name)", "base .. 'v:' .. name)"),
    ("'DEL', key, base .. 'v:' .. name,", "'DEL', key,"),
    ("if votes < needed then", "if votes <= needed then"),
    ("tonumber(ARGV[7]) - others", "tonumber(ARGV[7])"),
    ("or expiry <= now or", "or"),
    ("or expiry - now > ttl", ""),
    ("elseif record.u > now then", "elseif record.u > now + 1000 then"),
    ("if record.s == 'o' and record.u > now + record.d then", "if false then"),
    ("math.max(MINUTE, 2 * record.d)", "MINUTE"),
    ("record.o > 0 and math.max(life, record.o + 30 * DAY - now) or life", "life"),
    ("if count > STORM then", "if count >= STORM then"),
    ("now - poked >= PAUSE", "now - poked > 10 * PAUSE"),
    ("found > bucket - 10", "found >= bucket - 10"),
    ("failures >= tonumber(ARGV[9])", "failures > tonumber(ARGV[9])"),
    ("send(previous, version, lines)\n      lines, length, previous", "lines, length, previous"),
    ("record.n = old.n", ""),
];

#[test]
fn the_comparison_finds_faults() {
    on_a_server(|real| {
        for (right, wrong) in FAULTS {
            let there = Scripts::new().all().iter().any(|script| script.text.contains(right));
            assert!(there, "no script has {right:?}");
            real.load(|text| text.replace(right, wrong));
            let found = (0..500).find(|seed| real.difference(*seed).is_some());
            assert!(found.is_some(), "{wrong:?} in place of {right:?} is not found");
        }
    });
}
