fn pay(&self) -> impl Future<Output = Result<u32, PaymentError>> + Send {
    use ::breaker_box::__private as __breaker_private;
    static __BREAKER_SITE: __breaker_private::Site = __breaker_private::Site::new(
        "payment_api",
        __breaker_private::core::option::Option::None,
        __breaker_private::core::option::Option::None,
    );
    async move {
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
                return __breaker_private::reject::<
                    Result<u32, PaymentError>,
                >(__breaker_open);
            }
        };
        return __breaker_private::run_async_by_default(
                __breaker_admission,
                async move {
                    if false {
                        return __breaker_private::never::<Result<u32, PaymentError>>();
                    }
                    match () {
                        () => Ok(5),
                    }
                },
                |__breaker_result| {
                    use __breaker_private::{
                        Classifier as _, ClassifyAny as _, ClassifyDebug as _,
                        ClassifyPlain as _, ClassifyReported as _,
                    };
                    (&&&&__breaker_result).breaker_box_kind()
                },
            )
            .await;
    }
}
