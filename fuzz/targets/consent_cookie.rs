#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tower_consent_fuzz::consent_cookie(input));
