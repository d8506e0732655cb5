//! VALIDATE: options whose value is a constant. They stand in items inside of the function, which
//! cannot see its arguments, nor what is generic around it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Error, Expr, Ident, Signature};

use super::keys::Key;
use super::nearest::nearest;
use super::{names, signature};

/// The mistake, if the constant names one of the arguments.
pub(crate) fn refuse_arguments(key: Key, value: &Expr, arguments: &[Ident]) -> syn::Result<()> {
    let free = names::free(value);
    let Some(name) = free.iter().find(|name| arguments.contains(name)) else { return Ok(()) };
    let option = key.name();
    let instead = match key {
        Key::Scope | Key::Kind => {
            let place = if *name == "self" { "self.field".to_owned() } else { name.unraw().to_string() };
            format!("put it into the identifier: `identifier = \"…{{{place}}}\"`")
        }
        _ => "write a constant; for a policy that is known at run time, register the circuit with it first: \
            `Registry::get_or_register`"
            .to_owned(),
    };
    let what = if *name == "self" { "`self`".to_owned() } else { format!("the argument `{name}`") };
    Err(Error::new(name.span(), format!("`{option}` is a constant and cannot use {what}; {instead}")))
}

/// The name, where a path is a single word without a capital letter: so an argument is spelled, or
/// a string whose quotes were forgotten, but no constant and no type.
pub(crate) fn lower_case(value: &Expr) -> Option<&Ident> {
    let Expr::Path(path) = value else { return None };
    path.path.get_ident().filter(|name| path.qself.is_none() && !name.to_string().contains(char::is_uppercase))
}

/// Such a name, where it is no argument.
pub(crate) fn bare_word(key: Key, name: &Ident, arguments: &[Ident]) -> Error {
    let option = key.name();
    let names: Vec<String> = arguments.iter().map(|argument| argument.unraw().to_string()).collect();
    let instead = match nearest(&name.to_string(), names.iter().map(String::as_str)) {
        Some(near) if key == Key::Identifier => format!("did you mean `{near}`?"),
        _ => format!("for a string write `{option} = \"{name}\"`, for a constant of that name `self::{name}`"),
    };
    Error::new(name.span(), format!("`{name}` is no argument; {instead}"))
}

/// May it depend on something generic? `Self` and the function's own parameters do; what is generic
/// around the function is not known here, but looks like it: `T`, `T::LIMIT`, `Client::POLICY`.
pub(crate) fn may_be_generic(signature: &Signature, value: &Expr) -> bool {
    signature::is_generic(signature, value.to_token_stream()) || looks_generic(value.to_token_stream(), true)
}

/// The same for what an item holds for every call: an associated constant of a type that is spelled
/// out can stand there, so that only single letters look generic.
pub(crate) fn is_surely_generic(signature: &Signature, value: &Expr) -> bool {
    signature::is_generic(signature, value.to_token_stream()) || looks_generic(value.to_token_stream(), false)
}

/// Does a parameter of an `impl` block stand there, as far as spelling tells?
fn looks_generic(tokens: TokenStream, with_types: bool) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| {
        let name = match token {
            TokenTree::Group(group) => return looks_generic(group.stream(), with_types),
            TokenTree::Ident(name) => name.to_string(),
            TokenTree::Punct(_) | TokenTree::Literal(_) => return false,
        };
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        if is_sign(before, ':') || is_sign(before, '.') {
            return false;
        }
        let associated = match tokens.get(at + 3) {
            Some(TokenTree::Ident(constant)) if is_sign(tokens.get(at + 1), ':') => is_constant(&constant.to_string()),
            _ => false,
        };
        is_letter(&name) || (with_types && is_type(&name) && (associated || is_sign(before, '<')))
    })
}

fn is_sign(token: Option<&TokenTree>, letter: char) -> bool {
    matches!(token, Some(TokenTree::Punct(sign)) if sign.as_char() == letter)
}

/// `T`, `N`, `T1`
fn is_letter(name: &str) -> bool {
    let rest = name.strip_prefix(|first: char| first.is_ascii_uppercase());
    rest.is_some_and(|rest| rest.chars().all(|digit| digit.is_ascii_digit()))
}

/// `LIMIT`
fn is_constant(name: &str) -> bool {
    !name.contains(char::is_lowercase)
}

/// `Client`, but none whose constants are known to depend on nothing.
fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase) && !matches!(name, "Duration" | "Policy")
}
