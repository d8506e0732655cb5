//! What the panel does not do, and why, in a status and a sentence.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A wait in whole seconds, none of it cut off.
const fn seconds(wait: &Duration) -> u64 {
    wait.as_secs() + (wait.subsec_nanos() > 0) as u64
}

/// Why a request is not answered as its sender wishes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("this panel is read-only: its service gave it no token and no guard")]
    ReadOnly,
    #[error("this is only for the panel's own page and for scripts, not for another site")]
    CrossSite,
    #[error("this panel does not go by the name {0:?}; its service can allow it with `PanelBuilder::hosts`")]
    UnknownHost(String),
    #[error("an order needs the header `Authorization: Bearer <token>`")]
    NoToken,
    #[error("that token is not one of this panel's")]
    WrongToken,
    #[error("there were too many wrong tokens; the next one is looked at in {} s", seconds(.0))]
    TooManyAttempts(Duration),
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
    #[error("the query of an address has at most {0} bytes")]
    LongQuery(usize),
    #[error("there is no page of that place; it was given up, or the panel was started again")]
    UnknownPlace,
    #[error("{0} pages are open already, and that is this panel's limit")]
    TooManyViewers(usize),
    #[error("{0} pages of this client are open already, and that is this panel's limit")]
    TooManyOfClient(usize),
    #[error("too many questions at once; try again in a second")]
    Busy,
    #[error("the panel is busy or closed; try again in a second")]
    Unavailable,
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::ReadOnly | Self::CrossSite | Self::UnknownHost(_) | Self::NotGuarded => StatusCode::FORBIDDEN,
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::LongQuery(_) => StatusCode::URI_TOO_LONG,
            Self::NoTicket => StatusCode::PRECONDITION_REQUIRED,
            Self::UsedTicket => StatusCode::CONFLICT,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Senseless(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnknownCircuit(_) | Self::UnknownPlace => StatusCode::NOT_FOUND,
            Self::TooManyViewers(_) | Self::TooManyOfClient(_) | Self::Busy | Self::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}

impl IntoResponse for Refusal {
    /// `{"status": 401, "error": "…"}`.
    fn into_response(self) -> Response {
        let status = self.status();
        let body = json!({ "status": status.as_u16(), "error": self.to_string() }).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let extra = match &self {
            Self::NoToken | Self::WrongToken => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::TooManyAttempts(wait) => Some((header::RETRY_AFTER, seconds(wait).into())),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, 1.into())),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
