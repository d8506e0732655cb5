//! The separators `=` and `,`. A wrong or missing one is an error, and parsing continues as if it
//! were correct.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, Token};

use super::{Args, Name, name};

impl Args {
    /// Reads the `=` after a name; false if the name has no value.
    pub(super) fn equals(&mut self, name: &Name, input: ParseStream<'_>) -> bool {
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
        let message = format!("write `=` between an option and its value: `{} = …`", name.ident);
        let forgotten = sign.is_empty();
        let error = if forgotten { Error::new(input.span(), message) } else { Error::new_spanned(sign, message) };
        self.errors.push(error);
        true
    }

    /// Reads the comma after an argument.
    pub(super) fn comma(&mut self, input: ParseStream<'_>) {
        if input.is_empty() {
            return;
        }
        let next = input.span();
        if input.parse::<Token![,]>().is_ok() {
            self.stray_commas(input);
        } else if input.parse::<Token![;]>().is_ok() || name::comes_next(input) {
            self.errors.push(Error::new(next, "write a `,` between two options"));
        } else {
            let error = Error::new(next, "expected a `,` or the end of the attribute");
            self.fail(error, input);
            drop(input.parse::<Token![,]>());
        }
    }

    /// Reads commas with no argument before them.
    pub(super) fn stray_commas(&mut self, input: ParseStream<'_>) {
        while let Ok(comma) = input.parse::<Token![,]>() {
            self.errors.push(Error::new(comma.span, "unexpected `,`; remove it"));
        }
    }

    /// Adds an error for tokens that could not be read, and skips them.
    pub(super) fn fail(&mut self, error: Error, input: ParseStream<'_>) {
        self.errors.push(error);
        self.skip(input);
    }

    /// Skips to the next comma that is followed by a name: everything before may belong to what
    /// could not be read.
    fn skip(&mut self, input: ParseStream<'_>) {
        self.complete = false;
        while !input.is_empty() {
            let ahead = input.fork();
            if ahead.parse::<Token![,]>().is_ok() && name::comes_next(&ahead) {
                return;
            }
            drop(input.parse::<TokenTree>());
        }
    }
}

fn take(sign: syn::Result<impl ToTokens>, to: &mut TokenStream) {
    sign.ok().to_tokens(to);
}
