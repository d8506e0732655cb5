//! What stands in the place of a function whose attribute is wrong: the errors, and the item as
//! written, so that nothing that uses it breaks as well.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Expr};

use crate::item::Item;
use crate::mistakes::Wrong;
use crate::model::arguments;

/// A function that is not guarded, for there are mistakes.
pub(crate) struct Refused {
    pub(crate) mistakes: Wrong,
    pub(crate) item: Item,
    /// The values of options that hold code.
    pub(crate) code: Vec<Expr>,
}

/// The function as written, with the errors at the beginning of its body, and its arguments and
/// what the options name used there: else the compiler would warn of arguments and imports that
/// only the attribute uses.
/// ```text
/// fn pay(card: &str) -> Option<u32> { compile_error! { … } if false { let _ = (&card,); let _ = |open| …; } body }
/// ```
/// What is inferred in a body with an error is not reported, so that code out of its place is no
/// further mistake. Further attributes of ours report their own mistakes.
pub(crate) fn as_written(refused: &Refused) -> TokenStream {
    let Refused { mistakes, item: Item { attributes, visibility, signature, body }, code } = refused;
    let errors = mistakes.0.as_ref().map(Error::to_compile_error);
    let Some(body) = body else { return quote!(#errors #(#attributes)* #visibility #signature;) };
    let arguments = arguments(signature);
    // What is not constant would be a mistake of its own.
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

/// The item stays, but without further attributes of ours: each would refuse it again, with the
/// same words.
pub(crate) fn not_a_function(error: &Error, item: TokenStream) -> TokenStream {
    let errors = error.to_compile_error();
    let item = without_ours.parse2(item.clone()).unwrap_or(item);
    quote!(#errors #item)
}

fn without_ours(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    attributes.retain(|attribute| !is_ours(attribute));
    let rest: TokenStream = input.parse()?;
    Ok(quote!(#(#attributes)* #rest))
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "circuit_breaker")
}
