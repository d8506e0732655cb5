//! PARSE: a part of a block.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Attribute, FnArg, ImplItem, Result, Visibility};

use super::marks::{self, Marks};
use crate::item::{Item, reject_other_items};

/// A part of a block.
pub(super) enum Member {
    Function(Box<Function>),
    /// A constant, a type, the call of a macro: emitted as written.
    Other(TokenStream),
}

/// A function of a block.
pub(super) struct Function {
    pub(super) marks: Marks,
    /// Everything behind the attributes, as written.
    rest: TokenStream,
    /// The function with no attributes but those inside its body.
    pub(super) item: Item,
}

impl Member {
    pub(super) fn read(input: ParseStream<'_>) -> Result<Self> {
        let begin = input.fork();
        let attributes = input.call(Attribute::parse_outer)?;
        let begin_without_attributes = input.fork();
        let ahead = input.fork();
        if ahead.parse::<Visibility>().is_err() || reject_other_items(&ahead).is_err() {
            input.parse::<ImplItem>()?;
            return Ok(Self::Other(between(&begin, input)));
        }
        let marks = marks::read(&attributes);
        let item = Item::read_after(Vec::new(), input)?;
        let rest = ungrouped(between(&begin_without_attributes, input));
        Ok(Self::Function(Box::new(Function { marks, rest, item })))
    }

    pub(super) fn function(&mut self) -> Option<&mut Function> {
        match self {
            Self::Function(function) => Some(function),
            Self::Other(_) => None,
        }
    }

    pub(super) fn as_function(&self) -> Option<&Function> {
        match self {
            Self::Function(function) => Some(function),
            Self::Other(_) => None,
        }
    }
}

impl Function {
    /// Returns whether the block's options apply to it, at least where a condition of its
    /// `cfg_attr` is false.
    pub(super) fn is_guarded(&self) -> bool {
        !self.marks.is_exempt && self.has_receiver() && self.item.signature.constness.is_none()
    }

    pub(super) fn has_receiver(&self) -> bool {
        matches!(self.item.signature.inputs.first(), Some(FnArg::Receiver(_)))
    }

    /// Returns whether it is guarded and no condition can take it away.
    pub(super) fn always_exists(&self) -> bool {
        let is_conditional = |attribute: &Attribute| {
            let path = attribute.path();
            path.is_ident("cfg") || path.is_ident("cfg_attr")
        };
        self.is_guarded() && !self.marks.kept.iter().any(is_conditional)
    }

    /// The function with one more attribute. It is above the function's own, but below those that
    /// earlier attributes of the block have made.
    pub(super) fn annotated(&self, with: &TokenStream, again: bool) -> TokenStream {
        if !self.is_guarded() {
            return self.as_written(again);
        }
        let (Marks { made, exceptions, .. }, others) = (&self.marks, self.attributes(again));
        let attribute = match exceptions.as_slice() {
            [] => quote!(#[#with]),
            [exception] => quote!(#[cfg_attr(not(#exception), #with)]),
            exceptions => quote!(#[cfg_attr(not(any(#(#exceptions),*)), #with)]),
        };
        let rest = &self.rest;
        quote!(#(#made)* #attribute #(#others)* #rest)
    }

    /// The function without `#[circuit_breaker(skip)]`, but with word of it where the block is
    /// annotated `again`.
    pub(super) fn as_written(&self, again: bool) -> TokenStream {
        let Self { marks: Marks { made, .. }, rest, .. } = self;
        let others = self.attributes(again);
        quote!(#(#made)* #(#others)* #rest)
    }

    /// The attributes that are not made by ours.
    pub(super) const fn attributes(&self, again: bool) -> &Vec<Attribute> {
        if again { &self.marks.for_another } else { &self.marks.kept }
    }
}

/// The tokens without the invisible group that `macro_rules` puts around a whole fragment.
pub(super) fn ungrouped(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => ungrouped(group.stream()),
        _ => tokens,
    }
}

/// The tokens from one place in the source to another.
pub(super) fn between(begin: ParseStream<'_>, end: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while begin.cursor() != end.cursor() {
        match begin.parse::<TokenTree>() {
            Ok(token) => token.to_tokens(&mut tokens),
            Err(_) => break,
        }
    }
    tokens
}
