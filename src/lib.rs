//! A circuit breaker for Rust functions. Put `#[circuit_breaker(identifier = "payment_api")]` on a
//! sync or async function, and its calls run through a named circuit.
//!
//! # How it works
//!
//! A circuit is **closed** while its dependency works: calls run, and their results are counted.
//! When a condition of its [`Policy`] holds (by default, five failures in a row), it **opens**:
//! calls are rejected at once with a [`CircuitOpenError`] that says which circuit, which state and
//! how long to wait. When the open period is over, it is **half-open**: a few calls, the probes,
//! are let through. If they succeed, the circuit closes; if they fail, it opens again.
//!
//! ```
//! use std::time::Duration;
//! use breaker_box::{CircuitOpenError, ManualClock, Policy, Registry, State, circuit_breaker};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum SearchError {
//!     #[error("the search service is down")]
//!     Down,
//!     #[error(transparent)]
//!     CircuitOpen(#[from] CircuitOpenError),
//! }
//!
//! #[circuit_breaker(identifier = "search", registry = registry)]
//! fn search(registry: &Registry, works: bool) -> Result<u32, SearchError> {
//!     if works { Ok(42) } else { Err(SearchError::Down) }
//! }
//!
//! // Tests advance the clock and never sleep.
//! let clock = ManualClock::new();
//! let registry = Registry::builder().clock(clock.clone()).default_policy(Policy::consecutive_failures(2)).build()?;
//!
//! assert!(matches!(search(&registry, false), Err(SearchError::Down)));
//! assert!(matches!(search(&registry, false), Err(SearchError::Down)));
//! // Open: the function does not run, whether or not it would succeed.
//! let Err(SearchError::CircuitOpen(open)) = search(&registry, true) else { panic!("it is open") };
//! assert_eq!(open.retry_after(), Some(Duration::from_secs(30)));
//!
//! clock.advance(Duration::from_secs(30));
//! assert_eq!(registry.state("search"), State::HalfOpen);
//! assert_eq!(search(&registry, true)?, 42);
//! assert_eq!(registry.state("search"), State::Closed);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # Further reading
//!
//! * [`circuit_breaker`](macro@circuit_breaker): the attribute, with all its options.
//! * [`guide`]: choosing a policy, a fleet, what counts as a failure, calls over HTTP, keyed
//!   circuits, a fleet that shares its circuits, fallbacks, stacking with timeouts, retries and
//!   other attributes, testing, watching, health endpoints, reloading, what it costs.
//! * [`CircuitBreaker`]: calls by closure, future or permit, without the attribute; [`Registry`]:
//!   circuits by name; [`Wire`]: work that is diverted while a circuit is open.
//! * [`coming_from`]: each option and call of other circuit breakers, and how it is written here.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `tracing` (default) | state changes, panics and policy conflicts in the log |
//! | `metrics` | [circuits as metrics](guide::watching), for Prometheus and for the `metrics` facade |
//! | `tokio` | the senders of its channels are neutral wires |
//! | `http` | error handlers for [HTTP](guide::over_http) and gRPC responses, `Retry-After`, and the 503 of an open circuit |
//! | `reqwest` | the same for what reqwest returns, asynchronous and blocking |
//! | `serde` | policies, statuses and [events](guide::watching) can be written and read by serde |
//! | `settings` | [`Settings`](guide::reloading) from TOML, JSON, YAML and the environment |
//!
//! Items of a feature are only in documentation that was built with it.
//! `cargo doc --open --all-features` shows all of them.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use breaker_core::fleet;
#[cfg(feature = "settings")]
pub use breaker_core::{
    Applied, ApplyError, CircuitSettings, FamilySettings, Settings, SettingsBuilder, SettingsError, SettingsProblem,
};
pub use breaker_core::{
    AsKey, AsyncProcessor, CallError, Cancellation, Cause, CircuitBreaker, CircuitOpenError, Clock, ConfigureError,
    Event, EventIntoIter, EventIter, EventKind, EventReceiver, EventTryIter, EventType, Filter, FromCircuitOpen,
    GuardedCall, GuardedCallWith, InFlight, InstallError, Key, KeyRef, LastFailure, ManualClock, MetadataError,
    NamedCall, NamedCallWith, NeutralWire, NotFoundError, Outcome, Permit, Policy, PolicyError, PolicyValues, Reason,
    RegisterError, Registry, RegistryBuilder, Room, Routing, State, Status, Submitted, Subscription, Sweeper,
    SyncProcessor, SystemClock, TextLimits, ToOutcome, Totals, UnknownCancellationError, UnknownStateError,
    WeakRegistry, Window, WindowStatus, Wire, WireError,
};
#[cfg(feature = "metrics")]
pub use breaker_core::{Metrics, MetricsPublisher};
#[cfg(feature = "http")]
#[doc(inline)]
pub use breaker_http as http;

