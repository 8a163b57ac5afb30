//! Messages to all, to groups and to users.

use std::{sync::Arc, time::Instant};

use super::{
    Bench, DELAY, Outcome, SIZE, connections,
    fanout::{Audience, Deliveries, Fanout, Programme, Sender, Target},
    figures, joins,
    schedule::Schedule,
    tokens,
};
use crate::cli::{self, Through};

pub(super) fn broadcast(bench: &mut Bench, sending: &cli::Sending) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    connections::connect(bench, bench.options.connections, |_| None, &mut outcome.faults);
    let members = connections::open(bench).into_iter().map(|id| (id, 0)).collect();
    send(bench, sending, Audience { targets: vec![Target::All], members }, &mut outcome)?;
    Ok(outcome)
}

pub(super) fn group(bench: &mut Bench, group: &cli::Group) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let connections = bench.options.connections;
    let groups = group.groups.min(connections);
    let name = |n: u32| format!("group-{n}");
    connections::connect(bench, connections, |_| None, &mut outcome.faults);
    let members: Vec<_> =
        connections::open(bench).into_iter().map(|id| (id, id % groups)).collect();
    let joining = members.iter().map(|&(client, group)| (client, name(group))).collect();
    joins::run(bench, joining, &mut outcome.faults);
    let targets = (0..groups).map(|n| Target::Group(name(n))).collect();
    send(bench, &group.sending, Audience { targets, members }, &mut outcome)?;
    Ok(outcome)
}

pub(super) fn user(bench: &mut Bench, user: &cli::User) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let connections = bench.options.connections;
    let users = user.users.unwrap_or(connections).min(connections);
    let tokens = tokens::fetch(bench, users, &user.token)?;
    let bearer = |id: u32| Some(Arc::clone(&tokens[(id % users) as usize]));
    connections::connect(bench, connections, bearer, &mut outcome.faults);
    let members = connections::open(bench).into_iter().map(|id| (id, id % users)).collect();
    let targets = (0..users).map(|n| Target::User(tokens::user(n))).collect();
    let sending = cli::Sending { rate: user.rate, burst: 1, through: Through::Hub };
    send(bench, &sending, Audience { targets, members }, &mut outcome)?;
    Ok(outcome)
}

fn send(
    bench: &mut Bench,
    sending: &cli::Sending,
    audience: Audience,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let Some(&(first, _)) = audience.members.first() else {
        return Ok(());
    };
    let (warm_up, duration) = (bench.options.warm_up, bench.options.duration);
    let (streams, burst) = (audience.targets.len() as u64, u64::from(sending.burst));
    let (sender, rate, together) = match sending.through {
        Through::Hub => (Sender::Client(first), sending.rate, burst),
        Through::Post => {
            let interval = (streams as f64 * 1000.0 / sending.rate).round();
            if interval < 1.0 {
                return Err("--rate is more than one message a millisecond by post".into());
            }
            let sender = Sender::Server(Arc::clone(&bench.plan));
            (sender, streams as f64 * 1000.0 / interval, burst * streams)
        }
    };
    let start = Instant::now();
    let from = start + warm_up;
    let schedule = Schedule { start, rate, together };
    let programme = Programme { sender, schedule, texts: bench.texts(0, SIZE), from, duration };
    let mut fanouts = Fanout::deal(bench, &programme, audience);
    let usage = bench.measure(&mut fanouts, from, warm_up + duration + DELAY, |_| {});
    let deliveries = Deliveries::of(&programme, fanouts);
    outcome.faults.append(deliveries.faults);

    let (figures, count) = (&mut outcome.figures, deliveries.count as f64);
    figures::add(figures, "deliveries", "/s", count / usage.seconds);
    figures::cpu(figures, "CPU per delivery", &usage, count);
    figures::delays(figures, figures::DELAY, &deliveries.delays);
    outcome.delays.push(("delivery", deliveries.delays));
    if burst > 1 {
        let names = ["burst p50", "burst p99", "burst p99.9", "burst max"];
        figures::delays(figures, names, &deliveries.bursts);
        outcome.delays.push(("burst", deliveries.bursts));
    }
    figures::server(figures, &usage);
    outcome.usage = usage;
    connections::close(bench, &mut outcome.faults);
    Ok(())
}
