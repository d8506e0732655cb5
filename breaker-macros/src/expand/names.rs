//! The paths and variables that generated code uses.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;

/// The paths and variables of one expansion.
pub(crate) struct Names {
    /// The name under which the function imports `…::__private`.
    pub(crate) private: Ident,
    /// `…::__private as …`.
    imported: TokenStream,
    pub(crate) admission: Ident,
    pub(crate) slot: Ident,
    pub(crate) entry: Ident,
    pub(crate) open: Ident,
    pub(crate) result: Ident,
    pub(crate) site: Ident,
    pub(crate) policy: Ident,
    pub(crate) identifier: Ident,
    pub(crate) registry: Ident,
    pub(crate) future: Ident,
}

impl Names {
    pub(crate) fn new(facade: Option<&Path>) -> Self {
        // A wrong path is an error at its last word.
        let place = facade.and_then(|path| path.segments.last()).map_or_else(Span::call_site, |last| last.ident.span());
        let facade = facade.map_or_else(|| quote!(::breaker_box), Path::to_token_stream);
        let imported = quote_spanned!(place=> #facade::__private as __breaker_private);
        // With `mixed_site`, variables never clash with the user's, even under the same name.
        let local = |name| Ident::new(name, Span::mixed_site());
        Self {
            // An item is not hygienic, and the tokens of a path need one kind of span for an error
            // to span them.
            private: Ident::new("__breaker_private", Span::call_site()),
            imported,
            admission: local("__breaker_admission"),
            slot: local("__breaker_slot"),
            entry: local("__breaker_entry"),
            open: local("__breaker_open"),
            result: local("__breaker_result"),
            site: local("__BREAKER_SITE"),
            policy: local("__BREAKER_POLICY"),
            identifier: local("__breaker_identifier"),
            registry: local("__breaker_registry"),
            future: local("__breaker_future"),
        }
    }

    /// ```text
    /// use ::breaker_box::__private as __breaker_private;
    /// ```
    /// The only place that names the facade. If the facade is missing, the compiler says so once:
    /// it reports nothing that is reached through a failed import.
    pub(crate) fn import(&self) -> TokenStream {
        let imported = &self.imported;
        quote!(use #imported;)
    }

    pub(crate) fn ok(&self) -> TokenStream {
        let private = &self.private;
        quote!(#private::core::result::Result::Ok)
    }

    pub(crate) fn err(&self) -> TokenStream {
        let private = &self.private;
        quote!(#private::core::result::Result::Err)
    }

    pub(crate) fn some(&self) -> TokenStream {
        let private = &self.private;
        quote!(#private::core::option::Option::Some)
    }

    pub(crate) fn none(&self) -> TokenStream {
        let private = &self.private;
        quote!(#private::core::option::Option::None)
    }
}

/// Moves the generated tokens to the place of the user's, from the first token to the last: errors
/// about them are reported there. How names resolve stays as it is, and so do the contents of
/// groups.
pub(crate) fn respan(users: &impl ToTokens, generated: TokenStream) -> TokenStream {
    let mut users = users.to_token_stream().into_iter();
    let first = users.next().map_or_else(Span::call_site, |token| token.span());
    let last = users.last().map_or(first, |token| token.span());
    let generated: Vec<TokenTree> = generated.into_iter().collect();
    let end = generated.len().saturating_sub(1);
    let placed = generated.into_iter().enumerate().map(|(at, mut token)| {
        let place = if at == end { last } else { first };
        token.set_span(token.span().located_at(place));
        token
    });
    placed.collect()
}
