//! The hot word: everything a healthy call needs to know, in one number. Also the ticket of a call,
//! which carries the word that the call was admitted by.
//!
//! ```text
//!  63                  35 34   32 31   29 28       24 23                  0
//! ┌──────────────────────┬───────┬───────┬───────────┬─────────────────────┐
//! │ generation           │ flags │ state │ flags     │ failures in a row   │
//! └──────────────────────┴───────┴───────┴───────────┴─────────────────────┘
//! ```
//!
//! State, generation and count cannot disagree, because they are one value. Each entry into a state
//! is a new generation, so a result is late if its generation differs: one comparison. What a
//! success depends on is in the lower half, which a single short instruction tests.

use std::num::NonZeroU64;

use crate::clock::tick::Tick;
use crate::machine::Snapshot;
use crate::state::State;

/// One value of the hot word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

const COUNT_BITS: u32 = 24;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
const STATE_SHIFT: u32 = 29;
const STATE: u64 = 0b111 << STATE_SHIFT;
const GENERATION_SHIFT: u32 = 35;
const LISTED_SHIFT: u32 = GENERATION_SHIFT - 1;
const FLAGS: u64 = ((1 << GENERATION_SHIFT) - 1) & !(STATE | COUNT);
/// The code in the state bits for half-open with every slot taken. The codes below it are those of
/// [`State`].
const ALL_PROBES_OUT: u64 = 7;

/// Properties that require more than the plain fast path. The flags that follow from a policy are
/// set together with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u64);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// A success may change the state, so it takes the lock.
    pub(crate) const WATCHED: Self = Self(1 << 24);
    /// Calls are timed.
    pub(crate) const TIMED: Self = Self(1 << 25);
    /// Successes belong to buckets of a time window.
    pub(crate) const BUCKETED: Self = Self(1 << 26);
    /// The circuit has left its registry. Callers that found it by name must look the name up
    /// again.
    pub(crate) const RETIRED: Self = Self(1 << 27);
    /// Calls in flight are counted and the time of the last call is recorded, because the registry
    /// evicts idle circuits.
    pub(crate) const TRACKED: Self = Self(1 << 28);
    /// Only on a ticket, in the place of [`TRACKED`](Self::TRACKED): a handle or a call site keeps
    /// the circuit while the call runs. Without it, a tracked call has a pin.
    pub(crate) const HELD: Self = Self::TRACKED;
    /// A failure affects more than the count in this word, so it takes the lock.
    pub(crate) const LOCKED: Self = Self(1 << 32);
    /// Only on a ticket: this thread runs the body of its probe; see [`nested`](super::nested).
    pub(crate) const ENTERED: Self = Self(1 << 33);
    /// Calls in flight are listed under the lock, because the circuit opens when they hang. Such
    /// calls are also timed. Next to the generation; see [`Word::same_kind`].
    pub(crate) const LISTED: Self = Self(1 << LISTED_SHIFT);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether any of these flags is set.
    pub(crate) const fn has(self, any_of: Self) -> bool {
        self.0 & any_of.0 != 0
    }

    pub(crate) const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }
}

impl Word {
    /// Not the word of any circuit: every bit is set except the one that only tickets have.
    pub(crate) const NONE: Self = Self(!Flags::ENTERED.0);

    pub(crate) fn pack(snapshot: &Snapshot, flags: Flags, all_probes_out: bool) -> Self {
        let generation = u64::from(snapshot.generation) << GENERATION_SHIFT;
        let state = if all_probes_out { ALL_PROBES_OUT } else { snapshot.state as u64 };
        // The count is limited to ten million, which fits.
        Self(generation | state << STATE_SHIFT | flags.0 | u64::from(snapshot.failures_in_row) & COUNT)
    }

    /// Whether a call of somebody who keeps the circuit is admitted at once: the circuit is closed
    /// and in its registry, and calls are not timed.
    #[inline]
    pub(crate) const fn admits_fast(self) -> bool {
        self.0 & (STATE | Flags::TIMED.0 | Flags::RETIRED.0) == 0
    }

    /// Whether a call of somebody else is admitted at once: nor is the circuit ever evicted.
    #[inline]
    pub(crate) const fn admits_fast_without_pin(self) -> bool {
        self.0 & (STATE | Flags::TIMED.0 | Flags::TRACKED.0 | Flags::RETIRED.0) == 0
    }

    /// Whether the circuit is closed.
    #[inline]
    pub(crate) const fn is_closed(self) -> bool {
        self.0 & STATE == 0
    }

    /// Whether a call before the deadline is rejected at once: the circuit is open and in its
    /// registry.
    #[inline]
    pub(crate) const fn rejects_fast(self) -> bool {
        self.0 & (STATE | Flags::RETIRED.0) == (State::Open as u64) << STATE_SHIFT
    }

