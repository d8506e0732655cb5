//! The attribute called as a function: what is refused, with which words, and what is generated.

mod arguments;
mod durations;
mod expansions;
mod recovery;
mod shapes;

use proc_macro2::TokenStream;

use crate::annotate::annotate;

/// The expansion of an attribute on an item, both as source.
fn expanded(args: &str, item: &str) -> TokenStream {
    annotate(args.parse().unwrap(), item.parse().unwrap())
}

/// The messages of the errors in an expansion, in their order.
fn errors(args: &str, item: &str) -> Vec<String> {
    let tokens = expanded(args, item).to_string();
    let mut messages = Vec::new();
    let mut rest = tokens.as_str();
    while let Some((_, after)) = rest.split_once("compile_error") {
        let literal: syn::LitStr = first_literal(after);
        messages.push(literal.value());
        rest = after;
    }
    messages
}

/// The first string literal in `! { "…" } …`.
fn first_literal(after: &str) -> syn::LitStr {
    let tokens: TokenStream = after.parse().unwrap();
    let group = tokens.into_iter().find_map(|token| match token {
        proc_macro2::TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    });
    syn::parse2(group.unwrap()).unwrap()
}

/// A function that any attribute may stand on.
const PLAIN: &str = "fn pay(card: &str, amount: u32) -> Result<u32, String> { Ok(amount) }";
