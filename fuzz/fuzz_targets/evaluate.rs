#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| betterform_fuzz::areas::evaluate(data));
