//! One attempt to connect: to a server, to the node of a cluster that has a shard, or to the server
//! that Sentinels name.

use redis::aio::MultiplexedConnection;
use redis::{PushKind, Value};

use super::lost::Lost;
use super::open::{Receive, open};
use super::problem::Problem;
use crate::endpoint::Endpoint;

/// The channels of a connection, and how to subscribe to them.
pub(super) struct Channels {
    pub(super) names: Vec<String>,
    /// Whether they are sharded channels, which exist in clusters.
    pub(super) sharded: bool,
}

/// Connects, subscribes, and checks the answers. Messages may arrive before this returns.
pub(super) async fn connect(
    endpoint: &Endpoint,
    #[cfg_attr(not(feature = "cluster"), allow(unused_variables, reason = "the node of a cluster is found by it"))] tag: &str,
    channels: &Channels,
    lost: &Lost,
    receive: impl Receive,
) -> Result<MultiplexedConnection, Problem> {
    let server = match endpoint {
        Endpoint::Server(server) => server.clone(),
        #[cfg(feature = "cluster")]
        Endpoint::Cluster { nodes } => super::cluster::owner(nodes, super::cluster::slot(tag)).await?,
        #[cfg(feature = "sentinel")]
        Endpoint::Sentinel { sentinels, name, server } => super::sentinel::master(sentinels, name, server).await?,
    };
    let mut connection = open(server, Some((lost.clone(), receive))).await.map_err(|error| Problem::from(&error))?;
    let command = if channels.sharded { "SSUBSCRIBE" } else { "SUBSCRIBE" };
    // One by one, since each has an answer of its own.
    for channel in &channels.names {
        let answer = redis::cmd(command).arg(channel).query_async::<Value>(&mut connection).await;
        match answer.map_err(|error| Problem::from(&error))? {
            Value::Push { kind: PushKind::Subscribe | PushKind::SSubscribe, .. } => {}
            _ => return Err(Problem::new("the server did not confirm the subscription")),
        }
    }
    Ok(connection)
}
