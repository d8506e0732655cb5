//! VALIDATE: the kinds of value. A literal is checked here, so that its error lands on it; an
//! expression is checked by the compiler, through the policy's own constant check.

use core::ops::RangeInclusive;
use core::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens;
use syn::{Error, Expr, Lit, LitStr, Macro, Result, UnOp};

use super::keys::Key;
use super::options::literal;
use crate::duration;

/// A number: its tokens, and its value where it is a literal.
pub(crate) struct Number {
    pub(crate) tokens: TokenStream,
    pub(crate) known: Option<f64>,
}

/// A duration: of a literal, or an expression that the policy's constant check has to judge.
#[derive(Clone)]
pub(crate) enum Period {
    Known(Duration),
    Computed(TokenStream),
}

/// The text of a string literal that is not empty.
pub(crate) fn text(key: Key, value: &Expr) -> Result<&LitStr> {
    match literal(value) {
        Some(Lit::Str(text)) if text.value().is_empty() => {
            Err(Error::new_spanned(value, format!("`{}` is empty; write `{}`", key.name(), key.example())))
        }
        Some(Lit::Str(text)) => Ok(text),
        _ => Err(wrong_kind(key, value, "a string literal")),
    }
}

/// A count: an integer from 1, or a constant expression.
pub(crate) fn count(key: Key, value: &Expr) -> Result<Number> {
    let name = key.name();
    match literal(value) {
        Some(Lit::Int(number)) if matches!(number.suffix(), "" | "u32") => {
            let limits = 1..=COUNT_LIMIT;
            let known = number.base10_parse::<u64>().ok().filter(|count| limits.contains(count));
            let known = known.and_then(|count| u32::try_from(count).ok()).ok_or_else(|| {
                Error::new_spanned(
                    value,
                    format!("`{name}` must lie between 1 and 10,000,000: write `{}`", key.example()),
                )
            })?;
            Ok(Number { tokens: value.to_token_stream(), known: Some(f64::from(known)) })
        }
        Some(Lit::Int(number)) if number.suffix().starts_with(['u', 'i']) => {
            let message = format!("`{name}` is a `u32`: write `{name} = {}`", number.base10_digits());
            Err(Error::new_spanned(value, message))
        }
        Some(_) => Err(wrong_kind(key, value, "a whole number")),
        None if is_negative(value) => {
            Err(Error::new_spanned(value, format!("`{name}` must be at least 1: write `{}`", key.example())))
        }
        None => expression(key, value, "a whole number"),
    }
}

/// A share: above 0 and at most 1.
pub(crate) fn rate(key: Key, value: &Expr) -> Result<Number> {
    fraction(key, value, f64::MIN_POSITIVE..=1.0, "must be above 0 and at most 1")
}

/// A share of which none is a share as well.
pub(crate) fn jitter(key: Key, value: &Expr) -> Result<Number> {
    fraction(key, value, 0.0..=1.0, "must lie between 0 and 1")
}

/// What each further open period is multiplied with.
pub(crate) fn factor(key: Key, value: &Expr) -> Result<Number> {
    fraction(key, value, 1.0..=f64::MAX, "must be at least 1")
}

fn fraction(key: Key, value: &Expr, limits: RangeInclusive<f64>, rule: &str) -> Result<Number> {
    let name = key.name();
    let known = match literal(value) {
        Some(Lit::Float(number)) if matches!(number.suffix(), "" | "f64") => number.base10_parse::<f64>()?,
        Some(Lit::Int(number)) if number.suffix().is_empty() => number.base10_parse::<f64>()?,
        Some(_) => return Err(wrong_kind(key, value, "a number")),
        None if is_negative(value) => {
            return Err(Error::new_spanned(value, format!("`{name}` {rule}: write `{}`", key.example())));
        }
        None => return expression(key, value, "a number"),
    };
    if limits.contains(&known) {
        // A whole number in the source (`jitter = 1`) is an `f64` in the policy.
        let mut number = Literal::f64_suffixed(known);
        number.set_span(syn::spanned::Spanned::span(value));
        return Ok(Number { tokens: number.to_token_stream(), known: Some(known) });
    }
    let percent = *limits.end() <= 1.0 && (2.0..=100.0).contains(&known);
    let instead = if percent {
        format!("for {known} % write `{name} = {}`", known / 100.0)
    } else {
        format!("write `{}`", key.example())
    };
    Err(Error::new_spanned(value, format!("`{name}` {rule}: {instead}")))
}

