use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// What the terminal shows while it takes long. Nothing if there is no terminal.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    start: Instant,
}

impl Progress {
    /// `expected` is how long all of it will take, about.
    pub(crate) fn new(expected: Duration) -> Self {
        let bar = ProgressBar::new(expected.as_millis() as u64);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {msg}") {
            bar.set_style(style);
        }
        Self { bar, start: Instant::now() }
    }

    pub(crate) fn says(&self, what: String) {
        self.bar.set_message(what);
    }

    /// Cheap: what is drawn is limited to a few times a second.
    pub(crate) fn tick(&self, now: Instant) {
        if !self.bar.is_hidden() {
            self.bar.set_position((now - self.start).as_millis() as u64);
        }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
