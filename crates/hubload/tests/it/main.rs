//! Runs the program as its users do. No speed is asserted, only that all is told as it is.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails should say where")]

mod faults;
mod floor;
mod lab;
mod meddler;
mod server;

use std::process::{Command, Output};

/// What all runs have in common: few clients, a short time.
const SHORT: [&str; 6] = ["--connections", "20", "--duration", "0.3", "--warm-up", "0.1"];

/// Each scenario, with the name of a figure that it brings.
const SCENARIOS: [(&[&str], &str); 13] = [
    (&["idle", "--steps", "2"], "CPU per connection and second"),
    (&["connect"], "connections closed"),
    (&["broadcast"], "delay p99.9"),
    (&["broadcast", "--burst", "5", "--rate", "100"], "burst p50"),
    (&["broadcast", "--through", "post"], "CPU per delivery"),
    (&["group", "--groups", "4"], "deliveries"),
    (&["group", "--groups", "4", "--rate", "100", "--through", "post"], "deliveries"),
    (&["user", "--users", "7", "--rate", "100"], "deliveries"),
    (&["echo", "--rate", "100"], "calls answered"),
    (&["echo", "--in-flight", "3"], "CPU per call"),
    (&["stream", "--items", "20"], "CPU per item"),
    (&["upload", "--items", "20"], "CPU per item"),
    (&["mixed", "--poll", "0.2"], "vote p99"),
];

fn hubload(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hubload")).args(arguments).output().unwrap()
}

/// What a run has written, which must have succeeded.
#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = hubload(arguments);
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{stdout}\n{stderr}");
    stdout
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs every scenario against a server.
fn every_scenario(server: &server::Server, options: &[&str]) {
    let pid = server.pid().to_string();
    for (scenario, figure) in SCENARIOS {
        let to = ["--url", &server.hub(), "--pid", &pid];
        let table = succeeds(&[scenario, &to, &SHORT, options].concat());
        assert!(table.contains(figure), "{scenario:?} {options:?}\n{table}");
    }
}
