/// What a client has got of the stream that it belongs to.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) stream: u32,
    pub(super) state: State,
    /// The lowest number that has not come, but for those that are missing.
    next: u32,
    /// What was passed over.
    missing: Vec<u32>,
    stamp: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Hearing,
    Deaf,
    Gone,
}

impl Member {
    pub(super) fn of(stream: u32) -> Self {
        Self { stream, state: State::Hearing, next: 0, missing: Vec::new(), stamp: 0 }
    }

    /// Takes a message, or tells why it should not have come now.
    pub(super) fn take(&mut self, number: u32) -> Result<(), &'static str> {
        if number >= self.next {
            self.missing.extend(self.next..number);
            self.next = number + 1;
            return Ok(());
        }
        match self.missing.iter().position(|&missing| missing == number) {
            Some(place) => {
                self.missing.swap_remove(place);
                Err("a message out of order")
            }
            None => Err("a message came twice"),
        }
    }

    /// Takes a message that has a time instead of a number, and tells its number.
    pub(super) fn take_stamp(&mut self, stamp: u64) -> Result<u32, &'static str> {
        if stamp < self.stamp {
            return Err("a message out of order");
        }
        self.stamp = stamp;
        self.next += 1;
        Ok(self.next - 1)
    }

    /// How many of those sent have not come.
    pub(super) fn lost(&self, sent: u32) -> u64 {
        u64::from(sent.saturating_sub(self.next)) + self.missing.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_doubles_and_late_ones_are_told_apart() {
        let mut member = Member::of(0);
        assert_eq!(member.take(0), Ok(()));
        assert_eq!(member.take(3), Ok(()));
        assert_eq!(member.lost(5), 3);
        assert_eq!(member.take(1), Err("a message out of order"));
        assert_eq!(member.take(1), Err("a message came twice"));
        assert_eq!(member.take(3), Err("a message came twice"));
        assert_eq!(member.lost(4), 1);
    }

    #[test]
    fn stamps_are_counted_and_never_go_back() {
        let mut member = Member::of(0);
        assert_eq!(member.take_stamp(5), Ok(0));
        assert_eq!(member.take_stamp(5), Ok(1));
        assert_eq!(member.take_stamp(4), Err("a message out of order"));
        assert_eq!(member.lost(3), 1);
    }
}
