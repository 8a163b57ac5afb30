//! When a service ticks.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_cron_scheduler::Job;

/// The longest sleep towards a time of the calendar, after which the wall clock is read again: it
/// may have been set, or the machine may have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// When a service ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// At a fixed period, the first time one period after the start. At least a millisecond.
    Every(Duration),
    /// At times of the calendar in UTC: six fields for second, minute, hour, day of month, month
    /// and day of week. `0 30 3 * * *` is 03:30:00 each day.
    Cron(&'static str),
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(period) if period.subsec_millis() == 0 && period.as_secs() > 0 => {
                write!(f, "every {} s", period.as_secs())
            }
            Self::Every(period) => write!(f, "every {} ms", period.as_millis()),
            Self::Cron(fields) => f.write_str(fields),
        }
    }
}

/// A schedule by which nothing could ever tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleError {
    /// The period is less than a millisecond.
    Period(Duration),
    /// The text is no cron expression of six fields.
    Cron(String),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(period) => write!(f, "a period of {period:?} is too short"),
            Self::Cron(text) => write!(
                f,
                "{text:?} is no schedule: six fields are needed \
                 (second, minute, hour, day of month, month, day of week)"
            ),
        }
    }
}

impl std::error::Error for ScheduleError {}

type NextTime = Box<dyn Fn(DateTime<Utc>) -> Option<DateTime<Utc>> + Send + Sync>;

/// Computes the ticks of a [`Schedule`].
pub(super) enum Timer {
    Every(Duration),
    Cron(NextTime),
}

/// The moment of a tick.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    At(Instant),
    On(DateTime<Utc>),
    /// The calendar holds no further time.
    Never,
}

impl Timer {
    pub(super) fn new(schedule: Schedule) -> Result<Self, ScheduleError> {
        match schedule {
            Schedule::Every(period) if period < Duration::from_millis(1) => {
                Err(ScheduleError::Period(period))
            }
            Schedule::Every(period) => Ok(Self::Every(period)),
            Schedule::Cron(text) => {
                let wrong = || ScheduleError::Cron(text.to_owned());
                let mut job = Job::new(text, |_, _| {}).map_err(|_| wrong())?;
                let cron = job.job_data().ok().and_then(|d| d.schedule()).ok_or_else(wrong)?;
                Ok(Self::Cron(Box::new(move |after| cron.iter_after(after).next())))
            }
        }
    }

    /// The first tick of a service that starts now.
    pub(super) fn first(&self) -> Due {
        self.next(Due::At(Instant::now()))
    }

    /// The first tick after now. Periods are counted from `previous`, so that a late tick does not
    /// shift all that follow; those that were missed are left out.
    pub(super) fn next(&self, previous: Due) -> Due {
        match self {
            Self::Every(period) => {
                let now = Instant::now();
                let from = match previous {
                    Due::At(instant) if instant <= now => instant,
                    Due::At(_) | Due::On(_) | Due::Never => now,
                };
                Due::At(from + *period * (periods(now - from, *period) + 1))
            }
            Self::Cron(next_time) => next_time(Utc::now()).map_or(Due::Never, Due::On),
        }
    }
}

/// How many whole periods fit into the time passed.
fn periods(passed: Duration, period: Duration) -> u32 {
    u32::try_from(passed.as_nanos() / period.as_nanos().max(1)).unwrap_or(u32::MAX - 1)
}

impl Due {
    /// The wall-clock time of it, as far as it can be told now.
    pub(super) fn time(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(instant) => {
                let left = instant.saturating_duration_since(Instant::now());
                Some(Utc::now() + chrono::TimeDelta::from_std(left).ok()?)
            }
            Self::On(time) => Some(time),
            Self::Never => None,
        }
    }

    /// Waits until it is due.
    pub(super) async fn wait(self) {
        match self {
            Self::At(instant) => tokio::time::sleep_until(instant).await,
            Self::On(time) => {
                while let Ok(left) = (time - Utc::now()).to_std() {
                    if left.is_zero() {
                        break;
                    }
                    tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
                }
            }
            Self::Never => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_shown_in_plain_words() {
        let shown = |schedule: Schedule| schedule.to_string();
        assert_eq!(shown(Schedule::Every(Duration::from_millis(500))), "every 500 ms");
        assert_eq!(shown(Schedule::Every(Duration::from_millis(1500))), "every 1500 ms");
        assert_eq!(shown(Schedule::Every(Duration::from_secs(60))), "every 60 s");
        assert_eq!(shown(Schedule::Cron("0 30 3 * * *")), "0 30 3 * * *");
    }

    #[test]
    fn wrong_schedules_are_refused() {
        for text in ["", "never", "30 3 * * *", "61 * * * * *", "0 0 0 0 0 0 0 0"] {
            assert_eq!(
                Timer::new(Schedule::Cron(text)).err(),
                Some(ScheduleError::Cron(text.to_owned())),
                "{text:?}"
            );
        }
        assert!(Timer::new(Schedule::Every(Duration::ZERO)).is_err());
    }

    #[test]
    fn a_calendar_schedule_names_its_next_time() -> Result<(), Box<dyn std::error::Error>> {
        let Timer::Cron(next) = Timer::new(Schedule::Cron("0 30 3 * * *"))? else {
            return Err("not a calendar schedule".into());
        };
        let after: DateTime<Utc> = "2026-11-20T03:30:00Z".parse()?;
        assert_eq!(next(after), Some("2026-11-21T03:30:00Z".parse()?));
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn late_ticks_keep_the_rhythm_and_missed_ones_are_left_out() -> Result<(), ScheduleError>
    {
        let second = Duration::from_secs(1);
        let timer = Timer::new(Schedule::Every(second))?;
        let start = Instant::now();
        let offset = |due: Due| match due {
            Due::At(instant) => Some(instant - start),
            Due::On(_) | Due::Never => None,
        };
        let first = timer.first();
        assert_eq!(offset(first), Some(second));

        tokio::time::advance(Duration::from_millis(1300)).await;
        let next = timer.next(first);
        assert_eq!(offset(next), Some(second * 2));

        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(offset(timer.next(next)), Some(second * 6));
        Ok(())
    }
}
