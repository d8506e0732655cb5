//! Classifying the result of the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Token};

use super::names::{Names, respan};

/// Settles the call by the result of a body that has run, with the user's handler:
/// ```text
/// settle(__breaker_admission, __breaker_result, |__breaker_result| outcome_of(__breaker_result, handler))
/// ```
/// or with the default one:
/// ```text
/// {
///     use {Classifier as _, ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _, ClassifyReported as _};
///     (&&&&Classify::of(&__breaker_result)).breaker_box_kind().settle(__breaker_admission, __breaker_result)
/// }
/// ```
/// Each `&` is one rank of autoref specialization: method lookup takes the first trait whose bounds
/// hold.
pub(crate) fn settle(names: &Names, handler: Option<&Expr>) -> TokenStream {
    let Names { private, admission, result, .. } = names;
    if let Some(handler) = handler {
        let handler = closure_of(names, handler);
        return quote!(#private::settle(#admission, #result, #handler));
    }
    by_type(names, &quote!((&&&&#private::Classify::of(&#result)).breaker_box_kind().settle(#admission, #result)))
}

/// Passes the admission and a future to a runner (`run_async` or `run_eager::<…>`), with the user's
/// handler:
/// ```text
/// run_async(__breaker_admission, body, |__breaker_result| outcome_of(__breaker_result, handler))
/// ```
/// or with the default one:
/// ```text
/// run_async_by_default(__breaker_admission, body, |__breaker_result| (&&&&__breaker_result).breaker_box_kind())
/// ```
pub(crate) fn run_and_classify(
    names: &Names,
    handler: Option<&Expr>,
    (runner, generics): (&str, &TokenStream),
    body: &TokenStream,
) -> TokenStream {
    let Names { private, admission, result, .. } = names;
    if let Some(handler) = handler {
        let runner = Ident::new(runner, Span::call_site());
        let handler = closure_of(names, handler);
        return quote!(#private::#runner #generics(#admission, #body, #handler));
    }
    let runner = Ident::new(&format!("{runner}_by_default"), Span::call_site());
    let kind = by_type(names, &quote!((&&&&#result).breaker_box_kind()));
    quote!(#private::#runner #generics(#admission, #body, |#result| #kind))
}

/// The closure around the handler captures as the handler does. A path may be an argument, so it is
/// moved.
fn closure_of(names: &Names, handler: &Expr) -> TokenStream {
    let Names { private, result, .. } = names;
    let capture = match handler {
        Expr::Closure(closure) => closure.capture,
        _ => Some(Token![move](Span::call_site())),
    };
    // If it is not a handler, the error is reported at it.
    let parameter = respan(handler, quote!(#capture |#result|));
    let outcome = respan(handler, quote!(#private::outcome_of(#result, #handler)));
    quote!(#parameter #outcome)
}

/// An expression that finds what settles calls with results of a type.
fn by_type(names: &Names, expression: &TokenStream) -> TokenStream {
    let private = &names.private;
    quote!({
        use #private::{Classifier as _, ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _, ClassifyReported as _};
        #expression
    })
}
