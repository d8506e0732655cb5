//! Bodies that are one `async move` block. Nothing of such a function runs before the first poll,
//! so its call is also admitted then.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Path, Token, token};

use crate::item::Body;

/// `async move { … }`, or `Box::pin(async move { … })`, which `#[async_trait]` makes.
pub(crate) struct AsyncBlock {
    /// `Box::pin` and its parentheses, if the block is boxed.
    wrapper: Option<(Path, token::Paren)>,
    asyncness: Token![async],
    capture: Token![move],
    pub(crate) body: Body,
    /// The registry and the identifier are evaluated when the function is called, because they use
    /// arguments that the block does not capture.
    pub(crate) is_identified_early: bool,
}

impl AsyncBlock {
    /// The block that a body consists of, if the call can be admitted at the first poll.
    ///
    /// It captures what it uses, and may not be allowed to capture more. If only the identifier or
    /// the registry uses an argument, those two are evaluated when the function is called. If only
    /// the fallback or the handler does, there is no such block, and the call is admitted when the
    /// function is called.
    pub(crate) fn of(body: &Body, arguments: &[Ident], naming: &TokenStream, handling: &TokenStream) -> Option<Self> {
        let block = Self::read.parse2(body.statements().clone()).ok()?;
        let captures_arguments_of = |option: &TokenStream| {
            arguments.iter().all(|name| !mentions(option, name) || mentions(block.body.statements(), name))
        };
        let is_identified_early = !captures_arguments_of(naming);
        captures_arguments_of(handling).then_some(Self { is_identified_early, ..block })
    }

    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![async]) {
            let (asyncness, capture) = (input.parse()?, input.parse()?);
            let content;
            let braces = syn::braced!(content in input);
            let body = Body::of_block(braces, content.parse()?);
            return Ok(Self { wrapper: None, asyncness, capture, body, is_identified_early: false });
        }
        let path = input.call(Path::parse_mod_style)?;
        if !path.segments.iter().rev().map(|segment| &segment.ident).take(2).eq(["pin", "Box"].iter()) {
            return Err(Error::new_spanned(path, "not `Box::pin`"));
        }
        let content;
        let parentheses = syn::parenthesized!(content in input);
        let block = Self::read(&content)?;
        content.parse::<Option<Token![,]>>()?;
        match block.wrapper {
            None => Ok(Self { wrapper: Some((path, parentheses)), ..block }),
            Some(_) => Err(content.error("boxed twice")),
        }
    }

    /// The same block with another body.
    pub(crate) fn replaced(&self, by: TokenStream) -> TokenStream {
        let Self { wrapper, asyncness, capture, body, .. } = self;
        let mut block = asyncness.to_token_stream();
        capture.to_tokens(&mut block);
        block.extend(body.replaced(by));
        let Some((path, parentheses)) = wrapper else { return block };
        let mut wrapped = path.to_token_stream();
        parentheses.surround(&mut wrapped, |tokens| tokens.extend(block));
        wrapped
    }
}

/// Returns whether the tokens name it, perhaps in a format string.
pub(crate) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        TokenTree::Punct(_) => false,
    })
}
