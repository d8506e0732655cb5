//! The panel as a service sees it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use breaker_core::{EventType, Filter, Registry, Subscription};
use tokio::sync::Semaphore;

use crate::access::Controls;
use crate::attempts::Attempts;
use crate::audit::Audit;
use crate::board::{Board, Settings};
use crate::desk::{ASKING, Desk};
use crate::gate::Hosts;
use crate::inbox::{self, Change};
use crate::keeper::Keeper;
use crate::lines::{Limits, Lines};
use crate::routes;
use crate::ticket::Tickets;

/// A live page of all circuits of a registry. Its clones are the same panel.
///
/// One thread looks at the circuits every second, and ends when the panel and its routers are gone
/// or [`close`](Self::close) was called. Calls never wait for it: a state change costs them one
/// look at a bounded queue, everything else nothing.
///
/// ```
/// use breaker_core::{Policy, Registry};
/// use breaker_box_panel::Panel;
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
    hosts: Hosts,
    hide_reasons: bool,
    limits: Limits,
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
            hosts: Hosts::Named(Vec::new()),
            hide_reasons: false,
            limits: Limits { pages: 32, pages_of_client: 8 },
            max_circuits: 10_000,
            interval: Duration::from_secs(1),
        }
    }

    /// The page and all that belongs to it, to be nested under a path of the service's choice.
    ///
    /// `nest_service("/circuits", …)` answers at `/circuits` and at `/circuits/`; axum's `nest`
    /// only at the former. At the root, `merge` it. Every address in the page is relative, so that
    /// a proxy may move it elsewhere.
    ///
    /// Whoever reaches these routes sees names, metadata and failure reasons. Put a layer of the
    /// service's own around the router where that is too many.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes::router(Arc::clone(&self.desk))
    }

    /// Ends the feeds of all pages that are open, and the panel's thread.
    ///
    /// A page holds its connection for as long as it is open, and a graceful shutdown waits for
    /// connections: call this when the service begins to shut down.
    ///
    /// ```
    /// # use breaker_core::Registry;
    /// # use breaker_box_panel::Panel;
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
        self.desk.inbox.shared.close();
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

    /// Leaves out why calls failed, which may carry data of users: in the last failure and in
    /// causes that a call's result brought. Reasons of orders stay. Shown by default.
    pub fn hide_failure_reasons(mut self) -> Self {
        self.hide_reasons = true;
        self
    }

    /// Names under which browsers may ask for the panel, such as `payments.example`, without a
    /// port.
    ///
    /// Always allowed are addresses (`192.0.2.7`), `localhost`, and names without a dot
    /// (`payments`, as among containers). Any other name has to be given here, because a site can
    /// make its own name lead to the machine of whoever visits it, and would then be taken for the
    /// panel's own (DNS rebinding). Requests under other names are refused with 403, and a sentence
    /// that says so.
    ///
    /// ```
    /// # use breaker_core::Registry;
    /// # use breaker_box_panel::Panel;
    /// let panel = Panel::builder(&Registry::new()).hosts(["payments.example", "payments.internal.example"]).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        names.into_iter().for_each(|name| self.hosts.add(name.as_ref()));
        self
    }

    /// Lets browsers ask for the panel under any name. Only for services that check the name
    /// themselves, or behind a proxy that does.
    pub fn any_host(mut self) -> Self {
        self.hosts = Hosts::Any;
        self
    }

    /// Pages that may be open at once, at least 1. 32 by default.
    ///
    /// One more takes the place of a page that does not show that it reads what it is sent; the
    /// panel's own page does so every ten seconds. Where all do, it is told that there is no room,
    /// and tries again.
    pub fn max_viewers(mut self, viewers: usize) -> Self {
        self.limits.pages = viewers.max(1);
        self
    }

    /// Pages of one client that may be open at once, at least 1. 8 by default.
    ///
    /// A client is an address (of version 6: a network of 64 bits), which the panel knows if the
    /// service serves with
    /// [`into_make_service_with_connect_info::<SocketAddr>`](axum::Router::into_make_service_with_connect_info).
    /// Without that there is only [`max_viewers`](Self::max_viewers). Behind a proxy all requests
    /// have the proxy's address: put a layer around the router that sets the extension
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) to the one that the proxy names.
    pub fn max_viewers_per_client(mut self, viewers: usize) -> Self {
        self.limits.pages_of_client = viewers.max(1);
        self
    }

    /// Circuits that are shown at the most, the troubled ones first: the panel keeps up to 10 kB
    /// for each. 10,000 by default.
    pub fn max_circuits(mut self, circuits: usize) -> Self {
        self.max_circuits = circuits;
        self
    }

    /// How often all circuits are looked at; state changes are shown at once anyway. A tenth of a
    /// second to a minute, a second by default. It is stretched where looking takes more than a
    /// twentieth of it.
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
        let Self { registry, title, controls, hosts, hide_reasons, limits, max_circuits, interval } = self;
        let (inbox, outbox) = inbox::new();
        let lines = Arc::new(Lines::new(limits));
        let settings = Settings { title, hide_reasons, max_circuits, interval, controls: controls.as_str() };
        let keeper = Keeper::new(Board::new(registry.clone(), settings), Arc::clone(&lines), outbox);
        thread::Builder::new().name("breaker-box-panel".to_owned()).spawn(move || keeper.work())?;
        let desk = Desk {
            events: follow(&registry, inbox.changes()),
            registry,
            controls,
            hosts,
            tickets: Tickets::default(),
            attempts: Attempts::default(),
            audit: Audit::new(),
            hide_reasons,
            lines,
            asking: Semaphore::new(ASKING),
            inbox,
        };
        Ok(Panel { desk: Arc::new(desk) })
    }
}

/// Passes on what people want to read of, and what comes and goes. This runs on the threads of
/// calls, so it never waits.
fn follow(registry: &Registry, tell: impl Fn(Change) + Send + Sync + 'static) -> Subscription {
    let kinds = [
        EventType::StateChanged,
        EventType::WouldOpen,
        EventType::Configured,
        EventType::Registered,
        EventType::Unregistered,
        EventType::Evicted,
    ];
    registry.subscribe(Filter::all().events(kinds), move |event| tell(Change::Happened(event.clone())))
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Desk { registry, controls, lines, .. } = &*self.desk;
        f.debug_struct("Panel")
            .field("registry", registry)
            .field("controls", controls)
            .field("max_viewers", &lines.limits.pages)
            .finish_non_exhaustive()
    }
}
