//! Who chose a circuit's policy.

/// Who chose a circuit's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was registered or configured by hand. Call sites are not compared, and the circuit is
    /// never evicted.
    Hand,
    /// The first call site chose it. If another disagrees, that is logged once.
    Site,
    /// A call by name created the circuit with the default policy. Call sites are not compared.
    Call,
}
