//! The machine's vitals: processor, memory, load, network, disks and processes, sampled once a
//! second, with a quarter of an hour of history in memory. They are the source `host` of
//! `/hubs/metrics`.

mod sample;
mod sampler;
mod service;
mod widget;

use std::sync::Arc;

use parking_lot::RwLock;
use rocket::fairing::AdHoc;

use self::service::VitalsService;
pub use self::{
    sample::{Disk, Process, Sample},
    widget::{Widget, widget},
};
use crate::{host::Host, metrics::Metrics};

/// The name of the source.
const SOURCE: &str = "host";

/// A quarter of an hour of samples.
const KEEP: usize = 15 * 60;

/// The newest sample, for the pages. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    newest: Arc<RwLock<Option<Sample>>>,
}

impl Vitals {
    /// The newest sample; `None` in the first second.
    pub fn newest(&self) -> Option<Sample> {
        self.newest.read().clone()
    }

    fn set(&self, sample: Sample) {
        *self.newest.write() = Some(sample);
    }
}

/// Adds the sampling service and manages [`Vitals`]. Comes after the host and the metrics.
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("vitals", |rocket| async {
        let (Some(host), Some(metrics)) = (rocket.state::<Host>(), rocket.state::<Metrics>())
        else {
            return Err(rocket);
        };
        let vitals = Vitals::default();
        match VitalsService::new(metrics, vitals.clone()) {
            Ok(service) => host.add(service),
            Err(error) => {
                tracing::error!("this machine's vitals cannot be read: {error}");
                return Err(rocket);
            }
        }
        Ok(rocket.manage(vitals))
    })
}
