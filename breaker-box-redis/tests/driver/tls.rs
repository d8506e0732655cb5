//! TLS, with the certificates that the system trusts. The key in `tls/` is of these tests alone.

use std::env;
use std::process::Command;
use std::time::Duration;

use breaker_box::{Policy, Registry};

use crate::server::{Server, builder, free_port, until};

/// Where the child connects to.
const URL: &str = "BREAKER_TEST_TLS_URL";

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/driver/tls/");

/// Runs [`in_a_child`] in a process of its own, which trusts the certificates of this file only.
fn child_trusting(authority: &str, url: &str) -> String {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "tls::in_a_child", "--nocapture"])
        .env(URL, url)
        .env("SSL_CERT_FILE", authority)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8(child.stdout).unwrap()
}

#[test]
fn a_server_is_trusted_if_the_system_trusts_its_authority() {
    let file = |name: &str| format!("{FOLDER}{name}");
    let (certificate, key, authority) = (file("server.pem"), file("server.key"), file("ca.pem"));
    let tls_port = free_port();
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
    let options = ["--tls-port", &tls_port.to_string(), "--tls-auth-clients", "no"];
    let _server = Server::start_with(&[files.as_slice(), &options].concat());
    let url = format!("rediss://localhost:{tls_port}");
    assert!(child_trusting(&authority, &url).contains("connected: true"));
    // The server's own certificate is not one of an authority.
    let refused = child_trusting(&certificate, &url);
    assert!(refused.contains("connected: false") && refused.contains("the TLS handshake failed"), "{refused}");
}

/// Connects, and prints what came of it.
#[test]
fn in_a_child() {
    let Ok(url) = env::var(URL) else { return };
    let registry = Registry::new();
    let fleet = builder(&url).adopt_within(Duration::ZERO).join(&registry).unwrap();
    until(|| fleet.status().connected || fleet.status().last_error.is_some());
    if fleet.status().connected {
        registry.register("api", Policy::new()).unwrap().force_open();
        fleet.settled(Duration::from_secs(20)).unwrap();
    }
    println!("{fleet:?}");
}
