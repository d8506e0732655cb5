//! A live page of all circuits of a service: which are open, since when, why, and when they are
//! retried.
//!
//! [`Panel`] is an axum router that a service nests under any path. The page is a single document
//! with no build step and nothing loaded from other hosts. It updates itself through server-sent
//! events, and scripts read the same data as JSON.
//!
//! ```
//! # extern crate breaker_core as breaker_box;
//! use breaker_box::Registry;
//! use breaker_box_panel::{Controls, Operator, Panel, Token};
//!
//! # let secret = "from-the-vault-0123456789";
//! let panel = Panel::builder(Registry::global())
//!     .title("Payments")
//!     .controls(Controls::tokens([(Operator::new("on-call"), Token::new(secret)?)]))
//!     .build()?;
//! let app: axum::Router = axum::Router::new()
//!     // The service's own routes …
//!     .nest_service("/circuits", panel.router());
//! assert!(app.has_routes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the page shows
//!
//! All circuits, those that need attention first: state, time until the next probe, cause, last
//! failure, rates, totals, metadata, and the calls of the last five minutes. Beside them is a
//! timeline of state changes with their causes. Each circuit has a page of its own with its policy
//! in words, its window, a chart of its history, and its controls. Circuits can be filtered by
//! name, scope, kind and state; the filter is part of the URL.
//!
//! # In a fleet
//!
//! If the registry has joined a [`fleet`](breaker_core::fleet), a line below the title says whether
//! it is connected, since when or why not, how many instances there are, and what waits to be
//! published. It is red while it is not connected. Each circuit says whether it is shared. If another
//! instance changed it, cause and timeline name that instance and what happened there.
//!
//! A command on a shared circuit acts in the whole fleet, and the page says so. To keep it local,
//! choose "Only on this instance", or send `"only_here": true`. The audit log and the timeline note
//! that.
//!
//! # Who can see it
//!
//! Everyone who can reach the router. Names, metadata and failure reasons may be sensitive. Put
//! your own layer around the router to restrict access, or leave reasons out with
//! [`PanelBuilder::hide_failure_reasons`].
//!
//! Requests that a browser sends on behalf of another site are refused on every route
//! (`Sec-Fetch-Site`, `Origin`). Somebody who follows a link from another site gets a page with a
//! link to the panel first. If browsers reach the panel under a host name with a dot, allow that
//! name. Otherwise another site could point its own name at your machine and read the panel (DNS
//! rebinding):
//!
//! ```
//! # extern crate breaker_core as breaker_box;
//! # use breaker_box::Registry;
//! # use breaker_box_panel::Panel;
//! let panel = Panel::builder(&Registry::new()).hosts(["payments.example"]).build()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! IP addresses, `localhost` and names without a dot are always allowed.
//!
//! # Who can control circuits
//!
//! No one, unless the panel has [`Controls`]: either tokens, or a layer or extractor of the service
//! itself that inserts an [`Operator`] into the extensions of a request.
//!
//! ```
//! # extern crate breaker_core as breaker_box;
//! use axum::extract::Request;
//! use axum::middleware::{Next, from_fn};
//! use breaker_box::Registry;
//! use breaker_box_panel::{Controls, Operator, Panel};
//!
//! let guard = from_fn(async |mut request: Request, next: Next| {
//!     // However the service authenticates people: a session, a certificate, a header that its gateway sets …
//!     if request.headers().get("x-user").is_some_and(|user| user == "alice") {
//!         request.extensions_mut().insert(Operator::new("alice"));
//!     }
//!     next.run(request).await
//! });
//! let panel = Panel::builder(&Registry::new()).controls(Controls::guarded()).build()?;
//! let app: axum::Router = axum::Router::new().nest_service("/circuits", panel.router::<()>().layer(guard));
//! assert!(app.has_routes());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Every command needs a reason. The event, the timeline and the log then say
//! `alice: the gateway is being replaced`. Every command also needs a nonce that is valid once, so
//! that a recorded command cannot be replayed. After ten invalid tokens a client has to wait a
//! second, then two, four and so on, up to a minute. Tokens travel in a header, so use TLS wherever
//! others can listen.
//!
//! # JSON for scripts
//!
//! | path below the panel's | answer |
//! |---|---|
//! | `GET api/v1/circuits?name=&scope=&kind=&state=` | all circuits that pass the filter |
//! | `GET api/v1/circuit?identifier=&scope=&kind=` | one circuit with its history and timeline |
//! | `GET api/v1/timeline` | the last 1,000 entries of the timeline, newest first |
//! | `GET api/v1/feed` | server-sent events: a snapshot, then deltas |
//! | `POST api/v1/keepalive?viewer=` | 204; keeps a feed from being closed for another |
//! | `GET api/v1/schema.json` | the JSON Schema of all answers |
//! | `POST api/v1/nonces` | a nonce for one command |
//! | `POST api/v1/commands` | the status of the circuit after the command |
//!
//! ```sh
//! panel=https://payments.example/circuits/api/v1
//! curl -s "$panel/circuits?state=open" | jq -r '.circuits[].key.identifier'
//!
//! nonce=$(curl -s -X POST -H "Authorization: Bearer $TOKEN" $panel/nonces | jq -r .nonce)
//! curl -s -H "Authorization: Bearer $TOKEN" -H "Breaker-Nonce: $nonce" -H "Content-Type: application/json" $panel/commands \
//!     -d '{"key": {"identifier": "payment_api"}, "action": "open_for", "seconds": 600, "reason": "the gateway is being replaced"}'
//! ```
//!
//! The `action` is one of `open`, `open_for`, `force_open`, `close`, `reset`, `disable` and
//! `metrics_only`. With `"only_here": true` it does not reach the other instances of a fleet. Errors are `{"status": …, "error": …}`:
//!
//! | status | when |
//! |---|---|
//! | 400, 413, 415, 422 | the body is not JSON, too large, not sent as JSON, or not a command; 422 also for an unknown parameter |
//! | 401 | the token is missing or invalid |
//! | 403 | the panel is read-only; the request comes from another site, has an unknown host or no operator |
//! | 404 | there is no such circuit, or no such viewer |
//! | 409, 428 | the nonce was used, has expired or was never issued; it is missing |
//! | 414 | the query string has more than 8 kB |
//! | 429 | too many invalid tokens; `Retry-After` says how long to wait |
//! | 503 | too many pages or requests at once, or the panel is closed; try again after `Retry-After` |
//!
//! # What it costs
//!
//! One thread samples all circuits every second. It uses at most a twentieth of one core, and calls
//! never wait for it. A state change costs its call one attempt to put an event into a bounded
//! queue. Memory is bounded: five minutes and an hour of history for each circuit (up to 10 kB,
//! none while nothing happens), 1,000 entries of the timeline, and 16 entries for each circuit.
//!
//! No client can lock others out of the panel, however many requests it sends. A document is built
//! once for all clients that request it, by the panel's thread, which uses at most half a core for
//! it. Requests whose client has gone are dropped, and at most 32 wait. At most 16 long documents
//! and 32 feeds are sent at once, from at most 24 MB. A connection is closed if nothing has been
//! read from it for ten seconds, or if one message takes more than a minute. A page that falls
//! behind gets a new snapshot. When all feeds are taken, a new page replaces one that does not show
//! that it reads; the page does so every ten seconds. One client gets eight of the 32 feeds
//! ([`PanelBuilder::max_viewers`], [`PanelBuilder::max_viewers_per_client`]).
//!
//! Measured with 10,000 circuits, 3,000 abandoned requests and 300 clients that never read, on two
//! busy cores: right afterwards a new page has all it shows within 60 to 140 ms, and a script has
//! its answer within 40 ms. The service has grown by 19 MB. From then on it uses 5 % of one core,
//! with page and circuits in use.
//! `cargo test --release -p breaker-box-panel --test siege -- --nocapture` repeats the measurement.
//!
//! With 5,000 circuits that are each called about five times a second, a page receives 1.4 MB at
//! first and then 60 kB a second. Scrolled from end to end in Chromium on two cores, it draws 60
//! frames a second, none of them longer than 17 ms, with 7 ms of work in each:
//! `cargo test -p breaker-box-panel --test browser many -- --nocapture`.
//!
//! # What the service has to do
//!
//! The panel sees requests, not connections. These are up to the server, or a proxy in front of it:
//!
//! - **Timeout for headers** (slowloris): a connection that sends its headers byte by byte never
//!   reaches the panel. hyper has `header_read_timeout`; `axum::serve` has no such timeout.
//! - **Limit on connections**, per address and in all. A connection that never reads costs the
//!   panel nothing once its feed is closed. It costs the service a socket, a task and up to 64 kB
//!   until the server or the system closes it; on Linux, `TCP_USER_TIMEOUT` does.
//! - **Who may look**, beyond host and site: a layer around the router.
//! - **TLS**, as for anything with tokens.
//! - **Addresses of clients**:
//!   [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info)
//!   provides them. Without it all requests count as one client of unknown size: there is no limit
//!   per client, and invalid tokens make everybody wait, though only for a second. Behind a proxy,
//!   all requests have the address of the proxy; see [`PanelBuilder::max_viewers_per_client`].
//!
//! # Features
//!
//! `tracing` (on by default) logs commands, both carried out and refused, through the `tracing`
//! facade.
//!
//! # Modules
//!
//! Each imports only from rows below its own:
//!
//! | module | what it has |
//! |---|---|
//! | `panel` | the panel as a service sees it |
//! | `routes` | which address is answered with what |
//! | `page` | the page with its script and style |
//! | `app_state`, `sampler` | what requests share; the one thread, which samples and builds |
//! | `origin` | hosts and sites that may send requests |
//! | `channel`, `cache` | the way from requests to the sampler; the documents that it built |
//! | `documents` | the documents that clients read |
//! | `store` | what is known about all circuits |
//! | `delta` | what the feed sends about changes |
//! | `json` | the values that documents are made of |
//! | `record` | what is known about one circuit |
//! | `timeline`, `history` | what happened, bounded |
//! | `fleet` | the fleet that the registry has joined |
//! | `connections` | open feeds and long documents, bounded |
//! | `outbox` | what one connection is sent |
//! | `payload` | a text in chunks, sent to many |
//! | `control` | commands: access, attempts, tokens, nonces, audit |
//! | `client`, `error`, `random` | who sends a request; why it is refused; random identifiers |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod app_state;
mod cache;
mod channel;
mod client;
mod connections;
mod control;
mod delta;
mod documents;
mod error;
mod fleet;
mod history;
mod json;
mod origin;
mod outbox;
mod page;
mod panel;
mod payload;
mod random;
mod record;
mod routes;
mod sampler;
mod store;
mod timeline;

pub use control::access::Controls;
pub use control::token::{Operator, Token, TokenError};
pub use panel::{Panel, PanelBuilder};
