//! VALIDATE: options and function become a `Model`, which cannot hold a wrong mix: what follows cannot fail.

mod block;
mod future;
mod handlers;
mod identifier;
mod keys;
mod nearest;
mod options;
mod policy;
mod signature;
mod values;
mod written;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Error, Expr, LitStr, Path, Signature, Visibility};

pub(crate) use self::block::AsyncBlock;
pub(crate) use self::handlers::Fallback;
pub(crate) use self::identifier::Identifier;
pub(crate) use self::policy::{Argument, Call, Inline, Policy};
pub(crate) use self::signature::{Boxing, Returned, Shape};
pub(crate) use self::written::{is_inferred, may_be_a_future, may_be_too_complex};

use self::keys::Key;
use self::options::Options;
use crate::args::Args;
use crate::item::{Body, Item};
use crate::mistakes::Mistakes;

/// All that an expansion needs to know.
pub(crate) struct Model {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
    pub(crate) shape: Shape,
    /// Of a function that returns a future: the block that its body consists of, which asks at the first poll.
    pub(crate) block: Option<AsyncBlock>,
    pub(crate) identifier: Identifier,
    pub(crate) scope: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) registry: Option<Expr>,
    pub(crate) policy: Policy,
    /// The policy names `Self` or a parameter of the function, so that no item can hold it.
    pub(crate) policy_is_generic: bool,
    pub(crate) error_handler: Option<Expr>,
    pub(crate) fallback: Option<Fallback>,
    /// The arguments that an async body takes with it and that may do something when they are dropped.
    pub(crate) droppable: Vec<Ident>,
    /// Where the facade is, if not at `::breaker_box`.
    pub(crate) facade: Option<Path>,
}

impl Model {
    /// The model, or all mistakes at once.
    pub(crate) fn validate(args: Args, item: Item) -> syn::Result<Self> {
        let Item { attributes, visibility, signature, body } = item;
        let mut mistakes = Mistakes::default();
        let options = Options::collect(args, &mut mistakes);
        signature::refuse(&signature, body.is_some(), &mut mistakes);

        let shape = Shape::of(&signature);
        let identifier = identifier(&options, &signature, &mut mistakes);
        let policy = Policy::validate(&options, &mut mistakes);
        let literal = |key, mistakes: &mut Mistakes| {
            let text = options.value(key).map(|value| values::text(key, value));
            text.and_then(|text| mistakes.keep(text)).cloned()
        };
        let scope = literal(Key::Scope, &mut mistakes);
        let kind = literal(Key::Kind, &mut mistakes);
        let error_handler = options.value(Key::ErrorHandler).map(handlers::error_handler);
        let error_handler = error_handler.and_then(|handler| mistakes.keep(handler));
        let fallback = options.value(Key::Fallback);
        let fallback = fallback.map(|value| handlers::fallback(value, &signature.ident, shape.awaits()));
        let fallback = fallback.and_then(|fallback| mistakes.keep(fallback));
        let facade = options.value(Key::Crate).map(facade).and_then(|path| mistakes.keep(path));
        let registry = options.value(Key::Registry).cloned();
        let policy_is_generic = options
            .inline_policy()
            .chain(options.get(Key::Policy))
            .any(|given| signature::is_generic(&signature, given.value.to_token_stream()));

        let model = identifier.zip(body).map(|(identifier, body)| Self {
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
        });
        mistakes.finish(model)
    }
}

fn identifier(options: &Options, signature: &Signature, mistakes: &mut Mistakes) -> Option<Identifier> {
    if options.lacks(Key::Identifier) {
        let message = format!("`identifier` is missing: write `identifier = \"{}\"`", signature.ident);
        mistakes.push(Error::new(proc_macro2::Span::call_site(), message));
    }
    let arguments = signature::arguments(signature);
    mistakes.keep(Identifier::validate(options.value(Key::Identifier)?, &arguments))
}

/// The block of a function that returns a future.
fn block(options: &Options, signature: &Signature, shape: &Shape, body: &Body) -> Option<AsyncBlock> {
    let written = |keys: [Key; 2]| {
        keys.into_iter().filter_map(|key| options.value(key)).map(ToTokens::to_token_stream).collect::<TokenStream>()
    };
    let (naming, handling) = (written([Key::Identifier, Key::Registry]), written([Key::ErrorHandler, Key::Fallback]));
    let is_future = matches!(shape, Shape::Future(_));
    is_future.then(|| AsyncBlock::of(body, &signature::arguments(signature), &naming, &handling)).flatten()
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
