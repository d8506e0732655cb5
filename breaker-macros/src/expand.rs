//! EXPAND: turns the model into code. Nothing here can fail.
//!
//! All names are reached through `__private` of the facade, because the user's scope may have its
//! own `Result`, `Some` or `core`; it is imported once per function. The locals are hygienic. No
//! lint is allowed for the user's code: lints skip the generated statements because they come from
//! an external macro.

mod entry;
mod hint;
mod names;
mod outcome;
mod policy;
mod rejection;
mod shapes;

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
///     …   // by shape: see `shapes`
/// }
/// ```
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Model { attributes, visibility, signature, .. } = model;
    let names = &Names::new(model.facade.as_ref());
    let site = entry::site(names, model);
    let policy = policy::item(names, model);
    let guarded = match &model.shape {
        Shape::Sync { output } => shapes::sync_fn(names, model, output),
        Shape::Async { output } => shapes::async_fn(names, model, output),
        Shape::Future(returned) => match &model.block {
            Some(block) => shapes::async_block(names, model, returned, block),
            None => shapes::eager(names, model, returned),
        },
    };
    let import = names.import();
    let body = quote!(#import #site #policy #guarded);
    let body = match &model.shape {
        // Other attributes recognise such a function by its last expression. With the user's
        // braces around it, lints would take that for the user's code.
        Shape::Future(_) => quote!({ #body }),
        // Lints look at the span of a function up to its last brace, so it keeps the user's.
        Shape::Sync { .. } | Shape::Async { .. } => model.body.replaced(body),
    };
    quote!(#(#attributes)* #visibility #signature #body)
}
