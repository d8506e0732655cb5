//! The error of annotated functions.

use breaker_box::CircuitOpenError;

use crate::tracked_call::Failed;

/// The error of annotated functions.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnnotatedError {
    #[error(transparent)]
    Failed(#[from] Failed),
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
}
