//! Circuits as metrics, read when somebody asks: calls pay nothing for it.

mod families;
mod publish;
mod source;
mod text;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use self::source::Source;
use crate::background::Periodic;
use crate::counters::durations::ENDS_IN_SECONDS;
use crate::log;
use crate::registry::Registry;

/// The circuits of a registry as metrics: for a recorder of the [`metrics`] facade, or as a text
/// for Prometheus.
///
/// Nothing is done for them while calls run. Totals, states and rates are read when
/// [`publish`](Self::publish) or [`render`](Self::render) asks for them, and all that a call ever
/// adds is its duration, lock-free, where its policy judges slow calls and the duration is known
/// anyway.
///
/// | metric | type | says |
/// |---|---|---|
/// | `breaker_box_calls_total{outcome="success"}` (`failure`, `ignored`, `late`) | counter | calls that were let through and came back |
/// | `breaker_box_rejected_calls_total` | counter | calls that were not let through |
/// | `breaker_box_slow_calls_total` | counter | calls slower than the policy allows, each also a success or a failure |
/// | `breaker_box_cancelled_calls_total` | counter | calls that were dropped before they had a result |
/// | `breaker_box_panicked_calls_total` | counter | calls that panicked, each also a failure |
/// | `breaker_box_openings_total` | counter | how often the circuit opened |
/// | `breaker_box_state{state="closed"}` (`open`, `half_open`, `forced_open`, `disabled`, `metrics_only`) | gauge | 1 for the state that it is in, 0 for the others |
/// | `breaker_box_consecutive_openings` | gauge | openings in a row without a recovery |
/// | `breaker_box_failure_ratio` | gauge | failures ÷ calls in the policy's window, 0 to 1; absent while unknown |
/// | `breaker_box_slow_call_ratio` | gauge | slow calls ÷ calls in the policy's window, 0 to 1; absent while unknown |
/// | `breaker_box_call_duration_seconds` | histogram | how long calls took, where the policy judges slow calls |
///
/// | `breaker_box_unguarded_calls_total{reason="full"}` (`invalid_key`) | counter | calls that ran without a circuit, because none could be made |
/// | `breaker_box_overflow_calls_total` | counter | calls that shared the overflow circuit, because the registry was full |
/// | `breaker_box_circuits` | gauge | circuits in the registry |
/// | `breaker_box_max_circuits` | gauge | how many circuits the registry holds at the most |
/// | `breaker_box_circuits_left_out` | gauge | circuits whose series are not shown, because there are too many |
///
/// The last five are about a registry as a whole, and shown where it has a limit, or something went
/// past it. Each of the others has the labels `identifier`, `scope` and `kind` of its circuit's
/// [`Key`](crate::Key); a part that is missing or empty is left out. (Of two circuits that differ
/// only in a missing against an empty part, the one where it is missing is shown.)
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Metrics, Registry};
///
/// let registry = Registry::new();
/// registry.call("payment_api", || Ok::<_, std::io::Error>(()))?;
///
/// let metrics = Metrics::new(&registry);
/// // Into whatever recorder of the `metrics` facade is installed:
/// metrics.publish();
/// // As a text that Prometheus reads:
/// let text = metrics.render();
/// assert!(text.contains("breaker_box_calls_total{identifier=\"payment_api\",outcome=\"success\"} 1"));
/// assert!(text.contains("breaker_box_state{identifier=\"payment_api\",state=\"open\"} 0"));
///
/// // What leaves takes its series along.
/// registry.unregister("payment_api")?;
/// assert_eq!(metrics.render(), "");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    sources: Vec<Source>,
    max_circuits: usize,
}

impl Metrics {
    /// The name of the histogram, for recorders that want its buckets set.
    pub const DURATION: &'static str = families::DURATION;

    /// The upper ends of the histogram's buckets in seconds: 1 ms to 60 s. A recorder that is given
    /// these shows the same histogram as [`render`](Self::render).
    pub const DURATION_BUCKETS: [f64; 15] = ENDS_IN_SECONDS;

