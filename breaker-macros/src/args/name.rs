//! Names of options.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, Result, Token, token};

use super::Name;

impl Name {
    pub(super) fn parse(input: ParseStream<'_>) -> Result<Self> {
        let first = input.call(Ident::parse_any)?;
        let mut words = first.unraw().to_string();
        let mut written: TokenStream = first.to_token_stream();
        while input.peek(Token![-]) && input.peek2(Ident::peek_any) {
            input.parse::<Token![-]>()?.to_tokens(&mut written);
            let word = input.call(Ident::parse_any)?;
            words = format!("{words}_{}", word.unraw());
            word.to_tokens(&mut written);
        }
        if first.unraw() == words {
            return Ok(Self { ident: first, hyphenated: None });
        }
        Ok(Self { ident: Ident::new(&words, first.span()), hyphenated: Some(written) })
    }
}

/// Returns whether a name comes next, and not the start of an expression.
pub(super) fn comes_next(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let is_name = ahead.call(Name::parse).is_ok();
    is_name && (ahead.is_empty() || ahead.peek(token::Paren) || may_be_followed_by(&ahead))
}

/// Returns whether the next token can follow a name. A literal can: the `=` was forgotten.
fn may_be_followed_by(input: ParseStream<'_>) -> bool {
    let colon = input.peek(Token![:]) && !input.peek(Token![::]);
    colon || input.peek(Token![=]) || input.peek(Token![,]) || input.peek(Token![;]) || input.peek(Lit)
}
