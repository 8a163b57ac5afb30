//! Servers take turns, round by round, so that what disturbs one disturbs the others too.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::Arc,
    time::Duration,
};

use rustix::{
    process::{Pid, Resource, getrlimit},
    thread::{sched_getaffinity, sched_setaffinity},
};

use crate::{
    cli::{Command, Options},
    client::{Plan, Transport},
    crew::Crew,
    http::Url,
    measure::{Effort, Process},
    progress::Progress,
    report::{self, Report, Server, Turn},
    scenario::Bench,
};

/// Beside what is measured: to connect, to come to rest, to close.
const AROUND: Duration = Duration::from_secs(2);

/// What is open beside connections: standard streams, the epolls of threads, what is read of `/proc`.
const OTHER_FILES: u32 = 48;

/// Runs a scenario in all its turns and reports. Tells whether nothing went wrong.
pub(crate) fn run(command: &Command) -> Result<bool, String> {
    let options = command.options().ok_or("the floor is no scenario")?;
    if options.skip_negotiation && options.transport != Transport::WebSockets {
        return Err("--skip-negotiation is for --transport websockets only".into());
    }
    let files = options.connections + options.connecting + OTHER_FILES;
    if let Some(limit) = getrlimit(Resource::Nofile).current
        && u64::from(files) > limit
    {
        let connections = options.connections;
        return Err(format!(
            "--connections {connections} takes {files} open files, and the limit is {limit} \
             (ulimit -n); the server has one of its own"
        ));
    }
    let floor = if options.floor { Some(Floor::start(options.pid)?) } else { None };
    let servers = servers(options, floor.as_ref())?;
    for server in &servers {
        if let Some(pid) = server.pid {
            Process::read(pid)?;
        }
    }

    let turns = options.rounds * servers.len() as u32;
    let progress = Progress::new((options.warm_up + options.duration + AROUND) * turns);
    let mut done = Vec::new();
    for round in 1..=options.rounds {
        for server in &servers {
            progress.says(format!("{}, round {round} of {}", server.name, options.rounds));
            let plan = Plan {
                url: server.url.clone(),
                transport: server.transport,
                protocol: options.protocol,
                skip_negotiation: options.skip_negotiation,
            };
            let mut bench = Bench {
                crew: Crew::new(options.threads())?,
                plan: Arc::new(plan),
                pid: server.pid,
                options: options.clone(),
                turn: done.len() as u32 + 1,
                progress: progress.clone(),
                effort: Effort::default(),
            };
            let outcome = bench.run(command)?;
            done.push(Turn { round, server: server.name, outcome });
        }
    }
    progress.clear();
    drop(floor);

    let report = Report { command, options, servers, turns: done };
    report::table::print(&report);
    if let Some(path) = &options.json {
        report::json::write(&report, path)?;
    }
    if let Some(path) = &options.svg {
        report::svg::write(&report, path)?;
    }
    Ok(report.turns.iter().all(|turn| turn.outcome.faults.is_empty()))
}

fn servers(options: &Options, floor: Option<&Floor>) -> Result<Vec<Server>, String> {
    let transport = options.transport;
    let server = |name, url, pid| Server { name, url, pid, transport };
    let first = options.url.clone().map(|url| server("A", url, options.pid));
    let second = options.compare.clone().map(|url| server("B", url, options.compare_pid));
    let floor = floor.map(|floor| Server {
        name: "floor",
        url: floor.url.clone(),
        pid: Some(floor.process.id()),
        transport: Transport::WebSockets,
    });
    Ok([first, second, floor].into_iter().flatten().collect())
}

/// The bare-socket server in a process of its own, which ends with this.
struct Floor {
    process: Child,
    url: Url,
}

impl Floor {
    /// Starts it, on the same cores as the server that it is compared with.
    fn start(beside: Option<u32>) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the floor did not start: {error}");
        let mut process = std::process::Command::new(std::env::current_exe().map_err(failed)?)
            .args(["floor", "--end-with-parent"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(beside) = beside.and_then(pid) {
            let floor = Pid::from_child(&process);
            sched_getaffinity(Some(beside))
                .and_then(|cores| sched_setaffinity(Some(floor), &cores))
                .map_err(|error| failed(error.into()))?;
        }
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
        }
        let origin = line.trim().strip_prefix("Now listening on: ");
        let url = origin.and_then(|origin| format!("{origin}/bench").parse().ok());
        match url {
            Some(url) => Ok(Self { process, url }),
            None => {
                let _ = process.kill();
                let _ = process.wait();
                Err(format!("the floor did not start: it said '{}'", line.trim()))
            }
        }
    }
}

fn pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(pid.try_into().ok()?)
}

impl Drop for Floor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
