//! The error of annotated functions.

use breaker_box::CircuitOpenError;

use crate::visit::Failed;

/// What annotated functions return.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Failed(#[from] Failed),
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
}
