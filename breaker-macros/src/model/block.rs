//! Bodies that are one `async move` block: such a function waits for the first poll by itself, and
//! so does its circuit.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Path, Token, token};

use crate::item::Body;

/// `async move { … }`, or `Box::pin(async move { … })`, which `#[async_trait]` makes.
pub(crate) struct AsyncBlock {
    /// `Box::pin` and its parentheses, if it is boxed.
    packing: Option<(Path, token::Paren)>,
    asyncness: Token![async],
    capture: Token![move],
    pub(crate) body: Body,
    /// Registry and name are made of arguments that the block does not hold.
    pub(crate) is_named_early: bool,
}

impl AsyncBlock {
    /// The block that a body consists of, if it can ask the circuit.
    ///
    /// It holds what it uses. An argument that only an option names may be one that it may not
    /// hold: what names the circuit is then made when the function is called; where fallback or
    /// handler need it, the function is asked when it is called, like any other that returns a
    /// future.
    pub(crate) fn of(body: &Body, arguments: &[Ident], naming: &TokenStream, handling: &TokenStream) -> Option<Self> {
        let block = Self::read.parse2(body.statements().clone()).ok()?;
        let holds_arguments_of = |option: &TokenStream| {
            arguments.iter().all(|name| !mentions(option, name) || mentions(block.body.statements(), name))
        };
        let is_named_early = !holds_arguments_of(naming);
        holds_arguments_of(handling).then_some(Self { is_named_early, ..block })
    }

    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![async]) {
            let (asyncness, capture) = (input.parse()?, input.parse()?);
            let content;
            let braces = syn::braced!(content in input);
            let body = Body::of_block(braces, content.parse()?);
            return Ok(Self { packing: None, asyncness, capture, body, is_named_early: false });
        }
        let path = input.call(Path::parse_mod_style)?;
        if !path.segments.iter().rev().map(|segment| &segment.ident).take(2).eq(["pin", "Box"].iter()) {
            return Err(Error::new_spanned(path, "not `Box::pin`"));
        }
        let content;
        let parentheses = syn::parenthesized!(content in input);
        let block = Self::read(&content)?;
        content.parse::<Option<Token![,]>>()?;
        match block.packing {
            None => Ok(Self { packing: Some((path, parentheses)), ..block }),
            Some(_) => Err(content.error("boxed twice")),
        }
    }

    /// The same with another body.
    pub(crate) fn replaced(&self, by: TokenStream) -> TokenStream {
        let Self { packing, asyncness, capture, body, .. } = self;
        let mut block = asyncness.to_token_stream();
        capture.to_tokens(&mut block);
        block.extend(body.replaced(by));
        let Some((path, parentheses)) = packing else { return block };
        let mut packed = path.to_token_stream();
        parentheses.surround(&mut packed, |tokens| tokens.extend(block));
        packed
    }
}

/// Do the tokens name it, in a format string perhaps?
pub(crate) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        TokenTree::Punct(_) => false,
    })
}
