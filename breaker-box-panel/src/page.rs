//! The page: one document that contains its script and style, so that it works under any path and
//! loads nothing from other hosts.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use crate::error::ApiError;
use crate::random::random_hex;

const DOCUMENT: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/style.css");

/// In the order in which the files use each other.
const SCRIPT: &str = concat!(
    include_str!("../page/script/elements.js"),
    include_str!("../page/script/words.js"),
    include_str!("../page/script/model.js"),
    include_str!("../page/script/feed.js"),
    include_str!("../page/script/fleet.js"),
    include_str!("../page/script/charts.js"),
    include_str!("../page/script/list.js"),
    include_str!("../page/script/timeline.js"),
    include_str!("../page/script/filters.js"),
    include_str!("../page/script/controls.js"),
    include_str!("../page/script/circuit.js"),
    include_str!("../page/script/main.js"),
);

/// The page, with a fresh nonce that only its own script and style have.
pub(crate) async fn page() -> Result<Response, ApiError> {
    let nonce = random_hex().map_err(|_| ApiError::Unavailable)?;
    let document = DOCUMENT.replace("{{nonce}}", &nonce).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    let policy = HeaderValue::from_str(&policy(&nonce)).map_err(|_| ApiError::Unavailable)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(document)).into_response())
}

/// What the page may do: run its own script, send requests to its own service, and show its own
/// icon. Trusted types without a policy rule out every way to turn text into markup.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
}
