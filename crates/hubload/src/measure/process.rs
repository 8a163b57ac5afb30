//! What `/proc` tells of a server. All of it is of the process and its children.

use std::{collections::HashMap, fs, io};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Process {
    /// Those that live: of one that has ended nothing is to be had.
    threads: HashMap<u32, Thread>,
    /// User and system time, in ticks of mostly 10 ms, but with that of threads and children that
    /// have ended.
    ticks: u64,
    /// How many numbers, each rounded down, the ticks are the sum of.
    rounded: u64,
    /// Resident memory in bytes.
    pub(crate) rss: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Thread {
    /// Nanoseconds on a core.
    cpu: u64,
    /// Context switches.
    switches: u64,
}

impl Process {
    pub(crate) fn read(pid: u32) -> Result<Self, String> {
        let failed = |error: io::Error| format!("process {pid}: {error}");
        let mut sum = Self::default();
        let mut pids = vec![pid];
        while let Some(next) = pids.pop() {
            match Self::one(next, &mut pids) {
                Ok(one) => {
                    sum.threads.extend(one.threads);
                    sum.ticks += one.ticks;
                    sum.rounded += one.rounded;
                    sum.rss += one.rss;
                }
                // A child may have ended since it was listed.
                Err(error) if next == pid => return Err(failed(error)),
                Err(_) => {}
            }
        }
        Ok(sum)
    }

    /// CPU seconds since an earlier look.
    pub(crate) fn cpu_since(&self, earlier: &Self) -> f64 {
        let threads = self.since(earlier, |thread| thread.cpu) as f64 / 1e9;
        let seconds = |ticks: u64| ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        let ticks = self.ticks.saturating_sub(earlier.ticks);
        if threads == 0.0 {
            // This kernel does not count for each thread.
            return seconds(ticks);
        }
        // Threads that have ended since take their time with them, but not out of the ticks: it was
        // at least as much as those say, but for what they are rounded by.
        threads.max(seconds(ticks.saturating_sub(self.rounded)))
    }

    /// Context switches since an earlier look.
    pub(crate) fn switches_since(&self, earlier: &Self) -> u64 {
        self.since(earlier, |thread| thread.switches)
    }

    fn since(&self, earlier: &Self, count: fn(&Thread) -> u64) -> u64 {
        let before = |id| earlier.threads.get(id).map_or(0, count);
        self.threads.iter().map(|(id, thread)| count(thread).saturating_sub(before(id))).sum()
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
        let times = 11..=14;
        let mut threads = HashMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            let id = task.file_name().to_string_lossy().parse().unwrap_or_default();
            let task = task.path();
            // A thread may have ended since it was listed.
            let read = |name| fs::read_to_string(task.join(name)).unwrap_or_default();
            let cpu = read("schedstat").split_whitespace().next().and_then(|it| it.parse().ok());
            let switches = read("status")
                .lines()
                .filter_map(|line| line.split_once("ctxt_switches:"))
                .filter_map(|(_, count)| count.trim().parse::<u64>().ok())
                .sum();
            threads.insert(id, Thread { cpu: cpu.unwrap_or_default(), switches });
            let listed = read("children");
            children.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        Ok(Self {
            threads,
            rounded: times.clone().count() as u64,
            ticks: times.map(field).sum(),
            rss: field(21) * rustix::param::page_size() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::CommandExt,
        process::Command,
        thread,
        time::{Duration, Instant},
    };

    use rustix::time::{ClockId, clock_gettime};

    use super::*;

    fn cpu_of_this_thread() -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec.cast_unsigned() as u32)
    }

    #[test]
    fn cpu_time_is_counted_finer_than_in_ticks() {
        let pid = std::process::id();
        for _ in 0..10 {
            let (before, start) = (Process::read(pid).unwrap(), cpu_of_this_thread());
            while cpu_of_this_thread() - start < Duration::from_millis(3) {}
            // The kernel settles accounts when a thread leaves its core.
            thread::sleep(Duration::from_millis(1));
            let after = Process::read(pid).unwrap();
            assert!(after.cpu_since(&before) >= 0.003);
            assert!(after.switches_since(&before) > 0);
            assert!(after.rss > 1 << 20);
        }
    }

    fn process<const N: usize>(threads: [(u32, u64); N], ticks: u64) -> Process {
        let thread = |(id, cpu)| (id, Thread { cpu, switches: 0 });
        Process { threads: threads.map(thread).into(), ticks, rounded: 4, rss: 0 }
    }

    #[test]
    fn ticks_do_not_blur_what_is_counted_for_each_thread() {
        let before = process([(1, 5_000_000), (2, 7_000_000)], 3);
        let after = process([(1, 6_000_000), (2, 7_000_000), (3, 2_000_000)], 5);
        assert_eq!(after.cpu_since(&before), 0.003);
    }

    #[test]
    fn the_time_of_threads_that_have_ended_is_not_lost() {
        let before = process([(1, 5_000_000), (2, 300_000_000)], 30);
        let after = process([(1, 6_000_000)], 130);
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(after.cpu_since(&before), 96.0 / ticks);
    }

    #[test]
    fn without_times_of_threads_there_are_ticks() {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let (before, after) = (process([(1, 0)], 30), process([(1, 0)], 32));
        assert_eq!(after.cpu_since(&before), 2.0 / ticks);
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
        assert_eq!(all.threads.len(), 2, "threads of two processes");
    }

    #[test]
    fn a_process_that_is_not_there_is_told() {
        assert!(Process::read(u32::MAX).unwrap_err().starts_with("process 4294967295: "));
    }
}
