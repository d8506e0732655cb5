//! The value of an option: an expression. Common mistakes have messages of their own.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{Error, Expr, Ident, Lit, LitInt, Result, Token};

use super::{Name, Value};
use crate::duration;

/// A value that could not be read.
pub(super) enum Unread {
    /// It was consumed up to its end.
    Consumed(Error),
    /// Its end is unknown.
    Endless(Error),
    /// The compiler has rejected its tokens already.
    ReportedByCompiler,
}

/// The value after `name =`.
pub(super) fn of(name: &Name, input: ParseStream<'_>) -> core::result::Result<Expr, Unread> {
    let name = &name.ident;
    if ends(input) {
        let error = Error::new(name.span(), format!("`{name}` has no value after its `=`; write one"));
        return Err(Unread::Consumed(error));
    }
    if let Some(error) = leading_point(name, input).or_else(|| percent(name, input)).or_else(|| unquoted(name, input)) {
        return Err(Unread::Consumed(error));
    }
    match expression(input) {
        Ok(Expr::Lit(literal)) if is_broken(&literal.lit) => Err(Unread::ReportedByCompiler),
        Ok(value) => Ok(value),
        Err(error) => Err(Unread::Endless(error)),
    }
}

/// `'payment_api'`, `1e`: a literal that the compiler has rejected already.
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

/// An expression. If it is incomplete, the error is at its last token, not at the whole attribute.
pub(super) fn expression(input: ParseStream<'_>) -> Result<Expr> {
    let ahead = input.fork();
    match ahead.parse::<Expr>() {
        Ok(value) => {
            input.advance_to(&ahead);
            Ok(value)
        }
        Err(error) if ahead.is_empty() => {
            let last = input.fork().parse::<TokenStream>()?.into_iter().last();
            let place = last.map_or_else(|| error.span(), |last| last.span());
            Err(Error::new(place, "the expression is incomplete"))
        }
        Err(error) => Err(Error::new(error.span(), format!("the value must be a single expression ({error})"))),
    }
}

/// `.5`
fn leading_point(name: &Ident, input: ParseStream<'_>) -> Option<Error> {
    let ahead = input.fork();
    let mut written = TokenStream::new();
    let minus: Option<Token![-]> = ahead.parse().ok()?;
    minus.to_tokens(&mut written);
    ahead.parse::<Token![.]>().ok()?.to_tokens(&mut written);
    let digits: LitInt = ahead.parse().ok()?;
    digits.to_tokens(&mut written);
    input.advance_to(&ahead);
    let minus = if minus.is_some() { "-" } else { "" };
    let message = format!("a number must begin with a digit: write `{name} = {minus}0.{digits}`");
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
    let message = format!("write a fraction instead of a percentage: `{name} = {}`", number / 100.0);
    Some(Error::new(sign.span, message))
}

/// `0,5` or `10,000`, which the comma splits in two.
pub(super) fn split_by_a_comma(name: &Name, value: &Value, rest: &Expr) -> Option<Error> {
    let (Value::Is(Expr::Lit(whole)), Expr::Lit(rest)) = (value, rest) else { return None };
    let (Lit::Int(whole), Lit::Int(rest)) = (&whole.lit, &rest.lit) else { return None };
    let digits = rest.to_string();
    let number = if digits.len() == 3 { format!("{whole}_{digits}") } else { format!("{whole}.{digits}") };
    Some(Error::new(rest.span(), format!("a `,` ends the option; write `{} = {number}`", name.ident)))
}

/// `60 s`, `1m 30s`. A single `60s` is a literal, which the option itself rejects.
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

/// Returns whether the value ends here.
fn ends(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}
