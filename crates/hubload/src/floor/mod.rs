//! The floor: a server of bare sockets that does the work of the hub with one `send` for each
//! message and no more than that. No framework, no task, no lock, no tables that could be done
//! without; requests are looked at only as far as `hubload` itself makes them. Only WebSockets.

mod http;
mod hub;
mod peer;
mod peers;
mod pump;
mod server;

use std::{io::Write, net::TcpListener};

use rustix::process::{Signal, set_parent_process_death_signal};

use crate::cli;

pub(crate) fn serve(floor: &cli::Floor) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", floor.listen);
    if floor.end_with_parent {
        set_parent_process_death_signal(Some(Signal::TERM))
            .map_err(|error| failed(error.into()))?;
    }
    let listener = TcpListener::bind(floor.listen).map_err(failed)?;
    // A storm of connections does not fit in the backlog that the standard library asks for.
    rustix::net::listen(&listener, 4096).map_err(|error| failed(error.into()))?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "Now listening on: http://{address}")
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("stdout: {error}"))?;
    drop(stdout);
    server::Server::new(listener).map_err(failed)?.run().map_err(failed)
}
