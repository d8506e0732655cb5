//! VALIDATE: the further parts of a circuit's key, `scope` and `kind`.

use proc_macro2::Span;
use syn::{Error, Expr, Ident, Lit, LitStr, Result, Signature};

use super::constants;
use super::keys::Key;
use super::options::literal;
use super::places::{self, Piece, pieces};
use super::values;

/// A text that is the same for every call.
pub(crate) enum Label {
    Literal(LitStr),
    /// A constant `&'static str`.
    Constant(Box<Expr>),
}

impl Label {
    /// Reads the option.
    pub(crate) fn validate(key: Key, value: &Expr, arguments: &[Ident]) -> Result<Self> {
        constants::refuse_arguments(key, value, arguments)?;
        match literal(value) {
            Some(Lit::Str(_)) => Ok(Self::Literal(plain(key, values::text(key, value)?)?)),
            Some(_) => Err(values::wrong_kind(key, value, "a string")),
            None => Self::constant(key, value, arguments),
        }
    }

    /// May it depend on something generic?
    pub(crate) fn is_generic(&self, signature: &Signature) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Constant(constant) => constants::is_surely_generic(signature, constant),
        }
    }

    fn constant(key: Key, value: &Expr, arguments: &[Ident]) -> Result<Self> {
        if let Some(name) = constants::lower_case(value) {
            return Err(constants::bare_word(key, name, arguments));
        }
        if let Some((place, joined)) = places::in_concat(value) {
            return Err(never_filled(key, &joined, place));
        }
        match value {
            // Its text would be made at run time.
            Expr::Macro(call) if values::is_call_of(&call.mac, "format") => {
                Err(values::wrong_kind(key, value, "a string"))
            }
            _ => Ok(Self::Constant(Box::new(Expr::Verbatim(values::constant(key, value, "a string")?)))),
        }
    }
}

/// The literal, escapes resolved as in identifiers; a place in it is a mistake.
fn plain(key: Key, literal: &LitStr) -> Result<LitStr> {
    let text = literal.value();
    let pieces = pieces(&text).map_err(|message| Error::new(literal.span(), message))?;
    let mut plain = String::new();
    for piece in pieces {
        match piece {
            Piece::Letter(letter) => plain.push(letter),
            Piece::Place(_) => return Err(never_filled(key, &text, literal.span())),
        }
    }
    Ok(LitStr::new(&plain, literal.span()))
}

fn never_filled(key: Key, text: &str, place: Span) -> Error {
    let name = key.name();
    let message =
        format!("`{name}` is the same for every call, so no place in {text:?} can be filled; put it into `identifier`");
    Error::new(place, message)
}
