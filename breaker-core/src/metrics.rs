//! Circuits as metrics. They are read on demand and cost calls nothing.

mod families;
mod groups;
mod publish;
mod selection;
mod source;
mod text;
mod values;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use self::selection::Selection;
use self::source::Source;
use crate::background::Periodic;
use crate::counters::durations::ENDS_IN_SECONDS;
use crate::key::KeyRef;
use crate::log;
use crate::registry::Registry;

/// The circuits of a registry as metrics, for a recorder of the [`metrics`] facade or as text for
/// Prometheus.
///
/// Calls do no work for metrics. Totals, states and rates are read when [`publish`](Self::publish)
/// or [`render`](Self::render) is called. The only exception is the duration of a call, which the
/// call records without a lock, and only if its policy sets a limit for slow calls and the call is
/// timed anyway.
///
/// | metric | type | meaning |
/// |---|---|---|
/// | `breaker_box_calls_total{outcome="success"}` (`failure`, `ignored`, `late`) | counter | calls that were admitted and finished |
/// | `breaker_box_rejected_calls_total` | counter | calls that were rejected |
/// | `breaker_box_slow_calls_total` | counter | calls slower than the policy allows, each also a success or a failure |
/// | `breaker_box_cancelled_calls_total` | counter | calls that were dropped before they had a result |
/// | `breaker_box_panicked_calls_total` | counter | calls that panicked, each also a failure |
/// | `breaker_box_openings_total` | counter | how often the circuit opened |
/// | `breaker_box_state{state="closed"}` (`open`, `half_open`, `forced_open`, `disabled`, `metrics_only`, `ramping_up`) | gauge | 1 for the current state, 0 for the others; in a group the number of circuits |
/// | `breaker_box_consecutive_openings` | gauge | openings in a row without a recovery |
/// | `breaker_box_failure_ratio` | gauge | failures ÷ calls in the policy's window, 0 to 1; absent while unknown |
/// | `breaker_box_slow_call_ratio` | gauge | slow calls ÷ calls in the policy's window, 0 to 1; absent while unknown |
/// | `breaker_box_admitted_share` | gauge | the share of the calls that is admitted while the circuit ramps up, 0 to 1; absent otherwise |
/// | `breaker_box_calls_in_flight` | gauge | calls in flight, if the policy judges hung calls |
/// | `breaker_box_hung_calls` | gauge | those among them that are hung |
/// | `breaker_box_call_duration_seconds` | histogram | how long calls took, if the policy sets a limit for slow or hung calls |
///
/// | `breaker_box_unguarded_calls_total{reason="full"}` (`invalid_key`) | counter | calls that ran unguarded, because no circuit could be created |
/// | `breaker_box_overflow_calls_total` | counter | calls that shared the overflow circuit, because the registry was full |
/// | `breaker_box_circuits` | gauge | circuits in the registry |
/// | `breaker_box_max_circuits` | gauge | the maximum number of circuits in the registry |
/// | `breaker_box_circuits_left_out` | gauge | circuits that are not shown, because there are too many |
///
/// | `breaker_box_fleet_connected` | gauge | 1 while this instance is connected to the fleet's store, otherwise 0 |
/// | `breaker_box_fleet_instances` | gauge | instances that were seen recently, this one included; 0 while not connected |
/// | `breaker_box_fleet_shared_circuits` | gauge | circuits whose state the fleet holds |
/// | `breaker_box_fleet_pending` | gauge | changes of this instance that are yet to be published |
/// | `breaker_box_fleet_adopted_total` | counter | changes of other instances that were adopted |
/// | `breaker_box_fleet_published_total` | counter | changes of this instance that were published |
/// | `breaker_box_fleet_errors_total` | counter | requests to the fleet's store that failed, and connections that were lost |
///
/// The first table is about circuits. Its metrics have the labels `identifier`, `scope` and `kind`
/// of the circuit's [`Key`](crate::Key); a part that is missing or empty has no label. (If two
/// circuits differ only in that a part is missing in one and empty in the other, the one without
/// the part is shown.) Circuits can be [left out](Self::only), and many of them shown as one
/// [group](Self::group_by). The second table describes a registry as a whole. It is shown if the
/// registry has a limit or if any call had no circuit of its own. The third table is shown if the
/// registry has joined a [`fleet`](crate::fleet).
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Metrics, Registry};
///
/// let registry = Registry::new();
/// registry.call("payment_api", || Ok::<_, std::io::Error>(()))?;
///
/// let metrics = Metrics::new(&registry);
/// // To the installed recorder of the `metrics` facade:
/// metrics.publish();
/// // As text for Prometheus:
/// let text = metrics.render();
/// assert!(text.contains("breaker_box_calls_total{identifier=\"payment_api\",outcome=\"success\"} 1"));
/// assert!(text.contains("breaker_box_state{identifier=\"payment_api\",state=\"open\"} 0"));
///
/// // The series of a circuit disappear with it.
/// registry.unregister("payment_api")?;
/// assert_eq!(metrics.render(), "");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    sources: Vec<Source>,
    selection: Selection,
    max_circuits: usize,
}

