//! VALIDATE: turns options and function into a `Model`. A model is always valid, so everything
//! after this cannot fail.

mod async_block;
mod constants;
mod expressions;
mod free_variables;
mod future;
mod handlers;
mod identifier;
mod key_part;
mod moved_arguments;
mod option_name;
mod options;
mod placeholders;
mod policy;
mod signature;
mod suggestion;
mod types;
mod values;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Error, Expr, Ident, Path, Signature, Visibility};

pub(crate) use self::async_block::AsyncBlock;
pub(crate) use self::free_variables::of as free_variables;
pub(crate) use self::future::{Boxing, ReturnedFuture};
pub(crate) use self::handlers::Fallback;
pub(crate) use self::identifier::Identifier;
pub(crate) use self::key_part::KeyPart;
pub(crate) use self::policy::{Argument, Call, Inline, Policy};
pub(crate) use self::signature::{Shape, arguments, reject_unguardable};
pub(crate) use self::types::{is_inferred, may_be_a_future, may_be_too_complex};

use self::option_name::OptionName;
use self::options::Options;
use crate::args::Args;
use crate::errors::{CompileErrors, ErrorCollector};
use crate::item::{Body, Item};

/// Everything that the expansion needs.
pub(crate) struct Model {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
    pub(crate) shape: Shape,
    /// The block that is the whole body of a function that returns a future. The call is admitted
    /// at the first poll.
    pub(crate) block: Option<AsyncBlock>,
    pub(crate) identifier: Identifier,
    pub(crate) scope: Option<KeyPart>,
    pub(crate) kind: Option<KeyPart>,
    pub(crate) registry: Option<Expr>,
    /// The circuit begins in metrics-only.
    pub(crate) metrics_only: bool,
    pub(crate) policy: Policy,
    /// The policy may depend on something generic, so no item can hold it.
    pub(crate) policy_is_generic: bool,
    pub(crate) error_handler: Option<Expr>,
    pub(crate) fallback: Option<Fallback>,
    /// The arguments that an async body captures and that may run code when they are dropped.
    pub(crate) droppable: Vec<Ident>,
    /// The path of the facade, if it is not `::breaker_box`.
    pub(crate) facade: Option<Path>,
}

/// A use of the attribute that has errors, so the function is not guarded.
pub(crate) struct InvalidUse {
    pub(crate) errors: CompileErrors,
    pub(crate) item: Item,
    /// The values of options that hold code.
    pub(crate) code: Vec<Expr>,
}

impl Model {
    /// Returns the model, or all errors at once. The name is that of an identifier for examples.
    pub(crate) fn validate(args: Args, item: Item, name: &str) -> Result<Self, Box<InvalidUse>> {
        let signature = &item.signature;
        let mut errors = ErrorCollector::default();
        let options = Options::collect(args, &mut errors);
        reject_unguardable(signature, item.body.is_some(), &mut errors);

        let shape = Shape::of(signature);
        let arguments = arguments(signature);
        let identifier = identifier(&options, name, signature, &arguments, &mut errors);
        let policy = Policy::validate(&options, &arguments, &mut errors);
        let policy_is_generic = options.policy().any(|(_, value)| constants::may_be_generic(signature, value));
        let mut key_part = |option| {
            let part = options.value(option).map(|value| KeyPart::validate(option, value, &arguments));
            part.and_then(|part| errors.ok(part))
        };
        let (scope, kind) = (key_part(OptionName::Scope), key_part(OptionName::Kind));
        // No item of the function can hold what is generic, so the circuit is looked up per call.
        let by_call = [&scope, &kind].into_iter().flatten().any(|part| part.is_generic(signature));
        let identifier = identifier.map(|identifier| if by_call { identifier.by_call() } else { identifier });
        let error_handler = options.value(OptionName::ErrorHandler).map(|value| handlers::error_handler(value, &item));
        let error_handler = error_handler.and_then(|handler| errors.ok(handler));
        let fallback = options.value(OptionName::Fallback);
        let fallback = fallback.map(|value| handlers::fallback(value, shape.can_await()));
        let fallback = fallback.and_then(|fallback| errors.ok(fallback));
        let facade = options.value(OptionName::Crate).map(facade).and_then(|path| errors.ok(path));
        let registry = options.value(OptionName::Registry).cloned();

        match (errors.finish(identifier), item) {
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
                metrics_only: options.get(OptionName::MetricsOnly).is_some(),
                policy,
                policy_is_generic,
                error_handler,
                fallback,
                facade,
            }),
            (read, item) => {
                let errors = read.err().unwrap_or_else(CompileErrors::unexplained);
                Err(Box::new(InvalidUse { errors, item, code: options.code().cloned().collect() }))
            }
        }
    }
}

/// What options say without a function.
pub(crate) struct Alone {
    /// Those values that hold code.
    pub(crate) code: Vec<Expr>,
    /// The path of the facade, if it is valid.
    pub(crate) facade: Option<Path>,
}

/// Adds the errors that options have without a function.
pub(crate) fn validate_alone(args: Args, errors: &mut ErrorCollector) -> Alone {
    let options = Options::collect(args, errors);
    let facade = options.value(OptionName::Crate).and_then(|value| facade(value).ok());
    Alone { code: options.code().cloned().collect(), facade }
}

fn identifier(
    options: &Options,
    name: &str,
    signature: &Signature,
    arguments: &[Ident],
    errors: &mut ErrorCollector,
) -> Option<Identifier> {
    if options.lacks(OptionName::Identifier) {
        let message = format!("`identifier` is missing: write `identifier = \"{name}\"`");
        errors.push(Error::new(proc_macro2::Span::call_site(), message));
    }
    errors.ok(Identifier::validate(options.value(OptionName::Identifier)?, &signature.ident, arguments))
}

/// The block that is the body of a function that returns a future.
fn block(options: &Options, signature: &Signature, shape: &Shape, body: &Body) -> Option<AsyncBlock> {
    let written = |keys: [OptionName; 2]| {
        keys.into_iter().filter_map(|key| options.value(key)).map(ToTokens::to_token_stream).collect::<TokenStream>()
    };
    let (naming, handling) = (
        written([OptionName::Identifier, OptionName::Registry]),
        written([OptionName::ErrorHandler, OptionName::Fallback]),
    );
    let is_future = matches!(shape, Shape::Future(_));
    is_future.then(|| AsyncBlock::of(body, &arguments(signature), &naming, &handling)).flatten()
}

fn droppable(signature: &Signature, body: &Body) -> Vec<Ident> {
    let mut names = signature::droppable_arguments(signature);
    names.retain(|name| async_block::mentions(body.statements(), name));
    names
}

fn facade(value: &Expr) -> syn::Result<Path> {
    match value {
        // The path of a module: `use` takes no other.
        Expr::Path(path) if path.qself.is_none() && path.path.segments.iter().all(|one| one.arguments.is_none()) => {
            Ok(path.path.clone())
        }
        _ => Err(values::wrong_kind(OptionName::Crate, value, "a path")),
    }
}
