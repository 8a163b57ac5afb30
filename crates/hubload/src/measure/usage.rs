use std::{fs, time::Instant};

use serde::Serialize;

use super::{Effort, Process};

/// What server, generator and machine used between two moments.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Usage {
    pub(crate) seconds: f64,
    /// CPU seconds of the server.
    pub(crate) cpu: Option<f64>,
    pub(crate) switches: Option<u64>,
    /// Resident memory of the server at the end, in bytes.
    pub(crate) rss: Option<u64>,
    #[serde(flatten)]
    pub(crate) effort: Effort,
    /// The share of the machine's time that its host took away.
    pub(crate) steal: f64,
}

/// Measures from when it is started.
#[derive(Debug)]
pub(crate) struct Meter {
    pid: Option<u32>,
    start: Moment,
}

#[derive(Clone, Debug)]
struct Moment {
    at: Instant,
    server: Option<Process>,
    machine: Machine,
}

impl Meter {
    pub(crate) fn start(pid: Option<u32>) -> Self {
        Self { pid, start: Moment::now(pid) }
    }

    /// `effort` is what the generator measured of itself meanwhile.
    pub(crate) fn stop(&self, effort: Effort) -> Usage {
        let (start, end) = (&self.start, Moment::now(self.pid));
        let seconds = (end.at - start.at).as_secs_f64();
        let server = start.server.as_ref().zip(end.server.as_ref());
        let jiffies = end.machine.all.saturating_sub(start.machine.all).max(1);
        Usage {
            seconds,
            cpu: server.map(|(start, end)| end.cpu_since(start)),
            switches: server.map(|(start, end)| end.switches_since(start)),
            rss: end.server.as_ref().map(|server| server.rss),
            effort,
            steal: end.machine.steal.saturating_sub(start.machine.steal) as f64 / jiffies as f64,
        }
    }
}

impl Moment {
    fn now(pid: Option<u32>) -> Self {
        Self {
            at: Instant::now(),
            // That it can be read was checked at the start; it may end in between.
            server: pid.and_then(|pid| Process::read(pid).ok()),
            machine: Machine::read(),
        }
    }
}

/// The time of all cores, in ticks.
#[derive(Clone, Copy, Debug)]
struct Machine {
    all: u64,
    steal: u64,
}

impl Machine {
    fn read() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let times: Vec<u64> = stat
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            // The name, then eight times; those of guests, behind, are in the first already.
            .skip(1)
            .take(8)
            .filter_map(|field| field.parse().ok())
            .collect();
        Self { all: times.iter().sum(), steal: times.get(7).copied().unwrap_or_default() }
    }
}
