#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| breaker_fuzz::durations::run(data));
