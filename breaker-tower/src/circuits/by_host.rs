//! A circuit for each host.

use std::borrow::Cow;

use breaker_core::{CircuitOpenError, Permit, Registry};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Uri, header};

use super::Circuits;

/// A circuit for each host that requests go to: `api.example.com`, with its port (`localhost:3000`) where that is not the scheme's own.
///
/// The host is taken from the request's URI, or else from its `Host` header, in lower case. Requests without a host pass unguarded.
///
/// ```
/// use breaker_core::Registry;
/// use breaker_tower::{ByHost, Circuits};
/// use http::Request;
///
/// let registry = Registry::new();
/// let by_host = ByHost::new(&registry);
/// for uri in ["https://API.example.com/a", "https://api.example.com:443/b", "https://api.example.com:8443"] {
///     by_host.admit(&Request::get(uri).body(())?)?.expect("it is guarded").success();
/// }
/// let names: Vec<_> = registry.list().iter().map(|status| status.key.to_string()).collect();
/// assert_eq!(names, ["api.example.com", "api.example.com:8443"]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ByHost {
    registry: Registry,
}

impl ByHost {
    /// Takes the circuits from `registry`; missing ones are made with its default policy. Where your users choose the hosts, bound it
    /// by [`max_circuits`](breaker_core::RegistryBuilder::max_circuits).
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    fn admit_host(&self, host: &str, port: Option<u16>) -> Result<Option<Permit>, CircuitOpenError> {
        match name(host, port) {
            Some(name) => self.registry.try_acquire(&*name).map(Some),
            None => Ok(None),
        }
    }
}

impl<B> Circuits<Request<B>> for ByHost {
    fn admit(&self, request: &Request<B>) -> Result<Option<Permit>, CircuitOpenError> {
        match authority(request.uri(), request.headers()) {
            Some(authority) => self.admit_host(authority.host(), port(&authority, request.uri().scheme())),
            None => Ok(None),
        }
    }
}

#[cfg(feature = "reqwest")]
impl Circuits<reqwest::Request> for ByHost {
    fn admit(&self, request: &reqwest::Request) -> Result<Option<Permit>, CircuitOpenError> {
        // A `Url` is in lower case already, and leaves out the scheme's own port.
        let url = request.url();
        self.admit_host(url.host_str().unwrap_or_default(), url.port())
    }
}

fn authority<'a>(uri: &'a Uri, headers: &HeaderMap) -> Option<Cow<'a, Authority>> {
    uri.authority().map(Cow::Borrowed).or_else(|| {
        let host = headers.get(header::HOST)?;
        Authority::try_from(host.as_bytes()).ok().map(Cow::Owned)
    })
}

/// The port, unless it is the scheme's own.
fn port(authority: &Authority, scheme: Option<&Scheme>) -> Option<u16> {
    let usual = match scheme.map(Scheme::as_str) {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    };
    authority.port_u16().filter(|port| Some(*port) != usual)
}

/// The name of the circuit, borrowed where the request spells it so.
fn name(host: &str, port: Option<u16>) -> Option<Cow<'_, str>> {
    let host = match host {
        "" => return None,
        host if host.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Owned(host.to_ascii_lowercase()),
        host => Cow::Borrowed(host),
    };
    Some(match port {
        Some(port) => Cow::Owned(format!("{host}:{port}")),
        None => host,
    })
}
