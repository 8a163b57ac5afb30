//! Room for clients that all connect at the same moment.

use rocket::{
    Orbit, Rocket,
    fairing::{Fairing, Info, Kind},
};

/// How many clients may wait to be accepted: a fairing.
///
/// Rocket listens with room for 128. After a restart all clients come back within a second or two,
/// and who finds no room then tries again after 1, 3 and 7 seconds, as TCP has it. ASP.NET Core has
/// room for 512.
///
/// The kernel's own bound holds, too: `net.core.somaxconn`, which is 4096. On other systems than
/// Linux, this does nothing.
///
/// ```
/// use rocket_signalr::ListenBacklog;
///
/// let rocket = rocket::build().attach(ListenBacklog::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenBacklog(pub i32);

impl Default for ListenBacklog {
    /// As many as the kernel allows unless it was told otherwise: 4096.
    fn default() -> Self {
        Self(4096)
    }
}

#[rocket::async_trait]
impl Fairing for ListenBacklog {
    fn info(&self) -> Info {
        Info { name: "listen backlog", kind: Kind::Liftoff | Kind::Singleton }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        #[cfg(target_os = "linux")]
        if let Err(error) = linux::listen(rocket.config().port, self.0) {
            tracing::warn!(%error, "the listen backlog stays as it is");
        }
        #[cfg(not(target_os = "linux"))]
        let _ = rocket;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, io, net::SocketAddr};

    use rustix::net::{self, sockopt::socket_acceptconn};

    use crate::files;

    /// Has the socket that listens on `port` listen with room for `backlog`.
    pub(super) fn listen(port: u16, backlog: i32) -> io::Result<()> {
        for entry in fs::read_dir("/proc/self/fd")? {
            let Some(number) = entry?.file_name().to_str().and_then(|name| name.parse().ok())
            else {
                continue;
            };
            files::look_at(number, |file| {
                let listens = socket_acceptconn(file).unwrap_or(false);
                let address = net::getsockname(file).ok();
                let address = address.and_then(|address| SocketAddr::try_from(address).ok());
                if listens && address.is_some_and(|address| address.port() == port) {
                    net::listen(file, backlog)?;
                }
                io::Result::Ok(())
            })?;
        }
        Ok(())
    }
}
