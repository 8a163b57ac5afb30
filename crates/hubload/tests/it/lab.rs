//! Against a real server: the `lab` example of `rocket_signalr`, which the variable `LAB` names.

use std::process::Command;

use crate::{every_scenario, server::Server};

fn lab() -> Server {
    let program = std::env::var("LAB").expect("LAB names the lab example");
    Server::start(Command::new(program).args(["--urls", "http://127.0.0.1:0"]))
}

#[test]
#[ignore = "needs the program that LAB names"]
fn every_scenario_runs_on_every_transport() {
    let lab = lab();
    for transport in ["websockets", "sse", "longpolling"] {
        every_scenario(&lab, &["--transport", transport]);
    }
}

#[test]
#[ignore = "needs the program that LAB names"]
fn every_scenario_runs_with_messagepack() {
    let lab = lab();
    for transport in ["websockets", "longpolling"] {
        every_scenario(&lab, &["--transport", transport, "--protocol", "messagepack"]);
    }
}
