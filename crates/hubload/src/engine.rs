//! The event loop of a thread: one epoll, one read buffer for all its clients.

use std::{
    collections::VecDeque,
    mem::MaybeUninit,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{event::epoll, io::Errno, time::Timespec};

use crate::{
    client::{Client, Io, Key, Listener, Plan},
    measure::{Effort, Stopwatch},
    protocol::Message,
};

/// How often clients ping, as the official ones do.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A load: what clients do, and when.
pub(crate) trait Load: Listener {
    /// Does what is due and tells when something is due next, or none when all is done.
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant>;
}

pub(crate) struct Engine {
    pub(crate) crowd: Crowd,
    buffer: Box<[u8]>,
}

/// The clients of a thread.
pub(crate) struct Crowd {
    thread: u32,
    threads: u32,
    io: Io,
    clients: Vec<Client>,
    /// Who pings when: each of them is put behind all others when it has.
    pings: VecDeque<(Instant, u32)>,
    /// Who has ended other than by what came in.
    ended: Vec<(u32, Option<String>)>,
}

impl Engine {
    pub(crate) fn new(thread: u32, threads: u32) -> Result<Self, String> {
        let io = Io::new().map_err(|error| format!("epoll: {error}"))?;
        let (clients, pings, ended) = Default::default();
        // A socket's whole receive buffer mostly fits.
        let buffer = vec![0; 256 << 10].into_boxed_slice();
        Ok(Self { crowd: Crowd { thread, threads, io, clients, pings, ended }, buffer })
    }

    /// Runs a load until all threads are done with theirs or their time is up. Tells whether this
    /// one was done.
    pub(crate) fn run(&mut self, load: &mut dyn Load, phase: &Phase) -> (bool, Effort) {
        // So few events at a time that what is due is not late.
        let mut events = [MaybeUninit::<epoll::Event>::uninit(); 64];
        let mut watch = None;
        let mut done = false;
        loop {
            let now = Instant::now();
            if now >= phase.from {
                watch.get_or_insert_with(Stopwatch::start);
            }
            let next = load.tick(&mut self.crowd, now);
            if next.is_none() && !done {
                done = true;
                phase.undone.fetch_sub(1, Ordering::Relaxed);
            }
            if now >= phase.until || phase.undone.load(Ordering::Relaxed) == 0 {
                break;
            }
            // Until the others are done too, connections are kept alive.
            let next = next.unwrap_or(now + AGAIN);
            let mut next = next.min(phase.until).min(self.crowd.keep_alive(now));
            for (client, why) in self.crowd.ended.drain(..) {
                load.closed(client, why, now);
                // The load may have waited for that.
                next = now;
            }
            let wait = timespec(next.saturating_duration_since(Instant::now()));
            match epoll::wait(&self.crowd.io.epoll, &mut events, Some(&wait)) {
                Ok((ready, _)) => {
                    for event in ready {
                        self.crowd.ready(event, &mut self.buffer, load);
                    }
                }
                Err(Errno::INTR) => {}
                Err(error) => {
                    load.faults().add(format!("epoll: {error}"));
                    break;
                }
            }
        }
        (done, watch.map_or_else(Effort::default, |watch| watch.stop()))
    }
}

/// What threads that run at the same time have in common.
#[derive(Debug)]
pub(crate) struct Phase {
    /// When it begins to be measured how hard they work.
    pub(crate) from: Instant,
    pub(crate) until: Instant,
    /// How many have not yet done what they have to.
    pub(crate) undone: AtomicUsize,
}

/// How soon a thread that is done looks whether the others are.
const AGAIN: Duration = Duration::from_millis(1);

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}

impl Crowd {
    /// Adds a client, which does nothing before `connect`. Its number is one that no client of
    /// another thread has.
    pub(crate) fn add(&mut self, plan: &Arc<Plan>, bearer: Option<Arc<str>>) -> u32 {
        let id = self.clients.len() as u32 * self.threads + self.thread;
        self.clients.push(Client::new(id, Arc::clone(plan), bearer));
        id
    }

    /// Whether a client, by its number, is one of this thread.
    pub(crate) fn has(&self, id: u32) -> bool {
        id % self.threads == self.thread
    }

    /// Whether this is the thread that does what only one is to do.
    pub(crate) fn is_first(&self) -> bool {
        self.thread == 0
    }

    fn place(&self, id: u32) -> usize {
        (id / self.threads) as usize
    }

    /// Drops all clients as they are.
    pub(crate) fn clear(&mut self) {
        self.clients.clear();
        self.pings.clear();
        self.ended.clear();
    }

    pub(crate) fn client(&self, id: u32) -> &Client {
        &self.clients[self.place(id)]
    }

    pub(crate) fn clients(&self) -> &[Client] {
        &self.clients
    }

    pub(crate) fn connect(&mut self, id: u32) {
        self.with(id, Client::connect);
        self.pings.push_back((Instant::now() + KEEP_ALIVE, id));
    }

    pub(crate) fn close(&mut self, id: u32) {
        self.with(id, Client::close);
    }

    /// Cuts a client off without a word.
    pub(crate) fn cut(&mut self, id: u32) {
        let place = self.place(id);
        self.clients[place].forget();
    }

    pub(crate) fn listen(&mut self, id: u32, listen: bool) {
        self.with(id, |client, io| client.listen(io, listen));
    }

    pub(crate) fn request(&mut self, id: u32, method: &str, path: &str) {
        self.with(id, |client, io| client.request(io, method, path));
    }

    /// Sends messages, if the client is connected.
    pub(crate) fn send(&mut self, id: u32, messages: &[Message<'_>]) {
        self.with(id, |client, io| {
            if !client.is_open() {
                return Ok(());
            }
            for message in messages {
                client.send(message);
            }
            client.flush(io)
        });
    }

    fn with(&mut self, id: u32, act: impl FnOnce(&mut Client, &mut Io) -> Result<(), String>) {
        let place = self.place(id);
        let client = &mut self.clients[place];
        let acted = act(client, &mut self.io);
        if let Some(why) = ending(client, acted) {
            self.ended.push((id, why));
        }
    }

    fn ready(&mut self, event: &epoll::Event, buffer: &mut [u8], load: &mut dyn Load) {
        let key = Key::of(event);
        let place = self.place(key.client());
        // Whatever the event is about may be gone.
        let Some(client) = self.clients.get_mut(place) else {
            return;
        };
        let acted = client.ready(&mut self.io, key, event.flags, buffer, load);
        if let Some(why) = ending(client, acted) {
            load.closed(client.id, why, Instant::now());
        }
    }

    /// Sends the pings that are due and tells when the next one is.
    fn keep_alive(&mut self, now: Instant) -> Instant {
        while let Some(&(due, id)) = self.pings.front() {
            if due > now {
                return due;
            }
            self.pings.pop_front();
            let client = self.client(id);
            if client.is_open() && client.keeps_alive() {
                self.send(id, &[Message::Ping]);
                self.pings.push_back((due + KEEP_ALIVE, id));
            }
        }
        now + KEEP_ALIVE
    }
}

/// Whether a client has ended, and if it should not have, why. Then it is away.
fn ending(client: &mut Client, acted: Result<(), String>) -> Option<Option<String>> {
    let why = match acted {
        Ok(()) if client.is_over() => None,
        Ok(()) => return None,
        Err(why) => Some(why),
    };
    client.forget();
    Some(why)
}
