use crate::{
    faults::Faults,
    measure::{Delays, Usage},
};

/// What a turn has brought.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Figure>,
    /// By what was delayed.
    pub(crate) delays: Vec<(&'static str, Delays)>,
    pub(crate) usage: Usage,
    pub(crate) faults: Faults,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

/// Adds figures under their names.
pub(super) mod figures {
    use super::{Delays, Figure, Usage};

    pub(crate) fn add(to: &mut Vec<Figure>, name: &'static str, unit: &'static str, value: f64) {
        to.push(Figure { name, unit, value });
    }

    /// The server's CPU time for each of so many things that it did.
    pub(crate) fn cpu(to: &mut Vec<Figure>, name: &'static str, usage: &Usage, count: f64) {
        if let Some(cpu) = usage.cpu.filter(|_| count > 0.0) {
            add(to, name, "µs", cpu * 1e6 / count);
        }
    }

    /// What the server used beside its CPU time.
    pub(crate) fn server(to: &mut Vec<Figure>, usage: &Usage) {
        if let Some(cpu) = usage.cpu {
            add(to, "server's cores", "", cpu / usage.seconds);
        }
        if let Some(switches) = usage.switches {
            add(to, "context switches", "/s", switches as f64 / usage.seconds);
        }
        if let Some(rss) = usage.rss {
            add(to, "memory", "MB", rss as f64 / 1e6);
        }
    }

    pub(crate) fn delays(to: &mut Vec<Figure>, names: [&'static str; 4], delays: &Delays) {
        if delays.count() > 0 {
            let [p50, p99, p999, max] = names;
            add(to, p50, "ms", delays.quantile(0.5));
            add(to, p99, "ms", delays.quantile(0.99));
            add(to, p999, "ms", delays.quantile(0.999));
            add(to, max, "ms", delays.max());
        }
    }

    pub(crate) const DELAY: [&str; 4] = ["delay p50", "delay p99", "delay p99.9", "delay max"];
}
