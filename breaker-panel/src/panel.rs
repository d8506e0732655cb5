//! The panel as a service sees it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use axum::Router;
use breaker_core::{EventType, Filter, Registry, Subscription};
use tokio::sync::{Semaphore, oneshot};

use crate::access::Controls;
use crate::board::{Board, Settings};
use crate::desk::Desk;
use crate::keeper::{Keeper, Question, Shared, Signal, WAITING};
use crate::routes;
use crate::ticket::Tickets;

/// A live page of all circuits of a registry. Its clones are the same panel.
///
/// One thread looks at the circuits every second, and ends when the panel and its routers are gone or [`close`](Self::close) was
/// called. Calls never wait for it: a state change costs them one look at a bounded queue, everything else nothing.
///
/// ```
/// use breaker_core::{Policy, Registry};
/// use breaker_panel::Panel;
///
/// let registry = Registry::new();
/// registry.register("payment_api", Policy::new())?;
///
/// let panel = Panel::new(&registry)?;
/// let service: axum::Router = axum::Router::new().nest_service("/circuits", panel.router());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Panel {
    desk: Arc<Desk>,
}

/// A panel that is being set up; see [`Panel::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder makes no panel until `build` is called"]
pub struct PanelBuilder {
    registry: Registry,
    title: String,
    controls: Controls,
    hide_reasons: bool,
    max_viewers: usize,
    max_circuits: usize,
    interval: Duration,
}

impl Panel {
    /// A read-only panel with the defaults of [`PanelBuilder`].
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn new(registry: &Registry) -> io::Result<Self> {
        Self::builder(registry).build()
    }

    /// A panel with a title, controls or limits of its own.
    pub fn builder(registry: &Registry) -> PanelBuilder {
        PanelBuilder {
            registry: registry.clone(),
            title: "Circuits".to_owned(),
            controls: Controls::read_only(),
            hide_reasons: false,
            max_viewers: 32,
            max_circuits: 10_000,
            interval: Duration::from_secs(1),
        }
    }

    /// The page and all that belongs to it, to be nested under a path of the service's choice.
    ///
    /// `nest_service("/circuits", …)` answers at `/circuits` and at `/circuits/`; axum's `nest` only at the former. At the root,
    /// `merge` it. Every address in the page is relative, so that a proxy may move it elsewhere.
    ///
    /// Whoever reaches these routes sees names, metadata and failure reasons. Put a layer of the service's own around the router
    /// where that is too many.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes::router(Arc::clone(&self.desk))
    }

    /// Ends the feeds of all pages that are open, and the panel's thread.
    ///
    /// A page holds its connection for as long as it is open, and a graceful shutdown waits for connections: call this when the
    /// service begins to shut down.
    ///
    /// ```
    /// # use breaker_core::Registry;
    /// # use breaker_panel::Panel;
    /// # async fn serve(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
    /// # let panel = Panel::new(&Registry::new())?;
    /// # let asked_to_stop = async {};
    /// let shutdown = async move {
    ///     asked_to_stop.await;
    ///     panel.close();
    /// };
    /// axum::serve(listener, app).with_graceful_shutdown(shutdown).await
    /// # }
    /// ```
    pub fn close(&self) {
        // Relaxed: the keeper sees it within a second; nothing is read on the strength of it.
        self.desk.shared.closed.store(true, Ordering::Relaxed);
        // Any signal wakes the keeper; this one asks for nothing. Full: it is awake.
        let (answer, _) = oneshot::channel();
        let _ = self.desk.signals.try_send(Signal::Ask(Question::Timeline, answer));
    }
}

/// # What can be set
impl PanelBuilder {
    /// What the page is called. `Circuits` by default.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Whether the panel can move circuits, and who may. [`Controls::read_only`] by default.
    pub fn controls(mut self, controls: Controls) -> Self {
        self.controls = controls;
        self
    }

    /// Leaves out why calls failed, which may carry data of users: in the last failure and in causes that a call's result brought.
    /// Reasons of orders stay. Shown by default.
    pub fn hide_failure_reasons(mut self) -> Self {
        self.hide_reasons = true;
        self
    }

    /// Pages that may be open at once, at least 1; one more is told so and tries again. 32 by default.
    pub fn max_viewers(mut self, viewers: usize) -> Self {
        self.max_viewers = viewers.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Circuits that are shown at the most, the troubled ones first: the panel keeps up to 10 kB for each. 10,000 by default.
    pub fn max_circuits(mut self, circuits: usize) -> Self {
        self.max_circuits = circuits;
        self
    }

    /// How often all circuits are looked at; state changes are shown at once anyway. A tenth of a second to a minute, a second by
    /// default. It is stretched where looking takes more than a tenth of it.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(Duration::from_millis(100), Duration::from_secs(60));
        self
    }

    /// Begins to look at the circuits.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn build(self) -> io::Result<Panel> {
        let Self { registry, title, controls, hide_reasons, max_viewers, max_circuits, interval } = self;
        let (signals, queue) = mpsc::sync_channel(WAITING);
        let shared = Arc::new(Shared::default());
        let settings = Settings { title, hide_reasons, max_circuits, interval, controls: controls.as_str() };
        let keeper = Keeper::new(Board::new(registry.clone(), settings), Arc::clone(&shared));
        thread::Builder::new().name("breaker-panel".to_owned()).spawn(move || keeper.work(&queue))?;
        let desk = Desk {
            events: follow(&registry, signals.clone(), Arc::clone(&shared)),
            registry,
            controls,
            tickets: Tickets::default(),
            hide_reasons,
            max_viewers,
            places: Arc::new(Semaphore::new(max_viewers)),
            signals,
            shared,
        };
        Ok(Panel { desk: Arc::new(desk) })
    }
}

/// Passes on what people want to read of, and what comes and goes. This runs on the threads of calls, so it never waits.
fn follow(registry: &Registry, signals: SyncSender<Signal>, shared: Arc<Shared>) -> Subscription {
    let kinds = [
        EventType::StateChanged,
        EventType::WouldOpen,
        EventType::Configured,
        EventType::Registered,
        EventType::Unregistered,
        EventType::Evicted,
    ];
    registry.subscribe(Filter::all().kinds(kinds), move |event| {
        if let Err(TrySendError::Full(_)) = signals.try_send(Signal::Happened(event.clone())) {
            // Relaxed: a count to show.
            shared.missed.fetch_add(1, Ordering::Relaxed);
        }
    })
}

impl fmt::Debug for Panel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Desk { registry, controls, max_viewers, .. } = &*self.desk;
        formatter
            .debug_struct("Panel")
            .field("registry", registry)
            .field("controls", controls)
            .field("max_viewers", max_viewers)
            .finish_non_exhaustive()
    }
}
