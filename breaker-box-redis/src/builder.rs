//! What a fleet is configured with.

use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use breaker_core::{Key, KeyRef};

use crate::counting::Counting;
use crate::driver::{Circuits, Options};
use crate::endpoint::Endpoint;
use crate::error::FleetError;
use crate::host_name::host_name;
use crate::names::Names;
use crate::spread::Spread;

const LONGEST_PREFIX: usize = 64;
const LONGEST_INSTANCE: usize = 64;
const MOST_SHARDS: u16 = 256;
const HEARTBEAT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const LEASE: RangeInclusive<Duration> = Duration::from_millis(200)..=Duration::from_secs(60);
const FLUSH_EVERY: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(10);
const ADOPT_WITHIN: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(60);

/// Configures a [`Fleet`](crate::Fleet); made by [`Fleet::builder`](crate::Fleet::builder).
///
/// All instances of a fleet need the same `prefix`, `shards` and secret of `hash_names`, and should
/// have the same `spread`, `counting`, `only` and `lease`. Values are checked by
/// [`join`](Self::join).
#[must_use]
pub struct FleetBuilder {
    url: String,
    prefix: String,
    instance: Option<String>,
    spread: Spread,
    counting: HashMap<Key, Counting>,
    only: Option<Only>,
    heartbeat: Duration,
    lease: Duration,
    flush_every: Duration,
    adopt_within: Duration,
    shards: u16,
    share_reasons: bool,
    names: Names,
}

