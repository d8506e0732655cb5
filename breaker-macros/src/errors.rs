//! Collects every error, so that the user sees all of them at once.

use syn::{Error, Result};

/// The errors found so far, in the order in which they were found.
#[derive(Default)]
pub(crate) struct ErrorCollector {
    errors: Option<Error>,
    /// The compiler has reported at least one error already.
    reported_by_compiler: bool,
}

/// The errors of one attribute; `None` where the compiler has reported all of them already.
pub(crate) struct CompileErrors(pub(crate) Option<Error>);

impl ErrorCollector {
    /// Adds an error.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.errors {
            Some(first) => first.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Records that the compiler has reported an error, which needs no second report.
    pub(crate) fn reported_by_compiler(&mut self) {
        self.reported_by_compiler = true;
    }

    /// Adds the errors of another collector.
    pub(crate) fn absorb(&mut self, others: Self) {
        self.reported_by_compiler |= others.reported_by_compiler;
        if let Some(error) = others.errors {
            self.push(error);
        }
    }

    /// Returns the value; an error is added to the others.
    pub(crate) fn ok<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Returns the value if there is one and no error was found.
    pub(crate) fn finish<T>(self, value: Option<T>) -> core::result::Result<T, CompileErrors> {
        match (self.errors, value) {
            (None, Some(value)) if !self.reported_by_compiler => Ok(value),
            (None, None) if !self.reported_by_compiler => Err(CompileErrors::unexplained()),
            (errors, _) => Err(CompileErrors(errors)),
        }
    }
}

impl CompileErrors {
    /// A missing value without an error is a bug of this crate; it must not pass for a success.
    pub(crate) fn unexplained() -> Self {
        let message = "`circuit_breaker` failed without a reason; please report this bug";
        Self(Some(Error::new(proc_macro2::Span::call_site(), message)))
    }
}
