//! One expansion per shape: plain functions, `async fn`, and two kinds of functions that return a
//! future.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Type};

use super::names::{Names, respan};
use super::{entry, hint, outcome, rejection};
use crate::item::Body;
use crate::model::{AsyncBlock, Boxing, Model, ReturnedFuture};

/// ```text
/// fn pay(payment: &Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;   // or `return` what an open circuit answers
/// let __breaker_result = __breaker_admission.begin(|| -> Result<Receipt, PaymentError> { body });
/// return settle(__breaker_admission, __breaker_result, classifier);
/// ```
/// `begin` takes an `FnOnce`, so that the body may return what it borrows from `&mut self`. The
/// written return type makes coercions, `?` and early `return` work as before. The closure borrows
/// the arguments that it does not consume, so the function drops them in the usual order.
pub(crate) fn sync_fn(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let Names { admission, result, .. } = names;
    let (body, typed) = (&model.body, hint::of_closure(names, output));
    let enter = entry::admission(names, model, &rejection::answer_unless_future(names, model, output));
    let settle = outcome::settle(names, model.error_handler.as_ref());
    // With `return`, because the code stands between the user's braces, and lints must not take its
    // last expression for the user's.
    quote! {
        #enter
        let #result = #admission.begin(|| -> #typed #body);
        return #settle
    }
}

/// ```text
/// async fn pay(payment: Payment) -> Result<Receipt, PaymentError> { body }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;
/// return run_async(__breaker_admission, async move { type hint; match () { () => { body } } }, classifier).await;
/// ```
/// The body stays in place, in one block under one wrapper: a closure that returns the future would
/// store the arguments twice.
pub(crate) fn async_fn(names: &Names, model: &Model, output: &Type) -> TokenStream {
    let enter = entry::admission(names, model, &rejection::answer(names, model, output));
    let run = run_async(names, model, output, &model.body, capture_in_drop_order(model).as_ref());
    quote!(#enter #run)
}

/// A block drops its captures in the order in which it names them first; a function drops its
/// arguments from the last to the first. So the block names them in that order first:
/// ```text
/// let _ = (&transaction, &connection);
/// ```
fn capture_in_drop_order(model: &Model) -> Option<TokenStream> {
    let from_the_last = model.droppable.iter().rev();
    (from_the_last.len() > 1).then(|| quote!(let _ = (#(&#from_the_last),*);))
}

/// ```text
/// fn pay(&self) -> Pin<Box<dyn Future<Output = Receipt> + Send + '_>> { Box::pin(async move { body }) }
/// ```
/// becomes, as the body of an `async fn` does,
/// ```text
/// Box::pin(async move {
///     let __breaker_admission = …;
///     return run_async(__breaker_admission, async move { type hint; match () { () => { body } } }, classifier).await;
/// })
/// ```
/// Arguments that the registry or the identifier needs move into the future if the body uses them;
/// otherwise both are evaluated before the block.
pub(crate) fn async_block(names: &Names, model: &Model, returned: &ReturnedFuture, block: &AsyncBlock) -> TokenStream {
    let output = &output(names, returned);
    let answer = rejection::answer(names, model, output);
    let (early, enter) = if block.is_identified_early {
        entry::early_admission(names, model, &answer)
    } else {
        (TokenStream::new(), entry::admission(names, model, &answer))
    };
    let run = run_async(names, model, output, &block.body, None);
    let block = block.replaced(quote!(#enter #run));
    quote!(#early #block)
}

/// ```text
/// fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Receipt> + Send>> { let card = card.to_owned(); … }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;   // or `return` a future of what an open circuit answers
/// let __breaker_admission = …;   // which owns its circuit now
/// let __breaker_future = __breaker_admission.begin(|| -> Pin<Box<dyn Future<Output = Receipt> + Send>> { body });
/// Box::pin(run_eager::<Receipt, …>(__breaker_admission, __breaker_future, classifier))
/// ```
pub(crate) fn eager(names: &Names, model: &Model, returned: &ReturnedFuture) -> TokenStream {
    let Names { admission, future, .. } = names;
    let (body, typed) = (&model.body, hint::of_closure(names, &returned.return_type));
    let output = &output(names, returned);
    let answer = rejection::answering_future(names, model, output);
    let enter = entry::admission(names, model, &boxed(names, returned, "answer", &answer));
    let attach = entry::attach(names, model);
    let handler = model.error_handler.as_ref().map(|handler| match handler {
        Expr::Closure(closure) => Expr::Closure(rejection::moving(closure)),
        path => path.clone(),
    });
    // The output is spelled out, because nothing is known about an `impl Trait` before the body is.
    let generics = quote!(::<#output, _, _>);
    let run = outcome::run_and_classify(names, handler.as_ref(), ("run_eager", &generics), &quote!(#future));
    let boxed = boxed(names, returned, "body", &run);
    quote! {
        #enter
        #attach
        let #future = #admission.begin(|| -> #typed #body);
        #boxed
    }
}

/// Runs an async body after its admission. `never_run` stands before it, where nothing runs.
fn run_async(names: &Names, model: &Model, output: &Type, body: &Body, never_run: Option<&TokenStream>) -> TokenStream {
    let hint = hint::never_run(names, output, never_run).unwrap_or_default();
    let body = hint::before(&hint, body);
    let body = quote!(async move { #body });
    let handler = model.error_handler.as_ref();
    let run = outcome::run_and_classify(names, handler, ("run_async", &TokenStream::new()), &body);
    // With a semicolon, so that temporaries are dropped before `__breaker_slot` in every edition.
    quote!(return #run.await;)
}

/// The output of the future.
fn output(names: &Names, returned: &ReturnedFuture) -> Type {
    let (private, written) = (&names.private, &returned.return_type);
    let projected = || Type::Verbatim(respan(written, quote!(<#written as #private::core::future::Future>::Output)));
    returned.output.clone().unwrap_or_else(projected)
}

/// The future as the function returns it.
fn boxed(names: &Names, returned: &ReturnedFuture, variant: &str, future: &TokenStream) -> TokenStream {
    let private = &names.private;
    let variant = Ident::new(variant, Span::call_site());
    let future = if returned.is_impl_trait { quote!(#private::Either::#variant(#future)) } else { future.clone() };
    match returned.boxing {
        Boxing::Unboxed => future,
        Boxing::PinnedBox => quote!(#private::std::boxed::Box::pin(#future)),
        Boxing::Box => quote!(#private::std::boxed::Box::new(#future)),
    }
}
