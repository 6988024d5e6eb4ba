#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| st_m2m_fuzz::properties::jwks(input));
