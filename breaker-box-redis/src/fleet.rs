//! The handle of an instance in its fleet.

use std::fmt;
use std::time::Duration;

use breaker_core::Registry;
use breaker_core::fleet::{self, FleetStatus};

use crate::builder::FleetBuilder;
use crate::driver::Driver;
use crate::error::FleetError;

/// How long dropping waits until leases and votes are given back.
const LEAVING: Duration = Duration::from_millis(500);

/// A registry's place in a fleet: as long as this exists, its circuits are shared with the other
/// instances.
///
/// Two threads run as long as it exists: one publishes and adopts changes, and one calls the event
/// handlers of the registry's subscribers for what was adopted.
///
/// Dropping it leaves the fleet: leases and votes are given back, which takes at most half a
/// second, and circuits go on by local rules. So keep it as long as the service runs. What was
/// ordered before is still published if Redis can be reached; [`settled`](Self::settled) tells
/// whether it was.
///
/// ```
/// use std::time::Duration;
/// use breaker_box::Registry;
/// use breaker_box_redis::{Fleet, Spread};
///
/// let registry = Registry::new();
/// let fleet = Fleet::builder("redis://127.0.0.1:1")
///     .prefix("shop")
///     .spread(Spread::agreed(2))
///     .adopt_within(Duration::ZERO)
///     .join(&registry)?;
/// // There is no Redis at this address. Calls do not notice.
/// assert!(!fleet.status().connected);
/// assert_eq!(registry.call("payment_api", || Ok::<_, std::io::Error>(7))?, 7);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[must_use = "the circuits are shared as long as this exists"]
pub struct Fleet {
    driver: Driver,
}

impl Fleet {
    /// Configures a fleet whose state is in the Redis or Valkey at this URL.
    ///
    /// | URL | |
    /// |---|---|
    /// | `redis://host:port`, `valkey://host:port` | one server, with `user:password@` before the host and `/database` behind the port where needed |
    /// | `rediss://host:port`, `valkeys://host:port` | the same through TLS; features `tls-rustls` and `tls-native` |
    /// | `redis-cluster://host:port?node=host:port&node=host:port` | a cluster, with some of its nodes; feature `cluster` |
    /// | `redis-sentinel://host:port/name?node=host:port` | the server that Sentinels call `name`; feature `sentinel`. User and password are the server's, a database goes behind the name, and the Sentinels may have a `sentinel_user` and `sentinel_password` among the parameters |
    ///
    /// Clusters and Sentinels through TLS have `rediss-cluster://` and `rediss-sentinel://`. An
    /// error in the URL is reported by [`FleetBuilder::join`].
    pub fn builder(url: impl Into<String>) -> FleetBuilder {
        FleetBuilder::new(url.into())
    }

    /// Returns what this instance knows about the fleet, and how it is connected.
    #[must_use]
    pub fn status(&self) -> FleetStatus {
        self.driver.status()
    }

    /// Waits until everything that was decided here before this call is in Redis. For tests and
    /// tools; a service need not wait.
    ///
    /// # Errors
    ///
    /// [`FleetError::NotSettled`] if that takes longer than `timeout`.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use breaker_box::{Policy, Registry};
    /// use breaker_box_redis::Fleet;
    ///
    /// let fleet = Fleet::builder("redis://127.0.0.1:6379").prefix("shop").join(Registry::global())?;
    /// Registry::global().get_or_register("payment_api", Policy::new())?.force_open();
    /// fleet.settled(Duration::from_secs(1))?;
    /// // Now every instance rejects calls, those that start later included.
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn settled(&self, timeout: Duration) -> Result<(), FleetError> {
        self.driver.settled(timeout)
    }

    /// Runs `work`; what it orders stays in this instance. The same as [`fleet::only_here`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_box::{Policy, Registry, State};
    /// use breaker_box_redis::Fleet;
    ///
    /// let registry = Registry::new();
    /// let breaker = registry.register("payment_api", Policy::new())?;
    /// let fleet = Fleet::builder("redis://127.0.0.1:1").adopt_within(Duration::ZERO).join(&registry)?;
    /// fleet.only_here(|| breaker.force_open());
    /// assert_eq!(breaker.state(), State::ForcedOpen);
    /// assert_eq!(fleet.status().pending, 0);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn only_here<R>(&self, work: impl FnOnce() -> R) -> R {
        fleet::only_here(work)
    }
}

impl FleetBuilder {
    /// Joins the fleet with all circuits of this registry, those that will be made later included.
    ///
    /// Waits up to [`adopt_within`](Self::adopt_within) until this instance knows the state of the
    /// fleet, so that what was ordered before it started holds from its first call on. In an
    /// asynchronous program, call it before the runtime starts or in a blocking task.
    ///
    /// Circuits of the registry that are not closed are published, unless the fleet knows them
    /// already: then its state is adopted.
    ///
    /// It does not fail if Redis cannot be reached, refuses the password, or is too old: then
    /// circuits follow local rules, one warning is logged, and [`FleetStatus::last_error`] says
    /// why. Connecting is tried again for ever.
    ///
    /// [`FleetStatus::last_error`]: breaker_core::fleet::FleetStatus
    ///
    /// # Errors
    ///
    /// If the URL or another value is invalid, if the URL needs a feature that is not enabled, if
    /// the registry has joined a fleet already, or if a thread cannot be started.
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_box::Registry;
    /// use breaker_box_redis::{Fleet, FleetError};
    ///
    /// let registry = Registry::new();
    /// // No Redis there: the circuits follow local rules.
    /// let fleet = Fleet::builder("redis://127.0.0.1:1").adopt_within(Duration::ZERO).join(&registry)?;
    /// assert!(!fleet.status().connected);
    ///
    /// let again = Fleet::builder("redis://127.0.0.1:1").join(&registry);
    /// assert!(matches!(again, Err(FleetError::AlreadyJoined)));
    /// # Ok::<(), FleetError>(())
    /// ```
    pub fn join(self, registry: &Registry) -> Result<Fleet, FleetError> {
        let (options, adopt_within) = self.finish()?;
        let driver = Driver::start(registry, options)?;
        driver.wait_until_ready(adopt_within);
        Ok(Fleet { driver })
    }
}

impl Drop for Fleet {
    /// Leaves the fleet.
    fn drop(&mut self) {
        self.driver.leave(LEAVING);
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("status", &self.status()).finish_non_exhaustive()
    }
}
