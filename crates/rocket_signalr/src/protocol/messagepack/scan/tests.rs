use proptest::prelude::*;

use super::*;

fn length(bytes: &[u8]) -> Option<usize> {
    Scanner::new(bytes).value().ok().map(<[u8]>::len)
}

#[test]
fn every_form_has_its_length() {
    let cases: [(&[u8], usize); 37] = [
        (&[0x00], 1),
        (&[0x7f], 1),
        (&[0xe0], 1),
        (&[0xff], 1),
        (&[0xc0], 1),
        (&[0xc2], 1),
        (&[0xc3], 1),
        (&[0xcc], 2),
        (&[0xcd], 3),
        (&[0xce], 5),
        (&[0xcf], 9),
        (&[0xd0], 2),
        (&[0xd1], 3),
        (&[0xd2], 5),
        (&[0xd3], 9),
        (&[0xca], 5),
        (&[0xcb], 9),
        (&[0xa0], 1),
        (&[0xbf], 32),
        (&[0xd9, 3], 5),
        (&[0xda, 0, 3], 6),
        (&[0xdb, 0, 0, 0, 3], 8),
        (&[0xc4, 3], 5),
        (&[0xc5, 0, 3], 6),
        (&[0xc6, 0, 0, 0, 3], 8),
        (&[0xd4], 3),
        (&[0xd5], 4),
        (&[0xd6], 6),
        (&[0xd7], 10),
        (&[0xd8], 18),
        (&[0xc7, 3], 6),
        (&[0xc8, 0, 3], 7),
        (&[0xc9, 0, 0, 0, 3], 9),
        (&[0x9f], 16),
        (&[0x8f], 31),
        (&[0xdc, 0, 2, 0x91, 5, 0x81, 1, 0x92, 2, 2], 10),
        (&[0xdf, 0, 0, 0, 1, 0x90, 0x80], 7),
    ];
    for (start, expected) in cases {
        let mut bytes = start.to_vec();
        bytes.resize(100, 0);
        assert_eq!(length(&bytes), Some(expected), "{start:x?}");
        assert_eq!(length(&bytes[..expected]), Some(expected), "{start:x?}");
        assert_eq!(length(&bytes[..expected - 1]), None, "{start:x?}");
    }
    assert_eq!(length(&[0xc1]), None);
}

#[test]
fn numbers_are_read_in_any_width() {
    let cases: [(&[u8], Token<'_>); 8] = [
        (&[5], Token::Unsigned(5)),
        (&[0xcc, 5], Token::Unsigned(5)),
        (&[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Token::Unsigned(u64::MAX)),
        (&[0xd0, 5], Token::Signed(5)),
        (&[0xff], Token::Signed(-1)),
        (&[0xd1, 0xff, 0xfe], Token::Signed(-2)),
        (&[0xd2, 0x80, 0, 0, 0], Token::Signed(i32::MIN.into())),
        (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], Token::Signed(i64::MIN)),
    ];
    for (bytes, token) in cases {
        assert_eq!(Scanner::new(bytes).token(), Ok(token));
    }
}

#[test]
fn depth_is_limited() {
    let nested = |depth| [vec![0x91; depth], vec![0xc0]].concat();
    assert_eq!(length(&nested(MAX_DEPTH)), Some(MAX_DEPTH + 1));
    assert_eq!(length(&nested(MAX_DEPTH + 1)), None);
    assert_eq!(length(&nested(1_000_000)), None);
    let beside = [vec![0x9f], nested(MAX_DEPTH - 1).repeat(15)].concat();
    assert_eq!(length(&beside), Some(beside.len()));
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 0, 0, 0][..],
        &[0xdf, 0xff, 0xff, 0xff, 0xff, 0, 0, 0],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, 0, 0, 0],
        &[0xc6, 0xff, 0xff, 0xff, 0xff, 0, 0, 0],
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 0, 0, 0],
        &[0x82, 0, 0, 0],
    ] {
        assert_eq!(length(bytes), None, "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn garbage_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(length) = length(&bytes) {
            prop_assert!(length <= bytes.len());
        }
    }
}
