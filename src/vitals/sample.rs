//! A sample of the machine's vitals, and what is left out of it.

use std::collections::BTreeMap;

use serde::Serialize;

/// So many processes are shown by their share of the processor, and as many by their memory.
const PROCESSES: usize = 4;

/// The vitals of the machine at one moment. Sizes are in bytes, shares in percent.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// When it was taken, in epoch milliseconds.
    pub at: i64,
    /// How busy all cores were together, 0 to 100.
    pub cpu: f64,
    /// How busy each core was, 0 to 100.
    pub cores: Vec<f64>,
    /// Memory that is in use.
    pub memory: u64,
    /// Memory that a program could get without swapping.
    pub memory_available: u64,
    /// All memory.
    pub memory_total: u64,
    /// Swap space that is in use.
    pub swap: u64,
    /// All swap space; 0 if there is none.
    pub swap_total: u64,
    /// The average number of tasks that ran or waited to, over a minute.
    pub load: f64,
    /// The same over 5 minutes.
    pub load5: f64,
    /// The same over 15 minutes.
    pub load15: f64,
    /// Bytes received in a second.
    pub received: u64,
    /// Bytes sent in a second.
    pub sent: u64,
    /// Seconds since the machine has started.
    pub uptime: u64,
    /// The disks, by mount point.
    pub disks: Vec<Disk>,
    /// The busiest processes, and those with the most memory.
    pub processes: Vec<Process>,
}

/// The numbers that the history keeps.
pub(super) const COLUMNS: [&str; 5] = ["cpu", "memory", "load", "received", "sent"];

impl Sample {
    /// The numbers for the history, in the order of [`COLUMNS`].
    pub(super) fn values(&self) -> [f64; 5] {
        [self.cpu, self.memory as f64, self.load, self.received as f64, self.sent as f64]
    }
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// The device, or whatever the file system is mounted from.
    #[serde(skip)]
    pub device: String,
    /// Where it is mounted.
    pub mount: String,
    /// Bytes in use.
    pub used: u64,
    /// All bytes.
    pub total: u64,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The name of its program.
    pub name: String,
    /// How busy it was, in percent of one core.
    pub cpu: f64,
    /// Its memory in bytes.
    pub memory: u64,
}

/// Each device once, at its shortest mount point, in the order of mount points. A device that is
/// mounted again shows the same numbers, and one without size is none.
pub(super) fn without_duplicates(disks: Vec<Disk>) -> Vec<Disk> {
    let mut by_device = BTreeMap::<String, Disk>::new();
    for disk in disks.into_iter().filter(|disk| disk.total > 0) {
        match by_device.get(&disk.device) {
            Some(known) if known.mount.len() <= disk.mount.len() => {}
            _ => {
                by_device.insert(disk.device.clone(), disk);
            }
        }
    }
    let mut disks: Vec<_> = by_device.into_values().collect();
    disks.sort_by(|a, b| a.mount.cmp(&b.mount));
    disks
}

/// Whether an interface counts as network. What goes over bridges and to containers of this machine
/// goes over a real interface as well, or stays here.
pub(super) fn is_counted(interface: &str) -> bool {
    const LOCAL: [&str; 8] = ["veth", "docker", "br-", "virbr", "cni", "flannel", "cali", "ifb"];
    interface != "lo" && !LOCAL.iter().any(|prefix| interface.starts_with(prefix))
}

/// The busiest processes, and after them those of the others with the most memory.
pub(super) fn busiest(mut all: Vec<Process>) -> Vec<Process> {
    let by_memory = |a: &Process, b: &Process| b.memory.cmp(&a.memory);
    // Sorting is stable: equally busy processes stay in the order of their memory.
    all.sort_by(by_memory);
    all.sort_by(|a, b| b.cpu.total_cmp(&a.cpu));
    let mut others = all.split_off(PROCESSES.min(all.len()));
    others.sort_by(by_memory);
    all.extend(others.into_iter().take(PROCESSES));
    all
}

/// A number with so many decimals.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(device: &str, mount: &str, total: u64) -> Disk {
        Disk { device: device.into(), mount: mount.into(), used: total / 2, total }
    }

    #[test]
    fn a_device_counts_once_and_by_its_shortest_mount_point() {
        let found = without_duplicates(vec![
            disk("/dev/sdb1", "/srv", 10),
            disk("/dev/sda1", "/etc/hosts", 20),
            disk("/dev/sda1", "/", 20),
            disk("/dev/sda1", "/var/lib/kubelet", 20),
            disk("nothing", "/snap/core", 0),
        ]);
        assert_eq!(found, [disk("/dev/sda1", "/", 20), disk("/dev/sdb1", "/srv", 10)]);
    }

    #[test]
    fn local_interfaces_do_not_count() {
        for name in ["eth0", "enp3s0", "wlan0", "en0", "wg0", "bond0"] {
            assert!(is_counted(name), "{name}");
        }
        for name in ["lo", "docker0", "veth12ab", "br-7a1", "virbr0"] {
            assert!(!is_counted(name), "{name}");
        }
    }

    #[test]
    fn the_busiest_and_the_biggest_processes_are_shown() {
        let process = |pid, cpu, memory| Process { pid, name: String::new(), cpu, memory };
        let mut all = vec![process(1, 90.0, 5), process(2, 0.5, 900), process(3, 50.0, 1)];
        all.extend((10..30).map(|pid| process(pid, 0.0, pid.into())));
        let shown: Vec<_> = busiest(all).iter().map(|process| process.pid).collect();
        assert_eq!(shown, [1, 3, 2, 29, 28, 27, 26, 25]);
        assert!(busiest(Vec::new()).is_empty());
    }

    #[test]
    fn numbers_are_rounded_for_sending() {
        assert_eq!(rounded(12.3456, 1), 12.3);
        assert_eq!(rounded(0.126, 2), 0.13);
    }
}
