//! The panel as a service sees it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use breaker_core::{EventType, Filter, Registry, Subscription};
use tokio::sync::Semaphore;

use crate::app_state::{AppState, MAX_QUERIES};
use crate::channel::{Update, channel};
use crate::connections::{Connections, Limits};
use crate::control::access::Controls;
use crate::control::attempts::Attempts;
use crate::control::audit::Audit;
use crate::control::nonce::Nonces;
use crate::origin::AllowedHosts;
use crate::routes;
use crate::sampler::Sampler;
use crate::store::{Settings, Store};

/// A live page of all circuits of a registry. Clones are handles to the same panel.
///
/// A panel has one thread, which samples the circuits every second. The thread ends when the panel
/// and all its routers are dropped, or with [`close`](Self::close). Calls never wait for it: a
/// state change costs its call one attempt to put an event into a bounded queue, and everything
/// else costs calls nothing.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Policy, Registry};
/// use breaker_box_panel::Panel;
///
/// let registry = Registry::new();
/// registry.register("payment_api", Policy::new())?;
///
/// let panel = Panel::new(&registry)?;
/// let app: axum::Router = axum::Router::new().nest_service("/circuits", panel.router());
/// assert!(app.has_routes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Panel {
    state: Arc<AppState>,
}

/// Sets up a [`Panel`]; see [`Panel::builder`].
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
///
/// use breaker_box::Registry;
/// use breaker_box_panel::Panel;
///
/// let panel = Panel::builder(&Registry::new())
///     .title("Payments")
///     .hosts(["payments.example"])
///     .interval(Duration::from_millis(500))
///     .max_viewers(8)
///     .build()?;
/// assert!(format!("{panel:?}").contains("max_viewers: 8"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder makes no panel until `build` is called"]
pub struct PanelBuilder {
    registry: Registry,
    title: String,
    controls: Controls,
    allowed_hosts: AllowedHosts,
    hide_reasons: bool,
    limits: Limits,
    max_circuits: usize,
    interval: Duration,
}

impl Panel {
    /// Starts a read-only panel with the defaults of [`PanelBuilder`].
    ///
    /// # Errors
    ///
    /// Returns an error if the thread cannot be spawned.
    pub fn new(registry: &Registry) -> io::Result<Self> {
        Self::builder(registry).build()
    }

    /// Sets up a panel with its own title, controls, hosts or limits.
    pub fn builder(registry: &Registry) -> PanelBuilder {
        PanelBuilder {
            registry: registry.clone(),
            title: "Circuits".to_owned(),
            controls: Controls::read_only(),
            allowed_hosts: AllowedHosts::Named(Vec::new()),
            hide_reasons: false,
            limits: Limits { viewers: 32, viewers_per_client: 8 },
            max_circuits: 10_000,
            interval: Duration::from_secs(1),
        }
    }

    /// Returns the routes of the page and its JSON, to be nested under any path.
    ///
    /// Use axum's `nest_service`, which answers at `/circuits` and at `/circuits/`; `nest` answers
    /// only at the former. Use `merge` to have the page at the root. All URLs in the page are
    /// relative, so a proxy may map it to another path.
    ///
    /// Everyone who can reach these routes sees names, metadata and failure reasons. To restrict
    /// that, put your own layer around the router.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes::router(Arc::clone(&self.state))
    }

    /// Ends the feeds of all open pages, and the panel's thread. Further requests are refused with
    /// 503.
    ///
    /// An open page keeps its connection open, and a graceful shutdown waits for all connections.
    /// So call this when the service begins to shut down.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// # use breaker_box::Registry;
    /// # use breaker_box_panel::Panel;
    /// # async fn serve(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
    /// # let panel = Panel::new(&Registry::new())?;
    /// # let stop_signal = async {};
    /// let shutdown = async move {
    ///     stop_signal.await;
    ///     panel.close();
    /// };
    /// axum::serve(listener, app).with_graceful_shutdown(shutdown).await
    /// # }
    /// ```
    pub fn close(&self) {
        self.state.sampler.shared.close();
    }
}

/// # Options
impl PanelBuilder {
    /// Sets the title of the page. Default: `Circuits`.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets whether circuits can be controlled through the panel, and by whom. Default:
    /// [`Controls::read_only`].
    pub fn controls(mut self, controls: Controls) -> Self {
        self.controls = controls;
        self
    }

    /// Hides why calls failed, which may contain user data: in the last failure, and in the cause
    /// of a circuit that a call tripped. The reasons of commands stay. Default: reasons are shown.
    pub fn hide_failure_reasons(mut self) -> Self {
        self.hide_reasons = true;
        self
    }

