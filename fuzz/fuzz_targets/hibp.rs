//! Hands what libFuzzer makes up to `breachdex_tests::fuzz::hibp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| breachdex_tests::fuzz::hibp(bytes));