type Only = Box<dyn Fn(KeyRef<'_>) -> bool + Send + Sync>;

impl FleetBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            prefix: "breaker".to_owned(),
            instance: None,
            spread: Spread::default(),
            counting: HashMap::new(),
            only: None,
            heartbeat: Duration::from_secs(5),
            lease: Duration::from_secs(2),
            flush_every: Duration::from_millis(100),
            adopt_within: Duration::from_secs(1),
            shards: 1,
            share_reasons: false,
            names: Names::readable(),
        }
    }

    /// Sets the prefix, which separates this fleet from others in the same database: 1 to 64 of the
    /// characters `a-z`, `A-Z`, `0-9`, `_`, `.` and `-`. `breaker` by default.
    ///
    /// Give each service its own, and in a service that runs in several zones or cells that fail
    /// apart, each of those. The names of all keys and channels begin with `bb1:{` and the prefix.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the name of this instance, for people who look at what it published. The host name by
    /// default. A random number is added, so that two instances may have the same one.
    ///
    /// Characters other than letters, digits, `_`, `.` and `-` are replaced by `-`, and what is
    /// longer than 64 bytes is cut.
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// Sets how many instances have to open a circuit by its policy before it opens everywhere.
    /// [`Spread::agreed(2)`](Spread::agreed) by default.
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// Sets where the calls of a circuit are counted. [`Counting::Local`] by default. All instances
    /// should have the same.
    pub fn counting(mut self, key: impl Into<Key>, counting: Counting) -> Self {
        self.counting.insert(key.into(), counting);
        self
    }

    /// Shares only the circuits for which this returns true. By default all circuits of the
    /// registry are shared.
    ///
    /// It must always return the same for a key. It is called while a circuit is made, so it must
    /// neither block nor use the registry. A circuit for which it panics is not shared.
    pub fn only(mut self, shared: impl Fn(KeyRef<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.only = Some(Box::new(shared));
        self
    }

    /// Sets how often this instance tells the store that it is alive, and checks that it has missed
    /// nothing: 100 milliseconds to 60 seconds, 5 seconds by default. Each period varies by up to
    /// 20 %.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = every;
        self
    }

    /// Sets how long an instance may probe a half-open circuit before it has to renew its lease:
    /// 200 milliseconds to 60 seconds, 2 seconds by default. If an instance dies while it probes,
    /// another one takes its place after this time.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how often the counts of circuits with [`Counting::Fleet`] are exchanged: 10
    /// milliseconds to 10 seconds, 100 milliseconds by default. In large fleets the period grows
    /// with the number of instances, so that Redis is not overloaded.
    pub fn flush_every(mut self, every: Duration) -> Self {
        self.flush_every = every;
        self
    }

    /// Sets how long [`join`](Self::join) waits at most for the state of the fleet: 0 to 60
    /// seconds, 1 second by default. After that, circuits follow local rules until the state of the
    /// fleet arrives.
    pub fn adopt_within(mut self, time: Duration) -> Self {
        self.adopt_within = time;
        self
    }

    /// Sets over how many shards the circuits are spread: 1 to 256, 1 by default. All instances of
    /// a fleet need the same number. In a cluster each shard is on one node, and more than one
    /// shard needs Redis 7 or Valkey.
    pub fn shards(mut self, shards: u16) -> Self {
        self.shards = shards;
        self
    }

    /// Sends the reasons of manual orders and of results that trip a circuit to the other
    /// instances. By default they stay here, because they may contain data of your users. They are
    /// cut at 256 bytes.
    pub fn share_reasons(mut self) -> Self {
        self.share_reasons = true;
        self
    }

    /// Replaces the names of circuits in the store by keyed hashes (HMAC with SHA-256), for names
    /// that contain data of your users. All instances of a fleet need the same secret; 32 random
    /// bytes are a good one.
    pub fn hash_names(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.names = Names::secret(secret.as_ref());
        self
    }

    /// Checks all values; returns them, and how long `join` waits.
    ///
    /// # Errors
    ///
    /// If a value is invalid, or the URL needs a feature that is not enabled.
    pub(crate) fn finish(self) -> Result<(Options, Duration), FleetError> {
        let endpoint = Endpoint::parse(&self.url)?;
        self.check()?;
        let options = Options {
            endpoint,
            prefix: self.prefix,
            instance: clean(&self.instance.unwrap_or_else(host_name)),
            spread: self.spread,
            counting: self.counting,
            heartbeat: self.heartbeat,
            lease: self.lease,
            flush_every: self.flush_every,
            shards: self.shards,
            share_reasons: self.share_reasons,
            circuits: Arc::new(Circuits::new(self.names, self.only)),
        };
        Ok((options, self.adopt_within))
    }

    fn check(&self) -> Result<(), FleetError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !(1..=LONGEST_PREFIX).contains(&self.prefix.len()) || !self.prefix.bytes().all(allowed) {
            return Err(FleetError::InvalidPrefix { prefix: self.prefix.clone() });
        }
        let periods = [
            ("heartbeat", self.heartbeat, HEARTBEAT),
            ("lease", self.lease, LEASE),
            ("flush_every", self.flush_every, FLUSH_EVERY),
            ("adopt_within", self.adopt_within, ADOPT_WITHIN),
        ];
        for (setter, period, range) in periods {
            if !range.contains(&period) {
                let (least, most) = range.into_inner();
                return Err(FleetError::InvalidPeriod { setter, period, least, most });
            }
        }
        if !(1..=MOST_SHARDS).contains(&self.shards) {
            return Err(FleetError::InvalidShards { shards: self.shards, most: MOST_SHARDS });
        }
        let share = self.spread.of_callers();
        if !(0.0..=1.0).contains(&share) {
            return Err(FleetError::InvalidShare { share });
        }
        Ok(())
    }
}

/// A name of the characters that a message to other instances may contain.
fn clean(instance: &str) -> String {
    let replace = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    let mut clean: String = instance.chars().map(replace).take(LONGEST_INSTANCE).collect();
    if clean.is_empty() {
        clean.push_str("instance");
    }
    clean
}

impl fmt::Debug for FleetBuilder {
    /// Without the URL and the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, only, names, .. } = self;
        f.debug_struct("FleetBuilder")
            .field("prefix", &self.prefix)
            .field("instance", &self.instance)
            .field("spread", &self.spread)
            .field("counting", &self.counting)
            .field("only", &only.is_some())
            .field("heartbeat", &self.heartbeat)
            .field("lease", &self.lease)
            .field("flush_every", &self.flush_every)
            .field("adopt_within", &self.adopt_within)
            .field("shards", &self.shards)
            .field("share_reasons", &self.share_reasons)
            .field("names", names)
            .finish_non_exhaustive()
    }
}
