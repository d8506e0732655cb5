//! PARSE: the arguments of the attribute, separated by commas. Option names are not checked here.

mod name;
mod parse;
mod separators;
mod value;

use proc_macro2::{Group, TokenStream};
use syn::{Expr, Ident};

use crate::errors::ErrorCollector;

/// The tokens between the parentheses of the attribute.
pub(crate) struct Args {
    /// In the order of the source.
    pub(crate) list: Vec<Arg>,
    /// False if some tokens could not be read: an option that seems to be missing may be among
    /// them.
    pub(crate) complete: bool,
    pub(crate) errors: ErrorCollector,
}

/// One argument.
pub(crate) enum Arg {
    /// `name`, `name = value` or `name(…)`.
    Named { name: Name, value: Value },
    /// A value without a name.
    Positional(Expr),
}

/// The name of an option.
pub(crate) struct Name {
    /// Its words joined by `_`.
    pub(crate) ident: Ident,
    /// The name as written, if its words were joined by `-`.
    pub(crate) hyphenated: Option<TokenStream>,
}

/// What follows the name of an option.
pub(crate) enum Value {
    /// Nothing.
    None,
    /// `= value`.
    Is(Expr),
    /// A list in parentheses, which no option takes.
    List(Group),
    /// Something invalid that has been reported already.
    Invalid,
}
