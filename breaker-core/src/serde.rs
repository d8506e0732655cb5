//! Serde implementations of the public types.
//!
//! Structs are maps of their fields, enums with data are maps with a `type`, and other enums are
//! their machine names. Readers ignore unknown fields, so a newer version may add some.

#[macro_use]
mod fields;

mod event;
mod key;
mod outcome;
mod policy;
mod status;
mod text;
mod time;
