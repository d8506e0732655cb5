//! A circuit for each host.

use breaker_core::{CircuitOpenError, Permit, Registry};
use http::uri::Authority;
use http::{Request, header};

use super::{Circuits, host};

/// A circuit for each host that requests go to: `api.example.com`, with its port (`localhost:3000`)
/// where that is not the scheme's own.
///
/// The host is taken from the request's URI, or else from its `Host` header. Each host has one
/// name, however it is spelt: in lower case, without user and password, without the dot of the
/// root; addresses as [`std::net`] writes them, whether they were given as `[0:0::1]`, `127.1` or
/// `0x7f000001`; names of other scripts as their client encodes them (`xn--…`). The port is left
/// out where it is that of the scheme, and in a `Host` header, which has none, where it is 80 or
/// 443.
///
/// **`http://a` and `https://a` share a circuit**, for it is the host that is down, or busy, or
/// asks for a pause. If one of the two fails alone (a certificate that has expired), both are open.
/// Where that is not wanted, put the scheme into the name by [`Keyed`](super::Keyed).
///
/// Requests without a host pass unguarded, and so do those whose host or port is none, such as
/// `a:99999`: they reach nobody.
///
/// ```
/// use breaker_core::Registry;
/// use breaker_box_tower::{ByHost, Circuits};
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
    /// Takes the circuits from `registry`; missing ones are made with its default policy.
    ///
    /// Where others choose the hosts, they choose the names of circuits: your users, whose
    /// addresses you call, and on a server every client, for a `Host` header can say anything.
    /// Bound the registry there by [`max_circuits`](breaker_core::RegistryBuilder::max_circuits),
    /// or name the hosts that there are by [`Keyed`](super::Keyed).
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    fn admit_name(&self, name: Option<impl AsRef<str>>) -> Result<Option<Permit>, CircuitOpenError> {
        match name {
            Some(name) => self.registry.try_acquire(name.as_ref()).map(Some),
            None => Ok(None),
        }
    }
}

impl<B> Circuits<Request<B>> for ByHost {
    fn admit(&self, request: &Request<B>) -> Result<Option<Permit>, CircuitOpenError> {
        let uri = request.uri();
        if let Some(authority) = uri.authority() {
            return self.admit_name(host::of_authority(authority, uri.scheme()));
        }
        let header = request.headers().get(header::HOST);
        let authority = header.and_then(|header| Authority::try_from(header.as_bytes()).ok());
        self.admit_name(authority.as_ref().and_then(|authority| host::of_authority(authority, None)))
    }
}

#[cfg(feature = "reqwest")]
impl Circuits<reqwest::Request> for ByHost {
    fn admit(&self, request: &reqwest::Request) -> Result<Option<Permit>, CircuitOpenError> {
        // A `Url` leaves out the scheme's own port.
        let url = request.url();
        self.admit_name(host::name(url.host_str().unwrap_or_default(), url.port()))
    }
}
