//! VALIDATE: options whose value is a constant. They go into items inside the function, which
//! cannot use its arguments or the generic parameters around it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Error, Expr, Ident, Signature};

use super::option_name::OptionName;
use super::suggestion::closest;
use super::{free_variables, signature};

/// Returns an error if the constant names one of the arguments.
pub(crate) fn reject_arguments(option: OptionName, value: &Expr, arguments: &[Ident]) -> syn::Result<()> {
    let free = free_variables::of(value);
    let Some(name) = free.iter().find(|name| arguments.contains(name)) else { return Ok(()) };
    let name_of_option = option.name();
    let instead = match option {
        OptionName::Scope | OptionName::Kind => {
            let placeholder = if *name == "self" { "self.field".to_owned() } else { name.unraw().to_string() };
            format!("put it into the identifier instead: `identifier = \"…{{{placeholder}}}\"`")
        }
        _ => "write a constant; for a policy that is only known at run time, register the circuit first with \
            `Registry::get_or_register`"
            .to_owned(),
    };
    let what = if *name == "self" { "`self`".to_owned() } else { format!("the argument `{name}`") };
    Err(Error::new(name.span(), format!("`{name_of_option}` must be a constant and cannot use {what}; {instead}")))
}

/// The error for such a name that is not an argument.
pub(crate) fn unknown_word(option: OptionName, name: &Ident, arguments: &[Ident]) -> Error {
    let name_of_option = option.name();
    let names: Vec<String> = arguments.iter().map(|argument| argument.unraw().to_string()).collect();
    let instead = match closest(&name.to_string(), names.iter().map(String::as_str)) {
        Some(near) if option == OptionName::Identifier => format!("did you mean `{near}`?"),
        _ => format!(
            "for a string write `{name_of_option} = \"{name}\"`, for a constant `{name_of_option} = self::{name}`"
        ),
    };
    Error::new(name.span(), format!("`{name}` is not an argument; {instead}"))
}

/// Returns whether it may depend on something generic. `Self` and the function's own parameters do.
/// The parameters around the function are not known here, so everything that looks like one counts:
/// `T`, `T::LIMIT`, `Client::POLICY`.
pub(crate) fn may_be_generic(signature: &Signature, value: &Expr) -> bool {
    signature::is_generic(signature, value.to_token_stream()) || looks_generic(value.to_token_stream(), true)
}

/// The same for what an item holds for every call. An associated constant of a type that is spelled
/// out can stand there, so only single letters look generic.
pub(crate) fn is_surely_generic(signature: &Signature, value: &Expr) -> bool {
    signature::is_generic(signature, value.to_token_stream()) || looks_generic(value.to_token_stream(), false)
}

/// Returns whether the tokens contain a parameter of an `impl` block, as far as the spelling shows.
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

/// `Client`, but no type whose constants are known not to be generic.
fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase) && !matches!(name, "Duration" | "Policy")
}