/// Runs the calls of a function through a named circuit.
///
/// ```
/// use breaker_box::{CircuitOpenError, circuit_breaker};
///
/// #[derive(Debug, thiserror::Error)]
/// enum MailError {
///     #[error("no route")]
///     NoRoute,
///     #[error(transparent)]
///     CircuitOpen(#[from] CircuitOpenError),
/// }
///
/// #[circuit_breaker(identifier = "mail", failure_threshold = 3, expiry = "10s")]
/// async fn send(address: &str) -> Result<usize, MailError> {
///     if address.contains('@') { Ok(address.len()) } else { Err(MailError::NoRoute) }
/// }
/// ```
///
/// # Where it can be used
///
/// On free functions, methods (`self`, `&self`, `&mut self`), methods of trait implementations,
/// generic functions, `async fn`, functions that return `impl Future` or a boxed future, methods
/// under `#[async_trait]`, and whole [`impl` blocks](#impl-blocks). Other attributes and
/// documentation are kept.
///
/// Of two attributes on one function, the lower one is the outer one at run time. So with a retry
/// **below** the breaker, each attempt is a separate call of the breaker. With a retry **above**
/// it, all attempts run within one call of the breaker. [`guide::stacking`] has tables.
///
/// # `impl` blocks
///
/// On an `impl` block, also one of a trait, the attribute guards every function that has a receiver
/// (`self` in any form) and is not `const`, each as if it were annotated itself, above its other
/// attributes. With `{fn}` in the identifier, each function has its own circuit; without it, they
/// share one.
///
/// * `#[circuit_breaker(skip)]` on a function leaves it unguarded.
/// * `#[circuit_breaker(…)]` with options on a function replaces the block's options. It also
///   guards a function without a receiver.
///
/// ```
/// use breaker_box::{CircuitOpenError, Registry, circuit_breaker};
///
/// struct Client {
///     registry: Registry,
/// }
///
/// #[circuit_breaker(identifier = "payments.{fn}", registry = &self.registry, failure_threshold = 3)]
/// impl Client {
///     // Not guarded: it has no receiver.
///     fn new() -> Self {
///         Self { registry: Registry::new() }
///     }
///
///     async fn pay(&self, amount: u32) -> Result<u32, CircuitOpenError> {
///         Ok(amount)
///     }
///
///     #[circuit_breaker(identifier = "refunds:{shop_id}", registry = &self.registry)]
///     fn refund(&self, shop_id: u32) -> Option<u32> {
///         Some(shop_id)
///     }
///
///     #[circuit_breaker(skip)]
///     fn circuits(&self) -> Vec<String> {
///         self.registry.list().iter().map(|status| status.key.identifier().to_owned()).collect()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new();
/// client.pay(5).await?;
/// client.refund(7);
/// assert_eq!(client.circuits(), ["payments.pay", "refunds:7"]);
/// # Ok(())
/// # }
/// ```
///
/// The attributes of the functions are recognised by the name `circuit_breaker`, or by the name of
/// the block's own attribute if that was imported under another one; with or without a path, also
/// within `cfg_attr`. Functions that a macro makes inside the block are not guarded.
///
/// # When a call is admitted
///
/// | function | when the call is admitted |
/// |---|---|
/// | a plain function | when the function is called |
/// | an `async fn`, or a function whose whole body is `async move { … }` or `Box::pin(async move { … })` (what `#[async_trait]` makes) | when the future is first polled: a future that is never polled takes no slot |
/// | any other function that returns a future | when the function is called |
///
/// A function of the last kind is admitted when it is called. If the circuit rejects the call, none
/// of its body runs. Otherwise the body runs at once, as it would without the attribute: what it
/// borrows, the order of its effects, and whether its future is `Send` or `Unpin` stay the same,
/// and a panic in it is recorded. The future that the body returns is guarded: its output is
/// classified, and dropping it earlier cancels the call and frees its slot. A plain `fallback` runs
/// during the call, so the future holds its value and is `Send` only if the value is; an `async`
/// one runs when the future is polled. An `async move` block also belongs to this kind if
/// `fallback` or `error_handler` uses an argument that the block itself does not use.
///
/// The written return type decides what is a future: `impl Future`, `Pin<Box<dyn Future>>`,
/// `Box<dyn Future + Unpin>`, `BoxFuture` and `LocalBoxFuture` are. A future behind another name,
/// such as a type alias, `JoinHandle` or `Self::Future`, is a compile error, because otherwise
/// creating it would count as a success. A future inside another type, as in
/// `Option<BoxFuture<…>>`, is a value like any other.
///
/// ```
/// use std::pin::Pin;
/// use breaker_box::{CircuitOpenError, Registry, circuit_breaker};
///
/// struct Client {
///     base: String,
///     registry: Registry,
/// }
///
/// impl Client {
///     #[circuit_breaker(identifier = "get", registry = &self.registry)]
///     fn get(&self, key: &str) -> Pin<Box<dyn Future<Output = Result<String, CircuitOpenError>> + Send>> {
///         let url = format!("{}/{key}", self.base); // runs now, if the circuit admits the call
///         Box::pin(async move { Ok(url) }) // runs when it is polled
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client { base: "http://localhost".to_owned(), registry: Registry::new() };
/// assert_eq!(client.get("key").await?, "http://localhost/key");
/// drop(client.get("key"));
/// let totals = client.registry.status("get")?.totals;
/// assert_eq!((totals.successes, totals.cancelled), (1, 1));
/// # Ok(())
/// # }
/// ```
///
/// # Options
///
/// | option | value | default |
/// |---|---|---|
/// | `identifier` | a string literal, perhaps with [placeholders](#names); or an expression that yields `impl AsRef<str>`, evaluated once per call | required |
/// | `scope`, `kind` | a string literal or constant: the other parts of the [`Key`] | none |
/// | `error_handler` | a closure or path that takes `&Return` and returns an [`Outcome`] or a `bool` (`true` = success) | see [Results](#results) |
/// | `fallback` | a closure or path that takes the [`CircuitOpenError`] and returns what the function, or its future, yields; it may use the arguments. Only an `async` closure is awaited, and only where the function is async or returns a future | [`FromCircuitOpen`] |
/// | `registry` | an expression that yields `&Registry` | [`Registry::global`] |
/// | `metrics_only` | takes no value: a circuit that is created here begins in metrics-only, for [trying its policy without effect](guide::choosing_a_policy#trying-it-without-effect) | it begins closed |
/// | `crate` | the path of this crate, if it is renamed or re-exported | `::breaker_box` |
/// | `skip` | takes no value and stands alone: leaves a function of an annotated [`impl` block](#impl-blocks) unguarded | |
/// | `policy` | a constant [`Policy`]; excludes all options of the next table | the registry's default policy |
///
/// The options of the policy. Counts are whole numbers from 1 to 10,000,000. Rates are fractions
/// above 0 and at most 1. Durations are strings, as in settings files: `"250ms"`, `"30s"`,
/// `"1m 30s"`, `"1h"`, `"forever"`.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `failure_threshold = 5` | opens after this many failures in a row: [`Policy::consecutive_failures`] | 5 if no condition is given |
/// | `failures = 5, within = "60s"` | opens when this many failures occur within `within`: [`Policy::failures_within`] | off |
/// | `failure_rate = 0.5` | opens at this failure rate in `window`: [`Policy::failure_rate`] | off |
/// | `slow_call_rate = 0.8, slow_call = "2s"` | opens at this rate of calls in `window` that took longer than `slow_call`: [`Policy::slow_call_rate`] | off |
/// | `window = 100` or `"60s"` | the last calls, or the last period, that both rates are computed over: [`Window`] | required with a rate |
/// | `minimum_calls = 20` | no rate is computed on fewer calls: [`Policy::minimum_calls`] | the size of a window of calls; 20 in a window of time |
/// | `hung_calls = 10, hung_after = "30s"` | opens when this many calls have been in flight for `hung_after`, although none of them has returned: [`Policy::hung_calls`] | off |
/// | `debounce = "250ms"` | a failure this soon after the last counted one is not counted by `failure_threshold` and `failures`; may be zero: [`Policy::debounce`] | off |
/// | `fail_slower_than = "2s"` | a success that took longer counts as a failure: [`Policy::fail_slower_than`] | off |
/// | `expiry = "30s"` | how long the circuit stays open: [`Policy::expiry`] | 30 s |
/// | `backoff_factor = 2.0, max_expiry = "5m"` | each further opening in a row lasts longer by this factor (at least 1), up to `max_expiry`; the first one lasts `expiry`: [`Policy::progressive_expiry`] | off |
/// | `max_trip = "60s"` | the longest time that an [`Outcome::Trip`] may keep the circuit open: [`Policy::max_trip`] | 1 h |
/// | `jitter = 0.1` | each open period is longer or shorter by up to this fraction, from 0 to 1: [`Policy::jitter`] | 0 |
/// | `half_open_max_calls = 1` | how many probes may be in flight at once: [`Policy::half_open_max_calls`] | 1 |
/// | `success_threshold = 1` | how many successful probes close the circuit: [`Policy::success_threshold`] | 1 |
/// | `half_open_failure_threshold = 1` | how many failed probes open it again: [`Policy::half_open_failure_threshold`] | 1 |
/// | `half_open_timeout = "30s"` | the time limit of each probe, after which it counts as failed: [`Policy::half_open_timeout`] | off |
/// | `close_on_expiry` | takes no value: the circuit closes after its open period, without probes: [`Policy::close_on_expiry`] | off |
/// | `ramp_up = "30s"` | instead of closing, the circuit ramps up for this long: it admits a share of the calls, which grows to all of them: [`Policy::ramp_up`] | off |
/// | `ramp_up_from = 0.1` | the share with which a ramp-up begins: [`Policy::ramp_up_from`] | 0.1 |
/// | `on_cancel = "failure"` | what a dropped future or permit counts as, `"failure"`, `"ignore"`, or `"slow"`: a failure if it had run for longer than `slow_call`, or else `fail_slower_than`: [`Policy::on_cancel`] | `"ignore"` |
///
/// Each of these values, except that of `on_cancel`, may also be a constant, such as
/// `expiry = EXPIRY` with a [`Duration`](std::time::Duration), or `window = WINDOW` with a `u32`, a
/// `Duration` or a [`Window`]. Several conditions can be combined: the circuit opens when any of
/// them holds.
///
/// The policy of a call site applies when its first call creates the circuit, and so does
/// `metrics_only`. A circuit that was registered by hand keeps its policy and its state. What
/// [settings](guide::reloading) say for the circuit, or for its family, takes precedence. If two call
/// sites of one circuit disagree, the first one wins; that their policies differ is logged once.
///
/// The policy is validated at compile time. If it names something generic (`Self::POLICY`,
/// `T::LIMIT`), that happens when the function is instantiated, which `cargo check` does not do.
///
/// # Names
///
/// A placeholder holds an argument or a field of one, with an optional format: `"shop:{shop_id}"`,
/// `"host:{self.host}"`, `"region:{region:?}"`. The arguments are only borrowed. `{fn}` is the name
/// of the function. `{{` and `}}` stand for literal braces, also in `scope` and `kind`, which are
/// the same for every call and take no placeholders.
///
/// ```
/// use breaker_box::{CircuitOpenError, Key, Registry, circuit_breaker};
///
/// const SCOPE: &str = "stock";
///
/// #[derive(Debug)]
/// enum Region {
///     North,
/// }
///
/// struct Client {
///     host: String,
///     registry: Registry,
/// }
///
/// impl Client {
///     #[circuit_breaker(identifier = "{self.host}/{region:?}", scope = SCOPE, registry = &self.registry)]
///     fn ask(&self, region: Region) -> Result<u32, CircuitOpenError> {
///         Ok(7)
///     }
/// }
///
/// let client = Client { host: "shop.example".to_owned(), registry: Registry::new() };
/// assert_eq!(client.ask(Region::North).unwrap(), 7);
/// assert!(client.registry.get(&Key::new("shop.example/North").with_scope("stock")).is_some());
/// ```
///
/// If the identifier is a literal without placeholders (`{fn}` does not count), the circuit is
/// looked up once per call site and registry. Otherwise, or if `scope` or `kind` names something
/// generic, it is looked up once per call. If an identifier is empty or too long at run time, the
/// call runs unguarded, with an [`EventKind::Unguarded`] and a log line once a minute. An empty
/// literal or constant is a compile error.
///
/// # Results
///
/// Without `error_handler`, `Ok` and `Some` are successes, `None` is ignored, and `Err(e)` is a
/// failure. Its reason is `e`'s `Display`, otherwise its `Debug`, otherwise none, depending on the
/// bounds that the function declares. Any other value is a success.
///
/// A handler may use the arguments that the body does not move. An async body moves every argument
/// that it names, except those that are `Copy`, such as references.
///
/// A panic in the body is logged with the circuit's name, recorded as a failure with its message,
/// and resumed with its original payload. A panic in the handler is also resumed; the call is not
/// counted, and its slot is freed.
///
/// If the circuit rejects a call, none of the body runs. The function, or its future, yields the
/// value of its `fallback`; without one, [`FromCircuitOpen`] creates the value:
/// `Err(E::from(open))`, or `None`. If neither is possible, the compiler reports an error at the
/// return type.
///
/// # Compile errors
///
/// All errors of one attribute are reported at once, each at the invalid token and with what to
/// write instead. The function is still emitted as written, so that its callers compile. A mistake
/// in the options of an `impl` block is reported once, not once per function; only the value of a
/// constant `policy` is checked in each.
///
/// # Cost
///
/// While the circuit is closed, a call adds two loads and one counter of the calling thread: no
/// lock, no allocation, no dynamic dispatch. A boxed future is boxed once more, unless the whole
/// body is one `async move` block (as under `#[async_trait]`).
///
/// # Differences from the bare function
///
/// * Arguments are dropped when the call is settled, from the last to the first as usual, with two
///   exceptions: an argument that a plain function moves on some paths only is dropped first on the
///   others, and an argument that an `async fn` never names, such as a `_guard`, is dropped last.
/// * The future of an annotated `async fn` is about twice as deeply nested as that of a bare one.
///   If some fourteen of them await each other, the compiler may ask for
///   `#![recursion_limit = "256"]`; instead, one call in the middle can be boxed:
///   `Box::pin(next()).await`.
/// * `#[track_caller]` has no effect, because the body runs inside another function.
pub use breaker_macros::circuit_breaker;

#[doc = include_str!("../docs/coming-from.md")]
pub mod coming_from {}

pub mod guide;

#[doc(hidden)]
pub mod __private {
    pub use breaker_core::private::*;
    // What an annotated `impl` block puts on its functions.
    pub use breaker_macros::circuit_breaker;
}

/// The README's code is compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So is that of the core's README, whose examples say `breaker_box`.
#[cfg(doctest)]
#[doc = include_str!("../breaker-core/README.md")]
struct ReadmeOfTheCore;

/// So is that of the page about metrics.
#[cfg(all(doctest, feature = "metrics"))]
#[doc = include_str!("../docs/metrics.md")]
struct MetricsPage;
