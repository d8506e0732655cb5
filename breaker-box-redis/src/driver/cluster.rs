//! Which node of a cluster has a shard.

use redis::{ConnectionInfo, Value};

use super::open::open_plain;
use super::problem::Problem;
use crate::endpoint::at;

const SLOTS: u16 = 16_384;

/// The slot of a hash tag.
pub(super) fn slot(tag: &str) -> u16 {
    let mut crc: u16 = 0;
    for byte in tag.bytes() {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    crc % SLOTS
}

/// The node that serves this slot, according to the first of the nodes that answers.
pub(super) async fn owner(nodes: &[ConnectionInfo], slot: u16) -> Result<ConnectionInfo, Problem> {
    let mut problem = Problem::new("no node of the cluster is known");
    for node in nodes {
        match ask(node, slot).await {
            Ok(Some((host, port))) => return Ok(at(node, host, port)),
            Ok(None) => problem = Problem::new("no node of the cluster has the shard"),
            Err(error) => problem = error,
        }
    }
    Err(problem)
}

async fn ask(node: &ConnectionInfo, slot: u16) -> Result<Option<(String, u16)>, Problem> {
    let mut connection = open_plain(node.clone()).await.map_err(|error| Problem::from(&error))?;
    let answer = redis::cmd("CLUSTER").arg("SLOTS").query_async::<Value>(&mut connection).await;
    let answer = answer.map_err(|error| Problem::from(&error))?;
    Ok(find(&answer, slot).map(|(host, port)| (host.unwrap_or_else(|| host_of(node)), port)))
}

fn host_of(node: &ConnectionInfo) -> String {
    match node.addr() {
        redis::ConnectionAddr::Tcp(host, _) | redis::ConnectionAddr::TcpTls { host, .. } => host.clone(),
        _ => String::new(),
    }
}

/// The master of a slot in the answer to `CLUSTER SLOTS`: ranges with their nodes, the master
/// first. A node without a name is the one that answered.
fn find(answer: &Value, slot: u16) -> Option<(Option<String>, u16)> {
    let ranges = list(answer)?;
    ranges.iter().find_map(|range| {
        let [first, last, master, ..] = list(range)? else { return None };
        if !(number(first)?..=number(last)?).contains(&i64::from(slot)) {
            return None;
        }
        let [host, port, ..] = list(master)? else { return None };
        let host = text(host).filter(|host| !host.is_empty() && host != "?");
        Some((host, u16::try_from(number(port)?).ok()?))
    })
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_cluster_specification() {
        assert_eq!(slot("123456789"), 0x31c3);
        assert_eq!(slot(""), 0);
        // `redis-cli CLUSTER KEYSLOT foo`.
        assert_eq!(slot("foo"), 12_182);
    }

    fn range(first: i64, last: i64, host: &str, port: i64) -> Value {
        let node = Value::Array(vec![Value::BulkString(host.into()), Value::Int(port)]);
        Value::Array(vec![Value::Int(first), Value::Int(last), node])
    }

    #[test]
    fn finds_the_master_of_a_slot() {
        let answer = Value::Array(vec![range(0, 8_000, "a", 1), range(8_001, 16_383, "", 2)]);
        assert_eq!(find(&answer, 8_000), Some((Some("a".into()), 1)));
        assert_eq!(find(&answer, 8_001), Some((None, 2)));
        assert_eq!(find(&Value::Array(vec![range(0, 10, "a", 1)]), 11), None);
        assert_eq!(find(&Value::Nil, 11), None);
    }
}
