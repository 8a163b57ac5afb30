use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn finds_what_a_plain_search_finds(bytes in prop::collection::vec(any::<u8>(), 0..40), wanted: u8) {
        let plain = bytes.iter().position(|&byte| byte == wanted);
        prop_assert_eq!(find_byte(&bytes, wanted), plain);
    }

    #[test]
    fn finds_the_first_of_several_kinds(
        bytes in prop::collection::vec(prop_oneof![0u8..4, 0x1eu8..0x24, 0x7eu8..0x82, 0xfeu8..=0xff], 0..40),
    ) {
        let found = find(&bytes, |word| equal(word, b'"') | equal(word, 0x81) | below(word, 0x20));
        let plain = bytes.iter().position(|&byte| byte == b'"' || byte == 0x81 || byte < 0x20);
        prop_assert_eq!(found, plain);
    }
}
