//! The forms of MessagePack, each as short as it can be.

pub(super) const NIL: u8 = 0xc0;
pub(super) const ARRAY_32: u8 = 0xdd;
pub(super) const MAP_32: u8 = 0xdf;

pub(super) fn nil(output: &mut Vec<u8>) {
    output.push(NIL);
}

pub(super) fn boolean(output: &mut Vec<u8>, value: bool) {
    output.push(0xc2 | u8::from(value));
}

pub(super) fn signed(output: &mut Vec<u8>, value: i64) {
    if let Ok(value) = u64::try_from(value) {
        unsigned(output, value);
    } else if let Ok(value @ -32..) = i8::try_from(value) {
        output.extend(value.to_be_bytes());
    } else if let Ok(value) = i8::try_from(value) {
        form(output, 0xd0, value.to_be_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        form(output, 0xd1, value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        form(output, 0xd2, value.to_be_bytes());
    } else {
        form(output, 0xd3, value.to_be_bytes());
    }
}

pub(super) fn unsigned(output: &mut Vec<u8>, value: u64) {
    if let Ok(value @ ..0x80) = u8::try_from(value) {
        output.push(value);
    } else if let Ok(value) = u8::try_from(value) {
        form(output, 0xcc, value.to_be_bytes());
    } else if let Ok(value) = u16::try_from(value) {
        form(output, 0xcd, value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        form(output, 0xce, value.to_be_bytes());
    } else {
        form(output, 0xcf, value.to_be_bytes());
    }
}

pub(super) fn f32(output: &mut Vec<u8>, value: f32) {
    form(output, 0xca, value.to_be_bytes());
}

pub(super) fn f64(output: &mut Vec<u8>, value: f64) {
    form(output, 0xcb, value.to_be_bytes());
}

pub(super) fn text(output: &mut Vec<u8>, text: &str) {
    let length = length(text.len());
    if let Ok(length @ ..32) = u8::try_from(length) {
        output.push(0xa0 | length);
    } else if let Ok(length) = u8::try_from(length) {
        form(output, 0xd9, length.to_be_bytes());
    } else if let Ok(length) = u16::try_from(length) {
        form(output, 0xda, length.to_be_bytes());
    } else {
        form(output, 0xdb, length.to_be_bytes());
    }
    output.extend_from_slice(text.as_bytes());
}

pub(super) fn bytes(output: &mut Vec<u8>, bytes: &[u8]) {
    let length = length(bytes.len());
    if let Ok(length) = u8::try_from(length) {
        form(output, 0xc4, length.to_be_bytes());
    } else if let Ok(length) = u16::try_from(length) {
        form(output, 0xc5, length.to_be_bytes());
    } else {
        form(output, 0xc6, length.to_be_bytes());
    }
    output.extend_from_slice(bytes);
}

/// What opens an array of so many items.
pub(super) fn array(output: &mut Vec<u8>, items: usize) {
    container(output, items, 0x90, 0xdc, ARRAY_32);
}

/// What opens a map of so many entries.
pub(super) fn map(output: &mut Vec<u8>, entries: usize) {
    container(output, entries, 0x80, 0xde, MAP_32);
}

fn container(output: &mut Vec<u8>, items: usize, short: u8, middle: u8, long: u8) {
    let items = length(items);
    if let Ok(items @ ..16) = u8::try_from(items) {
        output.push(short | items);
    } else if let Ok(items) = u16::try_from(items) {
        form(output, middle, items.to_be_bytes());
    } else {
        form(output, long, items.to_be_bytes());
    }
}

/// A time: the extension -1, of 4, 8 or 12 bytes by what it takes.
pub(super) fn time(output: &mut Vec<u8>, seconds: i64, nanoseconds: u32) {
    match (u64::try_from(seconds), nanoseconds) {
        (Ok(seconds @ ..0x4_0000_0000), _) => match u32::try_from(seconds) {
            Ok(seconds) if nanoseconds == 0 => {
                form(output, 0xd6, [0xff]);
                output.extend(seconds.to_be_bytes());
            }
            _ => {
                form(output, 0xd7, [0xff]);
                output.extend((u64::from(nanoseconds) << 34 | seconds).to_be_bytes());
            }
        },
        _ => {
            form(output, 0xc7, [12, 0xff]);
            output.extend(nanoseconds.to_be_bytes());
            output.extend(seconds.to_be_bytes());
        }
    }
}

fn form<const N: usize>(output: &mut Vec<u8>, marker: u8, rest: [u8; N]) {
    output.push(marker);
    output.extend_from_slice(&rest);
}

/// As much as the forms can tell. No message of 4 GB gets so far as to be written.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
