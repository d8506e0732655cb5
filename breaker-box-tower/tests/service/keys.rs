//! Circuits of a registry, chosen per request.

use std::convert::Infallible;
use std::future;

use breaker_box::{Key, Registry, State};
use breaker_box_tower::{ByHost, ByPath, CircuitBreakerLayer, Circuits, Keyed};
use http::{Request, Response};
use tower::{Layer, Service, service_fn};

use crate::support::{ONE, ready, registry};

fn to(uri: &str) -> Request<()> {
    Request::get(uri).body(()).expect("a valid request")
}

fn with_host(host: &str) -> Request<()> {
    Request::get("/").header("host", host).body(()).expect("a valid request")
}

/// The circuits that guarded these requests.
fn names(requests: impl IntoIterator<Item = Request<()>>) -> Vec<String> {
    let (registry, _) = registry(ONE);
    let by_host = ByHost::new(&registry);
    for request in requests {
        by_host.admit(&request).unwrap().expect("it is guarded").success();
    }
    registry.list().iter().map(|status| status.key.to_string()).collect()
}

#[test]
fn a_host_is_the_same_however_it_is_spelt() {
    let spellings = [
        to("http://api.example.com/a"),
        to("http://API.Example.COM/b?c"),
        to("http://api.example.com:80"),
        to("https://api.example.com:443"),
        to("http://user:secret@api.example.com/"),
        with_host("api.example.com"),
        with_host("Api.example.com"),
        to("http://api.example.com./a"),
        to("https://API.example.com.:443/"),
        to("http://api.example.com:/"),
        to("http://api.example.com:0080/"),
        to("HTTP://api.example.com:80/"),
        to("ws://api.example.com:80/"),
        to("wss://api.example.com:443/"),
        to("http://user@api.example.com:80/"),
        with_host("api.example.com:80"),
        with_host("api.example.com:443"),
        with_host("api.example.com.:443"),
        with_host("api.example.com:"),
        Request::connect("api.example.com:443").body(()).unwrap(),
    ];
    assert_eq!(names(spellings), ["api.example.com"]);
}

#[test]
fn an_address_is_the_same_however_it_is_spelt() {
    let loopback = ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1."];
    assert_eq!(names(loopback.map(|host| to(&format!("http://{host}/")))), ["127.0.0.1"]);
    assert_eq!(names(loopback.map(|host| with_host(&format!("{host}:3000")))), ["127.0.0.1:3000"]);
    let loopback = ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0::0001]", "[::0.0.0.1]"];
    assert_eq!(names(loopback.map(|host| to(&format!("https://user:password@{host}:443/")))), ["[::1]"]);
    assert_eq!(names(loopback.map(with_host)), ["[::1]"]);
    assert_eq!(names([to("http://[2001:DB8::A]:8080/"), to("http://[2001:db8:0::a]:8080")]), ["[2001:db8::a]:8080"]);
}

#[test]
fn a_host_shares_its_circuit_between_schemes_but_not_between_ports() {
    assert_eq!(names([to("http://a/"), to("https://a/"), to("http://a:80"), to("https://a:443")]), ["a"]);
    assert_eq!(
        names([to("http://a:443"), to("https://a:80"), to("ftp://a:80"), to("ftp://a")]),
        ["a", "a:443", "a:80"]
    );
}

#[test]
fn an_invalid_host_is_treated_as_no_host() {
    let (registry, _) = registry(ONE);
    let by_host = ByHost::new(&registry);
    for request in [
        to("http://a:99999/"),
        to("http://a:65536/"),
        with_host("a:99999"),
        with_host("a:x"),
        with_host("."),
        with_host("[::g]"),
        with_host("[::1"),
        with_host("[v1.x]"),
        with_host("user@"),
    ] {
        if let Some(permit) = by_host.admit(&request).unwrap() {
            permit.failure("cannot connect");
        }
    }
    assert_eq!(registry.state("a"), State::Closed);
    assert!(registry.is_empty(), "{:?}", registry.list());
}

#[cfg(feature = "reqwest")]
#[test]
fn reqwests_hosts_have_the_names_of_all_others() {
    let (registry, _) = registry(ONE);
    let by_host = ByHost::new(&registry);
    for url in [
        "http://api.example.com./",
        "https://user:secret@API.example.com:443",
        "http://127.1/",
        "http://[0:0::1]:80/",
        "https://b\u{fc}cher.example/",
        "https://XN--BCHER-KVA.example/",
        "http://ex%61mple.com/",
        "foo://Api.Example.COM/",
    ] {
        let request = reqwest::Request::new(http::Method::GET, url.parse().unwrap());
        by_host.admit(&request).unwrap().expect("it is guarded").success();
    }
    let names: Vec<_> = registry.list().iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["127.0.0.1", "[::1]", "api.example.com", "example.com", "xn--bcher-kva.example"]);
}

