//! VALIDATE: the signature decides how the function is run and what its result is.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Error, FnArg, PatIdent, ReceiverKind, ReturnType, Signature, Type, TypeTuple, token};

use super::future::{self, ReturnedFuture};
use super::types::{is_number, without_impl};
use crate::errors::ErrorCollector;

/// How a function is run.
pub(crate) enum Shape {
    /// A plain function whose return value is its result.
    Sync { output: Type },
    /// An `async fn`.
    Async { output: Type },
    /// A plain function that returns a future.
    Future(Box<ReturnedFuture>),
}

impl Shape {
    /// The shape of a function. The written types alone decide.
    pub(crate) fn of(signature: &Signature) -> Self {
        let returned = match &signature.output {
            ReturnType::Default => unit(&signature.ident),
            ReturnType::Type(_, returned) => (**returned).clone(),
        };
        if signature.asyncness.is_some() {
            return Self::Async { output: without_impl(&returned) };
        }
        match ReturnedFuture::of(&returned) {
            Some(future) => Self::Future(Box::new(future)),
            None => Self::Sync { output: without_impl(&returned) },
        }
    }

    /// Returns whether the generated code can await.
    pub(crate) fn can_await(&self) -> bool {
        !matches!(self, Self::Sync { .. })
    }
}

/// Rejects functions that cannot be guarded, each with the reason.
pub(crate) fn reject_unguardable(signature: &Signature, has_body: bool, errors: &mut ErrorCollector) {
    if let Some(constness) = &signature.constness {
        let message = "a `const fn` may run at compile time, where there are no circuits; remove `const`";
        errors.push(Error::new_spanned(constness, message));
    }
    if let Some(variadic) = &signature.variadic {
        let message = "a variadic function cannot be guarded; annotate a function that calls it";
        errors.push(Error::new_spanned(variadic.dots, message));
    }
    if let ReturnType::Type(_, returned) = &signature.output {
        if matches!(**returned, Type::Never(_)) {
            let message = "a function that never returns has no result to count; annotate the functions that it calls";
            errors.push(Error::new_spanned(returned, message));
        }
    }
    if let ReturnType::Type(_, returned) = &signature.output {
        if let Some(name) = future::hidden_by(returned) {
            let message = format!("`impl {name}` hides the output of the future; write `impl Future<Output = …>`");
            errors.push(Error::new_spanned(returned, message));
        }
    }
    if !has_body {
        let message = format!(
            "`{}` has no body to guard; annotate its implementations instead of the declaration",
            signature.ident,
        );
        errors.push(Error::new_spanned(signature, message));
    }
}

/// The names that the arguments bind, including `self`.
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

/// The names of the arguments that may run code when they are dropped, in their order.
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

/// Returns whether the tokens name `Self` or a generic parameter of the function, which an item
/// inside the body cannot.
pub(crate) fn is_generic(signature: &Signature, tokens: TokenStream) -> bool {
    let types = || signature.generics.type_params().map(|parameter| &parameter.ident);
    let constants = || signature.generics.const_params().map(|parameter| &parameter.ident);
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_generic(signature, group.stream()),
        TokenTree::Ident(name) => name == "Self" || types().chain(constants()).any(|parameter| *parameter == name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// `()` at the name of the function, where errors about an unwritten return type are reported.
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
