//! The attribute as a function over `proc_macro2` tokens. Unit tests and fuzz targets call it; they
//! cannot link a proc-macro crate.

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::item::Item;
use crate::model::Model;
use crate::{expand, recovery};

/// Expands the attribute: to the guarded function, or to the errors and the item as written.
pub(crate) fn annotate(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = match Item::parse(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return recovery::not_a_function(&error, item),
    };
    match Model::validate(Args::parse(args), item) {
        Ok(model) => expand::expand(&model),
        Err(invalid) => recovery::unguarded(&invalid),
    }
}
