//! How the processor of a wire is called.

/// A processor that is called on the submitting thread.
#[derive(Clone, Copy, Debug)]
pub struct SyncProcessor<P>(pub(super) P);

/// A processor that is awaited.
#[derive(Clone, Copy, Debug)]
pub struct AsyncProcessor<P>(pub(super) P);
