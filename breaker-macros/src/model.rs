//! VALIDATE: options and function become a `Model`, which cannot hold a wrong mix: what follows
//! cannot fail.

mod block;
mod constants;
mod future;
mod handlers;
mod identifier;
mod keys;
mod label;
mod moved;
mod names;
mod nearest;
mod options;
mod places;
mod policy;
mod signature;
mod values;
mod written;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Error, Expr, Ident, Path, Signature, Visibility};

pub(crate) use self::block::AsyncBlock;
pub(crate) use self::handlers::Fallback;
pub(crate) use self::identifier::Identifier;
pub(crate) use self::label::Label;
pub(crate) use self::policy::{Argument, Call, Inline, Policy};
pub(crate) use self::signature::{Boxing, Returned, Shape, arguments};
pub(crate) use self::written::{is_inferred, may_be_a_future, may_be_too_complex};

use self::keys::Key;
use self::options::Options;
use crate::args::Args;
use crate::item::{Body, Item};
use crate::mistakes::{Mistakes, Wrong};
use crate::recover::Refused;

/// All that an expansion needs to know.
pub(crate) struct Model {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
    pub(crate) shape: Shape,
    /// Of a function that returns a future: the block that its body consists of, which asks at the
    /// first poll.
    pub(crate) block: Option<AsyncBlock>,
    pub(crate) identifier: Identifier,
    pub(crate) scope: Option<Label>,
    pub(crate) kind: Option<Label>,
    pub(crate) registry: Option<Expr>,
    pub(crate) policy: Policy,
    /// The policy may depend on something generic, so that no item can hold it.
    pub(crate) policy_is_generic: bool,
    pub(crate) error_handler: Option<Expr>,
    pub(crate) fallback: Option<Fallback>,
    /// The arguments that an async body takes with it and that may do something when they are
    /// dropped.
    pub(crate) droppable: Vec<Ident>,
    /// Where the facade is, if not at `::breaker_box`.
    pub(crate) facade: Option<Path>,
}

impl Model {
    /// The model, or all mistakes at once.
    pub(crate) fn validate(args: Args, item: Item) -> Result<Self, Box<Refused>> {
        let signature = &item.signature;
        let mut mistakes = Mistakes::default();
        let options = Options::collect(args, &mut mistakes);
        signature::refuse(signature, item.body.is_some(), &mut mistakes);

        let shape = Shape::of(signature);
        let arguments = arguments(signature);
        let identifier = identifier(&options, signature, &arguments, &mut mistakes);
        let policy = Policy::validate(&options, &arguments, &mut mistakes);
        let policy_is_generic = options.policy().any(|(_, value)| constants::may_be_generic(signature, value));
        let mut label = |key| {
            let label = options.value(key).map(|value| Label::validate(key, value, &arguments));
            label.and_then(|label| mistakes.keep(label))
        };
        let (scope, kind) = (label(Key::Scope), label(Key::Kind));
        let labels = [&scope, &kind].into_iter().flatten();
        // No item of the function can hold what is generic, so that there the name is looked up
        // call by call.
        let by_call = labels.into_iter().any(|label| label.is_generic(signature));
        let identifier = identifier.map(|identifier| if by_call { identifier.by_call() } else { identifier });
        let error_handler = options.value(Key::ErrorHandler).map(|value| handlers::error_handler(value, &item));
        let error_handler = error_handler.and_then(|handler| mistakes.keep(handler));
        let fallback = options.value(Key::Fallback);
        let fallback = fallback.map(|value| handlers::fallback(value, &signature.ident, shape.awaits()));
        let fallback = fallback.and_then(|fallback| mistakes.keep(fallback));
        let facade = options.value(Key::Crate).map(facade).and_then(|path| mistakes.keep(path));
        let registry = options.value(Key::Registry).cloned();

        match (mistakes.finish(identifier), item) {
            (Ok(identifier), Item { attributes, visibility, signature, body: Some(body) }) => Ok(Self {
                block: block(&options, &signature, &shape, &body),
                droppable: droppable(&signature, &body),
                attributes,
                visibility,
                signature,
                body,
                shape,
                identifier,
                scope,
                kind,
                registry,
                policy,
                policy_is_generic,
                error_handler,
                fallback,
                facade,
            }),
            (read, item) => {
                let mistakes = read.err().unwrap_or_else(Wrong::unexplained);
                Err(Box::new(Refused { mistakes, item, code: options.code().cloned().collect() }))
            }
        }
    }
}

fn identifier(
    options: &Options,
    signature: &Signature,
    arguments: &[Ident],
    mistakes: &mut Mistakes,
) -> Option<Identifier> {
    if options.lacks(Key::Identifier) {
        let message = format!("`identifier` is missing: write `identifier = \"{}\"`", signature.ident);
        mistakes.push(Error::new(proc_macro2::Span::call_site(), message));
    }
    mistakes.keep(Identifier::validate(options.value(Key::Identifier)?, arguments))
}

/// The block of a function that returns a future.
fn block(options: &Options, signature: &Signature, shape: &Shape, body: &Body) -> Option<AsyncBlock> {
    let written = |keys: [Key; 2]| {
        keys.into_iter().filter_map(|key| options.value(key)).map(ToTokens::to_token_stream).collect::<TokenStream>()
    };
    let (naming, handling) = (written([Key::Identifier, Key::Registry]), written([Key::ErrorHandler, Key::Fallback]));
    let is_future = matches!(shape, Shape::Future(_));
    is_future.then(|| AsyncBlock::of(body, &arguments(signature), &naming, &handling)).flatten()
}

fn droppable(signature: &Signature, body: &Body) -> Vec<Ident> {
    let mut names = signature::droppable_arguments(signature);
    names.retain(|name| block::mentions(body.statements(), name));
    names
}

fn facade(value: &Expr) -> syn::Result<Path> {
    match value {
        // A module's path, for `use` takes no other.
        Expr::Path(path) if path.qself.is_none() && path.path.segments.iter().all(|one| one.arguments.is_none()) => {
            Ok(path.path.clone())
        }
        _ => Err(values::wrong_kind(Key::Crate, value, "a path")),
    }
}
