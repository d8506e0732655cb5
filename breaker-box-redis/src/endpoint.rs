//! Where the store is: what a URL says.

use std::net::Ipv6Addr;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::error::FleetError;

/// The port of a Sentinel, if the URL has none.
const SENTINEL_PORT: u16 = 26379;

/// Where the store is.
///
/// No `Debug`: it contains a password.
pub(crate) enum Endpoint {
    /// One server.
    Server(ConnectionInfo),
    /// A cluster, and some of its nodes.
    #[cfg(feature = "cluster")]
    Cluster { nodes: Vec<ConnectionInfo> },
    /// A server that Sentinels know by this name.
    #[cfg(feature = "sentinel")]
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        name: String,
        /// How to connect to the server, once its address is known.
        server: ConnectionInfo,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Server,
    Cluster,
    Sentinel,
}

/// Schemes, whether they mean TLS, and what they lead to.
const SCHEMES: [(&str, bool, Kind); 12] = [
    ("redis", false, Kind::Server),
    ("rediss", true, Kind::Server),
    ("valkey", false, Kind::Server),
    ("valkeys", true, Kind::Server),
    ("redis-cluster", false, Kind::Cluster),
    ("rediss-cluster", true, Kind::Cluster),
    ("valkey-cluster", false, Kind::Cluster),
    ("valkeys-cluster", true, Kind::Cluster),
    ("redis-sentinel", false, Kind::Sentinel),
    ("rediss-sentinel", true, Kind::Sentinel),
    ("valkey-sentinel", false, Kind::Sentinel),
    ("valkeys-sentinel", true, Kind::Sentinel),
];

impl Endpoint {
    /// # Errors
    ///
    /// If the URL is invalid, or needs a feature that is not enabled.
    pub(crate) fn parse(url: &str) -> Result<Self, FleetError> {
        let (scheme, rest) = url.split_once("://").ok_or(invalid("it has no scheme"))?;
        let &(scheme, tls, kind) = SCHEMES
            .iter()
            .find(|(known, ..)| known.eq_ignore_ascii_case(scheme))
            .ok_or(invalid("its scheme is not that of a Redis or Valkey"))?;
        check_features(scheme, tls, kind)?;
        let plain = format!("{}://{rest}", if tls { "rediss" } else { "redis" });
        match kind {
            Kind::Server => Ok(Self::Server(connection(&plain)?)),
            Kind::Cluster => cluster(&plain),
            Kind::Sentinel => sentinel(&plain),
        }
    }

    /// The database, which is part of the names of the channels.
    pub(crate) fn database(&self) -> i64 {
        match self {
            Self::Server(server) => server.redis_settings().db(),
            #[cfg(feature = "cluster")]
            Self::Cluster { .. } => 0,
            #[cfg(feature = "sentinel")]
            Self::Sentinel { server, .. } => server.redis_settings().db(),
        }
    }

    /// Whether each shard may be on a server of its own.
    pub(crate) const fn is_cluster(&self) -> bool {
        match self {
            Self::Server(_) => false,
            #[cfg(feature = "cluster")]
            Self::Cluster { .. } => true,
            #[cfg(feature = "sentinel")]
            Self::Sentinel { .. } => false,
        }
    }
}

fn check_features(scheme: &'static str, tls: bool, kind: Kind) -> Result<(), FleetError> {
    let missing = |feature| Err(FleetError::MissingFeature { scheme, feature });
    match kind {
        Kind::Cluster if !cfg!(feature = "cluster") => missing("`cluster`"),
        Kind::Sentinel if !cfg!(feature = "sentinel") => missing("`sentinel`"),
        _ if tls && !cfg!(any(feature = "tls-rustls", feature = "tls-native")) => {
            missing("`tls-rustls` or `tls-native`")
        }
        _ => Ok(()),
    }
}

/// What the client makes of a URL with one of its own schemes.
fn connection(url: &str) -> Result<ConnectionInfo, FleetError> {
    // The client's own message may quote the URL.
    let info = url.into_connection_info().map_err(|_| invalid("it does not parse"))?;
    if matches!(info.addr(), ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } if host.is_empty()) {
        return Err(invalid("it has no host"));
    }
    if info.redis_settings().db() < 0 {
        return Err(invalid("its database is negative"));
    }
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// A URL taken apart: what one connection needs, and the rest.
struct Parts {
    /// To the host of the URL, without a database.
    first: ConnectionInfo,
    /// More hosts: `?node=host:port&node=…`.
    others: Vec<ConnectionInfo>,
    /// The path's segments.
    path: Vec<String>,
    /// The other parameters.
    #[cfg_attr(not(feature = "sentinel"), allow(dead_code, reason = "only Sentinel has parameters"))]
    parameters: Vec<(String, String)>,
}

fn take_apart(url: &str, default_port: Option<u16>) -> Result<Parts, FleetError> {
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

#[cfg(feature = "cluster")]
fn cluster(url: &str) -> Result<Endpoint, FleetError> {
    let Parts { first, others, path, .. } = take_apart(url, None)?;
    if !path.is_empty() {
        return Err(invalid("a cluster has one database, and its URL no path"));
    }
    Ok(Endpoint::Cluster { nodes: std::iter::once(first).chain(others).collect() })
}

#[cfg(not(feature = "cluster"))]
fn cluster(_: &str) -> Result<Endpoint, FleetError> {
    Err(FleetError::MissingFeature { scheme: "redis-cluster", feature: "`cluster`" })
}

/// The user and the password of the URL are the server's. The Sentinels have their own, in the
/// parameters `sentinel_user` and `sentinel_password`.
#[cfg(feature = "sentinel")]
fn sentinel(url: &str) -> Result<Endpoint, FleetError> {
    let Parts { first, others, path, parameters } = take_apart(url, Some(SENTINEL_PORT))?;
    let mut path = path.into_iter();
    let name = path.next().ok_or(invalid("the name of the master is missing: `redis-sentinel://host:port/name`"))?;
    let database = path.next().map_or(Ok(0), |database| {
        database.parse::<u16>().map_err(|_| invalid("its database, behind the name of the master, is not a number"))
    })?;
    if path.next().is_some() {
        return Err(invalid("its path has more than the name of the master and a database"));
    }
    let server = first.clone().set_redis_settings(first.redis_settings().clone().set_db(i64::from(database)));
    let mut own = redis::RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
    for (parameter, value) in parameters {
        match parameter.as_str() {
            "sentinel_user" => own = own.set_username(value),
            "sentinel_password" => own = own.set_password(value),
            _ => {}
        }
    }
    let sentinels = std::iter::once(first).chain(others).map(|info| info.set_redis_settings(own.clone())).collect();
    Ok(Endpoint::Sentinel { sentinels, name, server })
}

#[cfg(not(feature = "sentinel"))]
fn sentinel(_: &str) -> Result<Endpoint, FleetError> {
    Err(FleetError::MissingFeature { scheme: "redis-sentinel", feature: "`sentinel`" })
}

const fn invalid(problem: &'static str) -> FleetError {
    FleetError::InvalidUrl { problem }
}
