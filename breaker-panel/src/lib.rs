//! A live page of all circuits of a service, to look at when something is down: what, since when, why, and when it is tried again.
//!
//! [`Panel`] is an axum router that a service nests under a path of its choice. The page is one document without any outside host
//! or build step; it is live through server-sent events, and what it shows is there as JSON for scripts too.
//!
//! ```
//! use breaker_core::{Policy, Registry};
//! use breaker_panel::{Controls, Operator, Panel, Token};
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
//! All circuits, the troubled ones first: state, time until the next probe, cause, last failure, rates, totals, metadata, and what
//! went through in the last five minutes. Beside them a timeline of state changes with their causes. A page for each circuit has its
//! policy in words, its window, its history drawn, and its controls. Filters by name, scope, kind and state stay in the address.
//!
//! # Who sees it
//!
//! Whoever reaches the router. Names, metadata and failure reasons may carry what is not for everybody: put a layer of the service's
//! own around the router, and leave reasons out with [`PanelBuilder::hide_failure_reasons`].
//!
//! # Who moves circuits
//!
//! Nobody, unless the panel was given [`Controls`]: tokens, or the service's own guard, a layer or extractor that puts an
//! [`Operator`] into a request's extensions.
//!
//! ```
//! use axum::extract::Request;
//! use axum::middleware::{Next, from_fn};
//! use breaker_core::Registry;
//! use breaker_panel::{Controls, Operator, Panel};
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
//! Each order needs a reason; `alice: the gateway is being replaced` is what the event, the timeline and the log say. Each needs a
//! ticket that is good once, so that a recorded order cannot be sent again. Orders from other sites are refused. Tokens travel in
//! a header, so serve the panel over TLS wherever others can listen.
//!
//! # For scripts
//!
//! | address below the panel's path | answers with |
//! |---|---|
//! | `GET api/v1/circuits?name=&scope=&kind=&state=` | all circuits that pass the filter |
//! | `GET api/v1/circuit?identifier=&scope=&kind=` | one circuit with its history and timeline |
//! | `GET api/v1/timeline` | the last 1,000 changes, newest first |
//! | `GET api/v1/feed` | server-sent events: everything, then changes |
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
//! An `action` is `open`, `open_for`, `force_open`, `close`, `reset`, `disable` or `metrics_only`. Refusals are
//! `{"status": …, "error": …}`: 401 without a right token, 403 for a read-only panel or another site, 404 for an unknown circuit, 409
//! for a used ticket, 413, 415 or 422 for a body that is no order, 428 without a ticket, 503 when too many pages are open.
//!
//! # What it costs
//!
//! One thread samples all circuits every second, for at most a tenth of one core; calls never wait for it. A state change costs its
//! call one look at a bounded queue. What is kept is bounded: five minutes and an hour of history for each circuit (up to 10 kB,
//! nothing where nothing happens), 1,000 entries of the timeline and 16 for each circuit, 32 open pages, a few messages for each.
//! A page that does not keep up gets everything anew, and one that never reads is let go.
//!
//! With 5,000 circuits, each called about five times a second, a page is sent 1.4 MB at first and 60 kB a second. Scrolled from end to
//! end in Chromium on two cores, it draws 60 frames a second, none of which takes longer than 17 ms, with 7 ms of work in each:
//! `cargo test -p breaker-panel --test browser many -- --nocapture`.
//!
//! Modules, each importing only from those below it:
//!
//! | module | idea |
//! |---|---|
//! | `panel` | the panel as a service sees it |
//! | `routes`, `page` | what is answered at which address |
//! | `desk` | what all requests share |
//! | `keeper` | the one thread that keeps the board and tells the viewers |
//! | `answers` | documents of the whole board |
//! | `board`, `card` | what is known of all circuits, and of one |
//! | `feed`, `view` | what is told, for the page and for scripts |
//! | `timeline`, `history` | what was, bounded |
//! | `viewers` | open pages, and their patience |
//! | `order`, `access`, `ticket`, `token`, `refusal`, `audit` | who may do what |

#![deny(missing_docs)]

mod access;
mod answers;
mod audit;
mod board;
mod card;
mod desk;
mod feed;
mod history;
mod keeper;
mod order;
mod page;
mod panel;
mod refusal;
mod routes;
mod ticket;
mod timeline;
mod token;
mod view;
mod viewers;

pub use access::Controls;
pub use panel::{Panel, PanelBuilder};
pub use token::{Operator, Token, TokenError};
