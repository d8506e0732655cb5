//! PARSE: the attribute's arguments, separated by commas. What a key means is not known here.

use proc_macro2::{Group, TokenStream};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Result, Token, token};

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
    Named { key: Ident, value: Value },
    /// A value without a key.
    Positional(Expr),
}

/// What follows a key.
pub(crate) enum Value {
    /// Nothing.
    Bare,
    /// `= value`.
    Is(Expr),
    /// A list in parentheses, which no key takes.
    List(Group),
}

impl Args {
    /// Reads the arguments; what cannot be read becomes a mistake and does not hide what follows it.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let read = |input: ParseStream<'_>| Ok(Self::read(input));
        read.parse2(tokens).unwrap_or_else(|error| {
            let mut args = Self::empty();
            args.fail(error);
            args
        })
    }

    fn empty() -> Self {
        Self { list: Vec::new(), complete: true, mistakes: Mistakes::default() }
    }

    fn read(input: ParseStream<'_>) -> Self {
        let mut args = Self::empty();
        while !input.is_empty() {
            match args.argument(input) {
                Ok(arg) => args.list.push(arg),
                Err(error) => {
                    // The rest could be anything: reading on would report one mistake twice.
                    args.fail(error);
                    drop(input.parse::<TokenStream>());
                    break;
                }
            }
            args.comma(input);
        }
        args
    }

    fn fail(&mut self, error: Error) {
        self.complete = false;
        self.mistakes.push(error);
    }

    fn argument(&mut self, input: ParseStream<'_>) -> Result<Arg> {
        if !starts_with_key(input) {
            return Ok(Arg::Positional(value(input, None)?));
        }
        let key = input.call(Ident::parse_any)?;
        if input.peek(token::Paren) {
            return Ok(Arg::Named { key, value: Value::List(input.parse()?) });
        }
        if let Some(colon) = input.parse::<Option<Token![:]>>()? {
            let message = format!("write `=` between an option and its value: `{key} = …`");
            self.mistakes.push(Error::new(colon.span, message));
        } else if input.parse::<Option<Token![=]>>()?.is_none() {
            return Ok(Arg::Named { key, value: Value::Bare });
        }
        let value = Value::Is(value(input, Some(&key))?);
        Ok(Arg::Named { key, value })
    }

    /// The comma after an argument; where one is forgotten, reading goes on as if it were there.
    fn comma(&mut self, input: ParseStream<'_>) {
        if input.is_empty() || input.parse::<Token![,]>().is_ok() {
            return;
        }
        let next = input.span();
        if starts_with_key(input) {
            self.mistakes.push(Error::new(next, "write a `,` between two options"));
        } else {
            self.fail(Error::new(next, "expected a `,` before the next option, or the end"));
            drop(input.parse::<TokenStream>());
        }
    }
}

/// Does a key come next, and not the start of an expression?
fn starts_with_key(input: ParseStream<'_>) -> bool {
    let colon = input.peek2(Token![:]) && !input.peek2(Token![::]);
    let equals = input.peek2(Token![=]) && !input.peek2(Token![==]);
    let ends = input.peek2(Token![,]) || input.peek2(syn::parse::End);
    input.peek(Ident::peek_any) && (colon || equals || ends || input.peek2(token::Paren))
}

/// A value; the error of one that breaks off lands on its last token, not on the whole attribute.
fn value(input: ParseStream<'_>, key: Option<&Ident>) -> Result<Expr> {
    if let Some(key) = key {
        if input.is_empty() || input.peek(Token![,]) {
            return Err(Error::new(key.span(), format!("`{key}` has nothing after its `=`; write a value")));
        }
    }
    let ahead = input.fork();
    match ahead.parse::<Expr>() {
        Ok(value) => {
            input.advance_to(&ahead);
            Ok(value)
        }
        Err(error) => {
            let broken_off = ahead.is_empty();
            let last = input.parse::<TokenStream>()?.into_iter().last();
            match last {
                Some(last) if broken_off => Err(Error::new(last.span(), "expected an expression; it breaks off here")),
                _ => Err(Error::new(error.span(), format!("this is no value; write a single expression ({error})"))),
            }
        }
    }
}
