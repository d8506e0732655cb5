//! The value of an option: an expression. What is often written and is none has its own words.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Error, Expr, Ident, Lit, LitInt, Result, Token};

use super::{Name, Value};
use crate::duration;

/// A value that is none.
pub(super) enum Unread {
    /// It was taken off the input, up to its end.
    Part(Error),
    /// Nobody knows where it ends.
    Rest(Error),
    /// The compiler has refused its tokens.
    Reported,
}

/// The value behind `key =`.
pub(super) fn of(key: &Name, input: ParseStream<'_>) -> core::result::Result<Expr, Unread> {
    let name = &key.ident;
    if ends(input) {
        let error = Error::new(name.span(), format!("`{name}` has nothing after its `=`; write a value"));
        return Err(Unread::Part(error));
    }
    if let Some(error) = point_first(name, input).or_else(|| percent(name, input)).or_else(|| unquoted(name, input)) {
        return Err(Unread::Part(error));
    }
    match plain(input) {
        Ok(Expr::Lit(literal)) if is_broken(&literal.lit) => Err(Unread::Reported),
        Ok(value) => Ok(value),
        Err(error) => Err(Unread::Rest(error)),
    }
}

/// `'payment_api'`, `1e`: a literal of which the compiler has said that it is none.
fn is_broken(literal: &Lit) -> bool {
    let text = literal.to_token_stream().to_string();
    match text.strip_prefix('\'') {
        Some(letters) => !letters.starts_with('\\') && letters.trim_end_matches('\'').chars().count() > 1,
        None => {
            text.starts_with(|first: char| first.is_ascii_digit())
                && !text.starts_with("0x")
                && text.ends_with(['e', 'E'])
        }
    }
}

/// An expression; the error of one that breaks off lands on its last token, not on the whole
/// attribute.
pub(super) fn plain(input: ParseStream<'_>) -> Result<Expr> {
    let ahead = input.fork();
    match ahead.parse::<Expr>() {
        Ok(value) => {
            input.advance_to(&ahead);
            Ok(value)
        }
        Err(error) if ahead.is_empty() => {
            let last = input.fork().parse::<TokenStream>()?.into_iter().last();
            let place = last.map_or_else(|| error.span(), |last| last.span());
            Err(Error::new(place, "expected an expression; it breaks off here"))
        }
        Err(error) => Err(Error::new(error.span(), format!("this is no value; write a single expression ({error})"))),
    }
}

/// `.5`
fn point_first(name: &Ident, input: ParseStream<'_>) -> Option<Error> {
    let ahead = input.fork();
    let mut written = TokenStream::new();
    let minus: Option<Token![-]> = ahead.parse().ok()?;
    minus.to_tokens(&mut written);
    ahead.parse::<Token![.]>().ok()?.to_tokens(&mut written);
    let digits: LitInt = ahead.parse().ok()?;
    digits.to_tokens(&mut written);
    input.advance_to(&ahead);
    let minus = if minus.is_some() { "-" } else { "" };
    let message = format!("a number begins with a digit: write `{name} = {minus}0.{digits}`");
    Some(Error::new_spanned(written, message))
}

/// `50%`
fn percent(name: &Ident, input: ParseStream<'_>) -> Option<Error> {
    let ahead = input.fork();
    let number: Lit = ahead.parse().ok()?;
    let sign: Token![%] = ahead.parse().ok()?;
    let number: f64 = match (number, ends(&ahead)) {
        (Lit::Int(number), true) => number.base10_parse().ok()?,
        (Lit::Float(number), true) => number.base10_parse().ok()?,
        _ => return None,
    };
    input.advance_to(&ahead);
    let message = format!("a share is a fraction of 1: write `{name} = {}`", number / 100.0);
    Some(Error::new(sign.span, message))
}

/// `0,5` or `10,000`, of which the option got the first half.
pub(super) fn cut_by_a_comma(key: &Name, value: &Value, rest: &Expr) -> Option<Error> {
    let (Value::Is(Expr::Lit(whole)), Expr::Lit(rest)) = (value, rest) else { return None };
    let (Lit::Int(whole), Lit::Int(rest)) = (&whole.lit, &rest.lit) else { return None };
    let digits = rest.to_string();
    let number = if digits.len() == 3 { format!("{whole}_{digits}") } else { format!("{whole}.{digits}") };
    Some(Error::new(rest.span(), format!("a `,` ends the option; write `{} = {number}`", key.ident)))
}

/// `60 s`, `1m 30s`; a single `60s` is a literal, which the option refuses itself.
fn unquoted(name: &Ident, input: ParseStream<'_>) -> Option<Error> {
    let ahead = input.fork();
    let mut written = TokenStream::new();
    let mut text: Vec<String> = Vec::new();
    while !ends(&ahead) {
        let word = match ahead.parse::<Lit>() {
            Ok(number @ (Lit::Int(_) | Lit::Float(_))) => number.to_token_stream(),
            Ok(_) => return None,
            Err(_) if text.is_empty() => return None,
            Err(_) => ahead.parse::<Ident>().ok()?.to_token_stream(),
        };
        text.push(word.to_string());
        written.extend(word);
    }
    let text = text.join(" ");
    if !text.contains(' ') || duration::parse(&text).is_err() {
        return None;
    }
    input.advance_to(&ahead);
    Some(Error::new_spanned(written, format!("a duration is a string: write `{name} = {text:?}`")))
}

/// Does the value end here?
fn ends(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}
