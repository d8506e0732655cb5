//! A circuit breaker for every function: `#[circuit_breaker(identifier = "payment_api")]` on a sync
//! or async function, and its calls run through a named circuit.
//!
//! # How it goes
//!
//! A circuit is **closed** while its dependency works: calls run, and their results are counted.
//! When a condition of its [`Policy`] holds (five failures in a row, unless you say otherwise), it
//! **opens**: calls are rejected at once with a [`CircuitOpenError`] that says which circuit, which
//! state and how long to wait. When its time is over it is **half-open**: a few calls, the probes,
//! are let through. They succeed, and it closes; they fail, and it opens again.
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
//! // Your tests move the clock and never sleep.
//! let clock = ManualClock::new();
//! let registry = Registry::builder().clock(clock.clone()).default_policy(Policy::consecutive_failures(2)).build()?;
//!
//! assert!(matches!(search(&registry, false), Err(SearchError::Down)));
//! assert!(matches!(search(&registry, false), Err(SearchError::Down)));
//! // Open: the function does not run, whether it would work or not.
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
//! # Where to go on
//!
//! * [`circuit_breaker`](macro@circuit_breaker): the attribute, with all its options.
//! * [`guide`]: choosing a policy, a fleet, what counts as a failure, calls over HTTP, keyed
//!   circuits, fallbacks, stacking with other attributes, testing, watching, reloading, what it
//!   costs.
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
//! | `http` | error handlers for [HTTP](guide::over_http) responses, `Retry-After`, and the 503 of an open circuit |
//! | `reqwest` | error handlers for what reqwest returns, asynchronous and blocking |
//! | `serde` | policies, statuses and [events](guide::watching) can be written and read by serde |
//! | `settings` | [`Settings`](guide::reloading) from TOML, JSON, YAML and the environment |
//!
//! What a feature adds is documented only where the documentation was built with it:
//! `cargo doc --open --all-features` shows all.

#[cfg(feature = "settings")]
pub use breaker_core::{
    Applied, ApplyError, CircuitSettings, Settings, SettingsBuilder, SettingsError, SettingsProblem,
};
pub use breaker_core::{
    AsKey, AsyncProcessor, CallError, Cancellation, Cause, CircuitBreaker, CircuitOpenError, Clock, ConfigureError,
    Event, EventKind, EventReceiver, EventType, Events, Filter, FromCircuitOpen, Key, KeyRef, LastFailure, ManualClock,
    MetadataError, NeutralWire, NotFoundError, Outcome, Permit, Policy, PolicyError, PolicyValues, Reason,
    RegisterError, Registry, RegistryBuilder, Room, Routing, State, Status, Submitted, Subscription, Sweeper,
    SyncProcessor, SystemClock, TextLimits, Totals, UnknownCancellationError, UnknownStateError, Window, WindowStatus,
    Wire, WireError,
};
#[cfg(feature = "metrics")]
pub use breaker_core::{Metrics, MetricsPublisher};
#[cfg(feature = "http")]
#[doc(inline)]
pub use breaker_http as http;
#[cfg(feature = "reqwest")]
pub use breaker_http::reqwest;

