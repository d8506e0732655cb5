//! Error recovery: what is emitted for a function whose attribute is invalid, so that nothing that
//! uses the function fails to compile as well.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error};

use crate::item::Item;
use crate::model::{InvalidUse, arguments};
use crate::ours::is_circuit_breaker;

/// Emits the function as written, with the errors at the beginning of its body. The body also uses
/// the arguments and what the options name; otherwise the compiler would warn about arguments and
/// imports that only the attribute uses.
/// ```text
/// fn pay(card: &str) -> Option<u32> { compile_error! { … } if false { let _ = (&card,); let _ = |open| …; } body }
/// ```
/// The compiler reports no failed inference in a body with an error, so code out of its context
/// causes no further errors. Further `#[circuit_breaker]` attributes report their own errors.
pub(crate) fn unguarded(invalid: &InvalidUse) -> TokenStream {
    let InvalidUse { errors, item: Item { attributes, visibility, signature, body }, code } = invalid;
    let errors = errors.0.as_ref().map(Error::to_compile_error);
    let Some(body) = body else { return quote!(#errors #(#attributes)* #visibility #signature;) };
    let arguments = arguments(signature);
    // In a `const fn`, code that is not constant would be an error of its own.
    let code = code.iter().filter(|_| signature.constness.is_none());
    let statements = body.statements();
    let body = body.replaced(quote! {
        #errors
        if false {
            let _ = (#(&#arguments,)*);
            #(let _ = #code;)*
        }
        #statements
    });
    quote!(#(#attributes)* #visibility #signature #body)
}

/// The item as written, without further `#[circuit_breaker]` attributes: each would reject it again
/// with the same message.
pub(crate) fn not_a_function(error: &Error, item: TokenStream) -> TokenStream {
    let errors = error.to_compile_error();
    let item = without_circuit_breakers.parse2(item.clone()).unwrap_or(item);
    quote!(#errors #item)
}

fn without_circuit_breakers(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    attributes.retain(|attribute| !is_circuit_breaker(attribute.path()));
    let rest: TokenStream = input.parse()?;
    Ok(quote!(#(#attributes)* #rest))
}
