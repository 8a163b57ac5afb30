//! The threads of the generator. They share nothing while they run: each has an engine of its own,
//! and those clients whose numbers divided by the number of threads leave its own.

use std::{
    sync::{
        Arc,
        atomic::AtomicUsize,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    client::{Client, Plan},
    engine::{Crowd, Engine, Load, Phase},
    measure::Effort,
};

pub(crate) struct Crew {
    engines: Vec<Engine>,
}

/// How often there is a look at what goes on, where nothing else asks for one.
const LOOK: Duration = Duration::from_millis(100);

impl Crew {
    pub(crate) fn new(threads: u32) -> Result<Self, String> {
        let engines = (0..threads).map(|thread| Engine::new(thread, threads));
        Ok(Self { engines: engines.collect::<Result<_, _>>()? })
    }

    /// Runs the loads, each on a thread of its own, until all are done or their time is up.
    /// Meanwhile `look` is called now and then, and at `from`, without disturbing them. Tells
    /// whether all were done, and how hard the threads worked after `from`.
    pub(crate) fn run<L: Load + Send>(
        &mut self,
        loads: &mut [L],
        from: Instant,
        until: Instant,
        mut look: impl FnMut(Instant),
    ) -> (bool, Effort) {
        let phase = Phase { from, until, undone: AtomicUsize::new(loads.len()) };
        let mut all = (true, Effort::default());
        thread::scope(|scope| {
            let (sender, ended) = mpsc::channel();
            for (engine, load) in self.engines.iter_mut().zip(loads) {
                let (sender, phase) = (sender.clone(), &phase);
                // Its receiver is there until all have ended.
                scope.spawn(move || sender.send(engine.run(load, phase)));
            }
            drop(sender);
            loop {
                let now = Instant::now();
                look(now);
                let next = if now < from { LOOK.min(from - now) } else { LOOK };
                match ended.recv_timeout(next) {
                    Ok((done, effort)) => all = (all.0 && done, all.1.busiest(effort)),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        all
    }

    /// Adds clients, to each thread in turn, and tells their numbers. No other clients may be there
    /// but those added so.
    pub(crate) fn add(
        &mut self,
        plan: &Arc<Plan>,
        count: u32,
        bearer: impl Fn(u32) -> Option<Arc<str>>,
    ) -> Vec<u32> {
        let first = self.clients().count() as u32;
        let all = first..first + count;
        all.map(|id| self.crowd(id).add(plan, bearer(id))).collect()
    }

    /// The crowd that a client belongs to.
    pub(crate) fn crowd(&mut self, client: u32) -> &mut Crowd {
        let thread = client as usize % self.engines.len();
        &mut self.engines[thread].crowd
    }

    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.engines.iter().flat_map(|engine| engine.crowd.clients())
    }

    /// Drops all clients as they are.
    pub(crate) fn clear(&mut self) {
        for engine in &mut self.engines {
            engine.crowd.clear();
        }
    }

    /// Deals out to each thread what is about its clients.
    pub(crate) fn deal<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        client: impl Fn(&T) -> u32,
    ) -> Vec<Vec<T>> {
        let mut hands: Vec<_> = self.engines.iter().map(|_| Vec::new()).collect();
        for item in items {
            hands[client(&item) as usize % self.engines.len()].push(item);
        }
        hands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Listener, faults::Faults, protocol::Message};

    /// A load that is done at a time.
    struct Timed {
        end: Instant,
        ticked: Instant,
        faults: Faults,
    }

    impl Listener for Timed {
        fn faults(&mut self) -> &mut Faults {
            &mut self.faults
        }

        fn received(&mut self, _: &mut Client, _: Message<'_>, _: Instant) {}
    }

    impl Load for Timed {
        fn tick(&mut self, _: &mut Crowd, now: Instant) -> Option<Instant> {
            self.ticked = now;
            (now < self.end).then_some(self.end)
        }
    }

    #[test]
    fn threads_that_are_done_go_on_until_all_are() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let timed = |end| Timed { end, ticked: start, faults: Faults::default() };
        let mut loads = [timed(start), timed(after(100))];
        let mut crew = Crew::new(2).unwrap();
        let (done, _) = crew.run(&mut loads, start, after(10_000), |_| {});
        assert!(done);
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(loads[0].ticked > after(50), "ticked until the other was done");
        let (done, _) =
            crew.run(&mut [timed(start), timed(after(10_000))], start, after(200), |_| {});
        assert!(!done, "the time was up");
    }
}
