//! Running the body and classifying its result.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Token};

use super::names::{Names, respan};

/// Passes the admission and the body to a runner (`run`, `run_async` or `run_eager::<…>`), with the
/// user's handler:
/// ```text
/// run(__breaker_admission, body, |__breaker_result| outcome_of(__breaker_result, handler))
/// ```
/// or with the default one:
/// ```text
/// use {ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _, ClassifyReported as _};
/// run_by_default(
///     __breaker_admission,
///     body,
///     |__breaker_admission, __breaker_result| {
///         (&&&&Classify(&__breaker_result)).breaker_box_kind().settle(__breaker_admission, __breaker_result)
///     },
/// )
/// ```
/// Each `&` is one rank of autoref specialization: method lookup takes the first trait whose bounds
/// hold.
pub(crate) fn run_and_classify(
    names: &Names,
    handler: Option<&Expr>,
    (runner, generics): (&str, &TokenStream),
    body: &TokenStream,
) -> TokenStream {
    let Names { private, admission, result, .. } = names;
    if let Some(handler) = handler {
        let runner = Ident::new(runner, Span::call_site());
        // The closure around the handler captures as the handler does. A path may be an argument,
        // so it is moved.
        let capture = match handler {
            Expr::Closure(closure) => closure.capture,
            _ => Some(Token![move](Span::call_site())),
        };
        // If it is not a handler, the error is reported at it.
        let parameter = respan(handler, quote!(#capture |#result|));
        let outcome = respan(handler, quote!(#private::outcome_of(#result, #handler)));
        return quote!(#private::#runner #generics(#admission, #body, #parameter #outcome));
    }
    let runner = Ident::new(&format!("{runner}_by_default"), Span::call_site());
    let settle = quote! {
        |#admission, #result| {
            use #private::{ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _, ClassifyReported as _};
            (&&&&#private::Classify(&#result)).breaker_box_kind().settle(#admission, #result)
        }
    };
    quote!(#private::#runner #generics(#admission, #body, #settle))
}
