//! The attribute called as a function: which uses are rejected with which errors, and what is
//! generated.

mod arguments;
mod blocks;
mod durations;
mod expansions;
mod recovery;
mod shapes;

use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;

use crate::annotate::annotate;

/// The expansion of an attribute on an item, both as source.
fn expanded(args: &str, item: &str) -> TokenStream {
    annotate(args.parse().unwrap(), item.parse().unwrap())
}

/// The messages of the errors in an expansion, in their order.
fn errors(args: &str, item: &str) -> Vec<String> {
    let mut messages = Vec::new();
    collect(expanded(args, item), &mut messages);
    messages
}

/// The literals of all `compile_error! { "…" }`, those in a body included.
fn collect(tokens: TokenStream, messages: &mut Vec<String>) {
    let mut is_error = false;
    for token in tokens {
        match token {
            TokenTree::Group(message) if is_error => {
                messages.push(syn::parse2::<LitStr>(message.stream()).unwrap().value());
                is_error = false;
            }
            TokenTree::Group(group) => collect(group.stream(), messages),
            TokenTree::Ident(name) => is_error = name == "compile_error",
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// A function that any attribute may stand on.
const PLAIN: &str = "fn pay(card: &str, amount: u32) -> Result<u32, String> { Ok(amount) }";
