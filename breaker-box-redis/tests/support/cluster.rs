//! A Redis Cluster: three masters with a replica each.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::server::Server;

#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// A cluster in which a replica takes over from a dead master within some seconds.
    pub(crate) fn start() -> Self {
        // On a busy machine, nodes take each other for dead while they are joined.
        let formed = (0..5).find_map(|_| {
            let cluster = Self::create();
            let deadline = Instant::now() + Duration::from_secs(20);
            while !cluster.is_formed() {
                if Instant::now() > deadline {
                    return None;
                }
                thread::sleep(Duration::from_millis(50));
            }
            Some(cluster)
        });
        formed.expect("a cluster")
    }

    fn create() -> Self {
        let config = ["--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let nodes: Vec<Server> = (0..6).map(|_| Server::with(&config)).collect();
        let created = Command::new("timeout")
            .args(["30", "redis-cli", "--cluster", "create"])
            .args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())))
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output();
        // Whether it came to be is seen in the nodes.
        created.expect("redis-cli");
        Self { nodes }
    }

    fn is_formed(&self) -> bool {
        let replicas = || self.nodes.iter().filter(|node| !is_master(node));
        // A replica that has never been synchronized does not take over.
        (0..6).all(|node| self.knows_all(node))
            && self.masters().len() == 3
            && replicas().all(|node| role(node).contains("connected"))
    }

    fn knows_all(&self, node: usize) -> bool {
        let info = self.nodes[node].command(&["CLUSTER", "INFO"]);
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:6")
    }

    /// A URL that names all nodes.
    pub(crate) fn url(&self) -> String {
        let others: Vec<String> =
            self.nodes[1..].iter().map(|node| format!("node=127.0.0.1:{}", node.port())).collect();
        format!("redis-cluster://127.0.0.1:{}?{}", self.nodes[0].port(), others.join("&"))
    }

    /// The indices of the nodes that are masters and alive.
    pub(crate) fn masters(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&node| is_master(&self.nodes[node])).collect()
    }

    pub(crate) fn node(&self, index: usize) -> &Server {
        &self.nodes[index]
    }

    pub(crate) fn kill(&mut self, index: usize) {
        self.nodes[index].kill();
    }

    pub(crate) fn run(&mut self, index: usize) {
        self.nodes[index].run();
    }

    /// The index of the master that owns a key.
    pub(crate) fn owner(&self, key: &str) -> usize {
        let masters = self.masters();
        let owns = |&node: &usize| self.nodes[node].try_command(&["TTL", key]).is_ok();
        masters.into_iter().find(owns).expect("an owner of the key")
    }

    /// Lets a replica take over from the master that owns a key, as planned.
    pub(crate) fn fail_over(&self, key: &str) {
        let owner = self.nodes[self.owner(key)].command(&["CLUSTER", "MYID"]);
        let replica = self.nodes.iter().find(|node| {
            let myself = node.command(&["CLUSTER", "NODES"]);
            myself.lines().any(|line| line.contains("myself,slave") && line.contains(&owner))
        });
        replica.expect("a replica").command(&["CLUSTER", "FAILOVER"]);
    }

    /// Moves the slot of a key, with all its keys, to another master.
    pub(crate) fn move_slot(&self, key: &str) {
        let source = self.owner(key);
        let target = self.masters().into_iter().find(|master| *master != source).expect("another master");
        let (source, target) = (&self.nodes[source], &self.nodes[target]);
        let [from, to] = [source, target].map(|node| node.command(&["CLUSTER", "MYID"]));
        let slot = source.command(&["CLUSTER", "KEYSLOT", key]);
        target.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from]);
        source.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to]);
        loop {
            let keys = source.command(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
            let mut migrate = vec!["MIGRATE", "127.0.0.1"];
            let port = target.port().to_string();
            migrate.extend([port.as_str(), "", "0", "5000", "KEYS"]);
            let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
            if keys.is_empty() {
                break;
            }
            migrate.extend(keys);
            source.command(&migrate);
        }
        for node in [target, source] {
            node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &to]);
        }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.masters().len() >= 3 && self.masters().iter().all(|&node| self.state_is_ok(node))
    }

    fn state_is_ok(&self, node: usize) -> bool {
        self.nodes[node].try_command(&["CLUSTER", "INFO"]).is_ok_and(|info| info.contains("cluster_state:ok"))
    }
}

fn role(node: &Server) -> String {
    node.try_command(&["ROLE"]).unwrap_or_default()
}

fn is_master(node: &Server) -> bool {
    role(node).starts_with("master")
}
