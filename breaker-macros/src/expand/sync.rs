//! Plain functions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::names::Names;
use super::{entry, hint, outcome, rejection};
use crate::model::Model;

/// ```text
/// fn pay(payment: &Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;   // or `return` what an open circuit answers
/// run(__breaker_admission, || -> Result<Receipt, PaymentError> { body }, classifier)
/// ```
/// `run` takes an `FnOnce`, so that the body may hand out what it borrows from `&mut self`; the
/// closure's written type makes coercions, `?` and early `return` work as before. It borrows the
/// arguments that it does not consume, so that they are dropped by the function, in the order that
/// they would be.
pub(crate) fn expand(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let (body, typed) = (&model.body, hint::of_closure(names, output));
    let enter = entry::admission(names, model, &rejection::answer_if_no_future(names, model, output));
    let judged =
        outcome::judged(names, model.error_handler.as_ref(), ("run", &TokenStream::new()), &quote!(|| -> #typed #body));
    // `return`, for the body stands between the user's braces, and lints must not take its end for
    // the user's.
    quote!(#enter return #judged)
}
