//! Reads the settings, starts the log, launches. `signalbox typescript` prints declarations instead.

use std::process::ExitCode;

use rocket::error::ErrorKind;
use signalbox::config::Config;
use signalbox::{logging, typescript};

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("signalbox: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), String> {
    if std::env::args().nth(1).as_deref() == Some("typescript") {
        print!("{}", typescript::declarations().map_err(|error| error.to_string())?);
        return Ok(());
    }
    let config = Config::load().map_err(|error| error.to_string())?;
    logging::start(&config)?;
    let launch = async { signalbox::rocket(config).launch().await };
    match rocket::execute(launch) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            // Everything did stop, only slower than hoped.
            ErrorKind::Shutdown(..) => Ok(()),
            ErrorKind::Bind(error) => {
                Err(format!("cannot listen there: {error} (see ROCKET_ADDRESS and ROCKET_PORT)"))
            }
            ErrorKind::FailedFairings(failed) => {
                let names: Vec<_> = failed.iter().map(|fairing| fairing.name).collect();
                Err(format!("not started: {} failed", names.join(", ")))
            }
            _ => Err(format!("not started: {}", error.pretty_print())),
        },
    }
}
