//! An annotated `impl` block: each function that it guards gets the block's options as an attribute
//! of its own, above its others. So a function of a block is expanded as if it had been annotated
//! by itself.

mod complaints;
mod marks;
mod members;
mod nothing;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use self::complaints::Complaints;
use self::members::{Function, Member};
pub(crate) use self::parse::Block;
use crate::args::Args;
use crate::errors::{CompileErrors, ErrorCollector};
use crate::model::{Alone, InvalidUse, Model};
use crate::{model, recovery};

impl Block {
    /// Expands the attribute: to the block with an attribute on each function that it guards, or to
    /// the errors and the block as written.
    pub(crate) fn expand(mut self, args: &TokenStream) -> TokenStream {
        match self.validate(args) {
            Ok(facade) => {
                let again = self.is_annotated_again();
                let facade = facade.map_or_else(|| quote!(::breaker_box), |path| quote!(#path));
                self.emit(|function| function.annotated(&quote!(#facade::__private::circuit_breaker(#args)), again))
            }
            Err(invalid) => self.unguarded(invalid),
        }
    }

    /// Validates the options for each function, and returns the path of the facade.
    fn validate(&mut self, args: &TokenStream) -> Result<Option<Path>, Invalid> {
        let mut errors = std::mem::take(&mut self.errors);
        let mut complaints = Complaints::default();
        for function in self.members.iter_mut().filter_map(Member::function) {
            errors.absorb(std::mem::take(&mut function.marks.errors));
            if !function.is_guarded() {
                continue;
            }
            match Model::validate(Args::parse(args.clone()), function.item.clone(), "{fn}") {
                Ok(_) => complaints.accept(),
                Err(invalid) => complaints.add(&function.item.signature, !function.always_exists(), invalid.errors),
            }
        }
        complaints.report(&mut errors);
        let mut of_options = ErrorCollector::default();
        let Alone { code, facade } = model::validate_alone(Args::parse(args.clone()), &mut of_options);
        if !complaints.has_functions() {
            errors.push(nothing::to_guard(&self.header, &self.members));
            errors.absorb(of_options);
        }
        errors.finish(Some(facade)).map_err(|errors| Invalid { errors, code })
    }

    /// The block with its functions unguarded. The errors are in one of their bodies, for the same
    /// reasons as those of a function.
    fn unguarded(&self, invalid: Invalid) -> TokenStream {
        let Invalid { errors, code } = invalid;
        let place = self.members.iter().filter_map(Member::as_function).position(Function::always_exists);
        let mut inside = Some((errors, code));
        // Errors in a body that a condition takes away would be lost.
        let beside = inside.take_if(|_| place.is_none()).and_then(|(errors, _)| errors.0);
        let beside = beside.map(|error| error.to_compile_error());
        let mut at = 0;
        let again = self.is_annotated_again();
        let block = self.emit(|function| {
            let is_place = place == Some(at);
            at += 1;
            if !function.is_guarded() {
                return function.as_written(again);
            }
            let (errors, code) = inside.take_if(|_| is_place).unwrap_or((CompileErrors(None), Vec::new()));
            let mut item = function.item.clone();
            item.attributes = [&function.marks.made, function.attributes(again), &item.attributes]
                .into_iter()
                .flatten()
                .cloned()
                .collect();
            // What another function's arguments are called would be one more error here.
            let code = code.into_iter().filter(|value| self.is_known_in(function, value)).collect();
            recovery::unguarded(&InvalidUse { errors, item, code })
        });
        quote!(#beside #block)
    }

    /// Returns whether one more attribute of ours looks at the functions after this one.
    fn is_annotated_again(&self) -> bool {
        self.attributes.iter().any(|attribute| marks::is_ours(&attribute.meta))
    }

    /// Returns whether the code names no argument that only other functions have.
    fn is_known_in(&self, function: &Function, code: &syn::Expr) -> bool {
        let own = model::arguments(&function.item.signature);
        let others = self.members.iter().filter_map(Member::as_function);
        let foreign: Vec<_> = others.flat_map(|other| model::arguments(&other.item.signature)).collect();
        model::free_variables(code).iter().all(|name| own.contains(name) || !foreign.contains(name))
    }

    fn emit(&self, mut function: impl FnMut(&Function) -> TokenStream) -> TokenStream {
        let Self { attributes, header, braces, inner, members, .. } = self;
        let mut block = quote!(#(#attributes)* #header);
        braces.surround(&mut block, |tokens| {
            tokens.extend(quote!(#(#inner)*));
            for member in members {
                tokens.extend(match member {
                    Member::Function(member) => function(member),
                    Member::Other(written) => written.clone(),
                });
            }
        });
        block
    }
}

/// The errors of a block, and the values of options that hold code.
struct Invalid {
    errors: CompileErrors,
    code: Vec<syn::Expr>,
}
