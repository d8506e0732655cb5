//! What stands between keys and values and between options: `=` and `,`. Where another sign stands
//! there, or none, that is a mistake, and reading goes on as if it were right.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, Lit, Token};

use super::{Args, Name, starts_with_key};

/// Does something follow that can stand behind a key? A literal can: then the `=` was forgotten.
pub(super) fn come_next(input: ParseStream<'_>) -> bool {
    let colon = input.peek(Token![:]) && !input.peek(Token![::]);
    colon || input.peek(Token![=]) || input.peek(Token![,]) || input.peek(Token![;]) || input.peek(Lit)
}

impl Args {
    /// The `=` behind a key; false where the key stands alone.
    pub(super) fn equals(&mut self, key: &Name, input: ParseStream<'_>) -> bool {
        if input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) {
            return false;
        }
        let mut sign = TokenStream::new();
        if input.peek(Token![=>]) {
            take(input.parse::<Token![=>]>(), &mut sign);
        } else if input.peek(Token![==]) {
            take(input.parse::<Token![==]>(), &mut sign);
        } else if input.peek(Token![=]) {
            drop(input.parse::<Token![=]>());
            return true;
        } else if input.peek(Token![:]) {
            take(input.parse::<Token![:]>(), &mut sign);
            if input.peek(Token![=]) {
                take(input.parse::<Token![=]>(), &mut sign);
            }
        }
        let message = format!("write `=` between an option and its value: `{} = …`", key.ident);
        let forgotten = sign.is_empty();
        let error = if forgotten { Error::new(input.span(), message) } else { Error::new_spanned(sign, message) };
        self.mistakes.push(error);
        true
    }

    /// The comma after an argument.
    pub(super) fn comma(&mut self, input: ParseStream<'_>) {
        if input.is_empty() {
            return;
        }
        let next = input.span();
        if input.parse::<Token![,]>().is_ok() {
            self.stray_commas(input);
        } else if input.parse::<Token![;]>().is_ok() || starts_with_key(input) {
            self.mistakes.push(Error::new(next, "write a `,` between two options"));
        } else {
            let error = Error::new(next, "expected a `,` before the next option, or the end");
            self.fail(error, input);
            drop(input.parse::<Token![,]>());
        }
    }

    /// Commas with nothing before them.
    pub(super) fn stray_commas(&mut self, input: ParseStream<'_>) {
        while let Ok(comma) = input.parse::<Token![,]>() {
            self.mistakes.push(Error::new(comma.span, "a `,` with no option before it; remove it"));
        }
    }
}

fn take(sign: syn::Result<impl ToTokens>, to: &mut TokenStream) {
    sign.ok().to_tokens(to);
}
