//! All samples, for other programs.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{Report, Turn};

pub(crate) fn write(report: &Report<'_>, path: &Path) -> Result<(), String> {
    let text = serde_json::to_string(&whole(report)).map_err(|error| error.to_string())?;
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn whole(report: &Report<'_>) -> Value {
    let options = report.options;
    let servers: Vec<_> = report
        .servers
        .iter()
        .map(|server| {
            json!({
                "name": server.name,
                "url": server.url.to_string(),
                "pid": server.pid,
                "transport": server.transport.name(),
            })
        })
        .collect();
    json!({
        "hubload": env!("CARGO_PKG_VERSION"),
        "scenario": report.command.name(),
        // With all that the scenario takes, whatever that is.
        "arguments": std::env::args().skip(1).collect::<Vec<_>>(),
        "connections": options.connections,
        "threads": options.threads(),
        "seconds": options.duration.as_secs_f64(),
        "servers": servers,
        "turns": report.turns.iter().map(turn).collect::<Vec<_>>(),
        "ratios": ratios(report),
    })
}

fn turn(turn: &Turn) -> Value {
    let figures: Vec<_> = turn
        .outcome
        .figures
        .iter()
        .map(|figure| json!({ "name": figure.name, "unit": figure.unit, "value": figure.value }))
        .collect();
    let delays: Vec<_> = turn
        .outcome
        .delays
        .iter()
        .map(|(name, delays)| {
            json!({
                "of": name,
                "unit": "µs",
                "recorded": delays.recorded(),
                "points": delays.points(),
            })
        })
        .collect();
    json!({
        "round": turn.round,
        "server": turn.server,
        "figures": figures,
        "delays": delays,
        "usage": turn.outcome.usage,
        "faults": turn.outcome.faults,
    })
}

fn ratios(report: &Report<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    for (above, below) in report.pairs() {
        for figure in report.figures() {
            let rounds = report.ratios((above, below), figure.name);
            all.push(json!({ "of": [above, below], "name": figure.name, "rounds": rounds }));
        }
    }
    all
}
