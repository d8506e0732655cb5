//! `async fn`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::names::Names;
use super::{entry, hint, outcome, rejection};
use crate::item::Body;
use crate::model::Model;

/// ```text
/// async fn pay(payment: Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;
/// return run_async(__breaker_admission, async move { type hint; match () { () => { body } } }, classifier).await;
/// ```
/// The body stays in place, in one block under one wrapper: a closure that returns the future would
/// hold the arguments twice.
pub(crate) fn expand(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let enter = entry::admission(names, model, &rejection::answer(names, model, output));
    let run = run(names, model, output, &model.body, in_order(model).as_ref());
    quote!(#enter #run)
}

/// A block drops what it captures in the order in which it is named first, and a function its
/// arguments from the last to the first:
/// ```text
/// let _ = (&transaction, &connection);
/// ```
fn in_order(model: &Model) -> Option<TokenStream> {
    let from_the_last = model.droppable.iter().rev();
    (from_the_last.len() > 1).then(|| quote!(let _ = (#(&#from_the_last),*);))
}

/// Runs an async body once it is admitted; `order` stands before it where nothing runs.
pub(crate) fn run(
    names: &Names,
    model: &Model,
    output: &Type,
    body: &Body,
    order: Option<&TokenStream>,
) -> TokenStream {
    let hint = hint::never_run(names, output, order).unwrap_or_default();
    let body = hint::before(&hint, body);
    let body = quote!(async move { #body });
    let judged = outcome::judged(names, model.error_handler.as_ref(), ("run_async", &TokenStream::new()), &body);
    // With a semicolon, so that temporaries are dropped before `__breaker_found` in every edition.
    quote!(return #judged.await;)
}
