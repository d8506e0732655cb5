//! The error for a block that guards no function.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::Error;

use super::members::{Function, Member};

/// The error at the block's `impl`, which says why none of its functions is guarded.
pub(super) fn to_guard(header: &TokenStream, members: &[Member]) -> Error {
    let is_impl = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "impl");
    let place = header.clone().into_iter().find(is_impl).map_or_else(Span::call_site, |token| token.span());
    let functions: Vec<&Function> = members.iter().filter_map(Member::as_function).collect();
    let message = if members.is_empty() {
        "this `impl` block has no function to guard; remove the attribute"
    } else if functions.is_empty() {
        "this `impl` block has no function to guard; if a macro makes its functions, annotate them there"
    } else if functions.iter().all(|function| function.marks.is_exempt) {
        "this `impl` block has no function to guard: each is skipped or has options of its own; remove the attribute"
    } else {
        "this `impl` block has no function to guard: it guards those that take `self` and are not `const`; annotate \
            others one by one"
    };
    Error::new(place, message)
}
