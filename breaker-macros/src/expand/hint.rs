//! Type hints for async bodies.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;

use super::names::{Names, respan};
use crate::model::{is_inferred, may_be_too_complex};

/// An async body cannot be annotated with its type (an async closure can, but nothing is coerced to
/// it). A `return` that is never reached gives the type before the compiler sees the body:
/// ```text
/// if false { return never::<Result<Receipt, PaymentError>>(); }
/// ```
/// A `loop {}` in place of the call would be unreachable code to the user's lints, which may be
/// forbidden to be allowed; the type of a `let` might be linted as too complex.
pub(crate) fn of(names: &Names, output: &Type) -> Option<TokenStream> {
    never_run(names, output, None)
}

/// The same, with other code that is type-checked and never run.
pub(crate) fn never_run(names: &Names, output: &Type, other: Option<&TokenStream>) -> Option<TokenStream> {
    let private = &names.private;
    // If the body disagrees, the compiler shows this as the place that expects the type.
    let typed = (!is_inferred(output)).then(|| {
        let never = respan(output, quote!(#private::never::<#output>()));
        quote!(return #never;)
    });
    (typed.is_some() || other.is_some()).then(|| quote!(if false { #other #typed };))
}

/// A body after a hint. It is a separate block; otherwise the user's items would follow a
/// statement. The `match` is there because a block at the end of a block would be linted as
/// redundant:
/// ```text
/// type hint; match () { () => body }
/// ```
pub(crate) fn before(hint: &TokenStream, body: &impl ToTokens) -> TokenStream {
    quote!(#hint match () { () => #body })
}

/// The return type, as it may be written on a closure. Lints about complex types skip the
/// signatures of trait implementations, but not closures in them:
/// ```text
/// <Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>> as Is>::Type
/// ```
pub(crate) fn of_closure(names: &Names, written: &Type) -> TokenStream {
    let private = &names.private;
    if may_be_too_complex(written) {
        respan(written, quote!(<#written as #private::Is>::Type))
    } else {
        written.to_token_stream()
    }
}
