fn pay(&self) -> BoxFuture<'_, Receipt> {
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
            return __breaker_private::std::boxed::Box::pin(
                __breaker_private::reject_later::<
                    <BoxFuture<
                        '_,
                        Receipt,
                    > as __breaker_private::core::future::Future>::Output,
                >(__breaker_open),
            );
        }
    };
    let __breaker_admission = __breaker_admission.detach();
    let __breaker_admission = __breaker_slot
        .attach(
            __breaker_private::core::option::Option::Some(&__BREAKER_SITE),
            __breaker_admission,
        );
    let __breaker_future = __breaker_admission
        .begin(|| -> BoxFuture<'_, Receipt> { Box::pin(async { Ok(5) }) });
    __breaker_private::std::boxed::Box::pin(
        __breaker_private::run_eager_by_default::<
            <BoxFuture<'_, Receipt> as __breaker_private::core::future::Future>::Output,
            _,
            _,
        >(
            __breaker_admission,
            __breaker_future,
            |__breaker_result| {
                use __breaker_private::{
                    Classifier as _, ClassifyAny as _, ClassifyDebug as _,
                    ClassifyPlain as _, ClassifyReported as _,
                };
                (&&&&__breaker_result).breaker_box_kind()
            },
        ),
    )
}
