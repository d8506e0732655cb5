//! A circuit for each host.

use breaker_core::{CircuitOpenError, Permit, Registry};
use http::uri::Authority;
use http::{Request, header};

use super::{Circuits, host};

/// A circuit for each host that requests go to: `api.example.com`, with its port (`localhost:3000`)
/// where that is not the scheme's own.
///
/// The host is taken from the request's URI, or else from its `Host` header. Each host has one
/// name, however it is written: in lower case, without user and password, without the dot of the
/// root. Addresses are written as [`std::net`] does, whether they were given as `[0:0::1]`, `127.1`
/// or `0x7f000001`. Names in other scripts stay as the client encodes them (`xn--…`). The port is
/// left out if it is that of the scheme. A `Host` header has no scheme: there, 80 and 443 are left
/// out.
///
/// **`http://a` and `https://a` share a circuit**, because it is the host that is down, or busy, or
/// asks for a pause. If only one of the two fails (an expired certificate), the circuit opens for
/// both. If you do not want that, put the scheme into the name with [`Keyed`](super::Keyed).
///
/// Requests without a host are not guarded, and neither are those whose host or port is invalid,
/// such as `a:99999`: they cannot reach a server.
///
/// ```
/// use breaker_box::Registry;
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
    /// Takes the circuits from `registry`. Missing ones are created with its default policy.
    ///
    /// Whoever chooses the hosts also chooses the names of circuits: your users, if you call
    /// addresses of theirs, and on a server every client, because a `Host` header can contain
    /// anything. In these cases, limit the registry with
    /// [`max_circuits`](breaker_core::RegistryBuilder::max_circuits), or name only hosts that you
    /// know, with [`Keyed`](super::Keyed).
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
