//! Messages that the benchmarks have in common.

use serde::{Deserialize, Serialize};

/// What a dashboard is sent each second.
#[derive(Serialize, Deserialize)]
pub(crate) struct Tick {
    time: u64,
    cpu: f64,
    memory: u64,
    disks: Vec<Disk>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Disk {
    mount_point: String,
    used_bytes: u64,
}

pub(crate) fn tick() -> Tick {
    let disk = |n: u64| Disk { mount_point: format!("/mnt/{n}"), used_bytes: 123_456_789 * n };
    Tick {
        time: 1_700_000_000_000,
        cpu: 12.5,
        memory: 8_589_934_592,
        disks: (0..8).map(disk).collect(),
    }
}

/// A text frame as clients send it.
pub(crate) fn masked(payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![0x81];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | length as u8),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
