//! What the panel does not do, and why, in a status and a sentence.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is not answered as its sender wishes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("this panel is read-only: its service gave it no token and no guard")]
    ReadOnly,
    #[error("this is only for the panel's own page and for scripts, not for another site")]
    CrossSite,
    #[error("an order needs the header `Authorization: Bearer <token>`")]
    NoToken,
    #[error("that token is not one of this panel's")]
    WrongToken,
    #[error("the service's guard did not name an operator for this request")]
    NotGuarded,
    #[error(
        "an order needs a ticket, good for one order within 60 seconds, in the header `Breaker-Ticket`; POST to `tickets`"
    )]
    NoTicket,
    #[error("that ticket was used, has expired or was never given; POST to `tickets` for a new one")]
    UsedTicket,
    #[error("an order is sent as `Content-Type: application/json`")]
    NotJson,
    #[error("an order has at most {0} bytes")]
    TooLarge(usize),
    #[error("that is no JSON: {0}")]
    Malformed(String),
    #[error("{0}")]
    Senseless(String),
    #[error("there is no circuit {0}")]
    UnknownCircuit(String),
    #[error("{0} pages are open already, and that is this panel's limit")]
    TooManyViewers(usize),
    #[error("the panel is busy or closed; try again in a second")]
    Unavailable,
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::ReadOnly | Self::CrossSite | Self::NotGuarded => StatusCode::FORBIDDEN,
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::NoTicket => StatusCode::PRECONDITION_REQUIRED,
            Self::UsedTicket => StatusCode::CONFLICT,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Senseless(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnknownCircuit(_) => StatusCode::NOT_FOUND,
            Self::TooManyViewers(_) | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    /// `{"status": 401, "error": "…"}`.
    fn into_response(self) -> Response {
        let status = self.status();
        let body = json!({ "status": status.as_u16(), "error": self.to_string() }).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let extra = match status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "1")),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
