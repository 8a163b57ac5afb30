use std::time::{Duration, Instant, SystemTime};

use super::peers::{Peers, To};
use crate::protocol::Value;

/// Messages of the server's own: so many, evenly spread.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) to: To,
    pub(super) size: usize,
    pub(super) count: u32,
    pub(super) interval: Duration,
    pub(super) start: Instant,
    pub(super) sent: u32,
    /// Place and number of who is answered when all are sent.
    pub(super) asked: (usize, u32),
}

impl Pump {
    /// Sends what is due of all and tells when something is due next.
    pub(super) fn run(pumps: &mut Vec<Self>, peers: &mut Peers, now: Instant) -> Instant {
        let mut next = now + Duration::from_secs(3600);
        for mut pump in std::mem::take(pumps) {
            while pump.sent < pump.count && pump.start + pump.interval * pump.sent <= now {
                let micros = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
                let size = pump.size;
                peers.fan_out(&pump.to, &Value::Text(format!("{micros:.<size$}").into()));
                pump.sent += 1;
            }
            if pump.sent < pump.count {
                next = next.min(pump.start + pump.interval * pump.sent);
                pumps.push(pump);
                continue;
            }
            let (place, number) = pump.asked;
            let body = format!(r#"{{"sent":{}}}"#, pump.sent);
            if peers.peer(place).is_some_and(|peer| peer.number == number)
                && peers.answer(place, "200 OK", &body).is_err()
            {
                peers.drop(place);
            }
        }
        next
    }
}
