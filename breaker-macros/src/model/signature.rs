//! VALIDATE: what the signature says: how the function is run, and what its result is.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Error, FnArg, PatIdent, ReceiverKind, ReturnType, Signature, Type, TypeTuple, token};

use super::future;
use super::written::{is_number, without_impl};
use crate::mistakes::Mistakes;

/// How a function is run.
pub(crate) enum Shape {
    /// Called, and back with its result.
    Sync { output: Type },
    /// An `async fn`.
    Async { output: Type },
    /// A plain function whose result is a future.
    Future(Box<Returned>),
}

/// A future that a plain function returns.
pub(crate) struct Returned {
    /// What the future yields; none where an alias hides it, so that the compiler has to say.
    pub(crate) output: Option<Type>,
    /// The return type as a closure may write it.
    pub(crate) made: Type,
    pub(crate) boxing: Boxing,
    /// The future's type is written as `impl Future`, so that all that is returned has to have one
    /// type.
    pub(crate) is_hidden: bool,
}

/// What a returned future is packed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boxing {
    /// Nothing: `impl Future`.
    Bare,
    /// `Pin<Box<…>>`.
    Pinned,
    /// `Box<dyn Future + Unpin>`.
    Boxed,
}

impl Shape {
    /// Decided by the written types alone.
    pub(crate) fn of(signature: &Signature) -> Self {
        let returned = match &signature.output {
            ReturnType::Default => unit(&signature.ident),
            ReturnType::Type(_, returned) => (**returned).clone(),
        };
        let made = without_impl(&returned);
        if signature.asyncness.is_some() {
            return Self::Async { output: made };
        }
        match future::of(&returned) {
            Some(future) => Self::Future(Box::new(Returned {
                output: future.output.as_ref().map(without_impl),
                made,
                boxing: future.boxing,
                is_hidden: future.is_hidden,
            })),
            None => Self::Sync { output: made },
        }
    }

    /// Is there something to await in?
    pub(crate) fn awaits(&self) -> bool {
        !matches!(self, Self::Sync { .. })
    }
}

/// Refuses what cannot be guarded, each with the reason.
pub(crate) fn refuse(signature: &Signature, has_body: bool, mistakes: &mut Mistakes) {
    if let Some(constness) = &signature.constness {
        let message = "a `const fn` may run while compiling, where there is no circuit; remove `const`";
        mistakes.push(Error::new_spanned(constness, message));
    }
    if let Some(variadic) = &signature.variadic {
        let message = "a variadic function cannot be guarded; annotate a function that calls it";
        mistakes.push(Error::new_spanned(variadic.dots, message));
    }
    if let ReturnType::Type(_, returned) = &signature.output {
        if matches!(**returned, Type::Never(_)) {
            let message = "a function that never returns gives its circuit nothing to judge; annotate what it calls";
            mistakes.push(Error::new_spanned(returned, message));
        }
    }
    if let ReturnType::Type(_, returned) = &signature.output {
        if let Some(name) = future::hidden_by(returned) {
            let message =
                format!("`impl {name}` does not say what the function yields; write `impl Future<Output = …>`");
            mistakes.push(Error::new_spanned(returned, message));
        }
    }
    if !has_body {
        let message = format!(
            "`{}` has no body to guard; annotate its implementations instead of the declaration",
            signature.ident,
        );
        mistakes.push(Error::new_spanned(signature, message));
    }
}

/// The names that the arguments bind, `self` among them.
pub(crate) fn arguments(signature: &Signature) -> Vec<Ident> {
    let mut names = Names(Vec::new());
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => names.0.push(Ident::new("self", receiver.self_token.span)),
            FnArg::Typed(typed) => names.visit_pat(&typed.pat),
        }
    }
    names.0
}

/// The names of arguments whose values may do something when they are dropped, in their order.
pub(crate) fn droppable_arguments(signature: &Signature) -> Vec<Ident> {
    let mut names = Names(Vec::new());
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) if matches!(receiver.kind, ReceiverKind::Reference(..)) => {}
            FnArg::Receiver(receiver) => names.0.push(Ident::new("self", receiver.self_token.span)),
            FnArg::Typed(typed) if matches!(*typed.ty, Type::Reference(_) | Type::Ptr(_)) => {}
            FnArg::Typed(typed) if is_number(&typed.ty) => {}
            FnArg::Typed(typed) => names.visit_pat(&typed.pat),
        }
    }
    names.0
}

/// Does the expression name `Self` or a generic parameter of the function? An item inside the body
/// could not.
pub(crate) fn is_generic(signature: &Signature, tokens: TokenStream) -> bool {
    let types = || signature.generics.type_params().map(|parameter| &parameter.ident);
    let constants = || signature.generics.const_params().map(|parameter| &parameter.ident);
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_generic(signature, group.stream()),
        TokenTree::Ident(name) => name == "Self" || types().chain(constants()).any(|parameter| *parameter == name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// `()`, placed at the function's name: where nothing is written, errors about the return type land
/// there.
fn unit(function: &Ident) -> Type {
    let paren_token = token::Paren(function.span());
    Type::Tuple(TypeTuple { attrs: Vec::new(), paren_token, elems: Punctuated::new() })
}

struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.push(pattern.ident.clone());
        visit::visit_pat_ident(self, pattern);
    }
}
