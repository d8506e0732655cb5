//! The type of an async body.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;

use super::names::{Names, over};
use crate::model::{is_inferred, may_be_too_complex};

/// An async body cannot say its type (that of a closure can, but nothing is coerced to it); a
/// `return` that is never reached can, before the body is looked at:
/// ```text
/// if false { return never::<Result<Receipt, PaymentError>>(); }
/// ```
/// A `loop {}` in place of the call would be unreachable code to the user's lints, which may forbid
/// that it be allowed; a `let` with the type would be one whose type is too complex.
pub(crate) fn of(names: &Names, output: &Type) -> Option<TokenStream> {
    never_run(names, output, None)
}

/// The same, with something else that is only looked at.
pub(crate) fn never_run(names: &Names, output: &Type, other: Option<&TokenStream>) -> Option<TokenStream> {
    let private = &names.private;
    // Where the body disagrees, the compiler shows this as the place that said the type.
    let typed = (!is_inferred(output)).then(|| {
        let never = over(output, quote!(#private::never::<#output>()));
        quote!(return #never;)
    });
    (typed.is_some() || other.is_some()).then(|| quote!(if false { #other #typed };))
}

/// A body behind a hint. It is a block of its own, for items of the user's would stand after a
/// statement; and it is in a place of its own, for a block at the end of a block would be linted as
/// one too many:
/// ```text
/// type hint; match () { () => body }
/// ```
pub(crate) fn before(hint: &TokenStream, body: &impl ToTokens) -> TokenStream {
    quote!(#hint match () { () => #body })
}

/// The type as a closure may write it. In implementations of traits lints look at no signature, but
/// at closures there:
/// ```text
/// <Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>> as Is>::Type
/// ```
pub(crate) fn of_closure(names: &Names, written: &Type) -> TokenStream {
    let private = &names.private;
    if may_be_too_complex(written) {
        over(written, quote!(<#written as #private::Is>::Type))
    } else {
        written.to_token_stream()
    }
}
