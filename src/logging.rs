//! The log: to stderr, as much as `RUST_LOG` says, or else Rocket's `log_level`.

use rocket::config::LogLevel;
use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// Starts the log of this process.
///
/// # Errors
/// `RUST_LOG` is not understood, or a log was started before.
pub fn start(config: &Config) -> Result<(), String> {
    let directives = std::env::var("RUST_LOG").unwrap_or_else(|_| default(config.log_level).into());
    let filter = EnvFilter::builder()
        .parse(&directives)
        .map_err(|error| format!("wrong setting: RUST_LOG={directives}: {error}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(config.colors && std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init()
        .map_err(|error| error.to_string())
}

/// Rocket tells each request and each route at `info` and each wrong address at `error`,
/// and sqlx each migration: that is more than an operator reads every day. The handlers that it
/// generates (`…::_`) warn of everybody who asks for a page of the staff.
fn default(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Off => "off",
        LogLevel::Critical => {
            "warn,rocket=error,rocket::server::_=off,signalbox::polls::pages::_=error"
        }
        LogLevel::Normal => {
            "info,rocket=error,rocket::server::_=off,signalbox::polls::pages::_=error,sqlx=warn,\
             tokio_cron_scheduler=warn"
        }
        LogLevel::Debug => "debug",
    }
}
