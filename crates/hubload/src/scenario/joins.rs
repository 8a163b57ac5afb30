use std::time::{Duration, Instant};

use super::{Bench, PATIENCE};
use crate::{
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    protocol::{Invocation, Message, Value},
};

/// Has each client join its group, and waits until all are in.
pub(super) fn run(bench: &mut Bench, members: Vec<(u32, String)>, faults: &mut Faults) {
    let hands = bench.crew.deal(members, |&(client, _)| client).into_iter();
    let joins =
        |members: Vec<_>| Joins { waiting: members.len(), members, faults: Faults::default() };
    let mut joins: Vec<_> = hands.map(joins).collect();
    bench.drive(&mut joins, PATIENCE);
    for joins in joins {
        faults.add_many("a group was not joined", joins.waiting as u64);
        faults.append(joins.faults);
    }
}

struct Joins {
    /// Who has not yet asked to join what.
    members: Vec<(u32, String)>,
    /// How many are not known to be in.
    waiting: usize,
    faults: Faults,
}

impl Listener for Joins {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn received(&mut self, _: &mut Client, message: Message<'_>, _: Instant) {
        match message {
            Message::Completion { outcome: Ok(_), .. } => self.waiting -= 1,
            Message::Completion { outcome: Err(error), .. } => {
                self.faults.add(format!("a group was not joined: {error}"));
                self.waiting -= 1;
            }
            _ => self.faults.add("a message while groups were joined"),
        }
    }
}

impl Load for Joins {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        for (client, group) in self.members.drain(..) {
            let arguments = [Some(Value::text(&group)), None];
            let join = Invocation { id: Some(0), ..Invocation::new("JoinGroup", arguments) };
            crowd.send(client, &[Message::Invocation(join)]);
        }
        (self.waiting > 0).then(|| now + Duration::from_secs(1))
    }
}
