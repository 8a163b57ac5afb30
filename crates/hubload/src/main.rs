//! A load generator and meter for any SignalR server: see README.md.

mod cli;
mod client;
mod crew;
mod engine;
mod faults;
mod floor;
mod http;
mod measure;
mod progress;
mod protocol;
mod report;
mod rounds;
mod scenario;
mod websocket;

use std::process::ExitCode;

use clap::Parser;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::cli::{Cli, Command};

/// What the program exits with if something could not be measured at all.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    raise_file_limit();
    let done = match &cli.command {
        Command::Floor(floor) => floor::serve(floor).map(|()| true),
        command => rounds::run(command),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hubload: {error}");
            ExitCode::from(UNUSABLE)
        }
    }
}

/// A connection is a file, and 1024 are soon used up.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If that is refused, too many connections are.
    let _ = setrlimit(Resource::Nofile, limit);
}
