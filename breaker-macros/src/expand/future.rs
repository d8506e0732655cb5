//! Plain functions that return a future.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::names::{Names, over};
use super::{entry, outcome};
use crate::model::{Boxing, Model, Returned};

/// ```text
/// fn pay(&self) -> Pin<Box<dyn Future<Output = Receipt> + Send + '_>> { body }
/// ```
/// becomes
/// ```text
/// Box::pin(async move {
///     let __breaker_admission = …;
///     run_async(
///         __breaker_admission,
///         async move { once(move || -> Pin<Box<dyn Future<Output = Receipt> + Send + '_>> { body }).await },
///         classifier,
///     )
///     .await
/// })
/// ```
/// The whole body waits for the first poll: a future that is never polled asks nothing, and one whose circuit is open
/// does nothing.
pub(crate) fn expand(names: &Names, model: &Model, returned: &Returned) -> TokenStream {
    let private = &names.private;
    let made = &returned.made;
    let body = &model.body;
    let projected = Type::Verbatim(over(made, quote!(<#made as #private::core::future::Future>::Output)));
    let output = returned.output.as_ref().unwrap_or(&projected);
    if returned.made_at_once {
        return expand_at_once(names, model, returned, output);
    }
    let enter = entry::admission(names, model, output);
    let made = quote!(async move { #private::once(move || -> #made #body).await });
    let judged = outcome::judged(names, model, "run_async", &made);
    packed(names, returned.boxing, &quote!(async move { #enter #judged.await }))
}

/// ```text
/// fn pay(&self) -> Pin<Box<dyn Future<Output = Receipt> + Send>> { let card = self.card.clone(); … }
/// ```
/// returns a future that may not borrow what the body begins with, so the body makes it at once; what it made is guarded:
/// ```text
/// let __breaker_made = once(move || -> Pin<Box<dyn Future<Output = Receipt> + Send>> { body });
/// Box::pin(async move {
///     let __breaker_admission = …;
///     run_async(__breaker_admission, __breaker_made, classifier).await
/// })
/// ```
fn expand_at_once(names: &Names, model: &Model, returned: &Returned, output: &Type) -> TokenStream {
    let Names { private, made, .. } = names;
    let body = &model.body;
    let written = &returned.made;
    let (keep, enter) = entry::kept_admission(names, model, output);
    let judged = outcome::judged(names, model, "run_async", &quote!(#made));
    let packed = packed(names, returned.boxing, &quote!(async move { #enter #judged.await }));
    quote! {
        #keep
        let #made = #private::once(move || -> #written #body);
        #packed
    }
}

fn packed(names: &Names, boxing: Boxing, future: &TokenStream) -> TokenStream {
    let private = &names.private;
    match boxing {
        Boxing::Bare => future.clone(),
        Boxing::Pinned => quote!(#private::std::boxed::Box::pin(#future)),
        Boxing::Boxed => quote!(#private::std::boxed::Box::new(#private::std::boxed::Box::pin(#future))),
    }
}
