fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Option<u32>>>> {
    use ::breaker_box::__private as __breaker_private;
    let mut __breaker_slot = __breaker_private::CircuitSlot::new();
    let __breaker_admission = match {
        let __breaker_entry = __breaker_private::enter_formatted(
            &self.registry,
            __breaker_private::core::format_args!("payment:{}", card),
            __breaker_private::core::option::Option::None,
            __breaker_private::core::option::Option::None,
            __breaker_private::SiteOptions::new(
                __breaker_private::core::option::Option::None,
            ),
            &mut __breaker_slot,
        );
        __breaker_entry
    } {
        __breaker_private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        __breaker_private::core::result::Result::Err(__breaker_open) => {
            return __breaker_private::std::boxed::Box::pin(
                __breaker_private::reject_later::<Option<u32>>(__breaker_open),
            );
        }
    };
    let __breaker_admission = __breaker_admission.detach();
    let __breaker_admission = __breaker_slot
        .attach(__breaker_private::core::option::Option::None, __breaker_admission);
    let __breaker_future = __breaker_admission
        .begin(|| -> <Pin<
            Box<dyn Future<Output = Option<u32>>>,
        > as __breaker_private::Is>::Type {
            let card = card.to_owned();
            Box::pin(charge(card))
        });
    __breaker_private::std::boxed::Box::pin(
        __breaker_private::run_eager::<
            Option<u32>,
            _,
            _,
        >(
            __breaker_admission,
            __breaker_future,
            move |__breaker_result| __breaker_private::outcome_of(
                __breaker_result,
                judge,
            ),
        ),
    )
}
