//! PARSE: the attribute's arguments, separated by commas. What a key means is not known here.

mod separators;
mod value;

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Result, Token, token};

use self::value::Unread;
use crate::mistakes::Mistakes;

/// What stands between the parentheses of the attribute.
pub(crate) struct Args {
    /// In the order of the source.
    pub(crate) list: Vec<Arg>,
    /// False where a part could not be read: what seems to be absent may stand there.
    pub(crate) complete: bool,
    /// What could not be read.
    pub(crate) mistakes: Mistakes,
}

/// One argument.
pub(crate) enum Arg {
    /// `key`, `key = value` or `key(…)`.
    Named { key: Name, value: Value },
    /// A value without a key.
    Positional(Expr),
}

/// A key.
pub(crate) struct Name {
    /// Its words joined by `_`.
    pub(crate) ident: Ident,
    /// As it was written, where its words were joined by `-`.
    pub(crate) hyphenated: Option<TokenStream>,
}

/// What follows a key.
pub(crate) enum Value {
    /// Nothing.
    Bare,
    /// `= value`.
    Is(Expr),
    /// A list in parentheses, which no key takes.
    List(Group),
    /// Something that was reported already.
    Wrong,
}

impl Args {
    /// Reads the arguments; what cannot be read becomes a mistake and does not hide what follows
    /// it.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let read = |input: ParseStream<'_>| Ok(Self::read(input));
        read.parse2(tokens).unwrap_or_else(|error| {
            let mut args = Self::empty();
            args.complete = false;
            args.mistakes.push(error);
            args
        })
    }

    fn empty() -> Self {
        Self { list: Vec::new(), complete: true, mistakes: Mistakes::default() }
    }

    fn read(input: ParseStream<'_>) -> Self {
        let mut args = Self::empty();
        args.stray_commas(input);
        while !input.is_empty() {
            match args.argument(input) {
                Ok(arg) => args.push(arg),
                Err(error) => args.fail(error, input),
            }
            args.comma(input);
        }
        args
    }

    fn argument(&mut self, input: ParseStream<'_>) -> Result<Arg> {
        if !starts_with_key(input) {
            return Ok(Arg::Positional(value::plain(input)?));
        }
        let key = input.call(Name::parse)?;
        if input.peek(token::Paren) {
            return Ok(Arg::Named { key, value: Value::List(input.parse()?) });
        }
        if !self.equals(&key, input) {
            return Ok(Arg::Named { key, value: Value::Bare });
        }
        let value = match value::of(&key, input) {
            Ok(value) => Value::Is(value),
            Err(Unread::Part(error)) => {
                self.mistakes.push(error);
                Value::Wrong
            }
            Err(Unread::Rest(error)) => {
                self.fail(error, input);
                Value::Wrong
            }
            Err(Unread::Reported) => {
                self.mistakes.was_reported();
                Value::Wrong
            }
        };
        Ok(Arg::Named { key, value })
    }

    fn push(&mut self, arg: Arg) {
        if let (Arg::Positional(rest), Some(Arg::Named { key, value })) = (&arg, self.list.last_mut()) {
            if let Some(error) = value::cut_by_a_comma(key, value, rest) {
                self.mistakes.push(error);
                *value = Value::Wrong;
                return;
            }
        }
        self.list.push(arg);
    }

    /// Notes what could not be read, and goes on behind it.
    fn fail(&mut self, error: Error, input: ParseStream<'_>) {
        self.mistakes.push(error);
        self.skip(input);
    }

    /// To the next comma with a key behind it: anything before could be the rest of what could not
    /// be read.
    fn skip(&mut self, input: ParseStream<'_>) {
        self.complete = false;
        while !input.is_empty() {
            let ahead = input.fork();
            if ahead.parse::<Token![,]>().is_ok() && starts_with_key(&ahead) {
                return;
            }
            drop(input.parse::<TokenTree>());
        }
    }
}

impl Name {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let first = input.call(Ident::parse_any)?;
        let mut words = first.unraw().to_string();
        let mut written = first.to_token_stream();
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

/// Does a key come next, and not the start of an expression?
fn starts_with_key(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let is_name = ahead.call(Name::parse).is_ok();
    is_name && (ahead.is_empty() || ahead.peek(token::Paren) || separators::come_next(&ahead))
}