/// A duration of more than nothing.
pub(crate) fn period(key: Key, value: &Expr) -> Result<Period> {
    let period = duration(key, value)?;
    if matches!(period, Period::Known(known) if known.is_zero()) {
        let message = format!("`{}` must be longer than nothing: write `{}`", key.name(), key.example());
        return Err(Error::new_spanned(value, message));
    }
    Ok(period)
}

/// A duration, which may be zero.
pub(crate) fn duration(key: Key, value: &Expr) -> Result<Period> {
    let takes = "a duration, as a string or a constant `Duration`";
    match literal(value) {
        Some(Lit::Str(text)) => match duration::parse(&text.value()) {
            Ok(known) => Ok(Period::Known(known)),
            Err(message) => Err(Error::new_spanned(value, message)),
        },
        Some(number @ (Lit::Int(_) | Lit::Float(_))) => {
            let mut text = number.to_token_stream().to_string().replace('_', "");
            if text.ends_with(|last: char| last.is_ascii_digit()) {
                text.push('s');
            }
            match duration::parse(&text) {
                Ok(_) => {
                    let message = format!("a duration is a string: write `{} = {text:?}`", key.name());
                    Err(Error::new_spanned(value, message))
                }
                Err(_) => Err(wrong_kind(key, value, takes)),
            }
        }
        Some(_) => Err(wrong_kind(key, value, takes)),
        // No operator is constant for durations.
        None if matches!(value, Expr::Binary(_) | Expr::Unary(_)) || is_text(value) => {
            Err(wrong_kind(key, value, takes))
        }
        None => Ok(Period::Computed(constant(key, value, takes)?)),
    }
}

/// Says what the option takes, and shows it; a number in quotes is shown without them.
pub(crate) fn wrong_kind(key: Key, value: &Expr, kind: &str) -> Error {
    let unquoted = match literal(value) {
        Some(Lit::Str(text)) => Some(text.value()).filter(|text| text.parse::<f64>().is_ok()),
        _ => None,
    };
    let instead = match unquoted {
        Some(number) => format!("{} = {number}", key.name()),
        None => key.example().to_owned(),
    };
    Error::new_spanned(value, format!("`{}` takes {kind}: write `{instead}`", key.name()))
}

fn expression(key: Key, value: &Expr, kind: &str) -> Result<Number> {
    if is_text(value) {
        return Err(wrong_kind(key, value, kind));
    }
    Ok(Number { tokens: constant(key, value, kind)?, known: None })
}

/// A constant expression; what cannot be one is refused here, where the message can say what to
/// write.
pub(crate) fn constant(key: Key, value: &Expr, kind: &str) -> Result<TokenStream> {
    match value {
        Expr::Closure(_) | Expr::Array(_) | Expr::Tuple(_) | Expr::Range(_) | Expr::Async(_) => {
            Err(wrong_kind(key, value, kind))
        }
        _ => Ok(value.to_token_stream()),
    }
}

/// Is it a macro that makes a string? Macros are expanded later, so its words are not known here.
fn is_text(value: &Expr) -> bool {
    let Expr::Macro(call) = value else { return false };
    ["concat", "env", "format", "include_str", "stringify"].iter().any(|name| is_call_of(&call.mac, name))
}

/// Is it the macro of that name, wherever it was found?
pub(crate) fn is_call_of(call: &Macro, name: &str) -> bool {
    call.path.segments.last().is_some_and(|last| last.ident == name)
}

fn is_negative(value: &Expr) -> bool {
    match value {
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && literal(&unary.expr).is_some(),
        _ => false,
    }
}

/// The runtime's limit of every count.
const COUNT_LIMIT: u64 = 10_000_000;
