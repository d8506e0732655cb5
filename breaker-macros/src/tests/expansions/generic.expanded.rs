fn rates<T: Into<u32>, const N: u32>(
    all: Vec<T>,
) -> Result<impl Iterator<Item = u32>, String> {
    static __BREAKER_SITE: shop::breaker::__private::Site = shop::breaker::__private::Site::new(
        "rates",
        shop::breaker::__private::core::option::Option::None,
        shop::breaker::__private::core::option::Option::None,
    );
    let mut __breaker_found = shop::breaker::__private::Found::new();
    let __breaker_admission = match shop::breaker::__private::enter_global(
        &__BREAKER_SITE,
        shop::breaker::__private::core::option::Option::Some(const {
            &shop::breaker::__private::checked(
                shop::breaker::__private::Policy::slow_call_rate(
                        1f64,
                        shop::breaker::__private::core::time::Duration::from_millis(
                            2000u64,
                        ),
                        shop::breaker::__private::Window::calls(N),
                    )
                    .minimum_calls(N),
            )
        }),
        &mut __breaker_found,
    ) {
        shop::breaker::__private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        shop::breaker::__private::core::result::Result::Err(__breaker_open) => {
            return shop::breaker::__private::reject::<Result<_, String>>(__breaker_open);
        }
    };
    return shop::breaker::__private::run_by_default(
        __breaker_admission,
        || -> Result<_, String> { Ok(all.into_iter().map(Into::into)) },
        |__breaker_result| {
            use shop::breaker::__private::{
                ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _,
                ClassifyReported as _,
            };
            (&&&&shop::breaker::__private::Classify(__breaker_result))
                .breaker_box_succeeded()
        },
        |__breaker_result| {
            use shop::breaker::__private::{
                ClassifyAny as _, ClassifyDebug as _, ClassifyPlain as _,
                ClassifyReported as _,
            };
            (&&&&shop::breaker::__private::Classify(__breaker_result))
                .breaker_box_outcome()
        },
    );
}
