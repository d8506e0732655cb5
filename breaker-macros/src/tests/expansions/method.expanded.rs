fn next(&mut self) -> &mut u32 {
    use ::breaker_box::__private as __breaker_private;
    let mut __breaker_slot = __breaker_private::CircuitSlot::new();
    let __breaker_admission = match {
        let __breaker_entry = __breaker_private::enter_named(
            __breaker_private::global(),
            __breaker_private::identifier_of(&(&self.name)),
            __breaker_private::core::option::Option::None,
            __breaker_private::core::option::Option::None,
            __breaker_private::SiteOptions::new(
                    __breaker_private::core::option::Option::Some(const {
                        &__breaker_private::checked(Self::POLICY)
                    }),
                )
                .metrics_only(),
            &mut __breaker_slot,
        );
        __breaker_entry
    } {
        __breaker_private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        __breaker_private::core::result::Result::Err(__breaker_open) => {
            return {
                {
                    use __breaker_private::{ReturnsFuture as _, ReturnsPlainly as _};
                    __breaker_private::Returned::<&mut u32>::NEW
                        .breaker_box_is_no_future()
                };
                __breaker_private::Rejected::<&mut u32>::new(__breaker_open)
                    .answered_by(|_| &mut self.spare)
            };
        }
    };
    let __breaker_result = __breaker_admission.begin(|| -> &mut u32 { &mut self.first });
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
