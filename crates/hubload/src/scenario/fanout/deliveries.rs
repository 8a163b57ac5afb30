use std::mem;

use super::{Burst, Fanout, Programme};
use crate::{
    faults::Faults,
    measure::{Delays, Recorder},
};

/// What all threads together have got.
pub(in crate::scenario) struct Deliveries {
    /// Since the measurement began.
    pub(in crate::scenario) count: u64,
    pub(in crate::scenario) delays: Delays,
    /// When the last of a burst came.
    pub(in crate::scenario) bursts: Delays,
    /// How many of the clients that do not read were dropped by the server.
    pub(in crate::scenario) dropped: u32,
    pub(in crate::scenario) faults: Faults,
}

impl Deliveries {
    pub(in crate::scenario) fn of(
        programme: &Programme,
        fanouts: impl IntoIterator<Item = Fanout>,
    ) -> Self {
        let Programme { schedule, from, duration, .. } = programme;
        let (mut count, mut dropped, mut faults) = (0, 0, Faults::default());
        let mut all: Vec<Burst> = Vec::new();
        let delays = Delays::of(fanouts.into_iter().map(|mut fanout| {
            count += fanout.delivered;
            dropped += fanout.dropped;
            faults.add_many("a message was lost", fanout.lost());
            faults.append(mem::take(&mut fanout.faults));
            all.resize(fanout.bursts.len(), Burst::default());
            for (all, one) in all.iter_mut().zip(&fanout.bursts) {
                all.awaited += one.awaited;
                all.last = all.last.max(one.last);
            }
            fanout.delays
        }));
        let mut bursts = Recorder::new(*from, *duration);
        for (burst, n) in all.iter().zip(0..) {
            let due = schedule.due(n * schedule.together);
            if let Some(last) = burst.last.filter(|_| burst.awaited == 0 && due >= *from) {
                bursts.record(due, last);
            }
        }
        Self { count, delays, bursts: Delays::of([bursts]), dropped, faults }
    }
}
