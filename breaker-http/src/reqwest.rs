//! `Answer` for the types that reqwest returns.

use breaker_core::Outcome;
use reqwest::{Error, Response, blocking};

use crate::answer::Answer;
use crate::error;
use crate::head::Head;

impl Answer for Response {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        Ok(Head::new(self.status(), self.headers()))
    }
}

impl Answer for blocking::Response {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        Ok(Head::new(self.status(), self.headers()))
    }
}

impl Answer for Error {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        error::reqwest::head_of(self)
    }
}
