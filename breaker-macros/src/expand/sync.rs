//! Plain functions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::names::Names;
use super::{entry, outcome, rejection};
use crate::model::Model;

/// ```text
/// fn pay(payment: &Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;   // or `return` what an open circuit answers
/// run::<Result<Receipt, PaymentError>, …>(__breaker_admission, || { body }, classifier)
/// ```
/// `run` takes an `FnOnce`, so that the body may hand out what it borrows from `&mut self`. The type makes coercions, `?` and early
/// `return` work as before; where a closure writes its own, lints find it too complex. The closure borrows the arguments that it does not consume, so that they are
/// dropped by the function, in the order that they would be.
pub(crate) fn expand(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let body = &model.body;
    let enter = entry::admission(names, model, &rejection::answer_if_no_future(names, model, output));
    let generics = quote!(::<#output, _, _>);
    let judged = outcome::judged(names, model.error_handler.as_ref(), ("run", &generics), &quote!(|| #body));
    // `return`, for the body stands between the user's braces, and lints must not take its end for the user's.
    quote!(#enter return #judged)
}
