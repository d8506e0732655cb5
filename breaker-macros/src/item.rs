//! PARSE: the annotated function. Its body stays tokens, so that an incomplete one passes and
//! nothing is parsed twice.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Abi, AttrStyle, Attribute, Error, Ident, Result, Signature, Token, Visibility, token};

/// A function as written.
#[derive(Clone)]
pub(crate) struct Item {
    /// The attributes above it, and the inner ones (`#![…]`) of its body.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// `None` if a trait only declares the function.
    pub(crate) body: Option<Body>,
}

/// The body of a function, with the braces of the source.
#[derive(Clone)]
pub(crate) struct Body {
    braces: token::Brace,
    statements: TokenStream,
}

impl Item {
    /// Reads a function. The error says which other item was found instead.
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        Self::read.parse2(tokens)
    }

    fn read(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        Self::read_after(attributes, input)
    }

    /// Reads what is behind the attributes of a function.
    pub(crate) fn read_after(mut attributes: Vec<Attribute>, input: ParseStream<'_>) -> Result<Self> {
        let visibility = input.parse()?;
        reject_other_items(input)?;
        let signature = input.parse()?;
        let body = if input.parse::<Option<Token![;]>>()?.is_some() {
            None
        } else {
            let content;
            let braces = syn::braced!(content in input);
            attributes.extend(content.call(Attribute::parse_inner)?.into_iter().map(outer));
            Some(Body { braces, statements: content.parse()? })
        };
        Ok(Self { attributes, visibility, signature, body })
    }
}

impl Body {
    /// The body of a block that does not follow a signature.
    pub(crate) const fn of_block(braces: token::Brace, statements: TokenStream) -> Self {
        Self { braces, statements }
    }

    pub(crate) const fn statements(&self) -> &TokenStream {
        &self.statements
    }

    /// Other tokens between the braces of the source, so that the function still ends where the
    /// user's does.
    pub(crate) fn replaced(&self, by: TokenStream) -> TokenStream {
        let mut body = TokenStream::new();
        self.braces.surround(&mut body, |tokens| tokens.extend(by));
        body
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.replaced(self.statements.clone()));
    }
}

/// `#![…]` as `#[…]`: the body becomes that of a closure, which takes no inner attributes.
fn outer(attribute: Attribute) -> Attribute {
    Attribute { style: AttrStyle::Outer, ..attribute }
}

/// Rejects other items, by name.
pub(crate) fn reject_other_items(input: ParseStream<'_>) -> Result<()> {
    let other = if is_foreign_block(&input.fork()) {
        "an `extern` block; annotate functions that call those inside"
    } else if input.peek(Token![trait]) || (input.peek(Token![unsafe]) && input.peek2(Token![trait])) {
        "a trait; annotate its implementations, or methods that have a body here"
    } else if input.peek(Token![mod]) {
        "a module; annotate the functions inside"
    } else if input.peek(Token![struct]) {
        "a struct"
    } else if input.peek(Token![enum]) {
        "an enum"
    } else if input.peek(Token![static]) {
        "a static"
    } else if input.peek(Token![type]) {
        "a type alias"
    } else if input.peek(Token![use]) || (input.peek(Token![extern]) && input.peek2(Token![crate])) {
        "an import"
    } else if input.peek(Token![union]) && input.peek2(Ident) {
        "a union"
    } else if input.peek(Ident) && input.peek2(Token![!]) {
        "a macro; annotate the function that it makes"
    } else if input.peek(Token![const]) && (input.peek2(Ident) || input.peek2(Token![_])) {
        "a constant"
    } else if looks_like_a_function(&input.fork()) {
        return Ok(());
    } else {
        "this"
    };
    Err(Error::new(
        input.span(),
        format!("`#[circuit_breaker]` belongs on a function or an `impl` block, not on {other}"),
    ))
}

/// `extern "C" { … }`
fn is_foreign_block(input: ParseStream<'_>) -> bool {
    drop(input.parse::<Option<Token![unsafe]>>());
    input.parse::<Abi>().is_ok() && input.peek(token::Brace)
}

/// Returns whether there is a `fn` before the first group. The parser's errors then say more than
/// ours would.
fn looks_like_a_function(input: ParseStream<'_>) -> bool {
    while !input.is_empty() {
        if input.peek(Token![fn]) {
            return true;
        }
        match input.parse::<TokenTree>() {
            Ok(TokenTree::Group(_)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    false
}
