//! How an instance joins a fleet, and what it says of it.

use std::time::Duration;

use breaker_box::{AsKey as _, Key, Registry};
use breaker_box_redis::{Counting, Fleet, Spread};

use super::super::options::Options;
use super::super::report::Report;

/// Joins as the options say; without a URL there is no fleet.
pub(crate) fn join(options: &Options, registry: &Registry) -> Option<Fleet> {
    let mut builder = Fleet::builder(options.get("url")?)
        .prefix(options.get("prefix").unwrap_or("shop"))
        .instance(options.get("name").unwrap_or("instance"))
        .spread(spread(options.get("spread").unwrap_or("agreed:2")))
        .heartbeat(options.time("heartbeat").unwrap_or(Duration::from_secs(1)))
        .lease(options.time("lease").unwrap_or(Duration::from_secs(1)))
        .adopt_within(options.time("adopt_within").unwrap_or(Duration::from_secs(20)));
    if let Some(time) = options.time("flush") {
        builder = builder.flush_every(time);
    }
    if let Some(name) = options.get("counting") {
        builder = builder.counting(name, Counting::Fleet);
    }
    if let Some(scope) = options.get("only") {
        let scope = scope.to_owned();
        builder = builder.only(move |key| key.scope() == Some(scope.as_str()));
    }
    if let Some(shards) = options.number("shards") {
        builder = builder.shards(u16::try_from(shards).expect("a number of shards"));
    }
    if let Some(secret) = options.get("hash_names") {
        builder = builder.hash_names(secret);
    }
    if options.get("share_reasons").is_some() {
        builder = builder.share_reasons();
    }
    Some(builder.join(registry).expect("valid options"))
}

/// `any`, `agreed:2` or `agreed:1:0.5`.
fn spread(text: &str) -> Spread {
    let mut parts = text.split(':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("any"), None, None) => Spread::any(),
        (Some("agreed"), Some(instances), None) => Spread::agreed(instances.parse().expect("a count")),
        (Some("agreed"), Some(instances), Some(share)) => {
            Spread::agreed(instances.parse().expect("a count")).share(share.parse().expect("a share"))
        }
        _ => panic!("{text}: no spread"),
    }
}

pub(crate) fn status(fleet: Option<&Fleet>) -> String {
    let Some(fleet) = fleet else { return Report::default().to_string() };
    let status = fleet.status();
    Report::default()
        .with("connected", u8::from(status.connected))
        .with("instance", &status.instance)
        .with("instances", status.instances)
        .with("shared_circuits", status.shared_circuits)
        .with("pending", status.pending)
        .with("adopted", status.adopted)
        .with("published", status.published)
        .with("errors", status.errors)
        .with("last_error", status.last_error.as_deref().unwrap_or("none"))
        .to_string()
}

pub(crate) fn settled(fleet: Option<&Fleet>, within: Duration) -> String {
    match fleet.expect("a fleet").settled(within) {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Who published the state of a circuit, and for what cause.
pub(crate) fn publisher(registry: &Registry, key: &Key) -> String {
    let publisher = registry.peer().and_then(|peer| peer.publisher(key.as_key()));
    match publisher {
        Some(publisher) => {
            Report::default().with("instance", publisher.instance).with("cause", publisher.cause).to_string()
        }
        None => Report::default().with("instance", "none").with("cause", "none").to_string(),
    }
}
