//! VALIDATE: a handler cannot use what the body has taken. The body of an `async fn` takes every
//! argument that it names; one that can be copied stays usable.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Error, Expr, FnArg, GenericArgument, Ident, Pat, PathArguments, Receiver, ReceiverKind, Type};

use super::names;
use crate::item::Item;

/// The mistake, where it can be seen: types that this crate does not know are left to the compiler.
pub(crate) fn refuse(handler: &Expr, item: &Item) -> syn::Result<()> {
    let Some(body) = item.body.as_ref().filter(|_| item.signature.asyncness.is_some()) else { return Ok(()) };
    for name in names::free(handler) {
        let taken = item.signature.inputs.iter().find_map(|argument| taken(argument, &name));
        if let Some(instead) = taken.filter(|_| Seen::of(body.statements().clone(), &name).is_taken()) {
            let message = format!("`error_handler` cannot use `{name}`, for the body has taken it; {instead}");
            return Err(Error::new(name.span(), message));
        }
    }
    Ok(())
}

/// What to write, where the argument has that name and cannot be copied.
fn taken(argument: &FnArg, name: &Ident) -> Option<String> {
    let copied = "take what it needs from the result";
    match argument {
        FnArg::Receiver(receiver) => (name == "self" && is_exclusive(receiver)).then(|| copied.to_owned()),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) if pattern.ident == *name => match &*typed.ty {
                Type::Reference(reference) => reference.mutability.is_some().then(|| copied.to_owned()),
                owned if is_owned(owned) => {
                    Some(format!("let the function borrow it (`{}: &…`), or {copied}", name.unraw()))
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

/// Is it a type that is known to be moved and not copied?
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

/// How a variable is met in the tokens of a body.
#[derive(Clone, Copy, Default)]
struct Seen {
    used: bool,
    /// A `let` or a pattern of that name.
    made: bool,
}

impl Seen {
    fn of(tokens: TokenStream, variable: &Ident) -> Self {
        let mut seen = Self::default();
        let mut before = None;
        for token in tokens {
            match &token {
                TokenTree::Group(group) => {
                    let inside = Self::of(group.stream(), variable);
                    seen.used |= inside.used;
                    seen.made |= inside.made;
                }
                TokenTree::Ident(name) if name == variable => match &before {
                    // A field or a method.
                    Some(TokenTree::Punct(sign)) if sign.as_char() == '.' => {}
                    Some(TokenTree::Punct(sign)) if sign.as_char() == '|' => seen.made = true,
                    Some(TokenTree::Ident(word)) if ["let", "mut", "ref"].iter().any(|one| word == one) => {
                        seen.made = true;
                    }
                    _ => seen.used = true,
                },
                _ => {}
            }
            before = Some(token);
        }
        seen
    }

    /// Is it the argument that is met, and not another variable of its name?
    const fn is_taken(self) -> bool {
        self.used && !self.made
    }
}
