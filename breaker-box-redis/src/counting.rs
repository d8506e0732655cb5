//! Where the calls of a circuit are counted.

/// Where the calls of a circuit are counted to judge its rates.
///
/// ```
/// use breaker_box_redis::Counting;
///
/// assert_eq!(Counting::default(), Counting::Local);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counting {
    /// Each instance counts its own calls. The default.
    #[default]
    Local,
    /// The calls of all instances are counted together, so that a circuit can open although no
    /// instance has enough calls or failures of its own. It applies to rates and to
    /// [`failures_within`](breaker_core::Policy::failures_within), needs at least two instances
    /// with calls, and is judged every [`flush_every`](crate::FleetBuilder::flush_every). Failures
    /// in a row are always counted by each instance, because calls of several instances have no
    /// order.
    ///
    /// The policy also judges the calls of each instance, as without it.
    Fleet,
}
