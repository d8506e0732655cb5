fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Option<u32>>>> {
    let mut __breaker_found = ::breaker_box::__private::Found::new();
    let __breaker_admission = match {
        let __breaker_entry = ::breaker_box::__private::enter_formatted(
            &self.registry,
            ::breaker_box::__private::core::format_args!("payment:{}", card),
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::None,
            &mut __breaker_found,
        );
        __breaker_entry
    } {
        ::breaker_box::__private::core::result::Result::Ok(__breaker_admission) => {
            __breaker_admission
        }
        ::breaker_box::__private::core::result::Result::Err(__breaker_open) => {
            return ::breaker_box::__private::std::boxed::Box::pin(
                ::breaker_box::__private::reject_later::<Option<u32>>(__breaker_open),
            );
        }
    };
    let __breaker_admission = __breaker_admission.pledge();
    let __breaker_admission = __breaker_found
        .keep(::breaker_box::__private::core::option::Option::None, __breaker_admission);
    let __breaker_made = __breaker_admission
        .make(|| -> <Pin<
            Box<dyn Future<Output = Option<u32>>>,
        > as ::breaker_box::__private::Is>::Type {
            let card = card.to_owned();
            Box::pin(charge(card))
        });
    ::breaker_box::__private::std::boxed::Box::pin(
        ::breaker_box::__private::run_made::<
            Option<u32>,
            _,
            _,
            _,
        >(__breaker_admission, __breaker_made, judge),
    )
}