    /// Adds host names under which browsers may reach the panel, such as `payments.example`,
    /// without a port.
    ///
    /// IP addresses (`192.0.2.7`), `localhost` and names without a dot (`payments`, as among
    /// containers) are always allowed. Every other name has to be listed: anybody can point a name
    /// of their own at your machine, and a browser then treats their page and your panel as one
    /// site (DNS rebinding). Requests with a host that is not allowed are refused with 403.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// # use breaker_box::Registry;
    /// # use breaker_box_panel::Panel;
    /// let panel = Panel::builder(&Registry::new()).hosts(["payments.example", "payments.internal.example"]).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        names.into_iter().for_each(|name| self.allowed_hosts.add(name.as_ref()));
        self
    }

    /// Allows every host name. Only for services that check the host themselves, or are behind a
    /// proxy that does.
    pub fn any_host(mut self) -> Self {
        self.allowed_hosts = AllowedHosts::Any;
        self
    }

    /// Sets how many pages may be open at once, at least 1. Default: 32.
    ///
    /// When the limit is reached, a new page replaces one that does not show that it reads its
    /// feed; the panel's own page does so every ten seconds. If all do, the new page is refused
    /// with 503 and tries again.
    pub fn max_viewers(mut self, viewers: usize) -> Self {
        self.limits.viewers = viewers.max(1);
        self
    }

    /// Sets how many pages one client may have open at once, at least 1. Default: 8.
    ///
    /// A client is an IPv4 address or a /64 network of IPv6. The panel knows it if the service is
    /// served with
    /// [`into_make_service_with_connect_info::<SocketAddr>`](axum::Router::into_make_service_with_connect_info);
    /// otherwise only [`max_viewers`](Self::max_viewers) applies. Behind a proxy every request has
    /// the address of the proxy: put a layer around the router that sets the extension
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) to the address that the proxy
    /// reports.
    pub fn max_viewers_per_client(mut self, viewers: usize) -> Self {
        self.limits.viewers_per_client = viewers.max(1);
        self
    }

    /// Sets how many circuits are shown at most, open ones first. Each takes up to 10 kB of memory.
    /// Default: 10,000.
    pub fn max_circuits(mut self, circuits: usize) -> Self {
        self.max_circuits = circuits;
        self
    }

    /// Sets how often all circuits are sampled, from 100 ms to a minute; other values are clamped.
    /// State changes are shown at once anyway. If sampling takes more than a twentieth of the
    /// interval, the interval is lengthened. Default: one second.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(Duration::from_millis(100), Duration::from_secs(60));
        self
    }

    /// Starts the panel.
    ///
    /// # Errors
    ///
    /// Returns an error if the thread cannot be spawned.
    pub fn build(self) -> io::Result<Panel> {
        let Self { registry, title, controls, allowed_hosts, hide_reasons, limits, max_circuits, interval } = self;
        let (handle, inbox) = channel();
        let connections = Arc::new(Connections::new(limits));
        let settings = Settings { title, hide_reasons, max_circuits, interval, controls: controls.as_str() };
        let sampler = Sampler::new(Store::new(registry.clone(), settings), Arc::clone(&connections), inbox);
        thread::Builder::new().name("breaker-panel".to_owned()).spawn(move || sampler.run())?;
        let state = AppState {
            events: subscribe(&registry, handle.update_sender()),
            registry,
            controls,
            allowed_hosts,
            nonces: Nonces::default(),
            attempts: Attempts::default(),
            audit: Audit::new(),
            hide_reasons,
            connections,
            queries: Semaphore::new(MAX_QUERIES),
            sampler: handle,
        };
        Ok(Panel { state: Arc::new(state) })
    }
}

/// Passes on the events that the timeline shows, and those of circuits that come and go. The
/// handler runs on the threads of calls, so it never waits.
fn subscribe(registry: &Registry, send: impl Fn(Update) + Send + Sync + 'static) -> Subscription {
    let types = [
        EventType::StateChanged,
        EventType::WouldOpen,
        EventType::Configured,
        EventType::Registered,
        EventType::Unregistered,
        EventType::Evicted,
    ];
    registry.subscribe(Filter::all().events(types), move |event| send(Update::Event(event.clone())))
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AppState { registry, controls, connections, .. } = &*self.state;
        f.debug_struct("Panel")
            .field("registry", registry)
            .field("controls", controls)
            .field("max_viewers", &connections.limits.viewers)
            .finish_non_exhaustive()
    }
}
