use proptest::prelude::*;

use super::*;

fn spelled(text: &str) -> String {
    let mut output = Vec::new();
    string(&mut output, text);
    String::from_utf8(output).unwrap()
}

fn formatted<T: serde::Serialize>(value: T) -> String {
    let mut output = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut output, Relaxed)).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn text_is_spelled_as_the_reference_does() {
    let cases = [
        ("", r#""""#),
        ("<script>&'+`=", r#""<script>&'+`=""#),
        ("é ß 你好 Ж", r#""é ß 你好 Ж""#),
        ("/", r#""/""#),
        ("\" \\", r#""\" \\""#),
        ("\u{8}\u{c}\n\r\t", r#""\b\f\n\r\t""#),
        ("\0\u{1}\u{1e}\u{1f}", r#""\u0000\u0001\u001E\u001F""#),
        ("~\u{7f}\u{80}\u{a0}¡", r#""~\u007F\u0080\u00A0¡""#),
        ("a\u{ad}b\u{200b}\u{200d}\u{2066}", "\"a\u{ad}b\u{200b}\u{200d}\u{2066}\""),
        ("\u{2000}\u{2028}\u{2029}\u{202f}\u{3000}", r#""\u2000\u2028\u2029\u202F\u3000""#),
        (
            "\u{378}\u{d7fc}\u{e000}\u{f8ff}\u{feff}\u{fffe}\u{ffff}",
            r#""\u0378\uD7FC\uE000\uF8FF\uFEFF\uFFFE\uFFFF""#,
        ),
        ("\u{fff9}\u{fffc}\u{fffd}", "\"\u{fff9}\u{fffc}\u{fffd}\""),
        ("\u{10000}😀x\u{10ffff}", r#""\uD800\uDC00\uD83D\uDE00x\uDBFF\uDFFF""#),
    ];
    for (text, expected) in cases {
        assert_eq!(spelled(text), expected);
    }
}

#[test]
fn as_many_characters_are_escaped_as_the_reference_escapes() {
    let escaped = |range: std::ops::Range<u32>| {
        range.filter_map(char::from_u32).filter(|&character| is_escaped(character)).count()
    };
    assert_eq!(escaped(0..0x80), 35);
    assert_eq!(escaped(0x80..0x1_0000), 7883);
    assert_eq!(escaped(0x1_0000..0x11_0000), 0x10_0000);
}

#[test]
fn doubles_are_spelled_as_the_reference_does() {
    let cases = [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1000.0, "1000"),
        (123_456_789.125, "123456789.125"),
        (1_234_567_890_123_456.7, "1234567890123456.8"),
        (999_999_999_999_999.9, "999999999999999.9"),
        (9_007_199_254_740_993.0, "9007199254740992"),
        (1e16, "10000000000000000"),
        (-1e16, "-10000000000000000"),
        (1e17, "1E+17"),
        (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
        (1e20, "1E+20"),
        (1e21, "1E+21"),
        (f64::MAX, "1.7976931348623157E+308"),
        (0.0001, "0.0001"),
        (0.000_123_45, "0.00012345"),
        (1e-5, "1E-05"),
        (0.000_012_34, "1.234E-05"),
        (-1.5e-5, "-1.5E-05"),
        (1e-7, "1E-07"),
        (5e-324, "5E-324"),
    ];
    for (value, expected) in cases {
        assert_eq!(formatted(value), expected);
    }
}

#[test]
fn singles_are_spelled_with_their_own_digits() {
    let cases: [(f32, &str); 7] = [
        (0.1, "0.1"),
        (1000.0, "1000"),
        (16_777_216.0, "16777216"),
        (1e8, "100000000"),
        (1e9, "1E+09"),
        (1e-5, "1E-05"),
        (f32::MAX, "3.4028235E+38"),
    ];
    for (value, expected) in cases {
        assert_eq!(formatted(value), expected);
    }
}

proptest! {
    #[test]
    fn text_reads_back(text: String) {
        prop_assert_eq!(&serde_json::from_str::<String>(&spelled(&text))?, &text);
    }

    #[test]
    fn no_separator_gets_into_text(text in "[a\\x1e\\x1f\u{1e00}]*") {
        prop_assert!(!spelled(&text).as_bytes().contains(&0x1e));
    }

    #[test]
    fn numbers_read_back(value in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
        let json = formatted(value);
        prop_assert_eq!(json.parse::<f64>()?.to_bits(), value.to_bits(), "{}", json);
        serde_json::from_str::<serde::de::IgnoredAny>(&json)?;
    }
}
