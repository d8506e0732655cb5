async fn pay(card: String) -> Result<u32, PaymentError> {
    use ::breaker_box::__private as __breaker_private;
    const __BREAKER_POLICY: __breaker_private::Policy = __breaker_private::checked(
        __breaker_private::Policy::consecutive_failures(3)
            .or_failure_rate(
                0.5f64,
                __breaker_private::Window::time(
                    __breaker_private::core::time::Duration::new(60u64, 0u32),
                ),
            )
            .or_hung_calls(10, __breaker_private::core::time::Duration::new(30u64, 0u32))
            .expiry(__breaker_private::core::time::Duration::new(10u64, 0u32))
            .close_on_expiry()
            .ramp_up(RAMP)
            .ramp_up_from(0.2f64)
            .fail_slower_than(__breaker_private::core::time::Duration::new(2u64, 0u32))
            .on_cancel(__breaker_private::Cancellation::Slow),
    );
    let mut __breaker_slot = __breaker_private::CircuitSlot::new();
    let __breaker_admission = match {
        let __breaker_entry = __breaker_private::enter_formatted(
            &REGISTRY,
            __breaker_private::core::format_args!("payment:{}", card),
            __breaker_private::core::option::Option::Some("shop"),
            __breaker_private::core::option::Option::None,
            __breaker_private::SiteOptions::new(
                __breaker_private::core::option::Option::Some(&__BREAKER_POLICY),
            ),
            &mut __breaker_slot,
        );
        __breaker_entry
    } {
        __breaker_private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        __breaker_private::core::result::Result::Err(__breaker_open) => {
            return __breaker_private::answer(
                    async |open| {
                        if false {
                            return __breaker_private::never::<
                                Result<u32, PaymentError>,
                            >();
                        }
                        match () {
                            () => later(open).await,
                        }
                    },
                    __breaker_open,
                )
                .await;
        }
    };
    return __breaker_private::run_async(
            __breaker_admission,
            async move {
                if false {
                    return __breaker_private::never::<Result<u32, PaymentError>>();
                }
                match () {
                    () => charge(card).await,
                }
            },
            |__breaker_result| __breaker_private::outcome_of(
                __breaker_result,
                |result| result.is_ok(),
            ),
        )
        .await;
}
