//! Collects every mistake, so that the user sees all of them at once.

use syn::{Error, Result};

/// The mistakes found so far, in the order they were found.
#[derive(Default)]
pub(crate) struct Mistakes(Option<Error>);

impl Mistakes {
    /// Notes a mistake.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Takes over what was found elsewhere.
    pub(crate) fn absorb(&mut self, others: Self) {
        if let Some(error) = others.0 {
            self.push(error);
        }
    }

    /// The value, or nothing and one more mistake.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The value, if it is there and nothing was wrong with anything else.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T> {
        match (self.0, value) {
            (Some(error), _) => Err(error),
            (None, Some(value)) => Ok(value),
            // No value without a mistake would be a fault of this crate; it must not pass for a success.
            (None, None) => Err(Error::new(
                proc_macro2::Span::call_site(),
                "`circuit_breaker` failed without a reason; please report this",
            )),
        }
    }
}
