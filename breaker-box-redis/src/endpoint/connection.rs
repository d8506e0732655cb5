//! URLs that the client understands.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::error::FleetError;

/// What the client makes of a URL with one of its own schemes.
pub(super) fn connection(url: &str) -> Result<ConnectionInfo, FleetError> {
    // The client's own message may quote the URL.
    let info = url.into_connection_info().map_err(|_| invalid("it does not parse"))?;
    if matches!(info.addr(), ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } if host.is_empty()) {
        return Err(invalid("it has no host"));
    }
    if info.redis_settings().db() < 0 {
        return Err(invalid("its database is negative"));
    }
    let settings = info.redis_settings().clone();
    // The name shows in `CLIENT LIST`.
    let settings = settings.set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let settings = settings.set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

pub(super) const fn invalid(problem: &'static str) -> FleetError {
    FleetError::InvalidUrl { problem }
}
