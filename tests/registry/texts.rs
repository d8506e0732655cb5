//! Names and metadata from outside: how long they may be, and what is repeated of them.

use breaker_box::{
    CircuitBreaker, EventType, Filter, Key, MetadataError, Policy, PolicyError, RegisterError, Registry, TextLimits,
    circuit_breaker,
};

use crate::support::{registry, watch};

fn limited(limits: TextLimits) -> Registry {
    Registry::builder().text_limits(limits).build().unwrap()
}

/// Keys of which one part is `bytes` long.
fn keys(bytes: usize) -> [Key; 3] {
    let text = "x".repeat(bytes);
    [Key::new(text.as_str()), Key::new("a").with_scope(text.as_str()), Key::new("a").with_kind(text.as_str())]
}

#[test]
fn each_part_of_a_name_may_have_512_bytes() {
    let (registry, _) = registry();
    for key in keys(512) {
        assert!(registry.register(&key, Policy::new()).is_ok());
        assert!(registry.call(&key, || Ok::<_, ()>(())).is_ok());
    }
    for key in keys(513) {
        let refused =
            [registry.register(&key, Policy::new()).err(), registry.get_or_register(&key, Policy::new()).err()];
        assert_eq!(refused, [(); 2].map(|()| Some(RegisterError::InvalidKey { key: key.clone() })));
    }
    assert_eq!(registry.len(), 3);
}

#[test]
fn bytes_are_counted_and_not_characters() {
    let (registry, _) = registry();
    assert!(registry.register("é".repeat(256), Policy::new()).is_ok());
    assert!(matches!(registry.register("é".repeat(257), Policy::new()), Err(RegisterError::InvalidKey { .. })));
}

#[test]
fn the_error_says_which_part_is_how_long_and_repeats_little_of_it() {
    let (registry, _) = registry();
    for (key, part) in keys(100_000).into_iter().zip(["identifier", "scope", "kind"]) {
        let text = registry.register(&key, Policy::new()).unwrap_err().to_string();
        assert!(text.contains(&format!("its {part} has 100000 bytes")) && text.contains("512"), "{text}");
        assert!(text.len() < 400, "{} bytes", text.len());
    }
}

#[test]
fn a_call_by_a_name_that_is_too_long_runs_unguarded_and_its_event_is_cut() {
    let (registry, _) = registry();
    let (seen, _subscription) = watch(&registry, Filter::all());
    for key in keys(1_000_000) {
        assert_eq!(registry.call(&key, || Ok::<_, ()>(7)).unwrap(), 7);
    }
    assert_eq!((seen.types(), registry.len()), (vec![EventType::Unguarded; 3], 0));
    for event in seen.events() {
        let key = &event.key;
        let parts = [Some(key.identifier()), key.scope(), key.kind()];
        assert!(parts.into_iter().flatten().all(|part| part.chars().count() <= 129), "{key}");
    }
}

#[test]
fn a_function_whose_name_grows_too_long_runs_unguarded() {
    #[circuit_breaker(identifier = "of {name}", registry = registry)]
    fn named(registry: &Registry, name: &str) -> Option<()> {
        Some(())
    }

    let (registry, _) = registry();
    for bytes in [0, 50, 509, 510, 1_000, 65_533, 65_534, 1_000_000] {
        named(&registry, &"x".repeat(bytes)).unwrap();
    }
    assert_eq!(registry.len(), 3, "at most 512 bytes with what stands before them");
}

#[test]
fn looking_for_a_name_that_is_too_long_finds_nothing() {
    let (registry, _) = registry();
    let long = "x\n".repeat(100_000);
    assert!(registry.get(&long).is_none() && !registry.is_available(&long));
    let text = registry.force_open(&long).unwrap_err().to_string();
    assert!(text.len() < 400 && !text.contains('\n'), "{text}");
    assert!(registry.configure(&long, Policy::new()).unwrap_err().to_string().len() < 400);
}

