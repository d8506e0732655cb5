//! VALIDATE: how the circuit of a call is named.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result};

use super::constants;
use super::keys::Key;
use super::options::literal;
use super::places::{self, Piece, Place, pieces};
use super::values;

/// The name of a circuit.
pub(crate) enum Identifier {
    /// The same for every call: found once per site.
    Fixed(LitStr),
    /// A literal with `{argument}` places, filled per call.
    Template {
        /// What `format_args!` takes, its places without names.
        format: String,
        places: Vec<TokenStream>,
    },
    /// Evaluated once per call.
    Computed(Expr),
}

fn is_among(name: &Ident, arguments: &[Ident]) -> bool {
    arguments.iter().any(|argument| argument.unraw() == name.unraw())
}

impl Identifier {
    /// Reads the option; `arguments` are the names that a place may hold.
    pub(crate) fn validate(value: &Expr, arguments: &[Ident]) -> Result<Self> {
        match literal(value) {
            Some(Lit::Str(_)) => return Self::text(values::text(Key::Identifier, value)?, arguments),
            Some(_) => return Err(values::wrong_kind(Key::Identifier, value, "a string")),
            None => {}
        }
        match value {
            Expr::Closure(_) => {
                let message = "`identifier` takes a string; write the closure's body alone, it may use the arguments";
                Err(Error::new_spanned(value, message))
            }
            Expr::Path(_) => match constants::lower_case(value).filter(|name| !is_among(name, arguments)) {
                Some(name) => Err(constants::bare_word(Key::Identifier, name, arguments)),
                None => Ok(Self::Computed(value.clone())),
            },
            _ => match places::in_concat(value) {
                Some((place, joined)) => {
                    let message =
                        format!("a place in `concat!` is not filled: write one literal, `identifier = {joined:?}`");
                    Err(Error::new(place, message))
                }
                None => Ok(Self::Computed(value.clone())),
            },
        }
    }

    /// The same name, looked up for every call.
    pub(crate) fn by_call(self) -> Self {
        match self {
            Self::Fixed(name) => Self::Computed(Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Str(name) })),
            other => other,
        }
    }

    fn text(literal: &LitStr, arguments: &[Ident]) -> Result<Self> {
        let text = literal.value();
        let pieces = pieces(&text).map_err(|message| Error::new(literal.span(), message))?;
        let mut fixed = String::new();
        let mut format = String::new();
        let mut places = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Letter(letter) => {
                    fixed.push(letter);
                    format.push(letter);
                    if matches!(letter, '{' | '}') {
                        format.push(letter);
                    }
                }
                Piece::Place(written) => {
                    let place = Place::read(written, literal, arguments)?;
                    format = format!("{format}{{{}}}", place.format);
                    places.push(place.value);
                }
            }
        }
        if places.is_empty() {
            return Ok(Self::Fixed(LitStr::new(&fixed, literal.span())));
        }
        Ok(Self::Template { format, places })
    }
}
