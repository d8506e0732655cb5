//! VALIDATE: the kinds of values. A literal is checked here, so that its error is reported at it.
//! The compiler checks expressions, through the policy's own constant check.

use core::ops::RangeInclusive;
use core::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens;
use syn::{Error, Expr, Lit, LitStr, Result, UnOp};

use super::expressions::{is_call_of, literal};
use super::option_name::OptionName;
use crate::duration;

/// A number: its tokens, and its value if it is a literal.
pub(crate) struct Number {
    pub(crate) tokens: TokenStream,
    pub(crate) known: Option<f64>,
}

/// A duration: a literal, or an expression that the policy's constant check validates.
#[derive(Clone)]
pub(crate) enum Period {
    Known(Duration),
    Computed(TokenStream),
}

/// The text of a string literal that is not empty.
pub(crate) fn text(option: OptionName, value: &Expr) -> Result<&LitStr> {
    match literal(value) {
        Some(Lit::Str(text)) if text.value().is_empty() => {
            Err(Error::new_spanned(value, format!("`{}` is empty; write `{}`", option.name(), option.example())))
        }
        Some(Lit::Str(text)) => Ok(text),
        _ => Err(wrong_kind(option, value, "a string literal")),
    }
}

/// A count: an integer from 1, or a constant expression.
pub(crate) fn count(option: OptionName, value: &Expr) -> Result<Number> {
    let name = option.name();
    match literal(value) {
        Some(Lit::Int(number)) if matches!(number.suffix(), "" | "u32") => {
            let limits = 1..=COUNT_LIMIT;
            let known = number.base10_parse::<u64>().ok().filter(|count| limits.contains(count));
            let known = known.and_then(|count| u32::try_from(count).ok()).ok_or_else(|| {
                Error::new_spanned(
                    value,
                    format!("`{name}` must be between 1 and 10,000,000: write `{}`", option.example()),
                )
            })?;
            Ok(Number { tokens: value.to_token_stream(), known: Some(f64::from(known)) })
        }
        Some(Lit::Int(number)) if number.suffix().starts_with(['u', 'i']) => {
            let message = format!("`{name}` is a `u32`: write `{name} = {}`", number.base10_digits());
            Err(Error::new_spanned(value, message))
        }
        Some(_) => Err(wrong_kind(option, value, "a whole number")),
        None if is_negative(value) => {
            Err(Error::new_spanned(value, format!("`{name}` must be at least 1: write `{}`", option.example())))
        }
        None => expression(option, value, "a whole number"),
    }
}

/// A fraction above 0 and at most 1.
pub(crate) fn rate(option: OptionName, value: &Expr) -> Result<Number> {
    fraction(option, value, f64::MIN_POSITIVE..=1.0, "must be above 0 and at most 1")
}

/// A fraction from 0 to 1, inclusive.
pub(crate) fn jitter(option: OptionName, value: &Expr) -> Result<Number> {
    fraction(option, value, 0.0..=1.0, "must be between 0 and 1")
}

/// The factor by which each further open period grows: at least 1.
pub(crate) fn factor(option: OptionName, value: &Expr) -> Result<Number> {
    fraction(option, value, 1.0..=f64::MAX, "must be at least 1")
}

fn fraction(option: OptionName, value: &Expr, limits: RangeInclusive<f64>, rule: &str) -> Result<Number> {
    let name = option.name();
    let known = match literal(value) {
        Some(Lit::Float(number)) if matches!(number.suffix(), "" | "f64") => number.base10_parse::<f64>()?,
        Some(Lit::Int(number)) if number.suffix().is_empty() => number.base10_parse::<f64>()?,
        Some(_) => return Err(wrong_kind(option, value, "a number")),
        None if is_negative(value) => {
            return Err(Error::new_spanned(value, format!("`{name}` {rule}: write `{}`", option.example())));
        }
        None => return expression(option, value, "a number"),
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
        format!("write `{}`", option.example())
    };
    Err(Error::new_spanned(value, format!("`{name}` {rule}: {instead}")))
}

/// A duration longer than zero.
pub(crate) fn period(option: OptionName, value: &Expr) -> Result<Period> {
    let period = duration(option, value)?;
    if matches!(period, Period::Known(known) if known.is_zero()) {
        let message = format!("`{}` must be longer than zero: write `{}`", option.name(), option.example());
        return Err(Error::new_spanned(value, message));
    }
    Ok(period)
}

/// A duration, which may be zero.
pub(crate) fn duration(option: OptionName, value: &Expr) -> Result<Period> {
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
                    let message = format!("a duration is a string: write `{} = {text:?}`", option.name());
                    Err(Error::new_spanned(value, message))
                }
                Err(_) => Err(wrong_kind(option, value, takes)),
            }
        }
        Some(_) => Err(wrong_kind(option, value, takes)),
        // No operator is constant for durations.
        None if matches!(value, Expr::Binary(_) | Expr::Unary(_)) || is_text(value) => {
            Err(wrong_kind(option, value, takes))
        }
        None => Ok(Period::Computed(constant(option, value, takes)?)),
    }
}

/// An error that says what the option takes, with an example. A number in quotes is shown without
/// them.
pub(crate) fn wrong_kind(option: OptionName, value: &Expr, kind: &str) -> Error {
    let unquoted = match literal(value) {
        Some(Lit::Str(text)) => Some(text.value()).filter(|text| text.parse::<f64>().is_ok()),
        _ => None,
    };
    let instead = match unquoted {
        Some(number) => format!("{} = {number}", option.name()),
        None => option.example().to_owned(),
    };
    Error::new_spanned(value, format!("`{}` takes {kind}: write `{instead}`", option.name()))
}

fn expression(option: OptionName, value: &Expr, kind: &str) -> Result<Number> {
    if is_text(value) {
        return Err(wrong_kind(option, value, kind));
    }
    Ok(Number { tokens: constant(option, value, kind)?, known: None })
}

/// A constant expression. What cannot be one is rejected here, where the message can say what to
/// write.
pub(crate) fn constant(option: OptionName, value: &Expr, kind: &str) -> Result<TokenStream> {
    match value {
        Expr::Closure(_) | Expr::Array(_) | Expr::Tuple(_) | Expr::Range(_) | Expr::Async(_) => {
            Err(wrong_kind(option, value, kind))
        }
        _ => Ok(value.to_token_stream()),
    }
}

/// Returns whether it is a macro that makes a string. Macros are expanded later, so its text is not
/// known here.
fn is_text(value: &Expr) -> bool {
    let Expr::Macro(call) = value else { return false };
    ["concat", "env", "format", "include_str", "stringify"].iter().any(|name| is_call_of(&call.mac, name))
}

fn is_negative(value: &Expr) -> bool {
    match value {
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && literal(&unary.expr).is_some(),
        _ => false,
    }
}

/// The upper limit of every count, as in the runtime.
const COUNT_LIMIT: u64 = 10_000_000;
