//! What the link knows of how many circuits are called.

use super::time::Time;

#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// When to tell the store; only where the votes that are needed depend on it.
    pub(crate) due: Option<Time>,
    /// When it was last found out how many are called.
    pub(crate) asked: Option<Time>,
    pub(crate) active: u32,
    pub(crate) doubts: bool,
}
