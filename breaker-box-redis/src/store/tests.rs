//! The scripts on a real server, and what others may have written there.

mod bytes;
mod differential;
mod foreign;
mod pages;
mod random;
mod reached;
mod real;
mod refused;
mod requests;
mod sequence;
mod server;
