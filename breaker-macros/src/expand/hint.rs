//! The type of an async body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Type;
use syn::spanned::Spanned;

use super::names::Names;
use crate::model::is_inferred;

/// An async body cannot say its type (that of a closure can, but nothing is coerced to it); a `return` that is never reached
/// can, before the body is looked at:
/// ```text
/// if false { let __breaker_typed: Result<Receipt, PaymentError> = never(); return __breaker_typed; }
/// ```
/// A `loop {}` in place of the call would be unreachable code to the user's lints, which may forbid that it be allowed.
pub(crate) fn of(names: &Names, output: &Type) -> Option<TokenStream> {
    if is_inferred(output) {
        return None;
    }
    // Where the body disagrees, the compiler shows this as the place that said the type.
    let place = Span::mixed_site().located_at(output.span());
    let typed = Ident::new("__breaker_typed", place);
    let private = &names.private;
    Some(quote! {
        if false {
            let #typed: #output = #private::never();
            return #typed;
        };
    })
}
