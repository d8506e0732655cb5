//! Counted references to a circuit, for errors, futures, permits and calls by name, which may
//! outlive the handle or the registry's entry that they come from.
//!
//! A reference count is a shared cache line: two threads that count at the same circuit wait for
//! each other, however different the calls are. So whoever [holds](Holder) a circuit keeps a
//! [`Share`] for each thread that needs references often. The share refers to the circuit, and the
//! references of that thread are counted at its share.
//!
//! The circuit does not keep the shares, because it would then keep itself. When the last holder is
//! gone, a share lasts for as long as a reference to it does, and the circuit as long as a share.

use std::ops::Deref;
use std::sync::Arc;

use crate::circuit::Circuit;
use crate::counters::PerThread;
use crate::primitive::{AtomicU32, OnceBox, OnceLock, Ordering};

/// What keeps a circuit in memory: a handle, or an entry of a registry.
#[derive(Debug)]
pub(crate) struct Holder {
    circuit: Arc<Circuit>,
    shares: OnceBox<Shares>,
    /// 1 once two threads called the circuit and this holder was asked for a reference.
    was_asked: AtomicU32,
}

type Shares = PerThread<OnceLock<Arc<Share>>>;

/// The reference count of one thread is on a cache line of its own: the line before the circuit's
/// address, which is never written.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Share(Arc<Circuit>);

/// A reference to a circuit, counted at the circuit or at the share of a thread.
#[derive(Clone, Debug)]
pub(crate) enum Reference {
    AtCircuit(Arc<Circuit>),
    AtShare(Arc<Share>),
}

impl Holder {
    pub(crate) fn new(circuit: Arc<Circuit>) -> Self {
        Self { circuit, shares: OnceBox::new(), was_asked: AtomicU32::new(0) }
    }

    #[inline]
    pub(crate) const fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    /// A reference that is counted where no other thread counts, if that is worth the memory.
    #[inline]
    pub(crate) fn reference(&self) -> Reference {
        match self.shares.get() {
            Some(shares) => Reference::AtShare(self.share(shares)),
            None if self.circuit.has_two_threads() => self.reference_of_two(),
            None => Reference::AtCircuit(Arc::clone(&self.circuit)),
        }
    }

    #[inline]
    fn share(&self, shares: &Shares) -> Arc<Share> {
        let mine = shares.mine();
        match mine.get() {
            Some(share) => Arc::clone(share),
            None => self.make_share(mine),
        }
    }

    #[cold]
    #[inline(never)]
    fn make_share(&self, mine: &OnceLock<Arc<Share>>) -> Arc<Share> {
        Arc::clone(mine.get_or_init(|| Arc::new(Share(Arc::clone(&self.circuit)))))
    }

    /// The first reference does not make shares: many handles live for a single call.
    #[cold]
    #[inline(never)]
    fn reference_of_two(&self) -> Reference {
        // Relaxed, both: at worst two threads are taken for the first.
        if self.was_asked.load(Ordering::Relaxed) == 0 {
            self.was_asked.store(1, Ordering::Relaxed);
            return Reference::AtCircuit(Arc::clone(&self.circuit));
        }
        Reference::AtShare(self.share(self.shares.get_or_init(|| Box::new(Shares::new()))))
    }
}

impl Share {
    #[inline]
    pub(crate) const fn circuit(&self) -> &Arc<Circuit> {
        &self.0
    }
}

impl Reference {
    /// The circuit as a call site remembers it.
    #[inline]
    pub(crate) fn circuit(&self) -> &Arc<Circuit> {
        match self {
            Self::AtCircuit(circuit) => circuit,
            Self::AtShare(share) => share.circuit(),
        }
    }

    /// The circuit, counted at itself.
    pub(crate) fn into_circuit(self) -> Arc<Circuit> {
        match self {
            Self::AtCircuit(circuit) => circuit,
            Self::AtShare(share) => Arc::clone(share.circuit()),
        }
    }
}

impl Deref for Reference {
    type Target = Circuit;

    /// Not by [`circuit`](Self::circuit), which may return a place in this reference: what has an
    /// address is in memory.
    #[inline]
    fn deref(&self) -> &Circuit {
        match self {
            Self::AtCircuit(circuit) => circuit,
            Self::AtShare(share) => share.circuit(),
        }
    }
}
