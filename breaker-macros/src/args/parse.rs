//! The list of arguments. An argument that cannot be read becomes an error and does not hide those
//! that follow it.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Result, token};

use super::value::Unread;
use super::{Arg, Args, Name, Value, name, value};
use crate::errors::ErrorCollector;

impl Args {
    /// Reads the arguments of the attribute.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let read = |input: ParseStream<'_>| Ok(Self::read(input));
        read.parse2(tokens).unwrap_or_else(|error| {
            let mut args = Self::empty();
            args.complete = false;
            args.errors.push(error);
            args
        })
    }

    fn empty() -> Self {
        Self { list: Vec::new(), complete: true, errors: ErrorCollector::default() }
    }

    fn read(input: ParseStream<'_>) -> Self {
        let mut args = Self::empty();
        args.stray_commas(input);
        while !input.is_empty() {
            match args.argument(input) {
                Ok(arg) => args.push(arg),
                Err(error) => args.fail(error, input),
            }
            args.comma(input);
        }
        args
    }

    fn argument(&mut self, input: ParseStream<'_>) -> Result<Arg> {
        if !name::comes_next(input) {
            return Ok(Arg::Positional(value::expression(input)?));
        }
        let name = input.call(Name::parse)?;
        if input.peek(token::Paren) {
            return Ok(Arg::Named { name, value: Value::List(input.parse()?) });
        }
        if !self.equals(&name, input) {
            return Ok(Arg::Named { name, value: Value::None });
        }
        let value = match value::of(&name, input) {
            Ok(value) => Value::Is(value),
            Err(Unread::Consumed(error)) => {
                self.errors.push(error);
                Value::Invalid
            }
            Err(Unread::Endless(error)) => {
                self.fail(error, input);
                Value::Invalid
            }
            Err(Unread::ReportedByCompiler) => {
                self.errors.reported_by_compiler();
                Value::Invalid
            }
        };
        Ok(Arg::Named { name, value })
    }

    fn push(&mut self, arg: Arg) {
        if let (Arg::Positional(rest), Some(Arg::Named { name, value })) = (&arg, self.list.last_mut()) {
            if let Some(error) = value::split_by_a_comma(name, value, rest) {
                self.errors.push(error);
                *value = Value::Invalid;
                return;
            }
        }
        self.list.push(arg);
    }
}
