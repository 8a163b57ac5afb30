//! The TCP socket of an upgraded connection, taken out of Rocket's hands.
//!
//! What Rocket gives is a stream around a stream around the socket. Each of its reads and writes asks
//! whether the server shuts down, which takes a lock of the whole process and three boxes of memory
//! that a message to many finds in no cache (measured: benches/README.md). Nothing leads from the
//! stream to the socket within, so the socket is looked for by its client's address, among the files of
//! the process. Found, it gets a second number, and Rocket's stream is dropped.
//!
//! No other socket is taken by mistake. Two can have the same client and the same port here, if the
//! server listens on several addresses; but the wrong one is still there when Rocket's stream has been
//! dropped.

use std::{
    collections::HashMap,
    io,
    mem::MaybeUninit,
    net::{self, SocketAddr},
    os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd},
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use rocket::data::IoStream;
use rustix::{
    io::{Errno, fcntl_dupfd_cloexec},
    net::{getpeername, getsockname},
    process::{Resource, getrlimit},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};

use super::{Ends, Socket, Stream};
use crate::files;

/// How much a client may send before it has the answer to its upgrade, for its socket to be taken over.
/// It should send nothing (RFC 6455, section 4.1).
const EARLY: usize = 4096;

/// How many numbers are looked at for one socket, at most.
const LOOKS: usize = 512;

/// How far beyond the last file the search goes: others may have come behind it.
const MARGIN: RawFd = 16;

/// Sockets that were taken over have numbers from here on, so that the search meets only others. Where
/// few files may be open, half of them are left for these.
static OURS: LazyLock<RawFd> = LazyLock::new(|| {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    RawFd::try_from(limit / 2).unwrap_or(RawFd::MAX).min(16_384)
});

/// One for all, as the numbers are.
static SEARCH: LazyLock<Mutex<Search>> = LazyLock::new(Mutex::default);

/// The socket of this stream, if it is found; else the stream, which does as well.
pub(super) fn take_over(mut stream: IoStream, ends: Ends) -> io::Result<Socket> {
    let mut early = [MaybeUninit::uninit(); EARLY];
    let mut early = ReadBuf::uninit(&mut early);
    let read = Pin::new(&mut stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut early);
    // What came together with the upgrade lies in the stream, and is read first: nothing of it is left
    // behind a read that it does not fill.
    let can_be_taken = match read {
        Poll::Pending => true,
        Poll::Ready(Ok(())) => !early.filled().is_empty() && early.remaining() > 0,
        Poll::Ready(Err(_)) => false,
    };
    let early = (!early.filled().is_empty()).then(|| early.filled().into());
    let found = can_be_taken.then(|| SEARCH.lock().find(ends)).flatten();
    let taken = found.and_then(|number| Some((number, duplicate(number, ends)?)));
    let Some((number, socket)) = taken else {
        return Ok(Socket { early, stream: Stream::Rocket(stream) });
    };
    drop(stream);
    if files::look_at(number, |file| is(file, ends)) {
        return Err(io::Error::other("another socket has the same client"));
    }
    let socket = TcpStream::from_std(net::TcpStream::from(socket))?;
    Ok(Socket { early, stream: Stream::Tcp(socket) })
}

/// The socket under a number of ours, if it still is that of this client.
fn duplicate(number: RawFd, ends: Ends) -> Option<OwnedFd> {
    let socket = files::look_at(number, |file| fcntl_dupfd_cloexec(file, *OURS)).ok()?;
    is(socket.as_fd(), ends).then_some(socket)
}

/// Whether this is the socket between these ends.
fn is(file: BorrowedFd<'_>, ends: Ends) -> bool {
    let port = || Some(SocketAddr::try_from(getsockname(file).ok()?).ok()?.port());
    peer_of(file) == Ok(Some(ends.peer)) && port() == Some(ends.port)
}

/// The other end, if the file is a socket that has one. An error means that there is no file.
fn peer_of(file: BorrowedFd<'_>) -> Result<Option<SocketAddr>, Errno> {
    match getpeername(file) {
        Ok(address) => Ok(address.and_then(|address| SocketAddr::try_from(address).ok())),
        Err(Errno::BADF) => Err(Errno::BADF),
        Err(_) => Ok(None),
    }
}

/// Goes round and round through the files that are not ours, so that few looks are enough for each
/// client, however many come at once.
#[derive(Default)]
struct Search {
    next: RawFd,
    /// The last file of this round so far, and of the round before.
    last: RawFd,
    last_before: RawFd,
    /// Whose socket was seen where. Most are gone some time later, without a word.
    seen: HashMap<SocketAddr, RawFd>,
}

impl Search {
    fn find(&mut self, ends: Ends) -> Option<RawFd> {
        let seen = self.seen.remove(&ends.peer);
        let found = seen.filter(|number| files::look_at(*number, |file| is(file, ends)));
        found.or_else(|| (0..LOOKS).find_map(|_| self.look(ends)))
    }

    /// Looks at the next file: its number, if it is the socket between these ends.
    fn look(&mut self, ends: Ends) -> Option<RawFd> {
        if self.next >= *OURS || self.next > self.last.max(self.last_before) + MARGIN {
            (self.next, self.last, self.last_before) = (0, 0, self.last);
        }
        let number = self.next;
        self.next += 1;
        let peer = files::look_at(number, peer_of).ok()?;
        self.last = number;
        if peer == Some(ends.peer) && files::look_at(number, |file| is(file, ends)) {
            return Some(number);
        }
        if self.seen.len() > *OURS as usize {
            self.seen.clear();
        }
        self.seen.extend(peer.map(|peer| (peer, number)));
        None
    }
}
