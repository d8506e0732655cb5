fn next(&mut self) -> &mut u32 {
    let mut __breaker_found = ::breaker_box::__private::Found::new();
    let __breaker_admission = match {
        let __breaker_entry = ::breaker_box::__private::enter_named(
            ::breaker_box::__private::global(),
            ::breaker_box::__private::identifier_of(&(&self.name)),
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::Some(const {
                &::breaker_box::__private::checked(Self::POLICY)
            }),
            &mut __breaker_found,
        );
        __breaker_entry
    } {
        ::breaker_box::__private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        ::breaker_box::__private::core::result::Result::Err(__breaker_open) => {
            return {
                {
                    use ::breaker_box::__private::{
                        ReturnsFuture as _, ReturnsPlainly as _,
                    };
                    ::breaker_box::__private::Returned::<&mut u32>::NEW
                        .breaker_box_is_no_future()
                };
                ::breaker_box::__private::answer::<
                    &mut u32,
                    _,
                >(|_| &mut self.spare, __breaker_open)
            };
        }
    };
    return ::breaker_box::__private::run_by_default(
        __breaker_admission,
        || -> &mut u32 { &mut self.first },
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
