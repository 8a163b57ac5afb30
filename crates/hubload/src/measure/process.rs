//! What `/proc` tells of a server. All of it is of the process and its children.

use std::{fs, io};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Process {
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    pub(crate) switches: u64,
    /// Resident memory in bytes.
    pub(crate) rss: u64,
}

impl Process {
    pub(crate) fn read(pid: u32) -> Result<Self, String> {
        let failed = |error: io::Error| format!("process {pid}: {error}");
        let mut sum = Self::default();
        let mut pids = vec![pid];
        while let Some(next) = pids.pop() {
            match Self::one(next, &mut pids) {
                Ok(one) => {
                    sum.cpu += one.cpu;
                    sum.switches += one.switches;
                    sum.rss += one.rss;
                }
                // A child may have ended since it was listed.
                Err(error) if next == pid => return Err(failed(error)),
                Err(_) => {}
            }
        }
        Ok(sum)
    }

    fn one(pid: u32, children: &mut Vec<u32>) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold anything. Of what follows, counted from 0, 11 to 14 are
        // the process's own times and those of the children that it waited for; 21 is its memory.
        let fields: Vec<u64> = stat
            .rsplit_once(')')
            .map_or("", |(_, fields)| fields)
            .split_whitespace()
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        let field = |n: usize| fields.get(n).copied().unwrap_or_default();
        let ticks: u64 = (11..=14).map(field).sum();
        let mut switches = 0;
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?.path();
            // A thread may have ended since it was listed.
            let status = fs::read_to_string(task.join("status")).unwrap_or_default();
            switches += status
                .lines()
                .filter_map(|line| line.split_once("ctxt_switches:"))
                .filter_map(|(_, count)| count.trim().parse::<u64>().ok())
                .sum::<u64>();
            let listed = fs::read_to_string(task.join("children")).unwrap_or_default();
            children.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        Ok(Self {
            cpu: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
            switches,
            rss: field(21) * rustix::param::page_size() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Instant};

    use super::*;

    #[test]
    fn a_busy_process_uses_cpu_and_memory() {
        let pid = std::process::id();
        let before = Process::read(pid).unwrap();
        let start = Instant::now();
        while start.elapsed().as_millis() < 300 {
            std::hint::spin_loop();
        }
        let after = Process::read(pid).unwrap();
        assert!(after.cpu > before.cpu);
        assert!(after.rss > 1 << 20);
    }

    #[test]
    fn children_count_too() {
        let pid = std::process::id();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let both = Process::read(pid).unwrap().rss;
        let alone = Process::read(child.id()).unwrap().rss;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(alone > 0 && both > alone);
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        assert!(Process::read(u32::MAX).unwrap_err().starts_with("process 4294967295: "));
    }
}
