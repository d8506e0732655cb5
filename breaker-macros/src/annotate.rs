//! The attribute as a function over `proc_macro2` tokens. Unit tests and fuzz targets call it; they
//! cannot link a proc-macro crate.

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::block::Block;
use crate::item::Item;
use crate::model::Model;
use crate::{expand, recovery};

/// Expands the attribute: to the guarded function or block, or to the errors and the item as written.
pub(crate) fn annotate(args: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(block) = Block::parse(item.clone()) {
        return block.expand(&args);
    }
    let item = match Item::parse(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return recovery::not_a_function(&error, item),
    };
    let name = item.signature.ident.to_string();
    match Model::validate(Args::parse(args), item, &name) {
        Ok(model) => expand::expand(&model),
        Err(invalid) => recovery::unguarded(&invalid),
    }
}
