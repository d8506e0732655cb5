async fn pay(card: String) -> Result<u32, PaymentError> {
    const __BREAKER_POLICY: ::breaker_box::__private::Policy = ::breaker_box::__private::checked(
        ::breaker_box::__private::Policy::consecutive_failures(3)
            .or_failure_rate(
                0.5f64,
                ::breaker_box::__private::Window::time(
                    ::breaker_box::__private::core::time::Duration::from_millis(60000u64),
                ),
            )
            .expiry(
                ::breaker_box::__private::core::time::Duration::from_millis(10000u64),
            )
            .close_on_expiry(),
    );
    let mut __breaker_found = ::breaker_box::__private::Found::new();
    let __breaker_admission = match {
        let __breaker_entry = ::breaker_box::__private::enter_formatted(
            &REGISTRY,
            ::breaker_box::__private::core::format_args!("payment:{}", card),
            ::breaker_box::__private::core::option::Option::Some("shop"),
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::Some(&__BREAKER_POLICY),
            &mut __breaker_found,
        );
        __breaker_entry
    } {
        ::breaker_box::__private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        ::breaker_box::__private::core::result::Result::Err(__breaker_open) => {
            return ::breaker_box::__private::answer(
                    async |open| {
                        if false {
                            return ::breaker_box::__private::never::<
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
    return ::breaker_box::__private::run_async(
            __breaker_admission,
            async move {
                if false {
                    return ::breaker_box::__private::never::<
                        Result<u32, PaymentError>,
                    >();
                }
                match () {
                    () => charge(card).await,
                }
            },
            |result| result.is_ok(),
        )
        .await;
}