#[test]
fn another_port_is_another_service() {
    let ports = [
        to("http://localhost:3000"),
        to("http://localhost:3001"),
        to("http://localhost:443"),
        to("https://localhost:80"),
    ];
    assert_eq!(names(ports), ["localhost:3000", "localhost:3001", "localhost:443", "localhost:80"]);
    assert_eq!(names([to("http://[::1]:3000/"), with_host("[::1]")]), ["[::1]", "[::1]:3000"]);
}

#[test]
fn the_uri_has_precedence_over_the_host_header() {
    let request = Request::get("http://first.example").header("host", "second.example").body(()).unwrap();
    assert_eq!(names([request]), ["first.example"]);
}

#[test]
fn a_request_without_a_host_passes_unguarded() {
    let registry = Registry::new();
    let by_host = ByHost::new(&registry);
    let mut not_text = with_host("x");
    not_text.headers_mut().insert("host", http::HeaderValue::from_bytes(b"\xff").unwrap());
    for request in [to("/"), with_host(""), with_host("a b"), with_host("/"), with_host(":80"), not_text] {
        assert!(by_host.admit(&request).unwrap().is_none(), "{request:?}");
    }
    assert!(registry.is_empty());
}

#[test]
fn one_broken_host_does_not_take_the_others_with_it() {
    let (registry, _) = registry(ONE);
    let service = service_fn(|request: Request<()>| {
        let status = if request.uri().host() == Some("broken.example") { 500 } else { 200 };
        future::ready(Ok::<_, Infallible>(Response::builder().status(status).body(()).expect("a valid response")))
    });
    let mut client = CircuitBreakerLayer::client(ByHost::new(&registry)).layer(service);
    assert_eq!(ready(client.call(to("http://broken.example"))).unwrap().status(), 500);
    ready(client.call(to("http://broken.example"))).unwrap_err();
    assert_eq!(ready(client.call(to("http://sound.example"))).unwrap().status(), 200);
    assert_eq!((registry.state("broken.example"), registry.state("sound.example")), (State::Open, State::Closed));
}

#[test]
fn many_hosts_stay_within_the_registrys_limit_and_open_ones_are_kept() {
    let registry = Registry::builder().default_policy(ONE).max_circuits(64).build().unwrap();
    let service = service_fn(|request: Request<()>| {
        let status = if request.uri().path() == "/broken" { 500 } else { 200 };
        future::ready(Ok::<_, Infallible>(Response::builder().status(status).body(()).expect("a valid response")))
    });
    let mut client = CircuitBreakerLayer::client(ByHost::new(&registry)).layer(service);
    ready(client.call(to("http://broken.example/broken"))).unwrap();
    for n in 0..10_000 {
        ready(client.call(to(&format!("http://host-{n}.example/")))).unwrap();
        assert!(registry.len() <= 64);
    }
    assert_eq!(registry.state("broken.example"), State::Open);
    ready(client.call(to("http://broken.example/"))).unwrap_err();
}

#[test]
fn a_full_registry_lets_further_hosts_pass_unguarded() {
    let registry = Registry::builder().default_policy(ONE).max_circuits(1).build().unwrap();
    let service = service_fn(|_: Request<()>| {
        future::ready(Ok::<_, Infallible>(Response::builder().status(500).body(()).expect("a valid response")))
    });
    let mut client = CircuitBreakerLayer::client(ByHost::new(&registry)).layer(service);
    ready(client.call(to("http://first.example"))).unwrap();
    for _ in 0..3 {
        assert_eq!(ready(client.call(to("http://second.example"))).unwrap().status(), 500);
    }
    assert_eq!(registry.len(), 1);
}

#[test]
fn a_path_is_a_circuit() {
    let (registry, _) = registry(ONE);
    let by_path = ByPath::new(&registry);
    for uri in ["http://a.example/shop.Stock/Reserve", "http://b.example/shop.Stock/Reserve?x=1", "/shop.Stock/Count"] {
        by_path.admit(&to(uri)).unwrap().expect("it is guarded").success();
    }
    let names: Vec<_> = registry.list().iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["/shop.Stock/Count", "/shop.Stock/Reserve"]);
}

#[test]
fn any_request_can_be_keyed_by_a_closure() {
    let (registry, _) = registry(ONE);
    let layer = CircuitBreakerLayer::new(Keyed::new(&registry, |shard: &u32| {
        Key::new(format!("shard-{shard}")).with_kind("database")
    }));
    let mut database = layer.layer(service_fn(|shard| future::ready(if shard == 3 { Err("lost") } else { Ok(shard) })));
    ready(database.call(3)).unwrap_err();
    assert_eq!(ready(database.call(4)).unwrap(), 4);
    assert_eq!(registry.state(Key::new("shard-3").with_kind("database")), State::Open);
    assert_eq!(registry.state(Key::new("shard-4").with_kind("database")), State::Closed);
}

#[test]
fn a_circuit_registered_by_hand_keeps_its_policy() {
    let (registry, _) = registry(ONE);
    registry.register("api.example.com", breaker_box::Policy::consecutive_failures(2)).unwrap();
    let by_host = ByHost::new(&registry);
    by_host.admit(&to("http://api.example.com")).unwrap().unwrap().failure("down");
    assert_eq!(registry.state("api.example.com"), State::Closed);
}
