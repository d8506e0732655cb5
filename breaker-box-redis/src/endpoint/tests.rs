use redis::ConnectionAddr;

use super::*;

fn error(url: &str) -> String {
    Endpoint::parse(url).err().unwrap_or_else(|| panic!("{url} is accepted")).to_string()
}

fn server(url: &str) -> ConnectionInfo {
    match Endpoint::parse(url) {
        Ok(Endpoint::Server(server)) => server,
        _ => panic!("{url} is not that of one server"),
    }
}

#[test]
fn one_server_has_a_host_a_port_and_a_database() {
    for scheme in ["redis", "valkey", "REDIS"] {
        let endpoint = Endpoint::parse(&format!("{scheme}://user:p%40ss@redis.internal:7000/3")).unwrap();
        assert_eq!((endpoint.database(), endpoint.is_cluster()), (3, false));
    }
    let info = server("redis://user:p%40ss@[::1]");
    assert_eq!(info.addr(), &ConnectionAddr::Tcp("::1".into(), 6379));
    assert_eq!((info.redis_settings().username(), info.redis_settings().password()), (Some("user"), Some("p@ss")));
}

#[test]
fn every_connection_speaks_resp3() {
    let settings = server("redis://redis.internal/?protocol=resp2").redis_settings().clone();
    assert_eq!(format!("{:?}", settings.protocol()), "RESP3");
}

#[test]
fn errors_say_what_to_write_and_never_quote_the_url() {
    let wrong = [
        "secret",
        "http://user:secret@host",
        "redis://",
        "redis://user:secret@",
        "redis://:secret@host:port",
        "redis://:secret@host/-1",
        "redis://:secret@host/secret",
        "redis://:secret@0.0.0.0",
    ];
    for url in wrong {
        let error = error(url);
        assert!(error.contains("expected `redis://host:port`"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[cfg(all(feature = "cluster", not(any(feature = "tls-native", feature = "tls-rustls"))))]
#[test]
fn a_missing_feature_is_named() {
    assert!(error("rediss://host").contains("`tls-rustls` or `tls-native`"));
}

#[cfg(feature = "cluster")]
#[test]
fn a_cluster_has_nodes_and_no_database() {
    let url = "redis-cluster://:secret@one:7000?node=two:7001&node=[::1]:7002&node=three";
    let Ok(Endpoint::Cluster { nodes }) = Endpoint::parse(url) else { panic!("{url} is not that of a cluster") };
    let addresses: Vec<String> = nodes.iter().map(|node| node.addr().to_string()).collect();
    assert_eq!(addresses, ["one:7000", "two:7001", "::1:7002", "three:6379"]);
    assert!(nodes.iter().all(|node| node.redis_settings().password() == Some("secret")));
    for url in
        ["redis-cluster://one/1", "redis-cluster://one?node=a:b", "redis-cluster://one?node=", "redis-cluster://"]
    {
        assert!(error(url).contains("is invalid"), "{url}");
    }
}

#[cfg(feature = "sentinel")]
#[test]
fn sentinels_have_a_name_for_the_server_and_credentials_of_their_own() {
    let url = "redis-sentinel://user:secret@one/shop/2?node=two:7001&sentinel_user=s&sentinel_password=hush";
    let Ok(Endpoint::Sentinel { sentinels, name, server }) = Endpoint::parse(url) else { panic!("not of Sentinels") };
    let addresses: Vec<String> = sentinels.iter().map(|node| node.addr().to_string()).collect();
    assert_eq!(addresses, ["one:26379", "two:7001"]);
    assert_eq!((name.as_str(), server.redis_settings().db()), ("shop", 2));
    assert_eq!(server.redis_settings().password(), Some("secret"));
    let own = sentinels[0].redis_settings();
    assert_eq!((own.username(), own.password(), own.db()), (Some("s"), Some("hush"), 0));
    for url in ["redis-sentinel://one", "redis-sentinel://one/shop/x", "redis-sentinel://one/shop/1/2"] {
        assert!(error(url).contains("is invalid"), "{url}");
    }
}
