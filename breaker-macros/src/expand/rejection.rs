//! What an open circuit answers.

use core::iter;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprBlock, ExprClosure, Stmt, Type, token};

use super::hint;
use super::names::Names;
use crate::model::{Fallback, Model};

/// The answer, of the type that the function or its future yields:
/// ```text
/// reject::<Result<Receipt, PaymentError>>(__breaker_open)
/// answer::<Result<Receipt, PaymentError>, _>(fallback, __breaker_open)
/// answer(async |open| { type hint; … }, __breaker_open).await
/// ```
/// The type is the user's own tokens, so that "cannot be made from a `CircuitOpenError`" lands on the return type.
pub(crate) fn answer(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let Names { private, open, .. } = names;
    match &model.fallback {
        None => quote!(#private::reject::<#output>(#open)),
        Some(Fallback::Called(fallback)) => quote!(#private::answer::<#output, _>(#fallback, #open)),
        Some(Fallback::Awaited(closure)) => {
            let closure = typed(names, closure, output);
            quote!(#private::answer(#closure, #open).await)
        }
    }
}

/// An async closure with the type of its answer, for its future hides it: `Ok(&self.name)` and `?` need to know it.
fn typed(names: &Names, closure: &ExprClosure, output: &Type) -> TokenStream {
    // `()` says its type itself, and behind another statement it would be linted as one too many.
    let is_unit = matches!(&*closure.body, Expr::Tuple(tuple) if tuple.elems.is_empty());
    let Some(hint) = hint::of(names, output).filter(|_| !is_unit) else { return closure.to_token_stream() };
    let hint = Stmt::Expr(Expr::Verbatim(hint), None);
    let (brace_token, statements) = match &*closure.body {
        Expr::Block(body) if body.label.is_none() => (body.block.brace_token, body.block.stmts.clone()),
        body => (token::Brace(body.span()), vec![Stmt::Expr(body.clone(), None)]),
    };
    let block = Block { brace_token, stmts: iter::once(hint).chain(statements).collect() };
    let body = Box::new(Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block }));
    ExprClosure { body, ..closure.clone() }.to_token_stream()
}