impl Metrics {
    /// The name of the histogram, for recorders whose buckets must be configured.
    pub const DURATION: &'static str = families::DURATION;

    /// The upper bounds of the histogram's buckets in seconds, from 1 ms to 60 s. A recorder
    /// configured with them shows the same histogram as [`render`](Self::render).
    pub const DURATION_BUCKETS: [f64; 15] = ENDS_IN_SECONDS;

    /// The `Content-Type` of an HTTP response that contains the text of [`render`](Self::render).
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Creates the metrics of one registry, without a label for the registry.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        let selection = Selection::default();
        Self { sources: vec![Source::new(None, registry.clone(), &selection)], selection, max_circuits: 10_000 }
    }

    /// Sets the maximum number of circuits shown per registry; 10,000 by default, which amounts to
    /// at least 160,000 series.
    ///
    /// If there are more, circuits that were registered, configured or named in code are shown
    /// first, then circuits that are not closed, then the others in the order of their keys.
    /// `breaker_box_circuits_left_out` is the number of circuits that are not shown.
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

    /// Adds another registry. Its series have the label `registry="label"`, so that equal names do
    /// not collide.
    ///
    /// It replaces a registry or a label that was added before. An empty label means no label, as
    /// for the registry of [`new`](Self::new).
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
        self.sources.push(Source::new(label, registry.clone(), &self.selection));
        self
    }

    /// Shows only the circuits for which `shows` returns true. By default all circuits are shown.
    ///
    /// Use it to leave out circuits that nobody looks at, or to show circuits on different pages
    /// and in different recorders. The function must always return the same for a key. If it is set
    /// again, the last one counts.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Key, Metrics, Policy, Registry};
    ///
    /// let registry = Registry::new();
    /// registry.register(Key::new("payment_api").with_scope("payments"), Policy::new())?;
    /// registry.register(Key::new("thumbnails"), Policy::new())?;
    /// let text = Metrics::new(&registry).only(|key| key.scope() == Some("payments")).render();
    /// assert!(text.contains("identifier=\"payment_api\""));
    /// assert!(!text.contains("identifier=\"thumbnails\""));
    /// # Ok::<(), breaker_box::RegisterError>(())
    /// ```
    #[must_use]
    pub fn only(mut self, shows: impl Fn(KeyRef<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.selection.show(shows);
        self.select()
    }

    /// Shows circuits together: all for which `group` returns the same text are one group, with the
    /// label `group` instead of `identifier`, `scope` and `kind`. Circuits for which it returns
    /// `None` or an empty text are shown by themselves, as all circuits are by default.
    ///
    /// Use it for circuits whose names come from users, such as `tenant:42`. A circuit has 17
    /// series or more, and a group has no more than that, however many circuits are in it.
    ///
    /// The counters and the histogram of a group are the sums over its circuits, and so are
    /// `breaker_box_calls_in_flight` and `breaker_box_hung_calls`. `breaker_box_state` is the
    /// number of circuits in each state. The other gauges are left out.
    ///
    /// The counters do not decrease when circuits leave the registry: what these have counted stays
    /// in the sums, even if they came and went between two scrapes. The sums are kept by this
    /// `Metrics` and its clones, from this call on. So create it once, and not for each scrape: the
    /// sums of a new one begin with the circuits that exist.
    ///
    /// A registry has at most 1,000 groups; circuits of further groups are shown in the group
    /// `other`. The function must always return the same for a key. It is also called on the thread
    /// that removes a circuit, which may be that of a call, so it must be quick. If it panics
    /// there, that is logged, and the counts of the circuit are lost.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Metrics, Registry};
    ///
    /// let registry = Registry::new();
    /// let metrics = Metrics::new(&registry)
    ///     .group_by(|key| key.identifier().starts_with("tenant:").then_some("tenant:*"));
    /// for tenant in 0..500 {
    ///     registry.call(format!("tenant:{tenant}"), || Ok::<_, std::io::Error>(()))?;
    /// }
    /// registry.open("tenant:42")?;
    ///
    /// let text = metrics.render();
    /// assert!(text.contains("breaker_box_calls_total{group=\"tenant:*\",outcome=\"success\"} 500"));
    /// assert!(text.contains("breaker_box_state{group=\"tenant:*\",state=\"closed\"} 499"));
    /// assert!(text.contains("breaker_box_state{group=\"tenant:*\",state=\"open\"} 1"));
    /// assert!(!text.contains("tenant:42"));
    ///
    /// registry.unregister("tenant:42")?;
    /// let text = metrics.render();
    /// assert!(text.contains("breaker_box_calls_total{group=\"tenant:*\",outcome=\"success\"} 500"));
    /// assert!(text.contains("breaker_box_state{group=\"tenant:*\",state=\"open\"} 0"));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub fn group_by<G: Into<Arc<str>>>(
        mut self,
        group: impl Fn(KeyRef<'_>) -> Option<G> + Send + Sync + 'static,
    ) -> Self {
        self.selection.group(move |key| group(key).map(Into::into));
        self.select()
    }

    /// Applies a selection that has changed.
    fn select(mut self) -> Self {
        for source in &mut self.sources {
            *source = Source::new(source.label.take(), source.registry.clone(), &self.selection);
        }
        self
    }

    /// Reports all circuits to the recorder of the `metrics` facade: to this thread's local
    /// recorder if there is one, otherwise to the global one, if it is set.
    ///
    /// Call it before the recorder is read, or use [`publish_every`](Self::publish_every). It
    /// reports the counts since the last call, whoever made that call. So publish a circuit to only
    /// one recorder, under one label. Several `Metrics` may publish different circuits of a
    /// registry (see [`only`](Self::only)).
    ///
    /// The facade cannot remove a gauge. When a circuit leaves, its last counts are reported, its
    /// states and openings are set to 0 and its ratios to NaN, once. A ratio that is no longer
    /// known is also set to NaN. The Prometheus exporter drops such a gauge after its
    /// `idle_timeout`. If series must disappear with their circuit, use [`render`](Self::render).
    ///
    /// Durations are recorded one by one, each as the average of those in its bucket (see
    /// [`DURATION_BUCKETS`](Self::DURATION_BUCKETS)). The count of each bucket and the sum are
    /// therefore those that were measured. At most 1,048,576 durations per bucket are recorded at
    /// once, and the rest with the next call.
    pub fn publish(&self) {
        metrics::with_recorder(|recorder| {
            publish::describe(recorder);
            for source in &self.sources {
                publish::publish(source, self.max_circuits, recorder);
            }
        });
    }

    /// Spawns a thread that publishes to the global recorder every `interval`, at least one
    /// millisecond. The thread ends when the returned handle is closed or dropped. Use it for
    /// recorders that push metrics by themselves, or whose HTTP endpoint cannot call
    /// [`publish`](Self::publish) before it responds.
    ///
    /// If the recorder panics, that is logged, and the next interval tries again.
    ///
    /// # Errors
    ///
    /// Returns an error if the thread cannot be spawned.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{Metrics, Registry};
    ///
    /// let _publisher = Metrics::new(Registry::global()).publish_every(Duration::from_secs(10))?;
    /// // The service runs here. The thread ends at the end of the scope.
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

    /// Returns the current metrics in Prometheus' text format (version 0.0.4), sorted by key. The
    /// text is empty if the registry has no circuits and no limit, and has joined no fleet.
    ///
    /// It needs no recorder, and leaves out what no longer exists, such as the series of a circuit
    /// that has left or a ratio that is no longer known. You can append it to the output of another
    /// exporter: the names of the metrics differ, so the whole is valid.
    #[must_use]
    pub fn render(&self) -> String {
        text::render(&self.sources, self.max_circuits)
    }
}

/// Publishes periodically until it is closed or dropped; see [`Metrics::publish_every`].
///
/// Dropping it is the same as [`close`](Self::close): it waits for a publication in progress.
#[derive(Debug)]
#[must_use = "a publisher that is dropped ends at once"]
pub struct MetricsPublisher {
    thread: Periodic,
}

impl MetricsPublisher {
    /// Stops the thread and waits for a publication in progress. It does not publish again at the
    /// end; call [`Metrics::publish`] for that.
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