#[test]
fn a_registry_may_take_longer_or_shorter_names() {
    let short = limited(TextLimits::new().name_bytes(3));
    assert!(short.register("abc", Policy::new()).is_ok());
    assert!(matches!(short.register("abcd", Policy::new()), Err(RegisterError::InvalidKey { .. })));
    let long = limited(TextLimits::new().name_bytes(usize::MAX));
    assert!(long.register("x".repeat(65_536), Policy::new()).is_ok());
    assert!(matches!(long.register("x".repeat(65_537), Policy::new()), Err(RegisterError::InvalidKey { .. })));
    let none = Registry::builder().text_limits(TextLimits::new().name_bytes(0)).build();
    assert_eq!(none.unwrap_err(), PolicyError::Count { setter: "name_bytes", value: 0 });
}

#[test]
fn what_is_repeated_of_a_name_is_cut_and_escaped() {
    let name = format!("{}\u{202e}{}", "\n".repeat(100), "é".repeat(400));
    let breaker = CircuitBreaker::new(Key::new(name.as_str()).with_scope("s".repeat(1_000)), Policy::new()).unwrap();
    breaker.force_open();
    let open = breaker.try_acquire().unwrap_err();
    for text in [open.to_string(), breaker.status().to_string(), breaker.key().to_string(), String::from(open.clone())]
    {
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text}");
        assert!(text.chars().count() < 700, "{text}");
        assert!(text.contains('…'));
    }
    assert_eq!(open.identifier(), name, "the name itself is whole");
}

#[test]
fn a_circuit_may_have_64_entries_of_metadata() {
    let breaker = CircuitBreaker::new("a", Policy::new()).unwrap();
    for number in 0..64 {
        breaker.set_metadata(number.to_string(), "v").unwrap();
    }
    let before = breaker.metadata();
    let refused = breaker.set_metadata("one more", "v").unwrap_err();
    assert_eq!(refused, MetadataError::TooManyEntries { key: "a".into(), limit: 64 });
    assert!(refused.to_string().contains("64"));
    assert_eq!(breaker.metadata(), before);
    // One that is there may change.
    breaker.set_metadata("63", "other").unwrap();
    assert_eq!(breaker.metadata()["63"], "other");
}

#[test]
fn a_circuit_may_have_4096_bytes_of_metadata() {
    let breaker = CircuitBreaker::new("a", Policy::new()).unwrap();
    breaker.set_metadata("12345678", "v".repeat(4_088)).unwrap();
    let refused = breaker.set_metadata("x", "").unwrap_err();
    assert_eq!(refused, MetadataError::TooManyBytes { key: "a".into(), bytes: 4_097, limit: 4_096 });
    assert!(refused.to_string().contains("4097") && refused.to_string().contains("4096"));
    assert!(breaker.set_metadata("12345678", "v".repeat(4_089)).is_err());
    assert_eq!(breaker.metadata()["12345678"].len(), 4_088);
    breaker.set_metadata("12345678", "short").unwrap();
    breaker.set_metadata("x", "").unwrap();
    assert_eq!(breaker.metadata().len(), 2);
}

#[test]
fn a_registry_may_take_more_or_less_metadata() {
    let small = limited(TextLimits::new().metadata_entries(1).metadata_bytes(10));
    let breaker = small.register("a", Policy::new()).unwrap();
    assert!(breaker.set_metadata("long", "1234567").is_err());
    breaker.set_metadata("long", "123456").unwrap();
    assert!(matches!(breaker.set_metadata("b", ""), Err(MetadataError::TooManyEntries { limit: 1, .. })));
    let none = limited(TextLimits::new().metadata_entries(0)).register("a", Policy::new()).unwrap();
    assert!(none.set_metadata("a", "b").is_err());
    let large = limited(TextLimits::new().metadata_bytes(1_000_000)).register("a", Policy::new()).unwrap();
    assert!(large.set_metadata("page", "x".repeat(900_000)).is_ok());
}

#[test]
fn metadata_that_were_rejected_keep_no_circuit() {
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    registry.call("first", || Ok::<_, ()>(())).unwrap();
    assert!(registry.get("first").unwrap().set_metadata("page", "x".repeat(5_000)).is_err());
    registry.call("second", || Ok::<_, ()>(())).unwrap();
    assert!(registry.get("second").is_some());
}
