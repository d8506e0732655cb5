//! VALIDATE: the identifier of the circuit.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result};

use super::constants;
use super::expressions::{literal, lower_case};
use super::option_name::OptionName;
use super::placeholders::{self, Piece, Placeholder, pieces};
use super::values;

/// The identifier of a circuit.
pub(crate) enum Identifier {
    /// The same for every call: looked up once per call site.
    Fixed(LitStr),
    /// A literal with `{argument}` placeholders, filled in per call.
    Template {
        /// The format string, its placeholders without names.
        format: String,
        arguments: Vec<TokenStream>,
    },
    /// Evaluated once per call.
    Computed(Expr),
}

fn is_among(name: &Ident, arguments: &[Ident]) -> bool {
    arguments.iter().any(|argument| argument.unraw() == name.unraw())
}

impl Identifier {
    /// Reads the option; `arguments` are the names that a placeholder may hold, besides `fn`.
    pub(crate) fn validate(value: &Expr, function: &Ident, arguments: &[Ident]) -> Result<Self> {
        match literal(value) {
            Some(Lit::Str(_)) => return Self::text(values::text(OptionName::Identifier, value)?, function, arguments),
            Some(_) => return Err(values::wrong_kind(OptionName::Identifier, value, "a string")),
            None => {}
        }
        match value {
            Expr::Closure(_) => {
                let message =
                    "`identifier` takes a string; write the body of the closure alone, it may use the arguments";
                Err(Error::new_spanned(value, message))
            }
            Expr::Path(_) => match lower_case(value).filter(|name| !is_among(name, arguments)) {
                Some(name) => Err(constants::unknown_word(OptionName::Identifier, name, arguments)),
                None => Ok(Self::Computed(value.clone())),
            },
            _ => match placeholders::in_concat(value) {
                Some((span, joined)) => {
                    let message = format!(
                        "placeholders in `concat!` are not filled in: write one literal, `identifier = {joined:?}`"
                    );
                    Err(Error::new(span, message))
                }
                None => Ok(Self::Computed(value.clone())),
            },
        }
    }

    /// The same identifier, looked up for every call.
    pub(crate) fn by_call(self) -> Self {
        match self {
            Self::Fixed(name) => Self::Computed(Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Str(name) })),
            other => other,
        }
    }

    fn text(literal: &LitStr, function: &Ident, arguments: &[Ident]) -> Result<Self> {
        let text = literal.value();
        let pieces = pieces(&text).map_err(|message| Error::new(literal.span(), message))?;
        let mut fixed = String::new();
        let mut format = String::new();
        let mut values = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Letter(letter) => {
                    fixed.push(letter);
                    format.push(letter);
                    if matches!(letter, '{' | '}') {
                        format.push(letter);
                    }
                }
                Piece::Placeholder(written) if placeholders::is_function(written, literal)? => {
                    let name = function.unraw().to_string();
                    fixed.push_str(&name);
                    format.push_str(&name);
                }
                Piece::Placeholder(written) => {
                    let placeholder = Placeholder::read(written, literal, arguments)?;
                    format = format!("{format}{{{}}}", placeholder.format);
                    values.push(placeholder.value);
                }
            }
        }
        if values.is_empty() {
            return Ok(Self::Fixed(LitStr::new(&fixed, literal.span())));
        }
        Ok(Self::Template { format, arguments: values })
    }
}
