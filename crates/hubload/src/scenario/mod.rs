//! What clients do in each scenario, and what is measured of it.

mod adverse;
mod calling;
mod calls;
mod connect;
mod connections;
mod fanout;
mod idle;
mod joins;
mod mixed;
mod outcome;
mod schedule;
mod sending;
mod text;
mod tokens;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) use self::outcome::{Figure, Outcome};
use self::{outcome::figures, text::Texts};
use crate::{
    cli::{Command, Options},
    client::{Client, Listener, Plan},
    crew::Crew,
    engine::{Crowd, Load},
    faults::Faults,
    measure::{Effort, Meter, Usage},
    progress::Progress,
    protocol::Message,
};

/// One turn of a scenario: against one server, with connections of its own.
pub(crate) struct Bench {
    pub(crate) crew: Crew,
    pub(crate) plan: Arc<Plan>,
    pub(crate) pid: Option<u32>,
    pub(crate) options: Options,
    /// Tells the messages of this turn from those of others.
    pub(crate) turn: u32,
    pub(crate) progress: Progress,
    /// How hard the generator worked when it last ran loads.
    pub(crate) effort: Effort,
}

impl Bench {
    /// An error is one that no other turn could do without.
    pub(crate) fn run(&mut self, command: &Command) -> Result<Outcome, String> {
        match command {
            Command::Idle(idle) => Ok(idle::run(self, idle)),
            Command::Connect(_) => Ok(connect::run(self)),
            Command::Broadcast(broadcast) => sending::broadcast(self, &broadcast.sending),
            Command::Group(group) => sending::group(self, group),
            Command::User(user) => sending::user(self, user),
            Command::Echo(echo) => Ok(calling::run(self, calls::Kind::Echo, &echo.calling)),
            Command::Stream(stream) => {
                Ok(calling::run(self, calls::Kind::Stream { items: stream.items }, &stream.calling))
            }
            Command::Upload(upload) => {
                Ok(calling::run(self, calls::Kind::Upload { items: upload.items }, &upload.calling))
            }
            Command::Mixed(mixed) => Ok(mixed::run(self, mixed)),
            Command::Adverse(adverse) => Ok(adverse::run(self, adverse)),
            Command::Floor(_) => Err("the floor is no scenario".into()),
        }
    }

    fn texts(&self, kind: u32, default_size: u32) -> Texts {
        let size = self.options.size.unwrap_or(default_size) as usize;
        Texts { tag: self.turn * 10 + kind, size }
    }

    /// Runs loads, one on each thread, at most for so long. Tells whether all were done.
    fn drive<L: Load + Send>(&mut self, loads: &mut [L], limit: Duration) -> bool {
        self.drive_from(loads, Instant::now(), limit, |_| {})
    }

    /// Runs loads and measures from a moment on what that takes.
    fn measure<L: Load + Send>(
        &mut self,
        loads: &mut [L],
        from: Instant,
        limit: Duration,
        mut look: impl FnMut(Instant),
    ) -> Usage {
        let (pid, mut meter) = (self.pid, None);
        self.drive_from(loads, from, limit, |now| {
            if now >= from {
                meter.get_or_insert_with(|| Meter::start(pid));
            }
            look(now);
        });
        meter.map_or_else(Usage::default, |meter| meter.stop(self.effort))
    }

    fn drive_from<L: Load + Send>(
        &mut self,
        loads: &mut [L],
        from: Instant,
        limit: Duration,
        mut look: impl FnMut(Instant),
    ) -> bool {
        let (progress, until) = (&self.progress, Instant::now() + limit);
        let (done, effort) = self.crew.run(loads, from, until, |now| {
            progress.tick(now);
            look(now);
        });
        self.effort = effort;
        done
    }

    /// Waits while nothing is to be done but to keep connections alive.
    fn rest(&mut self, time: Duration, faults: &mut Faults) {
        let until = Instant::now() + time;
        let rest = || Rest { until, faults: Faults::default() };
        let mut rests: Vec<_> = (0..self.options.threads()).map(|_| rest()).collect();
        self.drive(&mut rests, time + Duration::from_secs(1));
        for rest in rests {
            faults.append(rest.faults);
        }
    }
}

/// The bytes of a text, unless told.
const SIZE: u32 = 100;

/// How long nothing may come before no more is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a load may go on behind its schedule, with messages still coming in.
const DELAY: Duration = Duration::from_secs(120);

/// Time for the server to do what it does behind an answer.
const SETTLE: Duration = Duration::from_millis(250);

struct Rest {
    until: Instant,
    faults: Faults,
}

impl Listener for Rest {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn received(&mut self, _: &mut Client, _: Message<'_>, _: Instant) {
        self.faults.add("a message while nothing was sent");
    }
}

impl Load for Rest {
    fn tick(&mut self, _: &mut Crowd, now: Instant) -> Option<Instant> {
        (now < self.until).then_some(self.until)
    }
}
