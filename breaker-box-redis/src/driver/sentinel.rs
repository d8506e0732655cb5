//! Which server the Sentinels call the master.

use redis::{ConnectionInfo, RedisError};

use super::open::open_plain;
use super::problem::Problem;
use crate::endpoint::at;

/// The master of this name, according to the first of the Sentinels that answers.
pub(super) async fn master(
    sentinels: &[ConnectionInfo],
    name: &str,
    server: &ConnectionInfo,
) -> Result<ConnectionInfo, Problem> {
    let mut problem = Problem::new("no Sentinel is known");
    for sentinel in sentinels {
        match ask(sentinel, name).await {
            Ok(Some((host, port))) => return Ok(at(server, host, port)),
            Ok(None) => problem = Problem::new("the Sentinels do not know the name of the master"),
            Err(error) => problem = Problem::from(&error),
        }
    }
    Err(problem)
}

async fn ask(sentinel: &ConnectionInfo, name: &str) -> Result<Option<(String, u16)>, RedisError> {
    let mut connection = open_plain(sentinel.clone()).await?;
    redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name).query_async(&mut connection).await
}
