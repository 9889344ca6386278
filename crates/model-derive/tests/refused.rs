//! What does not compile says why, at the place that is wrong.

#[test]
fn a_declaration_that_is_wrong_says_so() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
