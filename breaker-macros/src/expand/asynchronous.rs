//! `async fn`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::names::Names;
use super::{entry, hint, outcome};
use crate::model::Model;

/// ```text
/// async fn pay(payment: Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;
/// run_async(__breaker_admission, async move { type hint; body }, classifier).await
/// ```
/// The body stays in place, in one block under one wrapper: a closure that returns the future would hold the arguments
/// twice.
pub(crate) fn expand(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let enter = entry::admission(names, model, output);
    let body = model.body.after(hint::of(names, output).as_ref());
    let judged = outcome::judged(names, model, "run_async", &quote!(async move #body));
    quote!(#enter return #judged.await)
}
