//! A fleet in a program: how it starts, what it reports, and what it does not disturb. Registries
//! of one process stand for instances.

mod embedding;
mod first;
mod logging;
mod modes;
mod server;
#[cfg(any(feature = "tls-native", feature = "tls-rustls"))]
mod tls;
mod values;
