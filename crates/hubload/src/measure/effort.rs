use std::{fs, time::Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// How hard the threads of the generator worked: of each share, that of the thread with the most.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Effort {
    /// The share of the time that it was on a core.
    pub(crate) generator: f64,
    /// The share of the time that it was ready to run and had no core.
    pub(crate) waited: f64,
}

impl Effort {
    pub(crate) fn busiest(self, other: Self) -> Self {
        Self {
            generator: self.generator.max(other.generator),
            waited: self.waited.max(other.waited),
        }
    }
}

/// Measures the thread that it is started on.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    at: Instant,
    cpu: f64,
    waited: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let cpu = clock_gettime(ClockId::ThreadCPUTime);
        Self {
            at: Instant::now(),
            cpu: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
            waited: waited(),
        }
    }

    pub(crate) fn stop(&self) -> Effort {
        let end = Self::start();
        // A phase may be over as soon as it begins.
        let seconds = (end.at - self.at).as_secs_f64().max(1e-6);
        Effort {
            generator: (end.cpu - self.cpu) / seconds,
            waited: (end.waited - self.waited) / seconds,
        }
    }
}

/// How long this thread has waited for a core so far, in seconds.
fn waited() -> f64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = times.split_whitespace().nth(1).and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or_default() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_thread_is_told_from_one_that_sleeps() {
        let busy = std::thread::spawn(|| {
            let watch = Stopwatch::start();
            while watch.at.elapsed().as_millis() < 200 {
                std::hint::spin_loop();
            }
            watch.stop()
        });
        let watch = Stopwatch::start();
        let busy = busy.join().unwrap();
        let own = watch.stop();
        // Together all of the time, be the core shared with others.
        assert!(busy.generator + busy.waited > 0.5, "{busy:?}");
        assert!(own.generator < 0.2, "{own:?}");
        assert!(busy.busiest(own).generator > own.generator);
    }
}
