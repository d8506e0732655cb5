//! EXPAND: the model becomes code. Nothing here can fail.
//!
//! All names are reached through `__private` of the facade, for the user's scope may have its own
//! `Result`, `Some` or `core`; it is imported once per function. The locals are hygienic. Nothing
//! is switched off for the user's code: the statements around it are quiet because they come from
//! another crate's macro.

mod asynchronous;
mod entry;
mod future;
mod hint;
mod names;
mod outcome;
mod policy;
mod rejection;
mod sync;

use proc_macro2::TokenStream;
use quote::quote;

use self::names::Names;
use crate::model::{Model, Shape};

/// ```text
/// #[circuit_breaker(identifier = "payment_api", expiry = "10s")]
/// #[inline]
/// fn pay(payment: &Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// #[inline]
/// fn pay(payment: &Payment) -> Result<Receipt, PaymentError> {
///     use ::breaker_box::__private as __breaker_private;
///     static __BREAKER_SITE: Site = Site::new("payment_api", None, None);
///     const __BREAKER_POLICY: Policy = checked(Policy::new().expiry(Duration::from_millis(10_000)));
///     …   // by shape: `sync`, `asynchronous`, `future`
/// }
/// ```
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Model { attributes, visibility, signature, .. } = model;
    let names = &Names::new(model.facade.as_ref());
    let site = entry::site(names, model);
    let policy = policy::item(names, model);
    let guarded = match &model.shape {
        Shape::Sync { output } => sync::expand(names, model, output),
        Shape::Async { output } => asynchronous::expand(names, model, output),
        Shape::Future(returned) => match &model.block {
            Some(block) => future::expand_block(names, model, returned, block),
            None => future::expand(names, model, returned),
        },
    };
    let import = names.import();
    let body = quote!(#import #site #policy #guarded);
    let body = match &model.shape {
        // Other attributes know such a function by its last expression, which lints would take for
        // the user's between the user's braces.
        Shape::Future(_) => quote!({ #body }),
        // Lints look at a function from its first word to its last brace.
        Shape::Sync { .. } | Shape::Async { .. } => model.body.replaced(body),
    };
    quote!(#(#attributes)* #visibility #signature #body)
}
