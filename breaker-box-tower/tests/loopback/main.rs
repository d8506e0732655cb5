//! Real servers and clients over TCP on loopback. The circuits' clocks are moved by the tests;
//! nothing sleeps but while it waits for the other side of a connection, with a deadline.

mod grpc;
mod grpc_status;
mod grpc_web;
mod hyper_client;
#[cfg(feature = "reqwest")]
mod reqwest_client;
mod server;
mod streams;
mod support;
