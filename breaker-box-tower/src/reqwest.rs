//! The bodies of reqwest's responses.

use breaker_core::{Outcome, Permit};
use reqwest::{Body, Response, ResponseBuilderExt};

use crate::body::GuardedBody;
use crate::classify::Classify;
use crate::settle::{AtEnd, Settle};

impl<E, C> Settle<Response, E> for AtEnd<C>
where
    C: Classify<Response, E>,
{
    type Response = Response;

    fn settle(&self, permit: Option<Permit>, result: Result<Response, E>) -> Result<Response, E> {
        let permit = permit.and_then(|permit| self.unless_success(permit, &result));
        let response = result?;
        // The conversion to `http` and back loses the URL, unless it is in this extension.
        let url = http::Response::builder().url(response.url().clone()).body(());
        let mut response = http::Response::<Body>::from(response);
        if let Ok(url) = url {
            response.extensions_mut().extend(url.into_parts().0.extensions);
        }
        let guarded = response.map(|body| Body::wrap(GuardedBody::new(body, permit, |_trailers| Outcome::Success)));
        Ok(guarded.into())
    }
}
