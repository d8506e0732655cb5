//! What a result means to the circuit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Token};

use super::names::{Names, over};

/// Hands admission and body to a runner (`run`, `run_async` or `run_made::<…>`), with the user's
/// handler:
/// ```text
/// run(__breaker_admission, body, |__breaker_result| outcome_of(__breaker_result, handler))
/// ```
/// or with the default one:
/// ```text
/// use {ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _, ClassifyReported as _};
/// run_by_default(
///     __breaker_admission,
///     body,
///     |__breaker_result| (&&&&Classify(__breaker_result)).breaker_box_succeeded(),
///     |__breaker_result| (&&&&Classify(__breaker_result)).breaker_box_outcome(),
/// )
/// ```
/// Each `&` is one rank: method look-up takes the first trait that the type's bounds offer.
pub(crate) fn judged(
    names: &Names,
    handler: Option<&Expr>,
    (runner, generics): (&str, &TokenStream),
    body: &TokenStream,
) -> TokenStream {
    let Names { private, admission, result, .. } = names;
    if let Some(handler) = handler {
        let runner = Ident::new(runner, Span::call_site());
        // What a closure takes with it, that which calls it takes as well; a path may be an
        // argument.
        let capture = match handler {
            Expr::Closure(closure) => closure.capture,
            _ => Some(Token![move](Span::call_site())),
        };
        // Where the handler is none, the error lands on it.
        let parameter = over(handler, quote!(#capture |#result|));
        let outcome = over(handler, quote!(#private::outcome_of(#result, #handler)));
        return quote!(#private::#runner #generics(#admission, #body, #parameter #outcome));
    }
    let runner = Ident::new(&format!("{runner}_by_default"), Span::call_site());
    let ask = |question: &str| {
        let question = Ident::new(question, Span::call_site());
        quote! {
            |#result| {
                use #private::{ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _, ClassifyReported as _};
                (&&&&#private::Classify(#result)).#question()
            }
        }
    };
    let (succeeded, outcome) = (ask("breaker_box_succeeded"), ask("breaker_box_outcome"));
    quote!(#private::#runner #generics(#admission, #body, #succeeded, #outcome))
}
