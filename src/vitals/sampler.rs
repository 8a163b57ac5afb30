//! Takes the samples. All of it blocks, for a millisecond or so, and longer for the processes.

use std::time::{Duration, Instant};

use sysinfo::{DiskRefreshKind, Disks, Networks, ProcessRefreshKind, ProcessesToUpdate, System};

use super::sample::{Disk, Process, Sample, busiest, is_counted, rounded, without_duplicates};

/// Disks change slowly, and asking a file system may be dear.
const DISKS_EVERY: Duration = Duration::from_secs(10);

/// Reading some hundred processes costs ten times as much as all the rest.
const PROCESSES_EVERY: Duration = Duration::from_secs(5);

/// As often while nobody looks, so that a page that opens shows recent ones.
const PROCESSES_EVERY_UNWATCHED: Duration = Duration::from_secs(30);

/// Reads the machine's vitals. Rates and shares are those since the sample before.
pub(super) struct Sampler {
    system: System,
    networks: Networks,
    networks_at: Instant,
    disks: Slow<Vec<Disk>>,
    processes: Slow<Vec<Process>>,
}

/// What is read less often than the rest.
struct Slow<T> {
    value: T,
    read: Option<Instant>,
}

impl<T: Clone> Slow<T> {
    fn after(&mut self, pause: Duration, read: impl FnOnce() -> T) -> T {
        if self.read.is_none_or(|at| at.elapsed() >= pause) {
            self.value = read();
            self.read = Some(Instant::now());
        }
        self.value.clone()
    }
}

impl Sampler {
    /// # Errors
    /// The operating system is not one that can be read.
    pub(super) fn new() -> Result<Self, sysinfo::Error> {
        let mut system = System::new()?;
        system.refresh_cpu_usage();
        Ok(Self {
            system,
            networks: Networks::new_with_refreshed_list()?,
            networks_at: Instant::now(),
            disks: Slow { value: Vec::new(), read: None },
            processes: Slow { value: Vec::new(), read: None },
        })
    }

    /// A sample of now, which is `at` in epoch milliseconds.
    pub(super) fn sample(&mut self, at: i64, watched: bool) -> Result<Sample, sysinfo::Error> {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        let load = System::load_average()?;
        let (received, sent) = self.network_rates();
        let system = &mut self.system;
        Ok(Sample {
            at,
            cpu: rounded(system.global_cpu_usage().into(), 1),
            cores: system.cpus().iter().map(|cpu| rounded(cpu.usage().into(), 1)).collect(),
            memory: system.used_memory(),
            memory_available: system.available_memory(),
            memory_total: system.total_memory(),
            swap: system.used_swap(),
            swap_total: system.total_swap(),
            load: rounded(load.one, 2),
            load5: rounded(load.five, 2),
            load15: rounded(load.fifteen, 2),
            received,
            sent,
            uptime: System::uptime()?,
            disks: self.disks.after(DISKS_EVERY, read_disks),
            processes: self
                .processes
                .after(if watched { PROCESSES_EVERY } else { PROCESSES_EVERY_UNWATCHED }, || {
                    read_processes(system)
                }),
        })
    }

    /// Bytes received and sent in a second, on all interfaces that count.
    fn network_rates(&mut self) -> (u64, u64) {
        self.networks.refresh(true);
        let seconds = self.networks_at.elapsed().as_secs_f64();
        self.networks_at = Instant::now();
        let (mut received, mut sent) = (0, 0);
        for (name, network) in &self.networks {
            if is_counted(&name.to_string_lossy()) {
                received += network.received();
                sent += network.transmitted();
            }
        }
        let rate = |bytes: u64| (bytes as f64 / seconds.max(0.001)).round() as u64;
        (rate(received), rate(sent))
    }
}

fn read_disks() -> Vec<Disk> {
    let storage = DiskRefreshKind::nothing().with_storage();
    let disks = Disks::new_with_refreshed_list_specifics(storage);
    let found = disks.iter().flatten().map(|disk| {
        let total = disk.total_space();
        Disk {
            device: disk.name().to_string_lossy().into_owned(),
            mount: disk.mount_point().to_string_lossy().into_owned(),
            used: total.saturating_sub(disk.available_space()),
            total,
        }
    });
    without_duplicates(found.collect())
}

fn read_processes(system: &mut System) -> Vec<Process> {
    let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let all = system.processes().values().map(|process| Process {
        pid: process.pid().as_u32(),
        name: process.name().to_string_lossy().into_owned(),
        cpu: rounded(process.cpu_usage().into(), 1),
        memory: process.memory(),
    });
    busiest(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_can_be_sampled() -> Result<(), sysinfo::Error> {
        let mut sampler = Sampler::new()?;
        let sample = sampler.sample(1234, true)?;
        assert_eq!(sample.at, 1234);
        assert_eq!(sample.cores.len(), sampler.system.cpus().len());
        assert!(!sample.cores.is_empty());
        assert!(sample.memory > 0 && sample.memory < sample.memory_total, "{sample:?}");
        assert!(!sample.processes.is_empty());
        Ok(())
    }
}
