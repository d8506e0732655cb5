//! A live page of all circuits of a service, to look at when something is down: what, since when,
//! why, and when it is tried again.
//!
//! [`Panel`] is an axum router that a service nests under a path of its choice. The page is one document without any outside host
//! or build step; it is live through server-sent events, and what it shows is there as JSON for
//! scripts too.
//!
//! ```
//! use breaker_core::{Policy, Registry};
//! use breaker_box_panel::{Controls, Operator, Panel, Token};
//!
//! # let secret = "from-the-vault-0123456789";
//! let registry = Registry::global();
//! let panel = Panel::builder(registry)
//!     .title("payments")
//!     .controls(Controls::tokens([(Operator::new("on-call"), Token::new(secret)?)]))
//!     .build()?;
//! let app: axum::Router = axum::Router::new()
//!     // The service's own routes …
//!     .nest_service("/circuits", panel.router());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is to be seen
//!
//! All circuits, the troubled ones first: state, time until the next probe, cause, last failure,
//! rates, totals, metadata, and what went through in the last five minutes. Beside them a timeline
//! of state changes with their causes. A page for each circuit has its policy in words, its window,
//! its history drawn, and its controls. Filters by name, scope, kind and state stay in the address.
//!
//! # Who sees it
//!
//! Whoever reaches the router. Names, metadata and failure reasons may carry what is not for
//! everybody: put a layer of the service's own around the router, and leave reasons out with
//! [`PanelBuilder::hide_failure_reasons`].
//!
//! Browsers see it for its own page only. What another site asks, on any route, is refused
//! (`Sec-Fetch-Site`, `Origin`); who follows a link from there is shown a link of the panel's own
//! first. A panel that browsers ask for under a name with a dot has to be told so, because a site
//! can make its own name lead to anybody's machine:
//!
//! ```
//! # use breaker_core::Registry;
//! # use breaker_box_panel::Panel;
//! let panel = Panel::builder(&Registry::new()).hosts(["payments.example"]).build()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Addresses, `localhost` and names without a dot need no mention.
//!
//! # Who moves circuits
//!
//! Nobody, unless the panel was given [`Controls`]: tokens, or the service's own guard, a layer or
//! extractor that puts an [`Operator`] into a request's extensions.
//!
//! ```
//! use axum::extract::Request;
//! use axum::middleware::{Next, from_fn};
//! use breaker_core::Registry;
//! use breaker_box_panel::{Controls, Operator, Panel};
//!
//! let guard = from_fn(async |mut request: Request, next: Next| {
//!     // As the service knows people: a session, a certificate, a header that its gateway sets …
//!     if request.headers().get("x-user").is_some_and(|user| user == "alice") {
//!         request.extensions_mut().insert(Operator::new("alice"));
//!     }
//!     next.run(request).await
//! });
//! let panel = Panel::builder(&Registry::new()).controls(Controls::guarded()).build()?;
//! let app: axum::Router = axum::Router::new().nest_service("/circuits", panel.router::<()>().layer(guard));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Each order needs a reason; `alice: the gateway is being replaced` is what the event, the
//! timeline and the log say. Each needs a ticket that is good once, so that a recorded order cannot
//! be sent again. After ten wrong tokens a client waits for a second, then for two, four, up to a
//! minute. Tokens travel in a header, so serve the panel over TLS wherever others can listen.
//!
//! # For scripts
//!
//! | address below the panel's path | answers with |
//! |---|---|
//! | `GET api/v1/circuits?name=&scope=&kind=&state=` | all circuits that pass the filter |
//! | `GET api/v1/circuit?identifier=&scope=&kind=` | one circuit with its history and timeline |
//! | `GET api/v1/timeline` | the last 1,000 changes, newest first |
//! | `GET api/v1/feed` | server-sent events: everything, then changes |
//! | `POST api/v1/here?place=` | 204: this reader of the feed reads it, and keeps its place |
//! | `GET api/v1/schema.json` | the JSON Schema of all of these |
//! | `POST api/v1/tickets` | a ticket, for who may give orders |
//! | `POST api/v1/orders` | the circuit as it stands after the order |
//!
//! ```sh
//! panel=https://payments.example/circuits/api/v1
//! curl -s "$panel/circuits?state=open" | jq -r '.circuits[].key.identifier'
//!
//! ticket=$(curl -s -X POST -H "Authorization: Bearer $TOKEN" $panel/tickets | jq -r .ticket)
//! curl -s -H "Authorization: Bearer $TOKEN" -H "Breaker-Ticket: $ticket" -H "Content-Type: application/json" $panel/orders \
//!     -d '{"key": {"identifier": "payment_api"}, "action": "open_for", "seconds": 600, "reason": "the gateway is being replaced"}'
//! ```
//!
//! An `action` is `open`, `open_for`, `force_open`, `close`, `reset`, `disable` or `metrics_only`.
//! Refusals are `{"status": …, "error": …}`: 401 without a right token, 403 for a read-only panel,
//! another site or an unknown host, 404 for an unknown circuit, 409 for a used ticket, 413, 415 or
//! 422 for a body that is no order, 414 for a query of more than 8 kB, 428 without a ticket, 429
//! after too many wrong tokens, 503 when too many pages are open or questions asked at once. 429
//! and 503 say when to try again (`Retry-After`).
//!
//! # What it costs
//!
//! One thread samples all circuits every second, for at most a twentieth of one core; calls never
//! wait for it. A state change costs its call one look at a bounded queue. What is kept is bounded:
//! five minutes and an hour of history for each circuit (up to 10 kB, nothing where nothing
//! happens), 1,000 entries of the timeline and 16 for each circuit.
//!
//! Whoever reaches the panel can ask as much as they like, and keep nobody else from it. Answers
//! are made once for all who ask the same, by that thread, for at most half a core in all. Those
//! who go away are forgotten, 32 questions wait at the most, and 16 long answers and 32 pages are
//! sent at once, out of 24 MB. What nobody takes for ten seconds, or has not taken after a minute,
//! is given up. A page that does not keep up gets everything anew. The page shows every ten seconds
//! that it reads; where there is no room for another, one that does not loses its place, and a
//! client has eight places of 32 ([`PanelBuilder::max_viewers`],
//! [`PanelBuilder::max_viewers_per_client`]).
//!
//! With 10,000 circuits, 3,000 abandoned questions and 300 readers that never read, on two busy
//! cores: right after, a new page has all it shows within 60 to 140 ms, and a script its answer
//! within 40 ms; the service has grown by 19 MB; from then on it takes 5 % of one core, page and
//! circuits in use. `cargo test --release -p breaker-box-panel --test siege -- --nocapture`
//! measures it.
//!
//! With 5,000 circuits, each called about five times a second, a page is sent 1.4 MB at first and
//! 60 kB a second. Scrolled from end to end in Chromium on two cores, it draws 60 frames a second,
//! none of which takes longer than 17 ms, with 7 ms of work in each:
//! `cargo test -p breaker-box-panel --test browser many -- --nocapture`.
//!
//! # What the service does itself
//!
//! The panel sees requests, not connections. These are for the server, or a proxy before it:
//!
//! - **Time for headers** (slowloris): a connection that sends its request byte by byte never
//!   reaches the panel. hyper has `header_read_timeout`; `axum::serve` has none.
//! - **Connections**: how many there may be, of one address and in all. One that never reads costs
//!   the panel nothing once its place is given up, and the service a socket, a task and up to 64
//!   kB, until its server or the system closes it. On Linux, `TCP_USER_TIMEOUT` does.
//! - **Who may look**, beyond the host and the site: a layer around the router. **TLS**, as for
//!   anything with tokens.
//! - **Who asks**:
//!   [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info)
//!   tells the panel the addresses of clients. Without it all requests count as of one client of
//!   unknown size: there are no places per client, and wrong tokens make everybody wait, for a
//!   second at the most. Behind a proxy all have the proxy's address; see
//!   [`PanelBuilder::max_viewers_per_client`].
//!
//! Modules, each importing only from those below it:
//!
//! | module | idea |
//! |---|---|
//! | `panel` | the panel as a service sees it |
//! | `routes`, `page` | what is answered at which address |
//! | `gate` | for which sites and under which names |
//! | `desk` | what all requests share |
//! | `keeper` | the one thread that keeps the board and tells the pages |
//! | `inbox`, `shelf` | the ways to it; answers that it made and that are still good |
//! | `answers` | documents of the whole board |
//! | `board`, `card` | what is known of all circuits, and of one |
//! | `feed`, `view` | what is told, for the page and for scripts |
//! | `timeline`, `history` | what was, bounded |
//! | `lines`, `line` | pages and answers that are being sent, and their patience |
//! | `document` | a text in pieces, sent to many |
//! | `order`, `access`, `attempts`, `client`, `ticket`, `token`, `refusal`, `audit` | who may do what |

#![deny(missing_docs)]

mod access;
mod answers;
mod attempts;
mod audit;
mod board;
mod card;
mod client;
mod desk;
mod document;
mod feed;
mod gate;
mod history;
mod inbox;
mod keeper;
mod line;
mod lines;
mod order;
mod page;
mod panel;
mod refusal;
mod routes;
mod shelf;
mod ticket;
mod timeline;
mod token;
mod view;

pub use access::Controls;
pub use panel::{Panel, PanelBuilder};
pub use token::{Operator, Token, TokenError};
