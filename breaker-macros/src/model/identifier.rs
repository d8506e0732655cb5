//! VALIDATE: how the circuit of a call is named.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Error, Expr, Ident, Lit, LitStr, Result};

use super::keys::Key;
use super::nearest::nearest;
use super::options::literal;
use super::values;

/// The name of a circuit.
pub(crate) enum Identifier {
    /// The same for every call: found once per site.
    Fixed(TokenStream),
    /// A literal with `{argument}` places, filled per call.
    Template {
        /// What `format_args!` takes, its places without names.
        format: String,
        places: Vec<TokenStream>,
    },
    /// Evaluated once per call.
    Computed(Expr),
}

impl Identifier {
    /// Reads the option; `arguments` are the names that a place may hold.
    pub(crate) fn validate(value: &Expr, arguments: &[Ident]) -> Result<Self> {
        match literal(value) {
            Some(Lit::Str(_)) => Self::text(values::text(Key::Identifier, value)?, arguments),
            Some(_) => Err(values::wrong_kind(Key::Identifier, value, "a string")),
            None if matches!(value, Expr::Closure(_)) => {
                let message = "`identifier` takes a string; write the closure's body alone, it may use the arguments";
                Err(Error::new_spanned(value, message))
            }
            None => Ok(Self::Computed(value.clone())),
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
                Piece::Place(name) => {
                    format.push_str("{}");
                    places.push(place(name, literal, arguments)?);
                }
            }
        }
        if places.is_empty() {
            let fixed = LitStr::new(&fixed, literal.span());
            return Ok(Self::Fixed(quote!(#fixed)));
        }
        Ok(Self::Template { format, places })
    }
}

/// A part of a literal.
enum Piece<'a> {
    Letter(char),
    Place(&'a str),
}

/// The parts of a literal, escapes resolved.
fn pieces(text: &str) -> core::result::Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let escaped = rest.starts_with("{{") || rest.starts_with("}}");
        let length = match letter {
            _ if escaped => 2,
            '{' => match rest.find('}') {
                Some(end) => {
                    pieces.push(Piece::Place(&rest[1..end]));
                    rest = &rest[end + 1..];
                    continue;
                }
                None => return Err("a `{` without its `}`; for the letter itself write `{{`".to_owned()),
            },
            '}' => return Err("a `}` without its `{`; for the letter itself write `}}`".to_owned()),
            _ => letter.len_utf8(),
        };
        pieces.push(Piece::Letter(letter));
        rest = &rest[length..];
    }
    Ok(pieces)
}

/// The argument of that name: resolved where the argument is, so that a function made by `macro_rules` works, and placed at
/// the literal, so that its errors do.
fn place(name: &str, literal: &LitStr, arguments: &[Ident]) -> Result<TokenStream> {
    let fail = |message: String| Err(Error::new(literal.span(), message));
    if let Some(argument) = arguments.iter().find(|argument| argument.unraw() == name) {
        let mut argument = argument.clone();
        argument.set_span(literal.span().resolved_at(argument.span()));
        return Ok(argument.to_token_stream());
    }
    if name.trim().is_empty() {
        return fail("an empty place `{}`; write the name of an argument between the braces".to_owned());
    }
    if syn::parse_str::<Ident>(name).is_err() && name != "self" {
        return fail(format!(
            "the place `{{{name}}}` is not the plain name of an argument; for anything else write `identifier = format!(…)`",
        ));
    }
    let names: Vec<String> = arguments.iter().map(|argument| argument.unraw().to_string()).collect();
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let instead = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None if names.is_empty() => "the function has no arguments; for a brace itself write `{{`".to_owned(),
        None => format!("the arguments are {}", listed.join(", ")),
    };
    fail(format!("the place `{{{name}}}` names no argument; {instead}"))
}
