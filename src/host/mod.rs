//! Hosted services: work that ticks on a schedule for as long as the server runs.
//!
//! As in ASP.NET Core, a feature implements [`HostedService`] and hands it to the [`Host`] while
//! the application is put together. The host starts all services at lift-off and stops them, last
//! one first, at shutdown. Each is supervised: an error or a panic is logged, counted and shown, and
//! the service goes on after a back-off. A service never overlaps itself.

mod schedule;
mod status;
mod supervisor;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use rocket::fairing::AdHoc;
use tokio::{sync::watch, task::JoinHandle};

use self::supervisor::{STOP_LIMIT, Supervisor};
pub use self::{
    schedule::{Schedule, ScheduleError},
    status::{ServiceState, ServiceStatus},
};

/// What may go wrong in a service. It is logged and shown to staff.
pub type ServiceError = Box<dyn std::error::Error + Send + Sync>;

/// Work that is done again and again.
///
/// A panic counts as an error. After one, the tick is tried again in 1 s, and the pause doubles up
/// to 60 s until a tick succeeds.
#[rocket::async_trait]
pub trait HostedService: Send + Sync + 'static {
    /// The name in logs and in the status; no two services share one.
    fn name(&self) -> &'static str;

    /// When it ticks. Asked once, when the service is added.
    fn schedule(&self) -> Schedule;

    /// What has to be done before the first tick.
    ///
    /// # Errors
    /// The service does not tick yet; the start is tried again after the back-off.
    async fn start(&self) -> Result<(), ServiceError> {
        Ok(())
    }

    /// One turn of the work. A tick that takes longer than the period leaves ticks out: they are
    /// not made up for.
    ///
    /// # Errors
    /// Logged, counted and shown; the tick is tried again after the back-off.
    async fn tick(&self, cx: &TickContext) -> Result<(), ServiceError>;

    /// What has to be done after the last tick, for instance to write down what is still in memory.
    ///
    /// # Errors
    /// Logged.
    async fn stop(&self) -> Result<(), ServiceError> {
        Ok(())
    }
}

/// What a service is told of its tick.
#[derive(Debug, Clone, Copy)]
pub struct TickContext {
    /// The time at which the tick began.
    pub at: DateTime<Utc>,
}

/// All hosted services of the application. Clones share them.
#[derive(Clone, Default)]
pub struct Host {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    services: Mutex<Vec<Arc<Supervisor>>>,
    refused: Mutex<Vec<String>>,
    running: Mutex<Vec<Running>>,
}

struct Running {
    name: &'static str,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Host {
    /// Adds a service, which starts at lift-off. Call it while the application is put together.
    ///
    /// A service with a wrong schedule or a name that is taken stops the start of the application
    /// with a message that names it.
    pub fn add(&self, service: impl HostedService) {
        let name = service.name();
        let mut services = self.inner.services.lock();
        if services.iter().any(|s| s.name() == name) {
            self.inner.refused.lock().push(format!("two services have the name {name:?}"));
            return;
        }
        match Supervisor::new(service) {
            Ok(supervisor) => services.push(Arc::new(supervisor)),
            Err(error) => self.inner.refused.lock().push(format!("service {name:?}: {error}")),
        }
    }

    /// How each service does, in the order in which they were added.
    pub fn status(&self) -> Vec<ServiceStatus> {
        self.inner.services.lock().iter().map(|s| s.status()).collect()
    }

    /// Whether all services do their work: they run, and none has failed three times in a row.
    pub fn healthy(&self) -> bool {
        self.inner.services.lock().iter().all(|s| s.status().healthy)
    }

    /// Whether all services were accepted.
    fn check(&self) -> bool {
        let refused = self.inner.refused.lock();
        for text in refused.iter() {
            tracing::error!("{text}");
        }
        refused.is_empty()
    }

    fn start(&self) {
        let mut running = self.inner.running.lock();
        for supervisor in self.inner.services.lock().iter() {
            let (stop, stopped) = watch::channel(false);
            let task = tokio::spawn(Arc::clone(supervisor).run(stopped));
            running.push(Running { name: supervisor.name(), stop, task });
        }
    }

    /// Stops all services, the last one first. Each may finish its tick and its own stop within
    /// [`STOP_LIMIT`]; after that it is dropped.
    async fn stop(&self) {
        let running = std::mem::take(&mut *self.inner.running.lock());
        for Running { name, stop, mut task } in running.into_iter().rev() {
            stop.send_replace(true);
            if tokio::time::timeout(STOP_LIMIT, &mut task).await.is_err() {
                tracing::warn!(service = name, "did not stop within {STOP_LIMIT:?} and is dropped");
                task.abort();
            }
        }
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.status()).finish()
    }
}

/// Manages the [`Host`]. Comes before the features that add services.
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("hosted services", |rocket| async {
        // Attached from within, the check comes after the features have added their services.
        rocket
            .manage(Host::default())
            .attach(AdHoc::try_on_ignite("hosted services: check", |rocket| async {
                match rocket.state::<Host>() {
                    Some(host) if host.check() => Ok(rocket),
                    _ => Err(rocket),
                }
            }))
            .attach(AdHoc::on_liftoff("hosted services: start", |rocket| {
                Box::pin(async {
                    if let Some(host) = rocket.state::<Host>() {
                        host.start();
                    }
                })
            }))
            .attach(AdHoc::on_shutdown("hosted services: stop", |rocket| {
                Box::pin(async {
                    if let Some(host) = rocket.state::<Host>() {
                        host.stop().await;
                    }
                })
            }))
    })
}

/// The dashboard's table of the hosted services.
#[derive(Debug, Template)]
#[template(path = "host/widget.html")]
pub struct Widget {
    services: Vec<ServiceStatus>,
}

/// The table with the values of the moment. Its script is the entry `host`.
pub fn widget(host: &Host) -> Widget {
    Widget { services: host.status() }
}
