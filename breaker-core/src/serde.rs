//! What users see, written and read by serde.

mod policy;
mod status;
