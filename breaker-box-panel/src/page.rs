//! The page: one document with its script and style in it, so that it works under any path and asks
//! no other host.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use crate::refusal::Refusal;
use crate::ticket::random_letters;

const DOCUMENT: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/style.css");

/// In order of use; each file is one idea.
const SCRIPT: &str = concat!(
    include_str!("../page/script/elements.js"),
    include_str!("../page/script/words.js"),
    include_str!("../page/script/model.js"),
    include_str!("../page/script/feed.js"),
    include_str!("../page/script/charts.js"),
    include_str!("../page/script/list.js"),
    include_str!("../page/script/timeline.js"),
    include_str!("../page/script/filters.js"),
    include_str!("../page/script/controls.js"),
    include_str!("../page/script/circuit.js"),
    include_str!("../page/script/main.js"),
);

/// The page, with a nonce that only its own script and style know.
pub(crate) async fn page() -> Result<Response, Refusal> {
    let nonce = random_letters().map_err(|_| Refusal::Unavailable)?;
    let document = DOCUMENT.replace("{{nonce}}", &nonce).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    let policy = HeaderValue::from_str(&policy(&nonce)).map_err(|_| Refusal::Unavailable)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(document)).into_response())
}

/// What the page may do: run its own script, ask its own service, show its own icon, and nothing
/// else. Trusted types without a policy take away every way to turn a text into markup.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
}
