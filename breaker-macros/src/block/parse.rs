//! PARSE: an `impl` block. What cannot be read becomes an error, and is emitted as it is.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Result, Token, token};

use super::members::{Member, between, ungrouped};
use crate::errors::ErrorCollector;

/// An `impl` block as written.
pub(crate) struct Block {
    pub(super) attributes: Vec<Attribute>,
    /// Everything between the attributes and the braces.
    pub(super) header: TokenStream,
    pub(super) braces: token::Brace,
    /// The attributes inside the braces (`#![…]`).
    pub(super) inner: Vec<Attribute>,
    pub(super) members: Vec<Member>,
    /// What could not be read.
    pub(super) errors: ErrorCollector,
}

impl Block {
    /// Reads a block; `None` if the tokens are another item.
    pub(crate) fn parse(tokens: TokenStream) -> Option<Self> {
        Self::read.parse2(ungrouped(tokens)).ok()
    }

    fn read(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        if !is_impl(&input.fork()) {
            return Err(input.error("not an `impl` block"));
        }
        let mut header = TokenStream::new();
        let braces = loop {
            match input.parse()? {
                // A constant in the header may have braces too.
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && input.is_empty() => break group,
                other => other.to_tokens(&mut header),
            }
        };
        let mut block = Self {
            attributes,
            header,
            braces: brace_of(&braces),
            inner: Vec::new(),
            members: Vec::new(),
            errors: ErrorCollector::default(),
        };
        // It reads what it can, and never fails.
        (|input: ParseStream<'_>| {
            block.read_members(input);
            Ok(())
        })
        .parse2(braces.stream())?;
        Ok(block)
    }

    fn read_members(&mut self, input: ParseStream<'_>) {
        self.inner = Attribute::parse_inner(input).unwrap_or_default();
        while !input.is_empty() {
            let begin = input.fork();
            match Member::read(input) {
                Ok(member) => self.members.push(member),
                Err(error) => {
                    self.errors.push(error);
                    drop(input.parse::<TokenStream>());
                    self.members.push(Member::Other(between(&begin, input)));
                }
            }
        }
    }
}

fn is_impl(input: ParseStream<'_>) -> bool {
    // `default impl` and `unsafe impl`, but no `default` that is something else.
    drop(input.parse::<Option<Token![unsafe]>>());
    drop(input.parse::<Option<Token![default]>>());
    drop(input.parse::<Option<Token![unsafe]>>());
    input.peek(Token![impl])
}

fn brace_of(group: &Group) -> token::Brace {
    token::Brace { span: group.delim_span() }
}