    /// What an HTTP answer with the text of [`render`](Self::render) says as its `Content-Type`.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// The circuits of one registry, without a label for it.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { sources: vec![Source { label: None, registry: registry.clone() }], max_circuits: 10_000 }
    }

    /// How many circuits of each registry are shown at the most; 10,000 by default, which are
    /// 160,000 series and more.
    ///
    /// Of more than that, those are shown first that somebody has registered, configured or named
    /// in the code, then those that are not closed, then the others in the order of their keys.
    /// `breaker_box_circuits_left_out` says how many are not shown.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Metrics, Registry};
    ///
    /// let registry = Registry::new();
    /// for name in ["a", "b", "c"] {
    ///     registry.call(name, || Ok::<_, std::io::Error>(()))?;
    /// }
    /// let text = Metrics::new(&registry).max_circuits(2).render();
    /// assert!(text.contains("breaker_box_openings_total{identifier=\"b\"} 0"));
    /// assert!(!text.contains("identifier=\"c\""));
    /// assert!(text.contains("breaker_box_circuits_left_out 1"));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub const fn max_circuits(mut self, n: usize) -> Self {
        self.max_circuits = n;
        self
    }

    /// The circuits of another registry too, their series with `registry="label"`, so that equal
    /// names do not collide.
    ///
    /// A registry or a label that was given before is replaced. An empty label is none: that of
    /// [`new`](Self::new).
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Metrics, Policy, Registry};
    ///
    /// let (orders, jobs) = (Registry::new(), Registry::new());
    /// orders.register("database", Policy::new())?;
    /// jobs.register("database", Policy::new())?;
    /// let text = Metrics::new(&orders).registry("jobs", &jobs).render();
    /// assert!(text.contains("breaker_box_openings_total{identifier=\"database\"} 0"));
    /// assert!(text.contains("breaker_box_openings_total{identifier=\"database\",registry=\"jobs\"} 0"));
    /// # Ok::<(), breaker_box::RegisterError>(())
    /// ```
    #[must_use]
    pub fn registry(mut self, label: impl Into<Arc<str>>, registry: &Registry) -> Self {
        let label = Some(label.into()).filter(|label| !label.is_empty());
        self.sources.retain(|source| source.label != label && !source.registry.is(registry.environment()));
        self.sources.push(Source { label, registry: registry.clone() });
        self
    }

    /// Tells the recorder of the `metrics` facade how all circuits stand: the one that this thread
    /// has set, else the global one, else nobody.
    ///
    /// Call it before the recorder is read, or let [`publish_every`](Self::publish_every) do so.
    /// The recorder is told what was counted since the last time, whoever published then; so
    /// publish a registry to one recorder, under one label.
    ///
    /// The facade knows no way to take a gauge back. When a circuit leaves, its last counts are
    /// told, its states and openings are set to 0 and its ratios to NaN, once; so is a ratio that
    /// is no longer known. The exporter for Prometheus drops such a gauge after its `idle_timeout`.
    /// Where series must go with their circuit, use [`render`](Self::render).
    ///
    /// The durations are recorded here one by one, each as the average of those in its bucket (see
    /// [`DURATION_BUCKETS`](Self::DURATION_BUCKETS)): bucket for bucket and in sum they are what
    /// was measured. Of each bucket up to 1,048,576 come at once, the rest with the next time.
    pub fn publish(&self) {
        metrics::with_recorder(|recorder| {
            publish::describe(recorder);
            for source in &self.sources {
                publish::publish(source, self.max_circuits, recorder);
            }
        });
    }

    /// Publishes to the global recorder every `interval` (at least a millisecond), on a thread of
    /// its own that ends with the handle: for recorders that send by themselves, and HTTP listeners
    /// that ask nobody before they answer.
    ///
    /// A recorder that panics is logged and tried again after the next interval.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{Metrics, Registry};
    ///
    /// let _publisher = Metrics::new(Registry::global()).publish_every(Duration::from_secs(10))?;
    /// // Here the service runs. At the end of the scope the thread ends.
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn publish_every(&self, interval: Duration) -> io::Result<MetricsPublisher> {
        let metrics = self.clone();
        let work = move || {
            if catch_unwind(AssertUnwindSafe(|| metrics.publish())).is_err() {
                log::recorder_panicked();
            }
        };
        let thread = Periodic::spawn("breaker-metrics", interval, work)?;
        Ok(MetricsPublisher { thread })
    }

    /// The circuits as they stand now, in Prometheus' text format (version 0.0.4), sorted by key;
    /// empty where there are none, and no limit.
    ///
    /// It needs no recorder, and what is gone is gone: the series of a circuit that has left, a
    /// ratio that is no longer known. Append it to what another exporter renders: the families of
    /// both differ, so that the whole is valid.
    #[must_use]
    pub fn render(&self) -> String {
        text::render(&self.sources, self.max_circuits)
    }
}

/// Publishes from time to time until it is closed or dropped; see [`Metrics::publish_every`].
///
/// Dropping it does what [`close`](Self::close) does: it waits while the recorder is being told.
#[derive(Debug)]
#[must_use = "a publisher that is dropped ends at once"]
pub struct MetricsPublisher {
    thread: Periodic,
}

impl MetricsPublisher {
    /// Ends the thread, and waits while the recorder is being told. Nothing is published once more
    /// at the end; call [`Metrics::publish`] for that.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{Metrics, Registry};
    ///
    /// let metrics = Metrics::new(Registry::global());
    /// let publisher = metrics.publish_every(Duration::from_secs(10))?;
    /// publisher.close();
    /// metrics.publish();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn close(self) {
        self.thread.close();
    }
}
