fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Option<u32>>>> {
    use ::breaker_box::__private as __breaker_private;
    let __breaker_registry = <__breaker_private::Registry as __breaker_private::core::clone::Clone>::clone(
        &self.registry,
    );
    let __breaker_identifier = __breaker_private::std::format!("payment:{}", card);
    Box::pin(async move {
        let mut __breaker_slot = __breaker_private::CircuitSlot::new();
        let __breaker_admission = match __breaker_private::enter_named(
            &__breaker_registry,
            &__breaker_identifier,
            __breaker_private::core::option::Option::None,
            __breaker_private::core::option::Option::None,
            __breaker_private::SiteOptions::new(
                __breaker_private::core::option::Option::None,
            ),
            &mut __breaker_slot,
        ) {
            __breaker_private::core::result::Result::Ok(__breaker_admission) => {
                __breaker_admission
            }
            __breaker_private::core::result::Result::Err(__breaker_open) => {
                return __breaker_private::reject::<Option<u32>>(__breaker_open);
            }
        };
        return __breaker_private::run_async(
                __breaker_admission,
                async move {
                    if false {
                        return __breaker_private::never::<Option<u32>>();
                    }
                    match () {
                        () => None,
                    }
                },
                move |__breaker_result| __breaker_private::outcome_of(
                    __breaker_result,
                    judge,
                ),
            )
            .await;
    })
}
