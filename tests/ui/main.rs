//! What the compiler says to every misuse of the attributes, and that what is right compiles.
//!
//! See `tests/ui/README.md`.

/// The messages are blessed for one version of the compiler: others word and place theirs differently.
#[rustversion::attr(not(stable(1.95)), ignore = "messages are blessed for Rust 1.95")]
#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/*.rs");
    cases.pass("ui/pass/*.rs");
}
