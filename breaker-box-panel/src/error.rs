//! Why a request is refused: a status and a sentence.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A request that is refused, as an HTTP response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("this panel is read-only: the service set it up without controls")]
    ReadOnly,
    #[error("the panel does not answer requests from other sites")]
    CrossSite,
    #[error("unknown host {0:?}; the service can allow it with `PanelBuilder::hosts`")]
    UnknownHost(String),
    #[error("missing header `Authorization: Bearer <token>`")]
    MissingToken,
    #[error("invalid token")]
    InvalidToken,
    #[error("too many invalid tokens; try again in {} s", whole_seconds(.0))]
    TooManyAttempts(Duration),
    #[error("the service did not name an operator for this request")]
    NoOperator,
    #[error("missing header `Breaker-Nonce`; POST to `nonces` for a nonce, valid for one command within 60 seconds")]
    MissingNonce,
    #[error("the nonce was used, has expired or was never issued; POST to `nonces` for a new one")]
    InvalidNonce,
    #[error("a command must be sent as `Content-Type: application/json`")]
    UnsupportedMediaType,
    #[error("a command has at most {0} bytes")]
    BodyTooLarge(usize),
    #[error("invalid JSON: {0}")]
    InvalidJson(String),
    #[error("{0}")]
    Unprocessable(String),
    #[error("there is no circuit {0}")]
    UnknownCircuit(String),
    #[error("a query string has at most {0} bytes")]
    QueryTooLong(usize),
    #[error("unknown viewer: its connection was closed, or the service was restarted")]
    UnknownViewer,
    #[error("the limit of {0} open pages is reached")]
    TooManyViewers(usize),
    #[error("the limit of {0} open pages per client is reached")]
    TooManyViewersOfClient(usize),
    #[error("too many requests at once; try again in a second")]
    Busy,
    #[error("the panel is busy or closed; try again in a second")]
    Unavailable,
}

impl ApiError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::InvalidJson(_) => StatusCode::BAD_REQUEST,
            Self::MissingToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::ReadOnly | Self::CrossSite | Self::UnknownHost(_) | Self::NoOperator => StatusCode::FORBIDDEN,
            Self::UnknownCircuit(_) | Self::UnknownViewer => StatusCode::NOT_FOUND,
            Self::InvalidNonce => StatusCode::CONFLICT,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::QueryTooLong(_) => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MissingNonce => StatusCode::PRECONDITION_REQUIRED,
            Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyViewers(_) | Self::TooManyViewersOfClient(_) | Self::Busy | Self::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}

impl IntoResponse for ApiError {
    /// `{"status": 401, "error": "…"}`.
    fn into_response(self) -> Response {
        let status = self.status();
        let body = json!({ "status": status.as_u16(), "error": self.to_string() }).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let extra = match &self {
            Self::MissingToken | Self::InvalidToken => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::TooManyAttempts(wait) => Some((header::RETRY_AFTER, whole_seconds(wait).into())),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, 1.into())),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Rounded up, so that whoever waits that long is not refused again.
const fn whole_seconds(wait: &Duration) -> u64 {
    wait.as_secs() + (wait.subsec_nanos() > 0) as u64
}
