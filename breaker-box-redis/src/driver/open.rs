//! Opens a connection.
//!
//! The client's `ConnectionManager` is not used. It stops reconnecting after six attempts until
//! somebody sends a command, and it ignores errors when it subscribes again, so that messages could
//! stop arriving without notice.

use std::convert::Infallible;
use std::time::Duration;

#[cfg(feature = "tls-rustls")]
use redis::ConnectionAddr;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, PushInfo, PushKind, RedisError, Value};

use super::lost::Lost;
use super::problem::Problem;

/// For the answer to a request.
const ANSWER: Duration = Duration::from_millis(500);
/// For a connection to be made, TLS and authentication included.
const CONNECTION: Duration = Duration::from_secs(1);
/// How long the system may try to send, and an idle connection be silent, before it asks whether
/// the peer is there.
const SILENCE: Duration = Duration::from_secs(10);

/// What is done with the channel and the payload of a message.
pub(super) trait Receive: Fn(Value, Value) + Send + Sync + 'static {}

impl<F: Fn(Value, Value) + Send + Sync + 'static> Receive for F {}

/// Opens a connection without a subscription.
#[cfg(any(feature = "cluster", feature = "sentinel"))]
pub(super) async fn open_plain(server: ConnectionInfo) -> Result<MultiplexedConnection, RedisError> {
    open(server, None::<(Lost, fn(Value, Value))>).await
}

/// Opens a connection; what the server sends of its own accord goes to the receiver.
pub(super) async fn open(
    server: ConnectionInfo,
    messages: Option<(Lost, impl Receive)>,
) -> Result<MultiplexedConnection, RedisError> {
    let mut config =
        AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER)).set_connection_timeout(Some(CONNECTION));
    if let Some((lost, receive)) = messages {
        config = config.set_push_sender(move |push| {
            hear(push, &lost, &receive);
            Ok::<(), Infallible>(())
        });
    }
    client(server.set_tcp_settings(tcp_settings()))?.get_multiplexed_async_connection_with_config(&config).await
}

/// The client of a server.
#[cfg(feature = "tls-rustls")]
fn client(server: ConnectionInfo) -> Result<Client, RedisError> {
    if !matches!(server.addr(), ConnectionAddr::TcpTls { .. }) {
        return Client::open(server);
    }
    // rustls panics if it cannot tell which cryptography to use. It can if the program has chosen
    // one, or if there is only one in the whole program; otherwise ours is chosen.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // It fails if another thread was faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Client::build_with_tls(server, super::roots::certificates())
}

#[cfg(not(feature = "tls-rustls"))]
fn client(server: ConnectionInfo) -> Result<Client, RedisError> {
    Client::open(server)
}

/// What the server sends of its own accord.
fn hear(mut push: PushInfo, lost: &Lost, receive: &impl Receive) {
    match push.kind {
        PushKind::Message | PushKind::SMessage => {
            if let (Some(payload), Some(channel)) = (push.data.pop(), push.data.pop()) {
                receive(channel, payload);
            }
        }
        PushKind::Disconnection => lost.because(Problem::new("the connection was closed")),
        // The shard has moved to another node.
        PushKind::Unsubscribe | PushKind::SUnsubscribe => {
            lost.because(Problem::new("the server ended the subscription"));
        }
        _ => {}
    }
}

fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(SILENCE);
    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", target_os = "windows"))]
    let keepalive = keepalive.with_interval(SILENCE / 5);
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(SILENCE);
    settings
}
