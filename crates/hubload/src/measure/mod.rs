//! What is measured: delays by the clock, and what the server used by `/proc`.

mod delays;
mod effort;
mod process;
mod usage;

pub(crate) use self::{
    delays::{Delays, Point, Recorder},
    effort::{Effort, Stopwatch},
    process::Process,
    usage::{Meter, Usage},
};
