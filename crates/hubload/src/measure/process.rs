//! What `/proc` tells of a server. All of it is of the process and its children.

use std::{collections::HashMap, fs, io};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Process {
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    /// Context switches of each thread. Those of a thread that has ended are not to be had.
    switches: HashMap<u32, u64>,
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
                    sum.switches.extend(one.switches);
                    sum.rss += one.rss;
                }
                // A child may have ended since it was listed.
                Err(error) if next == pid => return Err(failed(error)),
                Err(_) => {}
            }
        }
        Ok(sum)
    }

    /// Context switches since an earlier look.
    pub(crate) fn switches_since(&self, earlier: &Self) -> u64 {
        let before = |thread| earlier.switches.get(thread).copied().unwrap_or_default();
        self.switches.iter().map(|(thread, count)| count.saturating_sub(before(thread))).sum()
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
        let mut switches = HashMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            let thread = task.file_name().to_string_lossy().parse().unwrap_or_default();
            let task = task.path();
            // A thread may have ended since it was listed.
            let status = fs::read_to_string(task.join("status")).unwrap_or_default();
            let count = status
                .lines()
                .filter_map(|line| line.split_once("ctxt_switches:"))
                .filter_map(|(_, count)| count.trim().parse::<u64>().ok())
                .sum::<u64>();
            switches.insert(thread, count);
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
    use std::{os::unix::process::CommandExt, process::Command, time::Instant};

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
        // A shell that waits for another command.
        let script = ["-c", "sleep 60 & wait"];
        let mut shell = Command::new("sh").args(script).process_group(0).spawn().unwrap();
        let start = Instant::now();
        let mut pids = Vec::new();
        while pids.is_empty() && start.elapsed().as_secs() < 10 {
            Process::one(shell.id(), &mut pids).unwrap();
        }
        let all = Process::read(shell.id()).unwrap();
        let group = rustix::process::Pid::from_child(&shell);
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
        shell.wait().unwrap();
        assert_eq!(all.switches.len(), 2, "threads of two processes");
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        assert!(Process::read(u32::MAX).unwrap_err().starts_with("process 4294967295: "));
    }
}
