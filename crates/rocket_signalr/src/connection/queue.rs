//! What waits for one client, in its order.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes};

/// Frames that wait. An idle connection's queue owns no memory.
#[derive(Default)]
pub(super) struct Queue {
    frames: VecDeque<Waiting>,
    bytes: usize,
    /// Some of the first frame has been written: what is left of it must follow.
    begun: bool,
}

struct Waiting {
    bytes: Bytes,
    /// A newer frame with the same key takes this one's place.
    key: Option<u64>,
}

impl Queue {
    /// How many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Adds a frame of which nothing has been written.
    pub(super) fn push(&mut self, bytes: Bytes, key: Option<u64>) {
        self.bytes += bytes.len();
        self.frames.push_back(Waiting { bytes, key });
    }

    /// Adds the rest of a frame to an empty queue.
    pub(super) fn push_rest(&mut self, bytes: Bytes) {
        self.begun = true;
        self.push(bytes, None);
    }

    /// Puts a frame in the place of one with the same key, if such a one waits and nothing of it has
    /// been written. It goes to the end: what was sent in between was sent before it.
    pub(super) fn supersede(&mut self, key: u64) {
        let from = usize::from(self.begun);
        let stale = self.frames.iter().skip(from).position(|waiting| waiting.key == Some(key));
        if let Some(stale) = stale.and_then(|index| self.frames.remove(index + from)) {
            self.bytes -= stale.bytes.len();
        }
    }

    /// Puts frames back that were taken, before all others.
    pub(super) fn put_back(&mut self, frames: Vec<Bytes>) {
        for bytes in frames.into_iter().rev() {
            self.bytes += bytes.len();
            self.frames.push_front(Waiting { bytes, key: None });
        }
    }

    /// Takes all.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        let Self { frames, .. } = std::mem::take(self);
        frames.into_iter().map(|waiting| waiting.bytes).collect()
    }

    /// The first frames, as many as there are slices. Returns how many.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let count = self.frames.len().min(slices.len());
        for (slice, waiting) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(&waiting.bytes);
        }
        count
    }

    /// So many bytes from the front have been written.
    pub(super) fn written(&mut self, mut count: usize) {
        self.bytes -= count;
        while let Some(first) = self.frames.front_mut() {
            if count < first.bytes.len() {
                self.begun |= count > 0;
                first.bytes.advance(count);
                return;
            }
            count -= first.bytes.len();
            self.begun = false;
            self.frames.pop_front();
        }
        // A burst must not leave its memory behind at every idle connection.
        self.frames = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(queue: &Queue) -> Vec<String> {
        let mut slices = [IoSlice::new(&[]); 8];
        let count = queue.slices(&mut slices);
        slices[..count].iter().map(|slice| String::from_utf8_lossy(slice).into_owned()).collect()
    }

    #[test]
    fn newer_frames_take_the_place_of_older_ones_with_their_key() {
        let mut queue = Queue::default();
        queue.push("cpu 1".into(), Some(1));
        queue.push("chat".into(), None);
        queue.push("mem 1".into(), Some(2));
        queue.supersede(1);
        queue.push("cpu 2".into(), Some(1));
        assert_eq!(texts(&queue), ["chat", "mem 1", "cpu 2"]);
        assert_eq!(queue.bytes(), 14);
    }

    #[test]
    fn frame_that_was_begun_is_finished() {
        let mut queue = Queue::default();
        queue.push("cpu 1".into(), Some(1));
        queue.written(2);
        queue.supersede(1);
        queue.push("cpu 2".into(), Some(1));
        assert_eq!(texts(&queue), ["u 1", "cpu 2"]);
        queue.written(3);
        queue.supersede(1);
        queue.push("cpu 3".into(), Some(1));
        assert_eq!(texts(&queue), ["cpu 3"]);
    }

    #[test]
    fn what_is_written_leaves_in_order() {
        let mut queue = Queue::default();
        queue.push_rest("abc".into());
        queue.push("def".into(), None);
        queue.written(4);
        assert_eq!(texts(&queue), ["ef"]);
        queue.written(2);
        assert!(queue.is_empty());
        assert_eq!(queue.bytes(), 0);
        queue.put_back(vec!["x".into(), "y".into()]);
        assert_eq!(queue.take(), ["x", "y"]);
        assert_eq!(queue.bytes(), 0);
    }
}
