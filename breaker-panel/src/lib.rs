//! A live page of all circuits of a service.

#![deny(missing_docs)]

mod access;
mod audit;
mod board;
mod card;
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
