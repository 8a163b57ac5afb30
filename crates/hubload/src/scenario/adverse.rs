use std::time::{Duration, Instant};

use super::{
    Bench, DELAY, Outcome, connections,
    fanout::{Audience, Fanout, Sender, Target},
    figures,
    schedule::Schedule,
    window::Window,
};
use crate::{
    cli,
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    measure::Process,
    protocol::Message,
};

/// So much that it does not stay in the sockets' buffers.
const SIZE: u32 = 10_240;

/// Broadcasts while some clients do not read.
pub(super) fn run(bench: &mut Bench, adverse: &cli::Adverse) -> Outcome {
    let mut outcome = Outcome::default();
    connections::connect(bench, bench.options.connections, |_| None, &mut outcome.faults);
    let open = connections::open(bench);
    let stuck = (open.len() as f64 * adverse.stuck / 100.0).round().max(1.0) as usize;
    // The first sends.
    let Some((&first, deaf)) = open.split_first().filter(|(_, others)| others.len() >= stuck)
    else {
        outcome.faults.add("too few clients: some stop reading, and one must go on");
        return outcome;
    };
    let members = open.iter().map(|&id| (id, 0)).collect();
    let audience = Audience { targets: vec![Target::All], members };

    let (warm_up, duration) = (bench.options.warm_up, bench.options.duration);
    let start = Instant::now();
    let schedule = Schedule { start, rate: adverse.rate, together: 1 };
    let window = Window::new(start + warm_up, bench.pid);
    let texts = bench.texts(0, SIZE);
    let sender = Sender::Client(first);
    let mut fanout = Fanout::new(sender, schedule, texts, audience, window, duration);
    let deaf = &deaf[deaf.len() - stuck..];
    for &client in deaf {
        fanout.deafen(&mut bench.engine.crowd, client);
    }
    let memory = Memory { pid: bench.pid, first: None, peak: 0, next: start };
    let mut load = Watched { fanout, memory };
    bench.drive(&mut load, warm_up + duration + DELAY);
    let Watched { mut fanout, memory } = load;
    fanout.end();
    let (usage, delivered) = fanout.window.end(fanout.delivered);
    outcome.faults.append(fanout.faults);

    let figures = &mut outcome.figures;
    figures::add(figures, "deliveries to the others", "/s", delivered as f64 / usage.seconds);
    figures::cpu(figures, "CPU per delivery", &usage, delivered as f64);
    figures::delays(figures, figures::DELAY, &fanout.delays);
    figures::add(figures, "clients that do not read", "", stuck as f64);
    figures::add(figures, "of them dropped by the server", "", fanout.dropped.into());
    if let Some(first) = memory.first {
        let grown = memory.peak.saturating_sub(first) as f64;
        figures::add(figures, "memory grew at most by", "MB", grown / 1e6);
    }
    figures::server(figures, &usage);
    outcome.delays.push(("delivery to the others", fanout.delays));
    outcome.usage = usage;
    for &client in deaf {
        bench.engine.crowd.cut(client);
    }
    connections::close(bench, &mut outcome.faults);
    outcome
}

/// A load, and an eye on the server's memory.
struct Watched {
    fanout: Fanout,
    memory: Memory,
}

struct Memory {
    pid: Option<u32>,
    first: Option<u64>,
    peak: u64,
    next: Instant,
}

impl Memory {
    fn look(&mut self, now: Instant) {
        if now >= self.next {
            self.next = now + Duration::from_millis(250);
            if let Some(server) = self.pid.and_then(|pid| Process::read(pid).ok()) {
                self.first.get_or_insert(server.rss);
                self.peak = self.peak.max(server.rss);
            }
        }
    }
}

impl Listener for Watched {
    fn faults(&mut self) -> &mut Faults {
        self.fanout.faults()
    }

    fn received(&mut self, client: &mut Client, message: Message<'_>, at: Instant) {
        self.fanout.received(client, message, at);
    }

    fn closed(&mut self, client: u32, why: Option<String>, at: Instant) {
        self.fanout.closed(client, why, at);
    }
}

impl Load for Watched {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        self.memory.look(now);
        self.fanout.tick(crowd, now)
    }
}
