//! Admission: the code that every shape begins with.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;

use super::names::{Names, respan};
use super::policy;
use crate::model::{Identifier, KeyPart, Model};

/// The cache of the call site, if every call has the same identifier:
/// ```text
/// static __BREAKER_SITE: Site = Site::new("payment_api", Some("payments"), None);
/// ```
pub(crate) fn site(names: &Names, model: &Model) -> Option<TokenStream> {
    let Identifier::Fixed(identifier) = &model.identifier else { return None };
    let Names { private, site, .. } = names;
    let (scope, kind) = scope_and_kind(names, model);
    Some(quote! {
        static #site: #private::Site = #private::Site::new(#identifier, #scope, #kind);
    })
}

/// ```text
/// let mut __breaker_slot = CircuitSlot::new();
/// let __breaker_admission = match { let __breaker_entry = enter(…, &mut __breaker_slot); __breaker_entry } {
///     Ok(__breaker_admission) => __breaker_admission,
///     Err(__breaker_open) => return answer,
/// };
/// ```
/// The inner block drops temporaries of user expressions before any `.await`; nothing of a `match`
/// in a `let` stays in the future.
pub(crate) fn admission(names: &Names, model: &Model, answer: &TokenStream) -> TokenStream {
    let Names { private, entry, .. } = names;
    let registry = model.registry.as_ref().map(ToTokens::to_token_stream);
    let mut enter = match &model.identifier {
        Identifier::Fixed(_) => enter_site(names, model, registry.as_ref()),
        Identifier::Template { format, arguments } => {
            let text = quote!(#private::core::format_args!(#format, #(#arguments),*));
            enter_named(names, model, registry.as_ref(), "enter_formatted", &text)
        }
        Identifier::Computed(identifier) => {
            enter_named(names, model, registry.as_ref(), "enter_named", &text_of(names, identifier))
        }
    };
    if registry.is_some() || !matches!(model.identifier, Identifier::Fixed(_)) {
        enter = quote!({ let #entry = #enter; #entry });
    }
    admitted(names, &enter, answer)
}

/// The same for a future that may not hold what the registry or the identifier is made of. The
/// first part stands before the future:
/// ```text
/// let __breaker_registry = Registry::clone(&self.registry);
/// let __breaker_identifier = format!("payment:{}", card);
/// ```
pub(crate) fn early_admission(names: &Names, model: &Model, answer: &TokenStream) -> (TokenStream, TokenStream) {
    let Names { private, registry, identifier, .. } = names;
    let keep_registry = model.registry.as_ref().map(|expression| {
        let clone =
            respan(expression, quote!(<#private::Registry as #private::core::clone::Clone>::clone(#expression)));
        quote!(let #registry = #clone;)
    });
    let kept_registry = model.registry.as_ref().map(|_| quote!(&#registry));
    let text = match &model.identifier {
        Identifier::Fixed(_) => None,
        Identifier::Template { format, arguments } => Some(quote!(#private::std::format!(#format, #(#arguments),*))),
        Identifier::Computed(expression) => {
            let text = text_of(names, expression);
            Some(quote!(#private::std::string::String::from(#text)))
        }
    };
    let keep_text = text.map(|text| quote!(let #identifier = #text;));
    let enter = match &keep_text {
        None => enter_site(names, model, kept_registry.as_ref()),
        Some(_) => enter_named(names, model, kept_registry.as_ref(), "enter_named", &quote!(&#identifier)),
    };
    (quote!(#keep_registry #keep_text), admitted(names, &enter, answer))
}

fn admitted(names: &Names, enter: &TokenStream, answer: &TokenStream) -> TokenStream {
    let Names { private, admission, slot, open, .. } = names;
    let (ok, err) = (names.ok(), names.err());
    quote! {
        let mut #slot = #private::CircuitSlot::new();
        let #admission = match #enter {
            #ok(#admission) => #admission,
            #err(#open) => return #answer,
        };
    }
}

/// Lets an admitted call outlive the function:
/// ```text
/// let __breaker_admission = __breaker_admission.detach();
/// let __breaker_admission = __breaker_slot.attach(Some(&__BREAKER_SITE), __breaker_admission);
/// ```
pub(crate) fn attach(names: &Names, model: &Model) -> TokenStream {
    let Names { admission, slot, site, .. } = names;
    let site = match &model.identifier {
        Identifier::Fixed(_) => {
            let some = names.some();
            quote!(#some(&#site))
        }
        Identifier::Template { .. } | Identifier::Computed(_) => names.none(),
    };
    quote! {
        let #admission = #admission.detach();
        let #admission = #slot.attach(#site, #admission);
    }
}

fn enter_site(names: &Names, model: &Model, registry: Option<&TokenStream>) -> TokenStream {
    let Names { private, site, slot, .. } = names;
    let policy = policy::argument(names, model);
    match registry {
        None => quote!(#private::enter_global(&#site, #policy, &mut #slot)),
        Some(registry) => quote!(#private::enter(&#site, #registry, #policy, &mut #slot)),
    }
}

fn enter_named(
    names: &Names,
    model: &Model,
    registry: Option<&TokenStream>,
    function: &str,
    text: &TokenStream,
) -> TokenStream {
    let Names { private, slot, .. } = names;
    let function = Ident::new(function, Span::call_site());
    let registry = registry.map_or_else(|| quote!(#private::global()), TokenStream::clone);
    let policy = policy::argument(names, model);
    let (scope, kind) = scope_and_kind(names, model);
    quote!(#private::#function(#registry, #text, #scope, #kind, #policy, &mut #slot))
}

/// An expression that is not a string is an error at the expression.
fn text_of(names: &Names, identifier: &Expr) -> TokenStream {
    let private = &names.private;
    let borrowed = respan(identifier, quote!(&(#identifier)));
    respan(identifier, quote!(#private::identifier_of(#borrowed)))
}

/// `scope` and `kind`. Outside of an item they are inline constants, so that both forms accept
/// constants only.
fn scope_and_kind(names: &Names, model: &Model) -> (TokenStream, TokenStream) {
    let is_item = matches!(model.identifier, Identifier::Fixed(_));
    let (private, some) = (&names.private, names.some());
    let part = |part: &Option<KeyPart>| match part {
        Some(KeyPart::Literal(text)) => quote!(#some(#text)),
        Some(KeyPart::Constant(constant)) => {
            let checked = respan(constant, quote!(#private::label(#constant)));
            if is_item { quote!(#some(#checked)) } else { quote!(#some(const { #checked })) }
        }
        None => names.none(),
    };
    (part(&model.scope), part(&model.kind))
}
