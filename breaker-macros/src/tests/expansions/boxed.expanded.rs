fn pay(&self) -> BoxFuture<'_, Receipt> {
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
            return ::breaker_box::__private::std::boxed::Box::pin(
                ::breaker_box::__private::reject_later::<
                    <BoxFuture<
                        '_,
                        Receipt,
                    > as ::breaker_box::__private::core::future::Future>::Output,
                >(__breaker_open),
            );
        }
    };
    let __breaker_admission = __breaker_admission.pledge();
    let __breaker_admission = __breaker_found
        .keep(
            ::breaker_box::__private::core::option::Option::Some(&__BREAKER_SITE),
            __breaker_admission,
        );
    let __breaker_made = __breaker_admission
        .make(|| -> BoxFuture<'_, Receipt> { Box::pin(async { Ok(5) }) });
    ::breaker_box::__private::std::boxed::Box::pin(
        ::breaker_box::__private::run_made_by_default::<
            <BoxFuture<
                '_,
                Receipt,
            > as ::breaker_box::__private::core::future::Future>::Output,
            _,
            _,
            _,
        >(
            __breaker_admission,
            __breaker_made,
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
        ),
    )
}
