//! What stands in the place of a function whose attribute is wrong: the errors, and the item as written, so that nothing
//! that uses it breaks as well.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error};

/// The item stays untouched: further attributes of ours on it report their own mistakes.
pub(crate) fn as_written(error: &Error, item: &TokenStream) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#errors #item)
}

/// The item stays, but without further attributes of ours: each would refuse it again, with the same words.
pub(crate) fn not_a_function(error: &Error, item: TokenStream) -> TokenStream {
    let errors = error.to_compile_error();
    let item = without_ours.parse2(item.clone()).unwrap_or(item);
    quote!(#errors #item)
}

fn without_ours(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    attributes.retain(|attribute| !is_ours(attribute));
    let rest: TokenStream = input.parse()?;
    Ok(quote!(#(#attributes)* #rest))
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "circuit_breaker")
}
