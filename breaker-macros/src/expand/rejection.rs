//! What the function returns for a rejected call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprClosure, Token, Type};

use super::hint;
use super::names::{Names, respan};
use crate::model::{Fallback, Model, may_be_a_future};

/// The answer, of the output type of the function or its future:
/// ```text
/// reject::<Result<Receipt, PaymentError>>(__breaker_open)
/// Rejected::<Result<Receipt, PaymentError>>::new(__breaker_open).answered_by(|open| …)
/// Rejected::<Result<Receipt, PaymentError>>::new(__breaker_open).answered_by_function(path)
/// answer(async |open| { type hint; … }, __breaker_open).await
/// ```
/// The type consists of the user's own tokens, so that "cannot be made from a `CircuitOpenError`"
/// is reported at the return type.
pub(crate) fn answer(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let Names { private, open, .. } = names;
    match &model.fallback {
        None => quote!(#private::reject::<#output>(#open)),
        Some(Fallback::Called(fallback)) => {
            let method = if matches!(fallback, Expr::Closure(_)) { "answered_by" } else { "answered_by_function" };
            let method = Ident::new(method, Span::call_site());
            let answered = respan(fallback, quote!(.#method(#fallback)));
            quote!(#private::Rejected::<#output>::new(#open)#answered)
        }
        Some(Fallback::Awaited(closure)) => {
            let closure = typed(names, closure, output);
            quote!(#private::answer(#closure, #open).await)
        }
    }
}

/// The same for a plain function whose return type may turn out to be a future, which is rejected:
/// ```text
/// { use {ReturnsFuture as _, ReturnsPlainly as _}; Returned::<Receipts>::NEW.breaker_box_reject(__breaker_open) }
/// {
///     { use …; Returned::<Receipts>::NEW.breaker_box_is_no_future() }
///     answer::<Receipts, _>(fallback, __breaker_open)
/// }
/// ```
pub(crate) fn answer_unless_future(names: &Names, model: &Model, output: &Type) -> TokenStream {
    if !may_be_a_future(output) {
        return answer(names, model, output);
    }
    let Names { private, open, .. } = names;
    let call = |method: TokenStream| {
        let call = respan(output, quote!(#private::Returned::<#output>::NEW.#method));
        quote!({ use #private::{ReturnsFuture as _, ReturnsPlainly as _}; #call })
    };
    if model.fallback.is_none() {
        return call(quote!(breaker_box_reject(#open)));
    }
    let (check, answer) = (call(quote!(breaker_box_is_no_future())), answer(names, model, output));
    quote!({ #check; #answer })
}

/// The same for an eager function: a future of the answer. A plain fallback runs at once, so that
/// it may use what the future may not hold; an `async` one moves what it uses into the future.
/// ```text
/// reject_later::<Result<Receipt, PaymentError>>(__breaker_open)
/// ready(answer::<Result<Receipt, PaymentError>, _>(fallback, __breaker_open))
/// answer(async move |open| { type hint; … }, __breaker_open)
/// ```
pub(crate) fn answering_future(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let Names { private, open, .. } = names;
    match &model.fallback {
        None => quote!(#private::reject_later::<#output>(#open)),
        Some(Fallback::Called(_)) => {
            let answer = answer(names, model, output);
            quote!(#private::core::future::ready(#answer))
        }
        Some(Fallback::Awaited(closure)) => {
            let closure = typed(names, &moving(closure), output);
            quote!(#private::answer(#closure, #open))
        }
    }
}

/// The closure as a `move` closure: it outlives the function, so it owns what it uses.
pub(crate) fn moving(closure: &ExprClosure) -> ExprClosure {
    let capture = closure.capture.or_else(|| Some(Token![move](closure.inputs_begin.span)));
    ExprClosure { capture, ..closure.clone() }
}

/// An async closure with a hint of its output type, which its future hides: `Ok(&self.name)` and
/// `?` need it.
fn typed(names: &Names, closure: &ExprClosure, output: &Type) -> TokenStream {
    // `()` needs no hint, and after another statement it would be linted as redundant.
    let is_unit = matches!(&*closure.body, Expr::Tuple(tuple) if tuple.elems.is_empty());
    let Some(hint) = hint::of(names, output).filter(|_| !is_unit) else { return closure.to_token_stream() };
    let body = hint::before(&hint, &closure.body);
    let body = Box::new(Expr::Verbatim(quote!({ #body })));
    ExprClosure { body, ..closure.clone() }.to_token_stream()
}
