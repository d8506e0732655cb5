//! PARSE: the `#[circuit_breaker]` attributes of a function in a block, also those in a `cfg_attr`.
//! With options, they stand in place of the block's; with `skip`, they leave the function
//! unguarded.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Error, Ident, Meta, MetaList, Result, parse_quote};

use crate::args::{Arg, Args, Value};
use crate::errors::ErrorCollector;
use crate::ours::is_circuit_breaker;

/// What the attributes of a function say.
#[derive(Default)]
pub(super) struct Marks {
    /// The attributes that earlier attributes of the block have made.
    pub(super) made: Vec<Attribute>,
    /// The others, without `skip`.
    pub(super) kept: Vec<Attribute>,
    /// The others, with each `skip` in a form that only one more attribute of the block reads.
    pub(super) for_another: Vec<Attribute>,
    /// The block's options do not apply.
    pub(super) is_exempt: bool,
    /// Conditions under which they do not.
    pub(super) exceptions: Vec<TokenStream>,
    pub(super) errors: ErrorCollector,
    /// The first `skip` without a condition.
    skip: Option<Ident>,
}

/// Reads the attributes of a function.
pub(super) fn read(attributes: &[Attribute]) -> Marks {
    let mut marks = Marks::default();
    for attribute in attributes {
        if is_made(&attribute.meta) {
            marks.made.push(attribute.clone());
            continue;
        }
        let Read { kept, for_another } = marks.meta(&attribute.meta, &[]);
        marks.kept.extend(kept.map(|meta| Attribute { meta, ..attribute.clone() }));
        marks.for_another.push(Attribute { meta: for_another, ..attribute.clone() });
    }
    let has_options = marks.kept.iter().any(|attribute| is_circuit_breaker(attribute.path()));
    if let (Some(skip), true) = (&marks.skip, has_options) {
        let message = "this function has options of its own as well; remove them, or `#[circuit_breaker(skip)]`";
        marks.errors.push(Error::new(skip.span(), message));
    }
    marks
}

/// What stays of an attribute.
struct Read {
    kept: Option<Meta>,
    for_another: Meta,
}

impl Marks {
    /// Reads an attribute that is there if all the conditions hold.
    fn meta(&mut self, meta: &Meta, conditions: &[TokenStream]) -> Read {
        let all = || Read { kept: Some(meta.clone()), for_another: meta.clone() };
        if meta.to_token_stream().to_string() == skip_for_another().to_token_stream().to_string() {
            self.exempt(conditions);
            return Read { kept: None, for_another: meta.clone() };
        }
        if let Meta::List(list) = meta {
            if list.path.is_ident("cfg_attr") {
                return self.conditional(list, conditions).unwrap_or_else(all);
            }
        }
        if !is_circuit_breaker(meta.path()) {
            return all();
        }
        self.exempt(conditions);
        let Some(skip) = self.skip_of(meta) else { return all() };
        if conditions.is_empty() {
            self.skip.get_or_insert(skip);
        }
        Read { kept: None, for_another: skip_for_another() }
    }

    /// `#[cfg_attr(condition, circuit_breaker(…), …)]`; `None` if it cannot be read, or has nothing
    /// to read.
    fn conditional(&mut self, list: &MetaList, conditions: &[TokenStream]) -> Option<Read> {
        let mut parts = split(&list.tokens).into_iter();
        let condition = parts.next()?;
        let attributes: Vec<Meta> = parts.map(syn::parse2).collect::<Result<_>>().ok()?;
        if attributes.is_empty() {
            return None;
        }
        let conditions = [conditions, std::slice::from_ref(&condition)].concat();
        let read: Vec<Read> = attributes.iter().map(|meta| self.meta(meta, &conditions)).collect();
        let rebuilt = |attributes: &[&Meta]| {
            let tokens = quote!(#condition, #(#attributes),*);
            Meta::List(MetaList { tokens, ..list.clone() })
        };
        let kept: Vec<&Meta> = read.iter().filter_map(|read| read.kept.as_ref()).collect();
        let for_another: Vec<&Meta> = read.iter().map(|read| &read.for_another).collect();
        Some(Read { kept: (!kept.is_empty()).then(|| rebuilt(&kept)), for_another: rebuilt(&for_another) })
    }

    /// The block's options do not apply if all the conditions hold.
    fn exempt(&mut self, conditions: &[TokenStream]) {
        match conditions {
            [] => self.is_exempt = true,
            [condition] => self.exceptions.push(condition.clone()),
            conditions => self.exceptions.push(quote!(all(#(#conditions),*))),
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

/// A `skip` for one more attribute of the block. If a condition takes that attribute away, the
/// compiler drops this one as well, where it would find `circuit_breaker(skip)` without a block.
fn skip_for_another() -> Meta {
    parse_quote!(cfg_attr(any(), circuit_breaker::skip))
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

/// Returns whether the attribute was made by another attribute of the same block: by itself, or in
/// a `cfg_attr` with the exceptions.
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
