//! URLs with several hosts: those of clusters and of Sentinels.

use std::net::Ipv6Addr;

use redis::{ConnectionAddr, ConnectionInfo};

use super::connection::{connection, invalid};
use crate::error::FleetError;

/// A URL taken apart: what one connection needs, and the rest.
pub(super) struct Parts {
    /// To the host of the URL, without a database.
    pub(super) first: ConnectionInfo,
    /// More hosts: `?node=host:port&node=…`.
    pub(super) others: Vec<ConnectionInfo>,
    /// The path's segments.
    pub(super) path: Vec<String>,
    /// The other parameters.
    #[cfg_attr(not(feature = "sentinel"), allow(dead_code, reason = "only Sentinel has parameters"))]
    pub(super) parameters: Vec<(String, String)>,
}

pub(super) fn take_apart(url: &str, default_port: Option<u16>) -> Result<Parts, FleetError> {
    let mut parsed = redis::parse_redis_url(url).ok_or(invalid("it does not parse"))?;
    let path = parsed.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    let (nodes, parameters): (Vec<_>, Vec<_>) =
        parsed.query_pairs().into_owned().partition(|(parameter, _)| parameter == "node");
    parsed.set_path("");
    parsed.set_query(None);
    if let (None, Some(_)) = (parsed.port(), default_port) {
        parsed.set_port(default_port).map_err(|()| invalid("it has no host"))?;
    }
    let first = connection(parsed.as_str())?;
    let others = nodes
        .into_iter()
        .map(|(_, node)| {
            let (host, port) = host_and_port(&node, default_port).ok_or(invalid("a `node` is not `host:port`"))?;
            Ok(at(&first, host, port))
        })
        .collect::<Result<_, FleetError>>()?;
    Ok(Parts { first, others, path, parameters })
}

/// `host:port`, where an IPv6 address is in brackets.
fn host_and_port(node: &str, default_port: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = match node.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (node, default_port.unwrap_or(6379)),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bare {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(|_| (address.to_owned(), port)),
        None if host.is_empty() || host.contains([':', '/', '@', '?', '#', ' ']) => None,
        None => Some((host.to_owned(), port)),
    }
}

/// The same as `like`, at another address.
pub(crate) fn at(like: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let address = match like.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    like.clone().set_addr(address)
}
