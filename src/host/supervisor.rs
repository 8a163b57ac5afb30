//! The life of one hosted service.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use super::{
    HostedService, ScheduleError, ServiceError, ServiceState, ServiceStatus, TickContext,
    schedule::{Due, Timer},
};

const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

/// How long a service may take to end.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Runs one service and keeps its status.
pub(super) struct Supervisor {
    service: Box<dyn HostedService>,
    timer: Timer,
    status: Mutex<ServiceStatus>,
}

impl Supervisor {
    pub(super) fn new(service: impl HostedService) -> Result<Self, ScheduleError> {
        let schedule = service.schedule();
        Ok(Self {
            timer: Timer::new(schedule)?,
            status: Mutex::new(ServiceStatus::new(service.name(), schedule.to_string())),
            service: Box::new(service),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.service.name()
    }

    pub(super) fn status(&self) -> ServiceStatus {
        self.status.lock().clone()
    }

    /// Starts the service, lets it tick until it is told to stop, and stops it.
    pub(super) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        if self.run_until(&mut stop).await
            && let Err(error) = guarded(self.service.stop()).await
        {
            tracing::error!(service = self.name(), "stopping failed: {error}");
        }
        let mut status = self.status.lock();
        status.enter(ServiceState::Stopped);
        status.next_tick = None;
    }

    /// Returns when told to stop: whether the service had been started.
    async fn run_until(&self, stop: &mut watch::Receiver<bool>) -> bool {
        while let Err(error) = guarded(self.service.start()).await {
            let retry = self.failed("starting", &error);
            self.expect_next(retry);
            if stopped_before(retry, stop).await {
                return false;
            }
        }
        let mut due = self.timer.first();
        self.status.lock().enter(ServiceState::Running);
        loop {
            self.expect_next(due);
            if stopped_before(due, stop).await {
                return true;
            }
            self.expect_next(self.timer.next(due));
            due = match self.tick().await {
                Ok(()) => self.timer.next(due),
                Err(error) => self.failed("a tick", &error),
            };
        }
    }

    async fn tick(&self) -> Result<(), ServiceError> {
        let cx = TickContext { at: Utc::now() };
        self.status.lock().last_tick = Some(cx.at.timestamp_millis());
        let began = Instant::now();
        let outcome = guarded(self.service.tick(&cx)).await;
        let mut status = self.status.lock();
        status.ticks += 1;
        status.took = Some(rounded_millis(began.elapsed()));
        if outcome.is_ok() {
            status.failures_in_a_row = 0;
            status.enter(ServiceState::Running);
        }
        outcome
    }

    /// Notes a failure, and tells when to try again.
    fn failed(&self, what: &str, error: &ServiceError) -> Due {
        let pause = {
            let mut status = self.status.lock();
            let pause = back_off(status.failures_in_a_row);
            status.errors += 1;
            status.failures_in_a_row += 1;
            status.enter(ServiceState::Failing);
            status.last_error = Some(error.to_string());
            pause
        };
        tracing::error!(service = self.name(), "{what} failed, next try in {pause:?}: {error}");
        Due::At(Instant::now() + pause)
    }

    fn expect_next(&self, due: Due) {
        self.status.lock().next_tick = due.time().as_ref().map(DateTime::timestamp_millis);
    }
}

/// The pause after a failure that so many others preceded without a success between them.
fn back_off(failures: u32) -> Duration {
    FIRST_BACK_OFF.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_BACK_OFF)
}

/// Waits until `due`; true when told to stop before.
async fn stopped_before(due: Due, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        biased;
        // An error means that the host is gone, which is a stop as well.
        _ = stop.wait_for(|stop| *stop) => true,
        () = due.wait() => false,
    }
}

/// Makes an error of a panic.
async fn guarded(work: impl Future<Output = Result<(), ServiceError>>) -> Result<(), ServiceError> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(format!("panicked: {}", panic_text(panic.as_ref())).into()))
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        (None, None) => "no text",
    }
}

/// Milliseconds with three decimals.
fn rounded_millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
