//! The `#[circuit_breaker]` attribute of breaker-box: parse, validate, expand.
//!
//! Its manual stands on the facade's re-export, where its examples run against the facade.

mod annotate;
mod args;
mod duration;
mod expand;
mod item;
mod mistakes;
mod model;
mod recover;

#[cfg(test)]
mod tests;

/// Sends the calls of a function through a named circuit breaker; the manual is on
/// `breaker_box::circuit_breaker`.
#[proc_macro_attribute]
pub fn circuit_breaker(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    annotate::annotate(args.into(), item.into()).into()
}
