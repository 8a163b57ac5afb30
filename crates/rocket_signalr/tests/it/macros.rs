//! What the attributes say of what they cannot take: `tests/ui` has a case for each.

#[test]
fn mistakes_are_told_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
