//! Stateful reconnect: which messages were sent and received, so that a new socket can go on where
//! the old one broke off.
//!
//! Both directions number their messages of types 1 to 5 from 1 on. Ping, Close, Ack and Sequence
//! are not counted.

use std::collections::VecDeque;

use bytes::Bytes;

/// What is remembered of a connection that may come back on another socket.
#[derive(Debug)]
pub(super) struct Replay {
    /// Messages the client has not acknowledged, the oldest first.
    unacknowledged: VecDeque<Bytes>,
    /// The number of the oldest.
    first: u64,
    /// How many at the end of these have not been sent yet, since too many bytes were unacknowledged.
    held: usize,
    /// The bytes of those that were sent.
    sent_bytes: usize,
    /// The bytes of those that were held.
    held_bytes: usize,
    limit: usize,
    /// The number of the last message that was carried out.
    received: u64,
    /// The number of the last message that came: less than `received` while the client repeats.
    current: u64,
    /// The last number that was acknowledged to the client.
    acknowledged: u64,
}

/// The client names a message that it cannot have sent yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SequenceTooHigh;

impl Replay {
    /// Sends until more than `limit` bytes are unacknowledged; the message that crosses the limit
    /// is still sent.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            unacknowledged: VecDeque::new(),
            first: 1,
            held: 0,
            sent_bytes: 0,
            held_bytes: 0,
            limit,
            received: 0,
            current: 0,
            acknowledged: 0,
        }
    }

    /// Remembers a message. True if it is to be sent now.
    pub(super) fn push(&mut self, frame: Bytes) -> bool {
        let now = self.held == 0 && self.sent_bytes < self.limit;
        if now {
            self.sent_bytes += frame.len();
        } else {
            self.held += 1;
            self.held_bytes += frame.len();
        }
        self.unacknowledged.push_back(frame);
        now
    }

    /// How many bytes wait for an acknowledgement before they are sent.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// The client has everything up to `number`. Calls `send` with what may be sent for that.
    pub(super) fn acknowledge(&mut self, number: i64, mut send: impl FnMut(&Bytes)) {
        let number = u64::try_from(number).unwrap_or(0);
        while self.first <= number && self.unacknowledged.len() > self.held {
            if let Some(frame) = self.unacknowledged.pop_front() {
                self.sent_bytes -= frame.len();
                self.first += 1;
            }
        }
        while self.held > 0 && self.sent_bytes < self.limit {
            let next = self.unacknowledged.len() - self.held;
            let Some(frame) = self.unacknowledged.get(next) else { break };
            self.held -= 1;
            self.held_bytes -= frame.len();
            self.sent_bytes += frame.len();
            send(frame);
        }
    }

    /// The number of the next message to be sent on a new socket, and what is sent again.
    pub(super) fn resume(&self) -> (u64, impl Iterator<Item = &Bytes>) {
        let sent = self.unacknowledged.len() - self.held;
        (self.first, self.unacknowledged.iter().take(sent))
    }

    /// A counted message came. False if it was carried out before.
    pub(super) fn receive(&mut self) -> bool {
        self.current += 1;
        let new = self.current > self.received;
        self.received = self.received.max(self.current);
        new
    }

    /// The client will go on with this message.
    pub(super) fn sequence(&mut self, number: i64) -> Result<(), SequenceTooHigh> {
        let number = u64::try_from(number).unwrap_or(0);
        if number > self.received + 1 {
            return Err(SequenceTooHigh);
        }
        self.current = number.saturating_sub(1);
        Ok(())
    }

    /// What is to be acknowledged to the client, if it is something new.
    pub(super) fn due(&mut self) -> Option<u64> {
        let due = self.received > self.acknowledged;
        self.acknowledged = self.received;
        due.then_some(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    fn resumed(replay: &Replay) -> (u64, usize) {
        let (number, frames) = replay.resume();
        (number, frames.count())
    }

    #[test]
    fn unacknowledged_messages_are_sent_again() {
        let mut replay = Replay::new(100);
        assert!((0..3).all(|_| replay.push(frame(10))));
        replay.acknowledge(1, |_| panic!("nothing was held"));
        assert_eq!(resumed(&replay), (2, 2));
    }

    #[test]
    fn sequence_is_the_next_message_when_nothing_is_pending() {
        let mut replay = Replay::new(100);
        replay.push(frame(10));
        replay.acknowledge(1, |_| ());
        assert_eq!(resumed(&replay), (2, 0));
    }

    #[test]
    fn acknowledgement_of_what_was_never_sent_is_harmless() {
        let mut replay = Replay::new(15);
        replay.push(frame(10));
        replay.push(frame(10));
        replay.push(frame(10));
        let mut sent = 0;
        replay.acknowledge(i64::MAX, |_| sent += 1);
        assert_eq!(sent, 1);
        assert_eq!(resumed(&replay), (3, 1));
        replay.acknowledge(-1, |_| ());
        assert_eq!(resumed(&replay), (3, 1));
    }

    #[test]
    fn messages_beyond_the_limit_are_held_until_there_is_room() {
        let mut replay = Replay::new(15);
        assert!(replay.push(frame(10)));
        assert!(replay.push(frame(10)), "the one that crosses the limit is sent");
        assert!(!replay.push(frame(10)));
        assert!(!replay.push(frame(1)));
        assert_eq!(replay.held_bytes(), 11);
        let mut sent = Vec::new();
        replay.acknowledge(1, |frame| sent.push(frame.len()));
        assert_eq!(sent, [10]);
        replay.acknowledge(3, |frame| sent.push(frame.len()));
        assert_eq!(sent, [10, 1]);
        assert_eq!(replay.held_bytes(), 0);
    }

    #[test]
    fn repeated_messages_are_carried_out_once() {
        let mut replay = Replay::new(100);
        assert!(replay.receive());
        assert!(replay.receive());
        assert_eq!(replay.sequence(2), Ok(()));
        assert!(!replay.receive());
        assert!(replay.receive());
        assert_eq!(replay.due(), Some(3));
        assert_eq!(replay.due(), None);
    }

    #[test]
    fn sequence_beyond_what_was_received_is_refused() {
        let mut replay = Replay::new(100);
        replay.receive();
        assert_eq!(replay.sequence(2), Ok(()));
        assert_eq!(replay.sequence(3), Err(SequenceTooHigh));
    }
}
