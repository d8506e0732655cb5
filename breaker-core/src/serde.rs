//! What users see, written and read by serde.
//!
//! Structs are maps of their fields, enums with data are maps with a `type`, other enums are their
//! machine names. Fields that a reader does not know are ignored, so a newer version may add some.

#[macro_use]
mod fields;

mod event;
mod key;
mod outcome;
mod policy;
mod status;
mod text;
mod time;
