fn rates<T: Into<u32>, const N: u32>(
    all: Vec<T>,
) -> Result<impl Iterator<Item = u32>, String> {
    use shop::breaker::__private as __breaker_private;
    static __BREAKER_SITE: __breaker_private::Site = __breaker_private::Site::new(
        "rates",
        __breaker_private::core::option::Option::None,
        __breaker_private::core::option::Option::None,
    );
    let mut __breaker_slot = __breaker_private::CircuitSlot::new();
    let __breaker_admission = match __breaker_private::enter_global(
        &__BREAKER_SITE,
        __breaker_private::SiteOptions::new(
            __breaker_private::core::option::Option::Some(const {
                &__breaker_private::checked(
                    __breaker_private::Policy::slow_call_rate(
                            1f64,
                            __breaker_private::core::time::Duration::new(2u64, 0u32),
                            __breaker_private::WindowOf(N).from_u32_or_duration(),
                        )
                        .minimum_calls(N),
                )
            }),
        ),
        &mut __breaker_slot,
    ) {
        __breaker_private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        __breaker_private::core::result::Result::Err(__breaker_open) => {
            return __breaker_private::reject::<Result<_, String>>(__breaker_open);
        }
    };
    let __breaker_result = __breaker_admission
        .begin(|| -> Result<_, String> { Ok(all.into_iter().map(Into::into)) });
    return {
        use __breaker_private::{
            Classifier as _, ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _,
            ClassifyReported as _,
        };
        (&&&&__breaker_private::Classify::of(&__breaker_result))
            .breaker_box_kind()
            .settle(__breaker_admission, __breaker_result)
    };
}
