//! PARSE: the `#[circuit_breaker]` attributes of a function in a block, also those in a `cfg_attr`.
//! With options, they stand in place of the block's; with `skip`, they leave the function
//! unguarded.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Error, Ident, Meta, parse_quote};

use crate::args::{Arg, Args, Value};
use crate::errors::ErrorCollector;
use crate::recovery::is_circuit_breaker;

/// What the attributes of a function say.
#[derive(Default)]
pub(super) struct Marks {
    /// The attributes that earlier attributes of the block have made.
    pub(super) made: Vec<Attribute>,
    /// The others, as written.
    pub(super) all: Vec<Attribute>,
    /// The same without `skip`.
    pub(super) kept: Vec<Attribute>,
    /// The block's options do not apply.
    pub(super) is_exempt: bool,
    /// Conditions under which they do not.
    pub(super) exceptions: Vec<TokenStream>,
    pub(super) errors: ErrorCollector,
}

/// Reads the attributes of a function.
pub(super) fn read(attributes: &[Attribute]) -> Marks {
    let mut marks = Marks::default();
    let mut skips = Vec::new();
    marks.all.extend(attributes.iter().filter(|attribute| !is_made(&attribute.meta)).cloned());
    for attribute in attributes {
        match &attribute.meta {
            meta if is_made(meta) => marks.made.push(attribute.clone()),
            Meta::List(list) if list.path.is_ident("cfg_attr") => marks.conditional(attribute, &list.tokens),
            meta if is_circuit_breaker(meta.path()) => {
                marks.is_exempt = true;
                match marks.skip_of(meta) {
                    Some(skip) => skips.push(skip),
                    None => marks.kept.push(attribute.clone()),
                }
            }
            _ => marks.kept.push(attribute.clone()),
        }
    }
    let has_options = marks.kept.iter().any(|attribute| is_circuit_breaker(attribute.path()));
    if let (Some(skip), true) = (skips.first(), has_options) {
        let message = "this function has options of its own as well; remove them, or `#[circuit_breaker(skip)]`";
        marks.errors.push(Error::new(skip.span(), message));
    }
    marks
}

impl Marks {
    /// `#[cfg_attr(condition, circuit_breaker(…), …)]`
    fn conditional(&mut self, attribute: &Attribute, tokens: &TokenStream) {
        let mut parts = split(tokens).into_iter();
        let condition = parts.next().unwrap_or_default();
        let mut others = Vec::new();
        let mut is_ours = false;
        for part in parts {
            match syn::parse2::<Meta>(part.clone()) {
                Ok(meta) if is_circuit_breaker(meta.path()) && !is_made(&meta) => {
                    is_ours = true;
                    if self.skip_of(&meta).is_none() {
                        others.push(part);
                    }
                }
                _ => others.push(part),
            }
        }
        if is_ours {
            self.exceptions.push(condition.clone());
        }
        if !is_ours {
            self.kept.push(attribute.clone());
        } else if !others.is_empty() {
            let mut left = attribute.clone();
            left.meta = parse_quote!(cfg_attr(#condition, #(#others),*));
            self.kept.push(left);
        }
    }

    /// The `skip` of an attribute of ours; `None` for one with options, which the compiler hands to
    /// us later.
    fn skip_of(&mut self, meta: &Meta) -> Option<Ident> {
        let tokens = match meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        let args = Args::parse(tokens);
        let is_alone = args.list.len() == 1;
        let (skip, value) = args.list.into_iter().find_map(|arg| match arg {
            Arg::Named { name, value } if name.ident == "skip" => Some((name.ident, value)),
            _ => None,
        })?;
        if !matches!(value, Value::None) {
            let message = "`skip` takes no value; write `#[circuit_breaker(skip)]`";
            self.errors.push(Error::new(skip.span(), message));
        } else if !is_alone {
            let message =
                "`skip` leaves the function unguarded, so it cannot be combined with options; remove it, or them";
            self.errors.push(Error::new(skip.span(), message));
        }
        Some(skip)
    }
}

/// Returns whether it is an attribute of ours, perhaps in a `cfg_attr`.
pub(super) fn is_ours(meta: &Meta) -> bool {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parts = split(&list.tokens).into_iter().skip(1);
            parts.filter_map(|part| syn::parse2::<Meta>(part).ok()).any(|meta| is_ours(&meta))
        }
        meta => is_circuit_breaker(meta.path()),
    }
}

/// Returns whether the attribute was made by another attribute of the same block.
fn is_made(meta: &Meta) -> bool {
    let path = match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            return split(&list.tokens)
                .get(1)
                .is_some_and(|part| syn::parse2::<Meta>(part.clone()).is_ok_and(|meta| is_made(&meta)));
        }
        meta => meta.path(),
    };
    let mut last = path.segments.iter().rev().map(|segment| &segment.ident);
    last.next().is_some_and(|name| name == "circuit_breaker") && last.next().is_some_and(|name| name == "__private")
}

/// The parts between commas.
fn split(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens.clone() {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(sign), _) if sign.as_char() == ',' => parts.push(TokenStream::new()),
            (_, Some(part)) => token.to_tokens(part),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}
