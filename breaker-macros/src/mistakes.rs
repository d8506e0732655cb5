//! Collects every mistake, so that the user sees all of them at once.

use syn::{Error, Result};

/// The mistakes found so far, in the order they were found.
#[derive(Default)]
pub(crate) struct Mistakes {
    errors: Option<Error>,
    /// There is one that the compiler has reported already.
    reported: bool,
}

/// Something is wrong: the errors to report, if any are left to be.
pub(crate) struct Wrong(pub(crate) Option<Error>);

impl Mistakes {
    /// Notes a mistake.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.errors {
            Some(first) => first.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Notes a mistake of which the compiler has told.
    pub(crate) fn was_reported(&mut self) {
        self.reported = true;
    }

    /// Takes over what was found elsewhere.
    pub(crate) fn absorb(&mut self, others: Self) {
        self.reported |= others.reported;
        if let Some(error) = others.errors {
            self.push(error);
        }
    }

    /// The value, or nothing and one more mistake.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The value, if it is there and nothing was wrong with anything else.
    pub(crate) fn finish<T>(self, value: Option<T>) -> core::result::Result<T, Wrong> {
        match (self.errors, value) {
            (None, Some(value)) if !self.reported => Ok(value),
            (None, None) if !self.reported => Err(Wrong::unexplained()),
            (errors, _) => Err(Wrong(errors)),
        }
    }
}

impl Wrong {
    /// No value without a mistake would be a fault of this crate; it must not pass for a success.
    pub(crate) fn unexplained() -> Self {
        let message = "`circuit_breaker` failed without a reason; please report this";
        Self(Some(Error::new(proc_macro2::Span::call_site(), message)))
    }
}
