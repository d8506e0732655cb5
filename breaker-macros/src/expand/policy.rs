//! The policy of a call site, checked while the user's crate compiles.

use core::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::names::{Names, respan};
use crate::model::{Argument, Call, Inline, Model, Policy};

/// An item is checked even if the function is never called:
/// ```text
/// const __BREAKER_POLICY: Policy = checked(Policy::failures_within(5, …).or_failure_rate(…).expiry(…));
/// ```
pub(crate) fn item(names: &Names, model: &Model) -> Option<TokenStream> {
    if model.policy_is_generic {
        return None;
    }
    let Names { private, policy, .. } = names;
    let checked = checked(names, &model.policy)?;
    Some(quote!(const #policy: #private::Policy = #checked;))
}

/// The argument for `enter`. An item cannot name `Self` or generic parameters of the function; an
/// inline constant can:
/// ```text
/// SiteOptions::new(Some(const { &checked(Self::POLICY) })).metrics_only()
/// ```
pub(crate) fn argument(names: &Names, model: &Model) -> TokenStream {
    let Names { private, policy, .. } = names;
    let some = names.some();
    let policy = match checked(names, &model.policy) {
        Some(checked) if model.policy_is_generic => quote!(#some(const { &#checked })),
        Some(_) => quote!(#some(&#policy)),
        None => names.none(),
    };
    let metrics_only = model.metrics_only.then(|| quote!(.metrics_only()));
    quote!(#private::SiteOptions::new(#policy)#metrics_only)
}

/// The call of `checked`, at the place of the values that may be wrong: an invalid policy is an
/// error at the call.
fn checked(names: &Names, policy: &Policy) -> Option<TokenStream> {
    let (chain, checked) = match policy {
        Policy::OfRegistry => return None,
        Policy::Given(expression) => (expression.to_token_stream(), Some(expression.to_token_stream())),
        Policy::Inline(inline) => (chain(names, inline), computed(inline)),
    };
    let private = &names.private;
    let call = quote!(#private::checked(#chain));
    Some(match checked {
        Some(checked) => respan(&checked, call),
        None => call,
    })
}

/// The first value that only the constant check can validate.
fn computed(inline: &Inline) -> Option<TokenStream> {
    let mut calls = inline.conditions.iter().chain(&inline.setters);
    calls.find_map(|call| {
        call.arguments.iter().find_map(|argument| match argument {
            Argument::Computed(tokens) | Argument::LastOf(tokens) => Some(tokens.clone()),
            _ => None,
        })
    })
}

fn chain(names: &Names, inline: &Inline) -> TokenStream {
    let private = &names.private;
    let mut chain = TokenStream::new();
    for Call { method, arguments } in &inline.conditions {
        let arguments = arguments.iter().map(|value| argument_of(names, value));
        if chain.is_empty() {
            let method = Ident::new(method, Span::call_site());
            chain = quote!(#private::Policy::#method(#(#arguments),*));
        } else {
            let method = format_ident!("or_{method}");
            chain.extend(quote!(.#method(#(#arguments),*)));
        }
    }
    if chain.is_empty() {
        chain = quote!(#private::Policy::new());
    }
    for Call { method, arguments } in &inline.setters {
        let method = Ident::new(method, Span::call_site());
        let arguments = arguments.iter().map(|value| argument_of(names, value));
        chain.extend(quote!(.#method(#(#arguments),*)));
    }
    chain
}

fn argument_of(names: &Names, argument: &Argument) -> TokenStream {
    let private = &names.private;
    match argument {
        Argument::Literal(tokens) | Argument::Computed(tokens) => tokens.clone(),
        Argument::Duration(period) => duration(names, *period),
        Argument::LastCalls(count) => quote!(#private::Window::calls(#count)),
        Argument::LastPeriod(period) => {
            let period = duration(names, *period);
            quote!(#private::Window::time(#period))
        }
        Argument::LastOf(constant) => respan(constant, quote!(#private::WindowOf(#constant).from_u32_or_duration())),
        Argument::Cancellation(variant) => {
            let variant = Ident::new(variant, Span::call_site());
            quote!(#private::Cancellation::#variant)
        }
    }
}

fn duration(names: &Names, period: Duration) -> TokenStream {
    let private = &names.private;
    let (seconds, nanoseconds) = (period.as_secs(), period.subsec_nanos());
    quote!(#private::core::time::Duration::new(#seconds, #nanoseconds))
}
