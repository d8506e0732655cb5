//! Plain functions that return a future.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Type};

use super::names::{Names, over};
use super::{asynchronous, entry, hint, outcome, rejection};
use crate::model::{AsyncBlock, Boxing, Model, Returned};

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
/// What registry and name are made of moves into the future with all that the body uses, or is used
/// up before.
pub(crate) fn expand_block(names: &Names, model: &Model, returned: &Returned, block: &AsyncBlock) -> TokenStream {
    let output = &output(names, returned);
    let answer = rejection::answer(names, model, output);
    let (early, enter) = if block.is_named_early {
        entry::early_admission(names, model, &answer)
    } else {
        (TokenStream::new(), entry::admission(names, model, &answer))
    };
    let run = asynchronous::run(names, model, output, &block.body, None);
    let block = block.replaced(quote!(#enter #run));
    quote!(#early #block)
}

/// ```text
/// fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Receipt> + Send>> { let card = card.to_owned(); … }
/// ```
/// becomes
/// ```text
/// let __breaker_admission = …;   // or `return` a future of what an open circuit answers
/// let __breaker_admission = …;   // which holds its circuit now
/// let __breaker_made = __breaker_admission.make(|| -> Pin<Box<dyn Future<Output = Receipt> + Send>> { body });
/// Box::pin(run_made::<Receipt, …>(__breaker_admission, __breaker_made, classifier))
/// ```
pub(crate) fn expand(names: &Names, model: &Model, returned: &Returned) -> TokenStream {
    let Names { admission, made, .. } = names;
    let (body, typed) = (&model.body, hint::of_closure(names, &returned.made));
    let output = &output(names, returned);
    let answer = rejection::answering_future(names, model, output);
    let enter = entry::admission(names, model, &packed(names, returned, "answered", &answer));
    let keep = entry::keep(names, model);
    let handler = model.error_handler.as_ref().map(|handler| match handler {
        Expr::Closure(closure) => Expr::Closure(rejection::moving(closure)),
        path => path.clone(),
    });
    // What is yielded is said, for nothing is known of a hidden type until the body is.
    let generics = quote!(::<#output, _, _, _>);
    let judged = outcome::judged(names, handler.as_ref(), ("run_made", &generics), &quote!(#made));
    let packed = packed(names, returned, "made", &judged);
    quote! {
        #enter
        #keep
        let #made = #admission.make(|| -> #typed #body);
        #packed
    }
}

/// What the future yields.
fn output(names: &Names, returned: &Returned) -> Type {
    let (private, made) = (&names.private, &returned.made);
    let projected = || Type::Verbatim(over(made, quote!(<#made as #private::core::future::Future>::Output)));
    returned.output.clone().unwrap_or_else(projected)
}

fn packed(names: &Names, returned: &Returned, which: &str, future: &TokenStream) -> TokenStream {
    let private = &names.private;
    let which = Ident::new(which, Span::call_site());
    let future = if returned.is_hidden { quote!(#private::Either::#which(#future)) } else { future.clone() };
    match returned.boxing {
        Boxing::Bare => future,
        Boxing::Pinned => quote!(#private::std::boxed::Box::pin(#future)),
        Boxing::Boxed => quote!(#private::std::boxed::Box::new(#future)),
    }
}
