use std::{fs, time::Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::Process;

/// What server, generator and machine used between two moments.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Usage {
    pub(crate) seconds: f64,
    /// CPU seconds of the server.
    pub(crate) cpu: Option<f64>,
    pub(crate) switches: Option<u64>,
    /// Resident memory of the server at the end, in bytes.
    pub(crate) rss: Option<u64>,
    /// The share of its one core that the generator was busy for.
    pub(crate) generator: f64,
    /// The share of the time that it was ready to run and had no core.
    pub(crate) waited: f64,
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
    generator: f64,
    waited: f64,
    machine: Machine,
}

impl Meter {
    pub(crate) fn start(pid: Option<u32>) -> Self {
        Self { pid, start: Moment::now(pid) }
    }

    pub(crate) fn stop(&self) -> Usage {
        let (start, end) = (&self.start, Moment::now(self.pid));
        let seconds = (end.at - start.at).as_secs_f64();
        let server = start.server.as_ref().zip(end.server.as_ref());
        let jiffies = end.machine.all.saturating_sub(start.machine.all).max(1);
        Usage {
            seconds,
            cpu: server.map(|(start, end)| end.cpu - start.cpu),
            switches: server.map(|(start, end)| end.switches_since(start)),
            rss: end.server.as_ref().map(|server| server.rss),
            generator: (end.generator - start.generator) / seconds,
            waited: (end.waited - start.waited) / seconds,
            steal: end.machine.steal.saturating_sub(start.machine.steal) as f64 / jiffies as f64,
        }
    }
}

impl Moment {
    fn now(pid: Option<u32>) -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            at: Instant::now(),
            // That it can be read was checked at the start; it may end in between.
            server: pid.and_then(|pid| Process::read(pid).ok()),
            generator: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
            waited: waited(),
            machine: Machine::read(),
        }
    }
}

/// How long our only thread has waited for a core so far, in seconds.
fn waited() -> f64 {
    let times = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = times.split_whitespace().nth(1).and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or_default() / 1e9
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
