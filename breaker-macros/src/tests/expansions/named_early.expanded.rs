fn pay(&self, card: &str) -> Pin<Box<dyn Future<Output = Option<u32>>>> {
    let __breaker_registry = <::breaker_box::__private::Registry as ::breaker_box::__private::core::clone::Clone>::clone(
        &self.registry,
    );
    let __breaker_identifier = ::breaker_box::__private::std::format!(
        "payment:{}", card
    );
    Box::pin(async move {
        let mut __breaker_found = ::breaker_box::__private::Found::new();
        let __breaker_admission = match ::breaker_box::__private::enter_named(
            &__breaker_registry,
            &__breaker_identifier,
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::None,
            ::breaker_box::__private::core::option::Option::None,
            &mut __breaker_found,
        ) {
            ::breaker_box::__private::core::result::Result::Ok(__breaker_admission) => {
                __breaker_admission
            }
            ::breaker_box::__private::core::result::Result::Err(__breaker_open) => {
                return ::breaker_box::__private::reject::<Option<u32>>(__breaker_open);
            }
        };
        return ::breaker_box::__private::run_async(
                __breaker_admission,
                async move {
                    if false {
                        return ::breaker_box::__private::never::<Option<u32>>();
                    }
                    match () {
                        () => None,
                    }
                },
                judge,
            )
            .await;
    })
}
