//! The attribute over `proc_macro2`, so that unit tests and the fuzz targets, which cannot link
//! this crate, can call it.

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::item::Item;
use crate::model::Model;
use crate::{expand, recover};

/// What stands in the place of the annotated item: the guarded function, or the errors and the item
/// as written.
pub(crate) fn annotate(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = match Item::parse(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return recover::not_a_function(&error, item),
    };
    match Model::validate(Args::parse(args), item) {
        Ok(model) => expand::expand(&model),
        Err(refused) => recover::as_written(&refused),
    }
}
