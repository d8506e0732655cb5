//! Where the store is: what a URL says.

mod connection;
#[cfg(any(feature = "cluster", feature = "sentinel"))]
mod parts;

#[cfg(any(feature = "cluster", feature = "sentinel"))]
pub(crate) use parts::at;

use redis::ConnectionInfo;
#[cfg(feature = "sentinel")]
use redis::{ProtocolVersion, RedisConnectionInfo};

use crate::error::FleetError;
use connection::{connection, invalid};
#[cfg(any(feature = "cluster", feature = "sentinel"))]
use parts::{Parts, take_apart};

/// The port of a Sentinel, if the URL has none.
#[cfg(feature = "sentinel")]
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
            #[cfg(feature = "cluster")]
            Kind::Cluster => cluster(&plain),
            #[cfg(feature = "sentinel")]
            Kind::Sentinel => sentinel(&plain),
            // Without its feature the scheme was refused.
            #[cfg(not(all(feature = "cluster", feature = "sentinel")))]
            _ => Err(invalid("its scheme needs a feature")),
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

#[cfg(feature = "cluster")]
fn cluster(url: &str) -> Result<Endpoint, FleetError> {
    let Parts { first, others, path, .. } = take_apart(url, None)?;
    if !path.is_empty() {
        return Err(invalid("a cluster has one database, and its URL no path"));
    }
    Ok(Endpoint::Cluster { nodes: std::iter::once(first).chain(others).collect() })
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
    let mut own = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
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

#[cfg(test)]
mod tests;
