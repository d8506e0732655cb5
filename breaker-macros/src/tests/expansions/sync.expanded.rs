#[inline]
pub fn pay(card: &str) -> Result<u32, PaymentError> {
    static __BREAKER_SITE: ::breaker_box::__private::Site = ::breaker_box::__private::Site::new(
        "payment_api",
        ::breaker_box::__private::core::option::Option::None,
        ::breaker_box::__private::core::option::Option::None,
    );
    let mut __breaker_found = ::breaker_box::__private::Found::new();
    let __breaker_admission = match ::breaker_box::__private::enter_global(
        &__BREAKER_SITE,
        ::breaker_box::__private::core::option::Option::None,
        &mut __breaker_found,
    ) {
        ::breaker_box::__private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        ::breaker_box::__private::core::result::Result::Err(__breaker_open) => {
            return ::breaker_box::__private::reject::<
                Result<u32, PaymentError>,
            >(__breaker_open);
        }
    };
    return ::breaker_box::__private::run_by_default(
        __breaker_admission,
        || -> Result<u32, PaymentError> { charge(card)? },
        |__breaker_result| {
            use ::breaker_box::__private::{
                ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _,
                ClassifyReported as _,
            };
            (&&&&::breaker_box::__private::Classify(__breaker_result))
                .breaker_box_succeeded()
        },
        |__breaker_result| {
            use ::breaker_box::__private::{
                ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _,
                ClassifyReported as _,
            };
            (&&&&::breaker_box::__private::Classify(__breaker_result))
                .breaker_box_outcome()
        },
    );
}
