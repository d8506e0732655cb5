//! The `#[circuit_breaker]` attribute of breaker-box: parse, validate, expand.
//!
//! The manual is on the re-export in the facade, where its examples can run.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod annotate;
mod args;
mod block;
mod duration;
mod errors;
mod expand;
mod item;
mod model;
mod ours;
mod recovery;

#[cfg(test)]
mod tests;

/// Sends the calls of a function through a named circuit breaker; the manual is on
/// `breaker_box::circuit_breaker`.
#[proc_macro_attribute]
pub fn circuit_breaker(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    annotate::annotate(args.into(), item.into()).into()
}