    /// Whether a call that is not part of a probe is rejected at once: the circuit is half-open
    /// with no free slot, and in its registry.
    #[inline]
    pub(crate) const fn rejects_probe_fast(self) -> bool {
        self.0 & (STATE | Flags::RETIRED.0) == ALL_PROBES_OUT << STATE_SHIFT
    }

    /// Whether a success changes nothing, whenever it comes: the circuit is closed, there are no
    /// failures to clear, and no flag concerns successes.
    #[inline]
    pub(crate) const fn ignores_success(self) -> bool {
        self.0 & (Self::NEEDS_SUCCESS | Flags::BUCKETED.0) == 0
    }

    /// Whether the same holds for a success in the current bucket of a time window.
    #[inline]
    pub(crate) const fn ignores_success_in_bucket(self) -> bool {
        self.0 & Self::NEEDS_SUCCESS == 0
    }

    /// The bits that a success depends on, apart from the buckets of a time window.
    const NEEDS_SUCCESS: u64 = STATE | COUNT | Flags::WATCHED.0 | Flags::TIMED.0 | Flags::TRACKED.0;

    /// Whether a tracked success changes nothing but what is known of calls: the ticket's word is
    /// the same, whoever keeps the circuit.
    #[inline]
    pub(crate) const fn ignores_tracked_success(self, ticket: Self) -> bool {
        let same = (self.0 ^ ticket.0) & !Flags::HELD.0 == 0;
        same && self.has(Flags::TRACKED) && self.0 & Self::NEEDS_SUCCESS & !Flags::TRACKED.0 == 0
    }

    /// Whether a success of a listed call that was not slow changes nothing but the list.
    #[inline]
    pub(crate) const fn only_leaves_list(self) -> bool {
        self.0 & (STATE | COUNT | Flags::WATCHED.0 | Flags::BUCKETED.0) == 0
    }

    /// Whether a failure only adds to the count.
    #[inline]
    pub(crate) const fn only_counts_failures(self) -> bool {
        self.0 & (STATE | Flags::LOCKED.0) == 0
    }

    /// Whether a failure only goes into the windows: the circuit is closed, and calls are not
    /// timed.
    #[inline]
    pub(crate) const fn only_fills_windows(self) -> bool {
        self.0 & (STATE | Flags::TIMED.0) == 0
    }

    /// Whether the circuit is half-open with no free slot.
    pub(crate) const fn has_all_probes_out(self) -> bool {
        (self.0 & STATE) >> STATE_SHIFT == ALL_PROBES_OUT
    }

    /// Whether both are of the same generation.
    #[inline]
    pub(crate) const fn same_generation(self, other: Self) -> bool {
        (self.0 ^ other.0) >> GENERATION_SHIFT == 0
    }

    /// Whether both are of the same generation, and list their calls or do not. Without the lock,
    /// only such calls are settled: a listed call takes the lock, also if the policy that wanted
    /// the list has been replaced.
    #[inline]
    pub(crate) const fn same_kind(self, other: Self) -> bool {
        (self.0 ^ other.0) >> LISTED_SHIFT == 0
    }

    /// The same, and calls are timed by both or by neither. A call stays timed although the policy
    /// that wanted it has been replaced, and what settles untimed calls does not keep how long they
    /// took.
    #[inline]
    pub(crate) const fn same_kind_and_timing(self, other: Self) -> bool {
        const KIND: u64 = !0 << LISTED_SHIFT;
        (self.0 ^ other.0) & (KIND | Flags::TIMED.0) == 0
    }

    #[inline]
    pub(crate) const fn state(self) -> State {
        match (self.0 & STATE) >> STATE_SHIFT {
            0 => State::Closed,
            1 => State::Open,
            2 | ALL_PROBES_OUT => State::HalfOpen,
            3 => State::ForcedOpen,
            4 => State::Disabled,
            5 => State::MetricsOnly,
            // Eight codes, of which these are all.
            _ => State::RampingUp,
        }
    }

    pub(crate) const fn generation(self) -> u32 {
        // 29 bits are left after the shift.
        (self.0 >> GENERATION_SHIFT) as u32
    }

    #[inline]
    pub(crate) const fn failures_in_row(self) -> u32 {
        // 24 bits are left after the mask.
        (self.0 & COUNT) as u32
    }

    #[inline]
    pub(crate) const fn with_failures_in_row(self, count: u32) -> Self {
        Self(self.0 & !COUNT | count as u64 & COUNT)
    }

    pub(crate) const fn without(self, flag: Flags) -> Self {
        Self(self.0 & !flag.0)
    }

