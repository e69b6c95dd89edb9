#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bloat_fuzz::run("dwarf", bytes));
