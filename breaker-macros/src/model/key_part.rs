//! VALIDATE: the other parts of a circuit's key, `scope` and `kind`.

use proc_macro2::Span;
use syn::{Error, Expr, Ident, Lit, LitStr, Result, Signature};

use super::constants;
use super::expressions::{is_call_of, literal, lower_case};
use super::option_name::OptionName;
use super::placeholders::{self, Piece, pieces};
use super::values;

/// A string that is the same for every call.
pub(crate) enum KeyPart {
    Literal(LitStr),
    /// A constant `&'static str`.
    Constant(Box<Expr>),
}

impl KeyPart {
    /// Reads the option.
    pub(crate) fn validate(option: OptionName, value: &Expr, arguments: &[Ident]) -> Result<Self> {
        constants::reject_arguments(option, value, arguments)?;
        match literal(value) {
            Some(Lit::Str(_)) => Ok(Self::Literal(plain(option, values::text(option, value)?)?)),
            Some(_) => Err(values::wrong_kind(option, value, "a string")),
            None => Self::constant(option, value, arguments),
        }
    }

    /// Returns whether it may depend on something generic.
    pub(crate) fn is_generic(&self, signature: &Signature) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Constant(constant) => constants::is_surely_generic(signature, constant),
        }
    }

    fn constant(option: OptionName, value: &Expr, arguments: &[Ident]) -> Result<Self> {
        if let Some(name) = lower_case(value) {
            return Err(constants::unknown_word(option, name, arguments));
        }
        if let Some((span, joined)) = placeholders::in_concat(value) {
            return Err(placeholder_in(option, &joined, span));
        }
        match value {
            // `format!` makes its string at run time.
            Expr::Macro(call) if is_call_of(&call.mac, "format") => Err(values::wrong_kind(option, value, "a string")),
            _ => Ok(Self::Constant(Box::new(Expr::Verbatim(values::constant(option, value, "a string")?)))),
        }
    }
}

/// The literal, escapes resolved as in identifiers; a placeholder in it is an error.
fn plain(option: OptionName, literal: &LitStr) -> Result<LitStr> {
    let text = literal.value();
    let pieces = pieces(&text).map_err(|message| Error::new(literal.span(), message))?;
    let mut plain = String::new();
    for piece in pieces {
        match piece {
            Piece::Letter(letter) => plain.push(letter),
            Piece::Placeholder(_) => return Err(placeholder_in(option, &text, literal.span())),
        }
    }
    Ok(LitStr::new(&plain, literal.span()))
}

fn placeholder_in(option: OptionName, text: &str, span: Span) -> Error {
    let name = option.name();
    if text.contains("{fn}") {
        return Error::new(
            span,
            format!("`{{fn}}` is filled in only in `identifier`; put it there, or write `{name}` out"),
        );
    }
    let message = format!(
        "`{name}` is the same for every call, so the placeholder in {text:?} cannot be filled in; put it into `identifier`"
    );
    Error::new(span, message)
}
