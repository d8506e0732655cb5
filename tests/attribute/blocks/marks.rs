//! The attributes of functions in a block: under another name, under conditions, and from macros.

use breaker_box::{Registry, circuit_breaker};

use super::identifiers;
use crate::support::registry;

#[test]
fn the_attributes_of_functions_may_have_the_name_of_the_blocks() {
    use breaker_box::circuit_breaker as guarded;

    struct Renamed(Registry);

    #[guarded(identifier = "{fn}", registry = &self.0)]
    impl Renamed {
        fn plain(&self) -> Option<u32> {
            Some(5)
        }

        #[guarded(skip)]
        fn skipped(&self) -> u32 {
            5
        }

        #[cfg_attr(all(), guarded(identifier = "own", registry = &self.0))]
        fn own(&self) -> Option<u32> {
            Some(5)
        }

        #[circuit_breaker(identifier = "by its first name", registry = &self.0)]
        fn by_its_first_name(&self) -> Option<u32> {
            Some(5)
        }
    }

    let renamed = Renamed(registry());
    assert_eq!((renamed.plain(), renamed.skipped()), (Some(5), 5));
    assert_eq!((renamed.own(), renamed.by_its_first_name()), (Some(5), Some(5)));
    assert_eq!(identifiers(&renamed.0), ["by its first name", "own", "plain"]);
}

#[test]
fn two_attributes_on_a_block_may_have_another_name() {
    use breaker_box::circuit_breaker as guarded;

    struct Twice(Registry);

    #[cfg_attr(all(), guarded(identifier = "inner", registry = &self.0))]
    #[guarded(identifier = "outer", registry = &self.0)]
    impl Twice {
        fn both(&self) -> Option<u32> {
            Some(5)
        }

        #[guarded(skip)]
        fn neither(&self) -> u32 {
            5
        }
    }

    let twice = Twice(registry());
    assert_eq!((twice.neither(), twice.both()), (5, Some(5)));
    assert_eq!(identifiers(&twice.0), ["inner", "outer"]);
}

#[test]
fn conditions_may_be_nested() {
    struct Nested(Registry);

    #[circuit_breaker(identifier = "{fn}", registry = &self.0)]
    impl Nested {
        #[cfg_attr(all(), cfg_attr(all(), inline, circuit_breaker(skip)))]
        fn skipped(&self) -> u32 {
            5
        }

        #[cfg_attr(all(), cfg_attr(any(), circuit_breaker(skip)), must_use)]
        fn inner_is_false(&self) -> Option<u32> {
            Some(5)
        }

        #[cfg_attr(any(), cfg_attr(all(), circuit_breaker(skip)))]
        fn outer_is_false(&self) -> Option<u32> {
            Some(5)
        }

        #[cfg_attr(all(), cfg_attr(not(any()), circuit_breaker(identifier = "own", registry = &self.0)))]
        #[cfg_attr(any(), circuit_breaker(skip))]
        fn own(&self) -> Option<u32> {
            Some(5)
        }
    }

    let nested = Nested(registry());
    assert_eq!((nested.skipped(), nested.own()), (5, Some(5)));
    assert_eq!((nested.inner_is_false(), nested.outer_is_false()), (Some(5), Some(5)));
    assert_eq!(identifiers(&nested.0), ["inner_is_false", "outer_is_false", "own"]);
}

#[test]
fn of_two_attributes_on_a_block_the_lower_one_may_be_taken_away() {
    struct Once(Registry);

    #[circuit_breaker(identifier = "{fn}", registry = &self.0)]
    #[cfg_attr(any(), circuit_breaker(identifier = "never", registry = &self.0))]
    impl Once {
        fn guarded(&self) -> Option<u32> {
            Some(5)
        }

        #[circuit_breaker(skip)]
        fn skipped(&self) -> u32 {
            5
        }

        #[cfg_attr(all(), circuit_breaker(skip), inline)]
        fn skipped_under_a_condition(&self) -> u32 {
            5
        }
    }

    let once = Once(registry());
    assert_eq!((once.guarded(), once.skipped(), once.skipped_under_a_condition()), (Some(5), 5, 5));
    assert_eq!(identifiers(&once.0), ["guarded"]);
}

/// A block whose attributes are fragments.
macro_rules! block {
    (
        $type:ident, $self:ident, #[$on_block:meta], $condition:meta, #[$under:meta],
        $($(#[$mark:meta])* $visibility:vis fn $name:ident -> $output:ty $body:block)*
    ) => {
        struct $type(Registry);

        #[$on_block]
        impl $type {
            $($(#[$mark])* $visibility fn $name(&$self) -> $output $body)*

            #[cfg_attr($condition, $under)]
            fn under_a_condition(&$self) -> u32 { 5 }
        }
    };
}

block! {
    FromFragments, self, #[circuit_breaker(identifier = "{fn}", registry = &self.0)], all(), #[circuit_breaker(skip)],
    /// Guarded.
    #[inline]
    pub(crate) fn plain -> Option<u32> { Some(5) }
    #[circuit_breaker(skip)]
    fn skipped -> u32 { 5 }
    #[breaker_box::circuit_breaker(identifier = "own", registry = &self.0)]
    fn own -> Option<u32> { Some(5) }
}

#[test]
fn attributes_may_be_fragments_of_a_macro() {
    let block = FromFragments(registry());
    assert_eq!((block.plain(), block.own(), block.skipped(), block.under_a_condition()), (Some(5), Some(5), 5, 5));
    assert_eq!(identifiers(&block.0), ["own", "plain"]);
}