/// Runs a function's calls through a named circuit.
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
/// # Where it goes
///
/// Free functions, methods (`self`, `&self`, `&mut self`), trait implementations, generics,
/// `async fn`, functions that return `impl Future` or a boxed future, and methods under
/// `#[async_trait]`. Other attributes and docs stay.
///
/// Of two attributes on one function, the lower one is the outer one at run time. So a retry
/// **below** the breaker asks it again for each attempt, and a retry **above** it runs all attempts
/// within one call of the breaker. [`guide::stacking`] has tables.
///
/// # When the circuit is asked
///
/// | function | asked |
/// |---|---|
/// | a plain function | when it is called |
/// | `async fn`; a function whose whole body is `async move { … }` or `Box::pin(async move { … })`, which `#[async_trait]` makes | when its future is polled for the first time: one that is never polled takes no slot |
/// | any other function that returns a future | when it is called |
///
/// A function of the last kind runs its body at once, as it would without the attribute: what it
/// borrows, the order of its effects and whether its future is `Send` or `Unpin` stay as they are.
/// The future that it made is guarded: its result is judged, and if it is dropped before, the call
/// is cancelled. While the circuit is open, nothing of the body runs. A plain `fallback` answers
/// during the call (so its answer is kept in the future, which is `Send` only where the answer is),
/// an `async` one when it is polled. A block whose arguments are used by `fallback` or
/// `error_handler` and not by itself is of the last kind, too.
///
/// A future is recognised by the written type: `impl Future`, `Pin<Box<dyn Future>>`,
/// `Box<dyn Future + Unpin>`, `BoxFuture`, `LocalBoxFuture`. One that hides behind another name, an
/// alias or `JoinHandle` or `Self::Future`, is a compile error, for its making would count as a
/// success. A future inside of something else, `Option<BoxFuture<…>>`, is a value like any other.
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
///         let url = format!("{}/{key}", self.base); // now, if the circuit lets the call through
///         Box::pin(async move { Ok(url) }) // when it is polled
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
/// | option | value |
/// |---|---|
/// | `identifier` (required) | a literal; a literal with places (below); or an expression that yields `impl AsRef<str>`, evaluated once per call |
/// | `scope`, `kind` | literals or constants: the further parts of the [`Key`] |
/// | `error_handler` | a closure or path, `&Return` → [`Outcome`] or `bool` |
/// | `fallback` | a closure or path that takes the [`CircuitOpenError`] and returns what the function does; it may use the arguments. Only an `async` closure is awaited, and only in an async function |
/// | `registry` | an expression yielding `&Registry`; else [`Registry::global`] |
/// | `policy` | a constant [`Policy`]; excludes all options below |
/// | `failure_threshold = 5` | [`Policy::consecutive_failures`] |
/// | `failures = 5, within = "60s"` | [`Policy::failures_within`] |
/// | `failure_rate = 0.5, window = 100` | [`Policy::failure_rate`]; `window = "60s"` for a time |
/// | `slow_call_rate = 0.8, slow_call = "2s", window = 100` | [`Policy::slow_call_rate`] |
/// | `minimum_calls`, `debounce`, `expiry`, `jitter`, `half_open_max_calls`, `success_threshold`, `half_open_failure_threshold`, `half_open_timeout`, `fail_slower_than`, `max_trip` | the setters of the same names |
/// | `backoff_factor = 2.0, max_expiry = "5m"` | [`Policy::progressive_expiry`], beginning with `expiry` |
/// | `close_on_expiry` | stands bare: [`Policy::close_on_expiry`] |
/// | `on_cancel = "failure"` | [`Policy::on_cancel`] |
/// | `crate = path` | the path of this crate where it is renamed or re-exported |
///
/// Durations are written as in settings files: `"250ms"`, `"30s"`, `"1m 30s"`, `"1h"`, `"forever"`.
/// Every value of the policy may also be a constant, such as `expiry = EXPIRY` with a
/// [`Duration`](std::time::Duration) or `window = WINDOW` with a `u32`, a `Duration` or a
/// [`Window`]. Several conditions combine: whichever holds first opens.
///
/// With no policy option at all, the registry's default policy serves. A site's policy is used
/// where its circuit does not exist yet; one registered by hand or from a file wins. Of two sites
/// that disagree the first stays, which is logged once.
///
/// The policy is judged while the function compiles. Where it names something generic
/// (`Self::POLICY`, `T::LIMIT`), that is when the function is built for a type; `cargo check` does
/// not see it.
///
/// # Names
///
/// A place holds an argument or a field of one, and may say how it is formatted:
/// `"shop:{shop_id}"`, `"host:{self.host}"`, `"region:{region:?}"`. Arguments are only borrowed for
/// that. `{{` and `}}` stand for braces, in `scope` and `kind` as well; these two are the same for
/// every call and have no places.
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
/// A literal without places is looked up once per call site and registry, any other name once per
/// call; so is a literal whose `scope` or `kind` names something generic. A name that is empty or
/// too long when the function is called cannot be a circuit's: the call runs unguarded, with an
/// [`EventKind::Unguarded`] and a line in the log once a minute. An empty literal or constant is a
/// compile error.
///
/// # Results
///
/// Without `error_handler`: `Ok` and `Some` succeed, `None` is ignored, any other value succeeds
/// (it came back), and `Err(e)` fails with `e`'s `Display` as its reason, else its `Debug`, else
/// none: what the bounds declared on the function offer.
///
/// A handler may use the arguments that the body has not taken. An async body takes all that it
/// names, but for those that are copied, such as references.
///
/// A panic is logged with the circuit's name, recorded as a failure with its message, and goes on
/// with its payload. If the handler panics, nothing is counted, the slot is freed, and that panic
/// goes on.
///
/// While the circuit is open the body does not run. The function returns what its `fallback` says,
/// or else [`FromCircuitOpen`] makes the return value: `Err(E::from(open))`, or `None`. Where
/// neither is possible, the compiler says so at the return type.
///
/// # Mistakes
///
/// All mistakes of one attribute are reported at once, each at its word, with what to write
/// instead. The function stays as it was written, so that nothing else that uses it fails to
/// compile.
///
/// # Cost
///
/// Closed, a call adds two loads and a counter of the calling thread: no lock, no allocation, no
/// dynamic dispatch. A function that makes a boxed future has it boxed once more, unless its whole
/// body is one block (as under `#[async_trait]`).
///
/// # What differs from the function without the attribute
///
/// * Arguments are dropped when the call is settled, from the last to the first as always. Two are
///   dropped earlier or later than their turn: one that a plain function moves on some of its ways
///   only is dropped first on the others; one that an `async fn` never names, such as a `_guard`,
///   last.
/// * To the compiler, an annotated `async fn` is about twice as deep as a plain one. Where some
///   fourteen of them await each other in a row, it may ask for `#![recursion_limit = "256"]`; or
///   box one call in the middle: `Box::pin(next()).await`.
/// * `#[track_caller]` is without effect: the body runs inside another function.
pub use breaker_macros::circuit_breaker;

#[doc = include_str!("../docs/coming-from.md")]
pub mod coming_from {}

pub mod guide;

#[doc(hidden)]
pub use breaker_core::private as __private;

/// The README's code is compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So is that of the page about metrics.
#[cfg(all(doctest, feature = "metrics"))]
#[doc = include_str!("../docs/metrics.md")]
struct MetricsPage;
