//! The `#[circuit_breaker]` attribute of breaker-box: parse, validate, expand.
//!
//! Its manual stands on the facade's re-export, where its examples run against the facade.

mod args;
mod duration;
mod expand;
mod item;
mod mistakes;
mod model;
mod recover;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::item::Item;
use crate::model::Model;

/// Sends the calls of a function through a named circuit breaker; the manual is on `breaker_box::circuit_breaker`.
#[proc_macro_attribute]
pub fn circuit_breaker(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    annotate(args.into(), item.into()).into()
}

/// The attribute over `proc_macro2`, so that unit tests can call it.
fn annotate(args: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = match Item::parse(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return recover::not_a_function(&error, item),
    };
    match Model::validate(Args::parse(args), parsed) {
        Ok(model) => expand::expand(&model),
        Err(error) => recover::as_written(&error, &item),
    }
}
