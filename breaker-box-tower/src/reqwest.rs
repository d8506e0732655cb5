//! The bodies of reqwest's responses.

use breaker_core::{Outcome, Permit};
use reqwest::{Body, Response, ResponseBuilderExt};

use crate::body::GuardedBody;
use crate::classify::Classify;
use crate::judge::{AtEnd, Judge, unless_success};

impl<E, C> Judge<Response, E> for AtEnd<C>
where
    C: Classify<Response, E>,
{
    type Response = Response;

    fn settle(&self, permit: Option<Permit>, result: Result<Response, E>) -> Result<Response, E> {
        let permit = permit.and_then(|permit| unless_success(permit, || self.0.classify(&result)));
        let response = result?;
        // The way through `http` forgets the URL; this extension is how it is told.
        let url = http::Response::builder().url(response.url().clone()).body(());
        let mut response = http::Response::<Body>::from(response);
        if let Ok(url) = url {
            response.extensions_mut().extend(url.into_parts().0.extensions);
        }
        let guarded = response.map(|body| Body::wrap(GuardedBody::new(body, permit, |_trailers| Outcome::Success)));
        Ok(guarded.into())
    }
}
