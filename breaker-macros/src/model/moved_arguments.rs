//! VALIDATE: a handler cannot use arguments that the body has moved. The body of an `async fn`
//! moves every argument that it names, except those that are `Copy`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Error, Expr, FnArg, GenericArgument, Ident, Pat, PathArguments, Receiver, ReceiverKind, Type};

use super::free_variables;
use crate::item::Item;

/// Returns an error where the types are known; others are left to the compiler.
pub(crate) fn reject(handler: &Expr, item: &Item) -> syn::Result<()> {
    let Some(body) = item.body.as_ref().filter(|_| item.signature.asyncness.is_some()) else { return Ok(()) };
    for name in free_variables::of(handler) {
        let advice = item.signature.inputs.iter().find_map(|argument| advice(argument, &name));
        if let Some(advice) = advice.filter(|_| Occurrences::of(body.statements().clone(), &name).is_moved()) {
            let message = format!("`error_handler` cannot use `{name}`, because the async body moves it; {advice}");
            return Err(Error::new(name.span(), message));
        }
    }
    Ok(())
}

/// What to write instead, if the argument has that name and is not `Copy`.
fn advice(argument: &FnArg, name: &Ident) -> Option<String> {
    let from_result = "use only the result";
    match argument {
        FnArg::Receiver(receiver) => (name == "self" && is_exclusive(receiver)).then(|| from_result.to_owned()),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) if pattern.ident == *name => match &*typed.ty {
                Type::Reference(reference) => reference.mutability.is_some().then(|| from_result.to_owned()),
                owned if is_owned(owned) => {
                    Some(format!("let the function borrow it (`{}: &…`), or {from_result}", name.unraw()))
                }
                _ => None,
            },
            _ => None,
        },
    }
}

fn is_exclusive(receiver: &Receiver) -> bool {
    matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_)))
}

/// Returns whether the type is known not to be `Copy`.
fn is_owned(written: &Type) -> bool {
    let last = match written {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let Some(last) = last else { return false };
    match last.ident.to_string().as_str() {
        "String" | "Vec" | "VecDeque" | "Box" | "Arc" | "Rc" | "HashMap" | "HashSet" | "BTreeMap" | "BTreeSet"
        | "PathBuf" => true,
        "Option" => match &last.arguments {
            PathArguments::AngleBracketed(inner) => inner.args.iter().any(|inner| match inner {
                GenericArgument::Type(inner) => is_owned(inner),
                _ => false,
            }),
            _ => false,
        },
        _ => false,
    }
}

/// How a name occurs in the tokens of a body.
#[derive(Clone, Copy, Default)]
struct Occurrences {
    used: bool,
    /// A `let` or a pattern binds it.
    bound: bool,
}

impl Occurrences {
    fn of(tokens: TokenStream, variable: &Ident) -> Self {
        let mut found = Self::default();
        let mut before = None;
        for token in tokens {
            match &token {
                TokenTree::Group(group) => {
                    let inside = Self::of(group.stream(), variable);
                    found.used |= inside.used;
                    found.bound |= inside.bound;
                }
                TokenTree::Ident(name) if name == variable => match &before {
                    // A field or a method.
                    Some(TokenTree::Punct(sign)) if sign.as_char() == '.' => {}
                    Some(TokenTree::Punct(sign)) if sign.as_char() == '|' => found.bound = true,
                    Some(TokenTree::Ident(word)) if ["let", "mut", "ref"].iter().any(|one| word == one) => {
                        found.bound = true;
                    }
                    _ => found.used = true,
                },
                _ => {}
            }
            before = Some(token);
        }
        found
    }

    /// Returns whether the body uses the argument, and not another variable of its name.
    const fn is_moved(self) -> bool {
        self.used && !self.bound
    }
}