    pub(crate) const fn flags(self) -> Flags {
        Flags(self.0 & FLAGS)
    }

    pub(crate) const fn with_flags(self, flags: Flags) -> Self {
        Self(self.0 & !FLAGS | flags.0)
    }

    /// Whether it has the flag, or any of several.
    #[inline]
    pub(crate) const fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }
}

/// An admitted call: the word it was admitted by, which names its generation, and when that was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(super) word: Word,
    started: Started,
}

/// Admission time plus 1 ns, leaving zero as a niche; the maximum means untimed. Probes are always
/// timed, because their slots are found by their times.
#[derive(Clone, Copy, Debug)]
struct Started(NonZeroU64);

impl Started {
    const UNTIMED: Self = Self(NonZeroU64::MAX);

    const fn at(tick: Tick) -> Self {
        match NonZeroU64::new(tick.as_nanos().saturating_add(1)) {
            Some(number) => Self(number),
            None => Self::UNTIMED,
        }
    }
}

impl Ticket {
    /// The ticket of a call without a circuit, or of one that is part of a probe.
    pub(crate) const UNGUARDED: Self = Self::untimed(Word::NONE);

    #[inline]
    pub(super) const fn untimed(word: Word) -> Self {
        Self { word, started: Started::UNTIMED }
    }

    pub(super) const fn timed(word: Word, admitted: Tick) -> Self {
        Self { word, started: Started::at(admitted) }
    }

    /// Whether it was issued by a closed circuit, and so is not a probe's.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.word.is_closed()
    }

    /// Whether this thread runs the body of its probe.
    #[inline]
    pub(crate) const fn is_entered(self) -> bool {
        self.word.has(Flags::ENTERED)
    }

    pub(super) const fn with_word(self, word: Word) -> Self {
        Self { word, ..self }
    }

    /// When it was admitted, if it is timed.
    pub(super) const fn started(self) -> Option<Tick> {
        if self.word.has(Flags::TIMED) { Some(self.admitted()) } else { None }
    }

    /// When it was admitted, of a call that is timed or a probe.
    pub(super) const fn admitted(self) -> Tick {
        let Started(number) = self.started;
        Tick::from_nanos(number.get() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_and_unpacking_are_inverse() {
        let states = [
            State::Closed,
            State::Open,
            State::HalfOpen,
            State::ForcedOpen,
            State::Disabled,
            State::MetricsOnly,
            State::RampingUp,
        ];
        for state in states {
            for generation in [0, 1, Snapshot::MAX_GENERATION] {
                for failures_in_row in [0, 1, crate::Policy::MAX_COUNT] {
                    let snapshot = Snapshot { state, generation, failures_in_row, ..Snapshot::NEW };
                    let flags = Flags::TIMED.with(Flags::RETIRED).with(Flags::LOCKED).with(Flags::LISTED);
                    let word = Word::pack(&snapshot, flags, false);
                    assert_eq!(word.state(), state);
                    assert_eq!(word.generation(), generation);
                    assert_eq!(word.failures_in_row(), failures_in_row);
                    assert_eq!(word.flags(), flags);
                    assert_eq!(word.with_failures_in_row(7).failures_in_row(), 7);
                }
            }
        }
    }

    #[test]
    fn neither_a_count_nor_a_flag_makes_another_generation() {
        let closed = Word::pack(&Snapshot::NEW, Flags::NONE, false);
        assert!(closed.same_generation(closed.with_failures_in_row(9)));
        assert!(closed.same_generation(closed.with_flags(Flags::LOCKED)));
        let later = Word::pack(&Snapshot { generation: 1, ..Snapshot::NEW }, Flags::NONE, false);
        assert!(!closed.same_generation(later));
    }

    #[test]
    fn a_listed_call_is_of_another_kind_and_of_the_same_generation() {
        let closed = Word::pack(&Snapshot::NEW, Flags::TIMED, false);
        let listing = closed.with_flags(Flags::TIMED.with(Flags::LISTED));
        assert!(closed.same_generation(listing) && !closed.same_kind(listing));
        assert!(closed.same_kind(closed.with_failures_in_row(9)));
        assert!(listing.same_kind(listing.with_flags(Flags::LISTED.with(Flags::ENTERED))));
    }

    #[test]
    fn half_open_with_all_probes_out_is_half_open() {
        let half_open = Snapshot { state: State::HalfOpen, ..Snapshot::NEW };
        let (free, full) = (Word::pack(&half_open, Flags::NONE, false), Word::pack(&half_open, Flags::NONE, true));
        assert!(full.has_all_probes_out() && !free.has_all_probes_out());
        assert_eq!(full.state(), State::HalfOpen);
        assert!(free.same_generation(full));
    }
}
