#[inline]
pub fn pay(card: &str) -> Result<u32, PaymentError> {
    use ::breaker_box::__private as __breaker_private;
    static __BREAKER_SITE: __breaker_private::Site = __breaker_private::Site::new(
        "payment_api",
        __breaker_private::core::option::Option::None,
        __breaker_private::core::option::Option::None,
    );
    let mut __breaker_slot = __breaker_private::CircuitSlot::new();
    let __breaker_admission = match __breaker_private::enter_global(
        &__BREAKER_SITE,
        __breaker_private::SiteOptions::new(
            __breaker_private::core::option::Option::None,
        ),
        &mut __breaker_slot,
    ) {
        __breaker_private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        __breaker_private::core::result::Result::Err(__breaker_open) => {
            return __breaker_private::reject::<Result<u32, PaymentError>>(__breaker_open);
        }
    };
    let __breaker_result = __breaker_admission
        .begin(|| -> Result<u32, PaymentError> { charge(card)? });
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
